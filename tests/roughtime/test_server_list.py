"""Server lists as RFC 10049 section 8.3 has them: written, read, and asked."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.errors import Refused
from rootlet.roughtime import ListedServer, format_address, list_of, read_list
from support.commands import Run
from support.roughtime import KEY
from support.roughtime import listener as listener_of

NORTH = ListedServer("north", KEY, "north.example.test:5319", "north.example.test:5319")
EAST = ListedServer("east", bytes(32), "", "[2001:db8::1]:5319")
REPORTS = "https://example.test/reports"


def told() -> dict[str, Any]:
    """What list_of writes of both, as JSON is read."""
    value: dict[str, Any] = json.loads(json.dumps(list_of([NORTH, EAST], reports=REPORTS)))
    return value


def test_what_is_written_is_read() -> None:
    found = read_list(told())
    assert found.servers == (NORTH, EAST)
    assert found.passed_over == ()
    assert found.reports == REPORTS


def test_it_is_the_rfcs_format() -> None:
    assert told()["servers"][0] == {
        "name": "north",
        "version": 1,
        "publicKeyType": "ed25519",
        "publicKey": base64.b64encode(KEY).decode(),
        "addresses": [
            {"protocol": "udp", "address": "north.example.test:5319"},
            {"protocol": "tcp", "address": "north.example.test:5319"},
        ],
    }


Change = Callable[[dict[str, Any]], object]
PASSED_OVER: dict[str, tuple[Change, str]] = {
    "Google's protocol": (lambda s: s.update(version=3000600613), "before the IETF's"),
    "another kind of key": (lambda s: s.update(publicKeyType="ed448"), "not of type ed25519"),
    "no kind of key": (lambda s: s.pop("publicKeyType"), "not of type ed25519"),
    "no key": (lambda s: s.pop("publicKey"), "not base64"),
    "key not base64": (lambda s: s.update(publicKey="%"), "not base64"),
    "key not text": (lambda s: s.update(publicKey=7), "not base64"),
    "key too short": (lambda s: s.update(publicKey="AAAA"), "3 bytes, not 32"),
    "no addresses": (lambda s: s.pop("addresses"), "no address"),
    "addresses of another kind": (lambda s: s.update(addresses=[5, {"protocol": 1}]), "no address"),
    "another protocol": (
        lambda s: s.update(addresses=[{"protocol": "quic", "address": "a:1"}]),
        "no address",
    ),
}


@pytest.mark.parametrize("what", PASSED_OVER)
def test_one_that_cannot_be_asked_is_passed_over(what: str) -> None:
    change, reason = PASSED_OVER[what]
    value = told()
    change(value["servers"][0])
    found = read_list(value)
    assert found.servers == (EAST,)
    ((name, why),) = found.passed_over
    assert name == "north"
    assert reason in why


def test_versions_of_old_lists_and_of_the_future_are_asked() -> None:
    value = told()
    for version in (2147483660, 7, "IETF-Roughtime"):
        value["servers"][0]["version"] = version
        assert len(read_list(value).servers) == 2


def test_a_server_without_a_good_name_is_called_by_its_number() -> None:
    for name in (None, 5, "", "a\x1b[2J"):
        value = told()
        value["servers"][1]["name"] = name
        assert read_list(value).servers[1].name == "number 2"


@pytest.mark.parametrize("reports", ["http://example.test/", "file:///etc/passwd", 5, None])
def test_reports_go_by_https_or_not_at_all(reports: object) -> None:
    assert read_list(told() | {"reports": reports}).reports == ""


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no list of servers"),
        ([], "no list of servers"),
        ({"servers": {}}, "no list of servers"),
        ({"servers": [5]}, "no list of servers"),
        ({"servers": []}, "names no server"),
        ({"servers": [{}]}, "none of its servers can be asked"),
        ({"servers": told()["servers"][:1] * 2}, "the same key"),
        ({"servers": [{}] * 257}, "more than 256"),
    ],
)
def test_what_is_no_list_is_refused(value: object, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read_list(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(list(told()["servers"][0])), JSON))
def test_anything_in_a_server_is_taken_or_passed_over(entry: dict[str, Any]) -> None:
    value = told()
    value["servers"][0] = entry
    found = read_list(value)
    assert len(found.servers) + len(found.passed_over) == 2


def test_the_command_writes_one_and_measure_asks_it(run: Run, tmp_path: Path) -> None:
    with closing(listener_of()) as listener:
        thread = threading.Thread(target=listener.run)
        thread.start()
        maker = tmp_path / "mine"
        maker.mkdir()
        (maker / "rootlet.toml").write_text(
            'profile = "c25519"\n[maker]\nname = "Mine"\n[[time.servers]]\nname = "one"\n'
            f'address = "{format_address(listener.address)}"\n'
            f'public_key = "{base64.b64encode(KEY).decode()}"\n'
        )
        out = tmp_path / "servers.json"
        done = run("time", "list", "--maker", maker, "--out", out, "--reports", REPORTS)
        assert (done.code, "Wrote 1 servers" in done.out) == (0, True)
        written = json.loads(out.read_bytes())
        assert json.loads(run("time", "list", "--maker", maker).out) == {
            "servers": written["servers"]
        }
        measured = run("time", "measure", "--list", out, "--json")
        assert measured.code == 0
        assert [told["server"] for told in measured.json["exchanges"]] == ["one", "one"]
        written["servers"][0]["addresses"].pop(0)
        written["servers"].append({"name": "old", "version": 3000600613})
        out.write_text(json.dumps(written))
        measured = run("time", "measure", "--list", out, "--json")
        assert measured.code == 0
        assert len(measured.json["exchanges"]) == 2, "by TCP alone"
        assert "Note: old is passed over: it speaks the protocol before" in measured.err
        listener.stop()
        thread.join(10)


def test_wrong_use(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("{")
    assert run("time", "measure", "--list", tmp_path / "list.json").code == 2
    assert run("time", "measure", "--list", tmp_path / "none").code == 4
    (tmp_path / "list.json").write_text(json.dumps(list_of([NORTH])))
    asked = run("time", "measure", "--list", tmp_path / "list.json", "--post")
    assert (asked.code, "nowhere to post" in asked.err) == (2, True)
    assert run("time", "list", "--reports", "http://example.test").code == 2
