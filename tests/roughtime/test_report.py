"""Malfeasance reports: one that holds, and each way in which one does not."""

from __future__ import annotations

import base64
import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.errors import Refused
from rootlet.roughtime import (
    SUPPORTED_VERSIONS,
    Delegation,
    Exchange,
    LongTermKey,
    Server,
    delegate,
    malfeasance_report,
    raw_public_key,
    verify,
    verify_report,
)
from rootlet.roughtime.measure import question
from rootlet.roughtime.report import MAX_ENTRIES
from support.commands import Run
from support.report_checker import NotProof, check_report
from support.roughtime import NOW

HOUR = 3600


def server(seed: int) -> tuple[bytes, Server]:
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)

    def renew(now: int) -> Delegation:
        online = Ed25519PrivateKey.from_private_bytes(bytes([seed + 100]) * 32)
        return delegate(key, online, now=now, hours=24, versions=SUPPORTED_VERSIONS)

    public = raw_public_key(key)
    return public, Server([LongTermKey(public, renew)], versions=SUPPORTED_VERSIONS)


def chain(*times: int, radius: int = 3) -> list[Exchange]:
    """Servers asked one after the other, which say these times."""
    found: list[Exchange] = []
    for place, time in enumerate(times):
        public, core = server(place + 1)
        previous = found[-1].response if found else None
        asked = question(public, os.urandom(32), previous=previous, versions=SUPPORTED_VERSIONS)
        (response,) = core.answer([asked.packet], time, radius)
        assert response is not None
        sample = verify(asked.packet, response, public)
        found.append(Exchange(f"s{place}", public, asked, response, sample, 0.0, 0.0))
    return found


LIAR = chain(NOW, NOW + HOUR, NOW + 1)
REPORT: dict[str, Any] = malfeasance_report(LIAR)


def test_a_liar_is_proved() -> None:
    proof = verify_report(json.loads(json.dumps(REPORT)))
    assert proof.pairs == ((1, 2),)
    assert [sample.midpoint for sample in proof.samples] == [NOW, NOW + HOUR, NOW + 1]
    assert proof.public_keys == tuple(exchange.public_key for exchange in LIAR)


def test_a_checker_that_shares_nothing_with_ours_finds_the_same() -> None:
    assert check_report(json.dumps(REPORT).encode()) == [(1, 2)]
    with pytest.raises(NotProof, match="no contradiction"):
        check_report(json.dumps(malfeasance_report(chain(NOW, NOW + HOUR))).encode())


def test_a_later_time_later_is_no_contradiction() -> None:
    with pytest.raises(Refused, match="all the times agree") as caught:
        verify_report(malfeasance_report(chain(NOW, NOW + HOUR, NOW + 2 * HOUR)))
    assert caught.value.status == "consistent"
    with pytest.raises(Refused):
        verify_report(malfeasance_report(chain(NOW, NOW - 6)))
    assert verify_report(malfeasance_report(chain(NOW, NOW - 7))).pairs == ((0, 1),)


def flipped(text: str, at: int = -40) -> str:
    value = bytearray(base64.b64decode(text))
    value[at] ^= 1
    return base64.b64encode(value).decode()


Change = Callable[[list[Any]], object]
BROKEN: dict[str, tuple[Change, str]] = {
    "a response changed": (lambda r: r[1].update(response=flipped(r[1]["response"])), "response"),
    "a request changed": (lambda r: r[1].update(request=flipped(r[1]["request"])), "response"),
    "another key": (lambda r: r[1].update(publicKey=r[0]["publicKey"]), "response"),
    "rand changed": (lambda r: r[2].update(rand=flipped(r[2]["rand"], 0)), "chain"),
    "rand too short": (lambda r: r[2].update(rand="AAAA"), "chain"),
    "rand missing": (lambda r: r[2].pop("rand"), "format"),
    "order changed": (lambda r: r.reverse(), "chain"),
    "a link left out": (lambda r: r.pop(1), "chain"),
    "no response": (lambda r: r[0].pop("response"), "format"),
    "no key": (lambda r: r[0].pop("publicKey"), "format"),
    "not base64": (lambda r: r[0].update(request="%%%"), "format"),
    "not padded": (lambda r: r[0].update(publicKey=r[0]["publicKey"].rstrip("=")), "format"),
    "not text": (lambda r: r[0].update(publicKey=5), "format"),
    "not ASCII": (lambda r: r[0].update(publicKey="ü"), "format"),
    "no object": (lambda r: r.extend(["entry"]), "format"),
    "only one": (lambda r: r.__delitem__(slice(1, None)), "format"),
    "too many": (lambda r: r.extend(r * MAX_ENTRIES), "format"),
}


@pytest.mark.parametrize("change", BROKEN)
def test_a_report_that_does_not_hold_is_refused(change: str) -> None:
    edit, status = BROKEN[change]
    report = copy.deepcopy(REPORT)
    edit(report["responses"])
    with pytest.raises(Refused, match="proves nothing") as caught:
        verify_report(report)
    assert caught.value.status == status
    if status in {"response", "chain"}:
        with pytest.raises(NotProof):
            check_report(json.dumps(report).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(max_examples=100)
@given(JSON | st.fixed_dictionaries({"responses": st.lists(JSON, min_size=2, max_size=3)}))
def test_anything_else_is_refused(report: object) -> None:
    with pytest.raises(Refused):
        verify_report(report)


def test_the_command(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(REPORT), encoding="utf-8")
    done = run("time", "verify-report", file)
    assert done.code == 0
    assert "3 was asked after 2 and names an earlier time" in done.out
    assert run("time", "verify-report", file, "--json").json["contradictions"] == [[1, 2]]
    file.write_text(json.dumps({"responses": REPORT["responses"][:1]}), encoding="utf-8")
    assert run("time", "verify-report", file).code == 1
    file.write_text("{", encoding="utf-8")
    assert run("time", "verify-report", file).code == 2
    assert run("time", "verify-report", tmp_path / "none").code == 4
