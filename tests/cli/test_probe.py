"""``rootlet probe``: what a device would make of a server, whatever the server does."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from rootlet.cli.probe import address, read_identity
from rootlet.errors import Misuse
from support.authority import NAME, Authority, p256_root
from support.commands import Run
from support.memory_server import MemoryServer
from support.processes import LOOPBACK, free_port
from support.tls_servers import Farm, Options


class Files:
    """A device's files, and the arguments that name them."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.authority = authority
        device = authority.device()
        self.root = self.write("root.pem", authority.root.pem)
        self.cert = self.write("cert.pem", device.pem + authority.issuing.pem)
        self.key = self.write("key.pem", device.key_pem)

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def arguments(self, port: int, **changes: object) -> list[object]:
        options = {"root": self.root, "name": NAME} | changes
        given = [part for name, value in options.items() for part in (f"--{name}", value)]
        return ["probe", f"{LOOPBACK}:{port}", *given]

    def mutual(self, port: int) -> list[object]:
        return self.arguments(port, cert=self.cert, key=self.key)


@pytest.fixture
def files(tmp_path: Path, authority: Authority) -> Files:
    return Files(tmp_path, authority)


Behaviour = Callable[[socket.socket, bytes], object]
Serve = Callable[[Behaviour], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers one hello as the test says, and closes; gives its port."""
    with contextlib.ExitStack() as stack:

        def start(behaviour: Behaviour) -> int:
            listener = stack.enter_context(socket.create_server((LOOPBACK, 0)))

            def run() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(30)
                    behaviour(connection, connection.recv(4096))

            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            stack.callback(thread.join)
            return int(listener.getsockname()[1])

        yield start


@pytest.mark.parametrize("kind", ["nginx", "openssl", "gnutls", "tlslite"])
def test_an_accepted_server(kind: str, files: Files, farm: Farm, run: Run) -> None:
    server = farm.get(Options(kind))
    done = run(*files.arguments(server.port), "--json")
    assert done.code == 0
    report = done.json
    assert (report["accepted"], report["status"]) == (True, "OK")
    assert report["alert_received"] is None
    assert report["round_trips"] == 1
    assert max(report["records_received"]) <= 534
    assert sum(report["records_received"]) == report["bytes_received"]
    assert report["bytes_sent"] > 150
    leaf, issuing = report["chain"]
    assert leaf["names"] == [NAME, "127.0.0.1"]
    assert leaf["size"] > 300
    assert leaf["not_before"].endswith("+00:00")
    assert issuing["subject"] == "CN=Example Issuing"


def test_an_accepted_server_for_people(files: Files, farm: Farm, run: Run) -> None:
    done = run(*files.arguments(farm.get(Options("nginx")).port))
    assert done.code == 0
    assert done.out.startswith("accepted\n  a device goes on with this server\n")
    for words in (
        "profile         TLS_CHACHA20_POLY1305_SHA256, X25519, ed25519",
        "round trips     1",
        f"  names         {NAME}, 127.0.0.1",
        "certificate 2   CN=Example Issuing",
        "Next: put the root into a device: rootlet bundle --help",
    ):
        assert words in done.out


def test_a_device_logs_in(files: Files, farm: Farm, run: Run) -> None:
    server = farm.get(Options("openssl", clients=True))
    assert run(*files.mutual(server.port)).code == 0


@pytest.mark.parametrize("kind", ["openssl", "gnutls"])
def test_a_server_that_wants_a_device_certificate_says_so(
    kind: str, files: Files, farm: Farm, run: Run
) -> None:
    server = farm.get(Options(kind, clients=True))
    done = run(*files.arguments(server.port))
    assert done.code == 1
    assert done.out.startswith("refused: ERR_TLS_ALERT_RECEIVED\n")
    assert "alert received  116 certificate_required" in done.out
    assert "Next: give --cert and --key" in done.out


@pytest.mark.parametrize(
    ("options", "changes", "status"),
    [
        (Options("openssl", leaf="expired"), {}, "ERR_X509_EXPIRED"),
        (Options("openssl", leaf="future"), {}, "ERR_X509_NOT_YET_VALID"),
        (Options("nginx"), {"name": "other.example.test"}, "ERR_X509_NAME"),
        (Options("nginx"), {"at": "1970-01-01"}, "ERR_X509_NOT_YET_VALID"),
        (Options("nginx"), {"at": "2050-01-01T00:00:00Z"}, "ERR_X509_EXPIRED"),
    ],
)
def test_a_refused_server_shows_its_chain(
    options: Options, changes: dict[str, object], status: str, files: Files, farm: Farm, run: Run
) -> None:
    done = run(*files.arguments(farm.get(options).port, **changes), "--json")
    assert done.code == 1
    assert (done.json["accepted"], done.json["status"]) == (False, status)
    assert len(done.json["chain"]) == 2
    assert done.json["round_trips"] == 1


def test_another_root_refuses_and_shows_the_chain(files: Files, farm: Farm, run: Run) -> None:
    stranger = files.write("stranger.pem", Authority.today(name="Stranger").root.pem)
    done = run(*files.arguments(farm.get(Options("nginx")).port, root=stranger))
    assert done.code == 1
    assert done.out.startswith("refused: ERR_X509_UNKNOWN_ISSUER\n  no path leads to the bundled")
    assert "certificate 2   CN=Example Issuing" in done.out
    assert "Next: give the root that issued this server's certificate" in done.out


def test_the_chain_is_shown_after_a_hello_retry_too(files: Files, farm: Farm, run: Run) -> None:
    # s_server is stateless for its first connection only.
    server = farm.start(Options("openssl", extra=("-stateless",)))
    done = run(*files.arguments(server.port), "--json")
    assert done.code == 0
    assert done.json["round_trips"] == 2
    assert len(done.json["chain"]) == 2


@pytest.mark.parametrize(
    ("extra", "alert"),
    [(("-tls1_2",), "70 protocol_version"), (("-tls1_3", "-groups", "P-256"), "40 handshake_fail")],
)
def test_a_server_of_another_profile(
    extra: tuple[str, ...], alert: str, files: Files, farm: Farm, run: Run
) -> None:
    done = run(*files.arguments(farm.get(Options("openssl", extra=extra)).port))
    assert done.code == 1
    assert f"alert received  {alert}" in done.out
    assert "Next: configure the server for the profile" in done.out


def test_a_protocol_is_offered(files: Files, farm: Farm, run: Run) -> None:
    port = farm.get(Options("openssl", extra=("-alpn", "coap"))).port
    assert run(*files.arguments(port, alpn="coap")).code == 0
    done = run(*files.arguments(port, alpn="mqtt"))
    assert done.code == 1
    assert "120 no_application_protocol" in done.out


def test_records_of_full_size_must_be_asked_for(files: Files, farm: Farm, run: Run) -> None:
    port = farm.get(Options("tlslite", extra=("no record_size_limit",))).port
    done = run(*files.arguments(port))
    assert done.code == 1
    assert "refused: ERR_TLS_RECORD_OVERFLOW" in done.out
    assert "Next: see whether it works with --full-records" in done.out
    assert run(*files.arguments(port), "--full-records").code == 0


def test_an_address_is_asked_for_without_a_name(files: Files, farm: Farm, run: Run) -> None:
    port = farm.get(Options("nginx")).port
    assert run("probe", f"{LOOPBACK}:{port}", "--root", files.root).code == 0
    done = run("probe", f"localhost:{port}", "--root", files.root)
    assert "ERR_X509_NAME" in done.out


def test_nothing_listens(files: Files, run: Run) -> None:
    port = free_port()
    done = run(*files.arguments(port))
    assert done.code == 4
    assert done.err.startswith(f"rootlet: cannot talk to {LOOPBACK}:{port}: Connection refused\n")


def test_a_name_that_does_not_exist(
    files: Files, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    done = run("probe", "nowhere.example.test:443", "--root", files.root)
    assert done.code == 4
    assert "cannot talk to nowhere.example.test:443: Name or service not known" in done.err


def test_a_server_that_says_nothing(files: Files, serve: Serve, run: Run) -> None:
    over = threading.Event()
    port = serve(lambda connection, hello: over.wait(30))
    done = run(*files.arguments(port, timeout=0.2))
    over.set()
    assert done.code == 4
    assert "did not answer within 0.2 s" in done.err


def test_a_server_that_never_gets_on(files: Files, serve: Serve, run: Run) -> None:
    over = threading.Event()

    def drip(connection: socket.socket, hello: bytes) -> None:
        for byte in b"\x16\x03\x03\x02\x00" + bytes(512):
            connection.sendall(bytes([byte]))
            if over.wait(0.05):
                return

    done = run(*files.arguments(serve(drip), timeout=0.4))
    over.set()
    assert done.code == 4
    assert "did not answer within 0.4 s" in done.err


def test_a_server_that_never_closes_is_accepted_all_the_same(
    files: Files, serve: Serve, run: Run
) -> None:
    over = threading.Event()
    server = MemoryServer(files.authority, files.folder)

    def hold(connection: socket.socket, hello: bytes) -> None:
        connection.sendall(server.exchange(hello))
        over.wait(30)

    done = run(*files.arguments(serve(hold), timeout=1))
    over.set()
    assert done.code == 0


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "ERR_TLS_UNEXPECTED_MESSAGE"),
        (b"\x16\x03\x03\x40\x01" + bytes(600), "ERR_TLS_RECORD_OVERFLOW"),
        (b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", "ERR_TLS_DECODE"),
        (b"", "ERR_TLS_TRUNCATED"),
        (b"\x16\x03\x03\x01", "ERR_TLS_TRUNCATED"),
    ],
)
def test_a_server_that_talks_something_else(
    answer: bytes, status: str, files: Files, serve: Serve, run: Run
) -> None:
    port = serve(lambda connection, hello: connection.sendall(answer))
    done = run(*files.arguments(port), "--json")
    assert (done.code, done.json["status"]) == (1, status)
    assert done.json["bytes_received"] == len(answer)
    assert done.json["chain"] == []


def test_a_server_that_resets(files: Files, serve: Serve, run: Run) -> None:
    def reset(connection: socket.socket, hello: bytes) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    done = run(*files.arguments(serve(reset)), "--json")
    assert (done.code, done.json["status"]) == (1, "ERR_TLS_TRUNCATED")


def test_a_name_in_a_certificate_does_not_steer_the_terminal(
    files: Files, tmp_path: Path, run: Run
) -> None:
    nasty = Authority.today(name="Nasty\x1b[2J\u202e")
    with Farm(tmp_path, nasty) as servers:
        done = run(*files.arguments(servers.get(Options("openssl")).port))
    assert done.code == 1
    assert "CN=Nasty\\x1b[2J\\u202e Issuing" in done.out
    assert "\x1b" not in done.out


@pytest.mark.parametrize(
    "where", ["api.example.test", ":443", "host:", "host:port", "host:65536", "host:²", "host:-1"]
)
def test_what_is_no_address_is_misuse(where: str, files: Files, run: Run) -> None:
    done = run("probe", where, "--root", files.root)
    assert done.code == 2
    assert "is not HOST:PORT" in done.err


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("api.example.test:443", ("api.example.test", 443)),
        ("[::1]:8443", ("::1", 8443)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
    ],
)
def test_an_address_is_host_and_port(text: str, wanted: tuple[str, int]) -> None:
    assert address(text) == wanted


def test_wrong_options_are_misuse(files: Files, run: Run) -> None:
    p256 = p256_root(files.folder / "p256.pem")
    for changes in (
        {"cert": files.cert},
        {"key": files.key},
        {"root": p256},
        {"root": files.cert},
        {"at": "tomorrow"},
        {"timeout": "long"},
        {"cert": files.cert, "key": files.cert},
    ):
        done = run(*files.arguments(1, **changes))
        assert done.code == 2, changes
        assert done.err, changes


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"name": "not a name"}, "ERR_X509_CONFIGURED_NAME"), ({"alpn": "p" * 33}, "ERR_MISUSE")],
)
def test_what_the_device_does_not_take_is_refused(
    changes: dict[str, object], status: str, files: Files, run: Run
) -> None:
    done = run(*files.arguments(1, **changes), "--json")
    assert done.code == 1
    assert f'"status": "{status}"' in done.err


def test_an_identity_is_chain_and_raw_key(files: Files) -> None:
    identity = read_identity(files.cert, files.key)
    assert len(identity.chain) == 2
    assert len(identity.private_key) == 32


def pem(key: Ed25519PrivateKey | EllipticCurvePrivateKey, passphrase: bytes = b"") -> bytes:
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pem(generate_private_key(SECP256R1())), "is not Ed25519"),
        (pem(Ed25519PrivateKey.generate(), b"locked"), "is not a plain PEM key"),
        (b"", "is not a plain PEM key"),
    ],
    ids=["another curve", "encrypted", "empty"],
)
def test_a_key_that_a_device_cannot_use_is_misuse(content: bytes, words: str, files: Files) -> None:
    with pytest.raises(Misuse, match=words):
        read_identity(files.cert, files.write("other.key", content))
