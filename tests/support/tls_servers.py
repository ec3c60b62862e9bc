"""Four TLS servers of other people, held to the profile c25519, for the device to talk to."""

from __future__ import annotations

import contextlib
import io
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
from tlslite.errors import TLSError

from support.authority import DAY, Authority, Issued
from support.processes import LOOPBACK, Running, running, tool

__all__ = ["BODY", "BODY_NAME", "KINDS", "REQUEST", "SUITE", "Farm", "Options", "Serving"]

SUITE = "TLS_CHACHA20_POLY1305_SHA256"
BODY = b"".join(b"line %04d of a body that takes many small records\n" % n for n in range(120))
"""About 6 KB: a dozen records of 512 bytes."""
BODY_NAME = "body.txt"
REQUEST = f"GET /{BODY_NAME} HTTP/1.0\r\nHost: api.example.test\r\n\r\n".encode()

KINDS = ("nginx", "openssl", "gnutls", "tlslite")

PRINT_SECONDS = 10.0
"""Longest wait for a line in a server's log."""

GNUTLS_PRIORITY = (
    "NONE:+VERS-TLS1.3:+AEAD:+CHACHA20-POLY1305:+GROUP-X25519:+SIGN-EDDSA-ED25519:+CTYPE-ALL"
)

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log info;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {address}:{port} ssl;
        ssl_certificate {folder}/chain.pem;
        ssl_certificate_key {folder}/key.pem;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites {suite};
        ssl_ecdh_curve X25519;
{clients}
        root {folder};
        location = /who {{
            default_type text/plain;
            return 200 "$ssl_server_name|$ssl_cipher|$ssl_client_verify|$ssl_client_serial";
        }}
    }}
}}
"""
NGINX_CLIENTS = (
    "ssl_client_certificate {folder}/root.pem; ssl_verify_client on; ssl_verify_depth 1;"
)


@dataclass(frozen=True)
class Options:
    """How a server is set up."""

    kind: str
    chain: str = "issuing"
    """What follows the leaf: "leaf" nothing (the root issued it), "issuing", "root" both CAs."""
    clients: bool = False
    """A device certificate is required."""
    leaf: str = "valid"
    """"valid", "expired", "future" or "other name"."""
    extra: tuple[str, ...] = ()
    """More arguments, for those with a command line."""


@dataclass(frozen=True)
class Serving:
    """A server that listens."""

    port: int
    log: Path
    keyboard: IO[bytes]
    """Its standard input."""

    def said(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def says(self, words: str) -> bool:
        """True when it has printed this, or does within a few seconds."""
        deadline = time.monotonic() + PRINT_SECONDS
        while words not in self.said() and time.monotonic() < deadline:
            time.sleep(0.01)
        return words in self.said()


class Farm:
    """Starts each server once, when it is first asked for; stops all of them at the end."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self._folder = folder
        self.authority = authority
        self._stack = ExitStack()
        self._servers: dict[Options, Serving] = {}
        self._numbers = itertools.count(1)

    def __enter__(self) -> Farm:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def get(self, options: Options) -> Serving:
        """The server with these options."""
        if options not in self._servers:
            self._servers[options] = self.start(options)
        return self._servers[options]

    def start(self, options: Options) -> Serving:
        """A new server with these options, for those that behave otherwise the second time."""
        folder = self._folder / f"server-{next(self._numbers)}"
        self._write(folder, options)
        log = folder / "server.log"
        server = self._stack.enter_context(self._run(folder, log, options))
        return Serving(server.port, log, server.keyboard)

    def _write(self, folder: Path, options: Options) -> None:
        ca = self.authority
        leaf = self._leaf(options)
        behind = {"leaf": b"", "issuing": ca.issuing.pem, "root": ca.issuing.pem + ca.root.pem}
        folder.mkdir()
        (folder / "leaf.pem").write_bytes(leaf.pem)
        (folder / "behind.pem").write_bytes(behind[options.chain])
        (folder / "chain.pem").write_bytes(leaf.pem + behind[options.chain])
        (folder / "key.pem").write_bytes(leaf.key_pem)
        (folder / "root.pem").write_bytes(ca.root.pem)
        (folder / BODY_NAME).write_bytes(BODY)

    def _leaf(self, options: Options) -> Issued:
        ca = self.authority
        issuer = ca.root if options.chain == "leaf" else ca.issuing
        match options.leaf:
            case "valid":
                return ca.server(issuer=issuer)
            case "expired":
                return ca.server(issuer=issuer, start=-10 * DAY, lifetime=DAY)
            case "future":
                return ca.server(issuer=issuer, start=10 * DAY, lifetime=DAY)
            case "other name":
                return ca.server("other.example.test", issuer=issuer)
        raise AssertionError(options.leaf)

    def _run(self, folder: Path, log: Path, options: Options) -> AbstractContextManager[Running]:
        match options.kind:
            case "nginx":
                return _nginx(folder, log, options)
            case "openssl":
                return _openssl(folder, log, options)
            case "gnutls":
                return _gnutls(folder, log, options)
            case "tlslite":
                return _tlslite(folder, log, options)
        raise AssertionError(options.kind)


