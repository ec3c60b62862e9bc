"""Answers to the CA's http-01 questions: a small responder, or files for a web server."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rootlet.errors import Environment, Refused
from rootlet.files import write_atomic
from rootlet.servers import Listen

__all__ = ["answers", "check_token"]

WELL_KNOWN = ".well-known/acme-challenge"
"""RFC 8555 section 8.3."""

TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
"""Section 8: base64url, at least 128 bits; it becomes a file's name, so nothing else is taken."""

REQUEST_SECONDS = 10
"""One client that says nothing must not hold a thread for longer."""

POLL_SECONDS = 0.05
"""How soon the responder stops when it is no longer needed."""


def check_token(token: str) -> str:
    """The token itself; ``Refused`` when it cannot be one."""
    if not TOKEN.fullmatch(token):
        raise Refused(
            f"the CA sent a challenge whose token {token[:40]!r} is none",
            hint="check that directory names an ACME server",
            status="challenge",
        )
    return token


@contextmanager
def answers(
    texts: Mapping[str, str], *, listen: Listen | None, webroot: Path | None
) -> Iterator[None]:
    """Give ``texts`` (by token) to whoever asks, as long as the context lasts."""
    if webroot is not None:
        with _files(texts, webroot / WELL_KNOWN):
            yield
    elif listen is not None and texts:
        with _responder(texts, listen):
            yield
    else:
        yield


@contextmanager
def _files(texts: Mapping[str, str], folder: Path) -> Iterator[None]:
    paths = [folder / check_token(token) for token in texts]
    try:
        for path, text in zip(paths, texts.values(), strict=True):
            write_atomic(path, text.encode(), private=False)
        yield
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, texts: Mapping[str, str], listen: Listen) -> None:
        self.texts = {f"/{WELL_KNOWN}/{check_token(token)}": text for token, text in texts.items()}
        host = "" if listen.host == "*" else listen.host
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, listen.port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    timeout = REQUEST_SECONDS
    server_version = "rootlet-agent"
    sys_version = ""

    def do_GET(self) -> None:
        """Section 8.3: the key authorization, for exactly its path."""
        assert isinstance(self.server, _Server)
        text = self.server.texts.get(self.path)
        body = b"not here\n" if text is None else text.encode()
        self.send_response(404 if text is None else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the CA tells what it got."""


@contextmanager
def _responder(texts: Mapping[str, str], listen: Listen) -> Iterator[None]:
    try:
        server = _Server(texts, listen)
    except OSError as error:
        raise Environment(
            f"cannot answer the CA on {listen}: {error.strerror}",
            hint="free the port, or let the web server there answer: webroot instead of listen",
            status="challenge",
        ) from error
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
