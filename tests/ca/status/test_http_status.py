"""The status page as it is asked for: by whom, with which answer, and as a browser shows it."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from rootlet.ca import RecordStore
from rootlet.ca.status.http_status import StatusPage
from rootlet.ca.status.metrics import Metrics
from support.asgi import ask
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
PASSWORD = b"a long password: with a colon"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    authority, made = authority_of(now=NOW - timedelta(days=30))
    with RecordStore(tmp_path / "ca.sqlite", create=True) as records:
        for record in made.records:
            records.add(record)
        for name, hours in (("late.fleet.example.test", 40), ("api.example.test", 3)):
            moment = NOW - timedelta(hours=hours)
            records.add(authority.issue_server([name], now=moment, hours=48).record)
        records.add(authority.issue_device("sensor-1", now=NOW).record)
        yield records


def app_of(store: RecordStore, password: bytes | None = None) -> Starlette:
    page = StatusPage(store.database, EVIL, Metrics(), password=password, now=lambda: NOW)
    return Starlette(routes=page.routes())


def basic(user: str, password: bytes) -> dict[str, str]:
    text = base64.b64encode(user.encode() + b":" + password).decode()
    return {"Authorization": f"Basic {text}"}


def test_the_page_says_what_is_late(store: RecordStore) -> None:
    answer = ask(app_of(store), "/status")
    assert answer.status == 200
    rows = re.findall(r'<tr class="(\w+)">\n<th scope="row"[^>]*>([^<]+)<', answer.text)
    assert rows[:2] == [("late", "late.fleet.example.test"), ("current", "api.example.test")]
    assert "1 server without a new certificate in time" in answer.text
    assert EVIL not in answer.text
    assert "<script" not in answer.text.lower()
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_the_style_has_nothing_to_hide(store: RecordStore) -> None:
    answer = ask(app_of(store), "/status/style.css", client="192.0.2.1")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/status", "/metrics"])
@pytest.mark.parametrize(
    ("client", "host", "headers"),
    [
        ("192.0.2.1", "localhost", {}),
        ("::ffff:192.0.2.1", "localhost", {}),
        ("127.0.0.1", "evil.example", {}),
        ("127.0.0.1", "localhost.evil.example", {}),
        ("127.0.0.1", "localhost", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", "localhost", {"Forwarded": "for=127.0.0.1"}),
        ("not an address", "localhost", {}),
        ("192.0.2.1", "localhost", basic("status", b"anything")),
    ],
)
def test_others_are_turned_away(
    store: RecordStore, path: str, client: str, host: str, headers: dict[str, str]
) -> None:
    answer = ask(app_of(store), path, client=client, host=host, headers=headers)
    assert answer.status == 403
    assert "--status-password-file" in answer.text
    assert "example.test" not in answer.text


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8443", "[::1]:8443"])
def test_this_machine_may_look(store: RecordStore, client: str, host: str) -> None:
    for path in ("/status", "/metrics"):
        assert ask(app_of(store), path, client=client, host=host).status == 200


def test_the_password_opens_it_from_anywhere(store: RecordStore) -> None:
    app = app_of(store, PASSWORD)
    right = basic("status", PASSWORD)
    assert ask(app, "/metrics", client="192.0.2.1", host="ca.example", headers=right).status == 200
    wrong = [
        {},
        basic("status", PASSWORD[:-1]),
        basic("other", PASSWORD),
        {"Authorization": "Basic not*base64"},
        {"Authorization": "Bearer " + right["Authorization"].split()[1]},
        {"Authorization": "Basic"},
    ]
    for headers in wrong:
        answer = ask(app, "/status", client="192.0.2.1", headers=headers)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(store: RecordStore, method: str) -> None:
    assert ask(app_of(store), "/status", method=method).status == 405


def test_a_browser_shows_it(store: RecordStore, tmp_path: Path) -> None:
    """Headless Chromium renders the page and the bars; the picture is not empty."""
    browser = shutil.which("chromium")
    assert browser, "chromium is missing: apt-get install -y --no-install-recommends chromium"
    app = app_of(store)
    folder = tmp_path / "page"
    (folder / "status").mkdir(parents=True)
    html = ask(app, "/status").text
    (folder / "status.html").write_text(html, encoding="utf-8")
    style = ask(app, "/status/style.css").text
    (folder / "status" / "style.css").write_text(style, encoding="utf-8")
    picture = tmp_path / "status.png"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1200,900"]
    command += [f"--screenshot={picture}", (folder / "status.html").as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000