def _nginx(folder: Path, log: Path, options: Options) -> AbstractContextManager[Running]:
    program = tool("nginx", "nginx")
    clients = NGINX_CLIENTS.format(folder=folder) if options.clients else ""

    def command(port: int) -> list[str]:
        configuration = folder / "nginx.conf"
        text = NGINX.format(
            folder=folder, address=LOOPBACK, port=port, suite=SUITE, clients=clients
        )
        configuration.write_text(text, encoding="utf-8")
        return [program, "-e", "stderr", "-c", str(configuration)]

    return running(command, log=log, folder=folder)


def _openssl(folder: Path, log: Path, options: Options) -> AbstractContextManager[Running]:
    command = [tool("openssl", "openssl"), "s_server", "-cert", "leaf.pem", "-key", "key.pem"]
    command += ["-no-CAfile", "-no-CApath"]
    if "-stateless" not in options.extra:  # which the web server of s_server does not know
        command += ["-WWW"]
    if options.chain != "leaf":
        command += ["-cert_chain", "behind.pem"]
    if not any(flag in options.extra for flag in ("-tls1_2", "-ciphersuites", "-groups")):
        command += ["-tls1_3", "-ciphersuites", SUITE, "-groups", "X25519"]
    if options.clients:
        command += ["-Verify", "1", "-verify_return_error", "-verifyCAfile", "root.pem"]
    command += options.extra
    return running(lambda port: [*command, "-accept", f"{LOOPBACK}:{port}"], log=log, folder=folder)


def _gnutls(folder: Path, log: Path, options: Options) -> AbstractContextManager[Running]:
    command = [tool("gnutls-serv", "gnutls-bin"), "--http", "--httpdata", BODY_NAME]
    command += ["--x509certfile", "chain.pem", "--x509keyfile", "key.pem"]
    command += ["--priority", GNUTLS_PRIORITY, *options.extra]
    if options.clients:
        command += ["--require-client-cert", "--verify-client-cert", "--x509cafile", "root.pem"]
    else:
        command += ["--disable-client-cert"]
    return running(lambda port: [*command, "--port", str(port)], log=log, folder=folder)


class _TlsLite(threading.Thread):
    """tlslite-ng, one connection at a time."""

    def __init__(self, folder: Path, log: Path, options: Options) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = int(self._listener.getsockname()[1])
        self._log = log
        self._clients = options.clients
        certificates = X509CertChain()
        certificates.parsePemList((folder / "chain.pem").read_text(encoding="ascii"))
        self._chain = certificates
        self._key = parsePEMKey((folder / "key.pem").read_text(encoding="ascii"), private=True)
        self._settings = HandshakeSettings()
        self._settings.minVersion = self._settings.maxVersion = (3, 4)
        self._settings.cipherNames = ["chacha20-poly1305"]
        self._settings.eccCurves = self._settings.keyShares = ["x25519"]
        if "no record_size_limit" in options.extra:
            self._settings.record_size_limit = None

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(TLSError, OSError):
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        tls = TLSConnection(connection)
        tls.handshakeServer(
            certChain=self._chain,
            privateKey=self._key,
            reqCert=self._clients,
            settings=self._settings,
        )
        request = b""
        while b"\r\n\r\n" not in request:
            part = tls.read(max=1, min=1)
            if not part:
                return
            request += part
        seen = tls.session.clientCertChain
        status = b"200 ok" if seen or not self._clients else b"403 no certificate"
        tls.write(b"HTTP/1.0 " + status + b"\r\n\r\n" + BODY)
        tls.close()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.join()


@contextlib.contextmanager
def _tlslite(folder: Path, log: Path, options: Options) -> Iterator[Running]:
    server = _TlsLite(folder, log, options)
    server.start()
    try:
        yield Running(server.port, io.BytesIO())
    finally:
        server.stop()
