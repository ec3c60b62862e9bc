"""A CA that answers anything but what RFC 8555 says: said so, installed stays, tried again."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rootlet.agent.http_acme import AcmeClient
from rootlet.agent.http_challenge import answers, check_token
from rootlet.errors import Environment, Refused, RootletError
from rootlet.pki import certificate_to_pem, chain_to_pem, generate_key, key_to_pem
from support.makers import authority_of
from support.processes import LOOPBACK

NAME = "api.example.test"
MEGABYTE = b"x" * (1 << 20)

Answer = tuple[int, dict[str, str], bytes]


class Liar:
    """An HTTP server that answers what it is told to."""

    def __init__(self) -> None:
        outer = self
        self.say: Callable[[str, str], Answer] = lambda method, path: (200, {}, b"")

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                status, headers, body = outer.say(self.command, self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_POST = do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self.server.server_port}"

    def documents(self, documents: dict[str, Any]) -> None:
        """Answer as an ACME server, but with these JSON documents by path."""

        def say(method: str, path: str) -> Answer:
            headers = {"Replay-Nonce": "bm9uY2U", "Location": f"{self.url}/1"}
            content = json.dumps(documents.get(path.split("?")[0], documents.get("*"))).encode()
            return (200, {**headers, "Content-Type": "application/json"}, content)

        self.say = say


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    made = Liar()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


AUTHORITY, _ = authority_of("c25519", now=datetime.now(UTC), names=[NAME])
ISSUED = AUTHORITY.issue_server([NAME], now=datetime.now(UTC))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("client")
    (made / "root.pem").write_bytes(certificate_to_pem(AUTHORITY.root))
    return made


def client_of(liar: Liar, folder: Path) -> AcmeClient:
    key = folder / "account.key"
    root = folder / "root.pem"
    url = f"{liar.url}/directory"
    return AcmeClient(url, root=root, account_key_path=key, binding=None, order_seconds=0.2)


def order(client: AcmeClient) -> bytes:
    return client.order(
        generate_key(AUTHORITY.profile),
        (NAME,),
        profile="",
        replaces="a.b",
        answering=lambda texts: answers(texts, listen=None, webroot=None),
    )


def directory(liar: Liar) -> dict[str, str]:
    names = ("newNonce", "newAccount", "newOrder", "revokeCert", "keyChange", "renewalInfo")
    return {name: f"{liar.url}/{name}" for name in names}


ANSWERS: dict[str, Answer] = {
    "nothing": (200, {}, b""),
    "a page": (200, {"Content-Type": "text/html"}, b"<html>Welcome to nginx!</html>"),
    "no text": (200, {}, b"\xff\xfe\x00"),
    "a list": (200, {}, b"[]"),
    "a number": (200, {}, b"1"),
    "null": (200, {}, b"null"),
    "other keys": (200, {}, b'{"keys": []}'),
    "wrong types": (200, {}, b'{"newNonce": 1, "newAccount": [], "renewalInfo": {}}'),
    "deep": (200, {}, b'{"newNonce":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "long": (200, {}, MEGABYTE),
    "bad gateway": (502, {}, b"<html>Bad Gateway</html>"),
    "another problem": (500, {"Content-Type": "application/problem+json"}, b'{"type": 1}'),
    "a problem": (403, {"Content-Type": "application/problem+json"}, b'{"detail": "no"}'),
    "a wrong length": (200, {"Content-Length": "100"}, b"{}"),
    "in circles": (302, {"Location": "/directory"}, b""),
    "zipped": (200, {"Content-Encoding": "gzip"}, b"no"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_a_directory_that_is_none(liar: Liar, folder: Path, what: str) -> None:
    liar.say = lambda method, path: ANSWERS[what]
    with pytest.raises((Environment, Refused)) as caught:
        order(client_of(liar, folder))
    assert caught.value.status in {"ca-away", "ca-refused"}
    assert len(caught.value.message) < 600
    if what == "other keys":  # a CA without ARI says as much
        ari = client_of(liar, folder).window(ISSUED.certificate, now=datetime.now(UTC))
        assert ari.window is None
    else:
        with pytest.raises((Environment, Refused)):
            client_of(liar, folder).window(ISSUED.certificate, now=datetime.now(UTC))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
keys = [
    *("status", "authorizations", "finalize", "certificate", "identifier", "challenges", "type"),
    *("url", "token", "error", "detail", "suggestedWindow", "start", "end"),
]
words = st.sampled_from(["valid", "ready", "invalid", "http-01", "dns", "x" * 20, "2030-01-01"])
documents = st.dictionaries(
    st.sampled_from(keys), json_values | words | st.lists(json_values, max_size=2)
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(documents, documents)
def test_documents_that_are_none(
    liar: Liar, folder: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    lying = {"/directory": directory(liar), "/newOrder": {**first, "status": "pending"}}
    liar.documents({**lying, "*": second})
    client = client_of(liar, folder)
    with contextlib.suppress(RootletError):
        order(client)
    with contextlib.suppress(RootletError):
        client.window(ISSUED.certificate, now=datetime.now(UTC))


def window_answer(liar: Liar, start: object, end: object, **headers: str) -> None:
    window = {"suggestedWindow": {"start": start, "end": end}}

    def say(method: str, path: str) -> Answer:
        document = directory(liar) if path == "/directory" else window
        return (200, headers, json.dumps(document).encode())

    liar.say = say


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("60", timedelta(seconds=60)),
        ("9" * 40, timedelta(seconds=10**8)),
        ("soon", None),
        ("-1", None),
        ("Fri, 01 Mar 2030 12:00:00 GMT", timedelta(hours=12)),
    ],
)
def test_retry_after_in_each_form(
    liar: Liar, folder: Path, text: str, wanted: timedelta | None
) -> None:
    window_answer(liar, "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z", **{"Retry-After": text})
    now = datetime(2030, 3, 1, tzinfo=UTC)
    ari = client_of(liar, folder).window(ISSUED.certificate, now=now)
    assert ari.retry_after == wanted
    assert ari.window is not None
    assert ari.window.end - ari.window.start == timedelta(days=1)


@pytest.mark.parametrize("end", [None, 5, "never", "2030-13-01T00:00:00Z"])
def test_a_window_that_is_none(liar: Liar, folder: Path, end: object) -> None:
    window_answer(liar, "2030-01-01T00:00:00Z", end)
    with pytest.raises(Environment, match="nonsense"):
        client_of(liar, folder).window(ISSUED.certificate, now=datetime.now(UTC))


@pytest.mark.parametrize("token", ["", "../../etc/passwd", "x" * 200, "a b" * 10, "x" * 15])
def test_a_token_never_becomes_a_path(token: str, tmp_path: Path) -> None:
    with pytest.raises(Refused), answers({token: "text"}, listen=None, webroot=tmp_path):
        pass
    assert list(tmp_path.rglob("*")) == []
    assert check_token("x" * 16) == "x" * 16


def test_a_ca_by_another_root_is_not_talked_to(folder: Path, tmp_path: Path) -> None:
    """A service with a certificate of some other maker's, in place of the CA."""
    now = datetime.now(UTC)
    other, _ = authority_of("c25519", now=now, names=[LOOPBACK])
    issued = other.issue_server([LOOPBACK], now=now)
    assert issued.key is not None
    file = tmp_path / "pair.pem"
    file.write_bytes(chain_to_pem(issued.chain) + key_to_pem(issued.key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    liar = Liar()
    liar.server.socket = context.wrap_socket(liar.server.socket, server_side=True)
    liar.url = liar.url.replace("http:", "https:")
    thread = threading.Thread(target=liar.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.raises(Refused, match="not the one that root vouches for") as caught:
            order(client_of(liar, folder))
    finally:
        liar.server.shutdown()
        liar.server.server_close()
        thread.join()
    assert caught.value.status == "ca-identity"
