"""Routes, secrets and limits taken up while devices are connected."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.gateway_outside import OK, Request
from support.gateway_rig import Rig, request


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path) as rig:
        yield rig
        assert rig.faults == []


def change(rig: Rig, old: str, new: str) -> None:
    path = rig.ca.folder / "rootlet.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def reload(rig: Rig) -> str:
    """The event it ended with."""

    async def now() -> None:
        rig.server.reload()

    rig.run(now())
    return str(last(rig)["event"])


def last(rig: Rig) -> dict[str, Any]:
    """The last line of the log that is not about a request."""
    lines = [json.loads(line) for line in rig.log.getvalue().splitlines()]
    found: dict[str, Any] = [line for line in lines if line["event"] != "request"][-1]
    return found


def test_a_route_comes_and_another_goes(own: Rig) -> None:
    with own.device() as device:
        assert device.ask(request("/fresh/x")).status == 404
        assert device.ask(request("/plain/x")).status == 200
        change(own, 'alias = "plain"', 'alias = "fresh"')
        assert reload(own) == "reloaded"
        assert device.ask(request("/fresh/x")).status == 200
        assert device.ask(request("/plain/x")).status == 404


def test_who_may_and_with_what_secret(own: Rig) -> None:
    with own.device("sensor-1") as device, own.device("mast-7") as mast:
        assert mast.ask(request()).status == 200
        change(own, '"mast-7"]', '"mast-8"]')
        secret = own.ca.folder / "secrets" / "weather"
        secret.write_text("Bearer another-one", encoding="ascii")
        secret.chmod(0o600)
        assert reload(own) == "reloaded"
        assert mast.ask(request()).status == 403
        assert device.ask(request()).status == 200
    assert own.outside.requests[-1].values("Authorization") == ["Bearer another-one"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('alias = "plain"', 'alias = "weather"', "is there already"),
        ("timeout_seconds = 10", "timeout_secs = 10", "unknown key"),
        ('Authorization = "weather"', 'Authorization = "gone"', "gone"),
        ('roots = "root.pem"', 'roots = "no.pem"', "no.pem"),
        ('profile = "c25519"', 'profile = "c25519', "rootlet.toml"),
    ],
)
def test_a_bad_change_changes_nothing(own: Rig, old: str, new: str, words: str) -> None:
    with own.device() as device:
        assert device.ask(request("/plain/x")).status == 200
        change(own, old, new)
        change(own, '"mast-7"]', '"mast-8"]')
        assert reload(own) == "reload_failed"
        assert words in str(last(own))
        assert device.ask(request("/plain/x")).status == 200
    assert own.ask(request(), device="mast-7").status == 200


def test_a_request_under_way_ends_as_it_began(own: Rig) -> None:
    begun = asyncio.Event()

    async def behave(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        writer.write(OK)

    own.outside.behaviour = behave
    with own.device() as device:
        device.send(request("/plain/x"))
        own.run(begun.wait())
        change(own, 'alias = "plain"', 'alias = "fresh"')
        assert reload(own) == "reloaded"
        answer = device.answer()
        assert (answer.status, answer.body) == (200, b"hello")
        assert device.ask(request("/fresh/x")).status == 200


@pytest.mark.parametrize("what", ["the route", "its roots"])
def test_connections_to_an_upstream_go_on_unless_it_changes(own: Rig, what: str) -> None:
    with own.device() as device:
        assert device.ask(request()).status == 200
        old = own.server.hub.pools["weather"]
        assert reload(own) == "reloaded"
        assert device.ask(request()).status == 200
        assert own.server.hub.pools["weather"] is old
        assert old.opened == 1
        if what == "the route":
            change(own, "max_body_bytes = 300000", "max_body_bytes = 300001")
        else:
            roots = own.outside_files[0]
            roots.write_bytes(roots.read_bytes() + b"\n")
        assert reload(own) == "reloaded"
        assert device.ask(request()).status == 200
        assert own.server.hub.pools["weather"] is not old
        assert own.opened() == 1
        assert old.take(fresh=False) is None, "none of the old ones is kept"


def test_what_was_counted_still_counts(own: Rig) -> None:
    with own.device() as device:
        for _ in range(3):
            assert device.ask(request("/rated/x")).status == 200
        assert reload(own) == "reloaded"
        assert device.ask(request("/rated/x")).status == 429
        change(own, "device_per_minute = 3", "device_per_minute = 4")
        assert reload(own) == "reloaded"
        assert device.ask(request("/rated/x")).status == 200
