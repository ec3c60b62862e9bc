"""Posting a report: to a real server over https, which takes it, refuses it, or is ill."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rootlet.errors import Environment, Refused
from rootlet.roughtime.http_report import TRIES, post_report
from support.gateway_maker import outside_files
from support.processes import LOOPBACK

REPORT = b'{"responses": []}'
NAME = "localhost"


class Inbox:
    """What arrived, and how it is answered."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.posted: list[tuple[str, str | None, bytes]] = []

    def handler(self) -> type[BaseHTTPRequestHandler]:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.posted.append((self.path, self.headers["Content-Type"], body))
                self.send_response(inbox.statuses.pop(0))
                self.send_header("Location", "https://elsewhere.example.test/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@contextmanager
def https(inbox: Inbox, folder: Path) -> Iterator[str]:
    cert, key = outside_files(folder, NAME)[:2]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with ThreadingHTTPServer((LOOPBACK, 0), inbox.handler()) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"https://{NAME}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a certificate that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / f"{NAME}.pem"))
    return tmp_path


def test_it_is_posted(trusted: Path) -> None:
    inbox, said = Inbox(202), list[str]()
    with https(inbox, trusted) as url:
        post_report(f"{url}/reports?from=here", REPORT, tell=said.append)
    media_type = "application/roughtime-malfeasance+json"
    assert inbox.posted == [("/reports?from=here", media_type, REPORT)]
    assert said == [f"Posted the proof to {url}/reports?from=here"]


@pytest.mark.parametrize("status", [301, 307, 400, 404, 413])
def test_a_no_is_a_no(trusted: Path, status: int) -> None:
    inbox = Inbox(status)
    with https(inbox, trusted) as url, pytest.raises(Refused, match=f"answers {status}"):
        post_report(url, REPORT)
    assert len(inbox.posted) == 1


def test_an_ill_server_is_tried_again_after_longer_and_longer_waits(trusted: Path) -> None:
    inbox, waits = Inbox(500, 503, 200), list[float]()
    with https(inbox, trusted) as url:
        post_report(url, REPORT, sleep=waits.append)
    assert waits == [10, 15]
    assert len(inbox.posted) == 3


def test_it_is_given_up_in_the_end(trusted: Path) -> None:
    inbox = Inbox(*[500] * TRIES)
    with https(inbox, trusted) as url, pytest.raises(Environment, match="answers 500"):
        post_report(url, REPORT, sleep=lambda _: None)
    assert len(inbox.posted) == TRIES


def test_nobody_unknown_is_told(tmp_path: Path) -> None:
    inbox = Inbox(200)
    with https(inbox, tmp_path) as url, pytest.raises(Environment, match="certificate verify"):
        post_report(url, REPORT, sleep=lambda _: None)
    assert inbox.posted == []


@pytest.mark.parametrize("url", ["http://localhost/", "https://", "https://[", "https://a:b/"])
def test_what_is_no_https_url(url: str) -> None:
    with pytest.raises(Environment):
        post_report(url, REPORT, sleep=lambda _: None)
