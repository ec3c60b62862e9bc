"""What the device keeps of a lie, judged as a report."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from rootlet.errors import Refused
from rootlet.roughtime import is_evidence, report_of, verify_report
from support.commands import Run
from support.measuring import Measured, Network, TimeServer
from support.report_checker import check_report

HOUR = 3600
ROOM = 8_000
ANSWER_BYTES = 66 + 420


def lied_to(policy: ModuleType, ahead: int = HOUR, *, seed: int = 0, room: int = ROOM) -> Measured:
    servers = [TimeServer(ahead=ahead), TimeServer(), TimeServer()]
    return Network(policy, servers, seed=seed).measure(room=room)


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
@pytest.mark.parametrize("seed", range(6))
def test_it_is_proof(policy: ModuleType, ahead: int, seed: int) -> None:
    """In whatever order they were asked."""
    found = lied_to(policy, ahead, seed=seed)
    assert found.evidence is not None
    assert is_evidence(found.evidence)
    report = report_of(found.evidence)
    proof = verify_report(report)
    assert proof.pairs
    assert len(proof.samples) <= 6
    assert tuple(check_report(json.dumps(report).encode())) == proof.pairs


def test_where_all_agree_it_is_no_proof(policy: ModuleType) -> None:
    found = Network(policy, [TimeServer() for _ in range(3)]).measure(room=ROOM)
    assert found.evidence is not None
    with pytest.raises(Refused, match="all the times agree"):
        verify_report(report_of(found.evidence))


def test_it_is_whole_or_marked(policy: ModuleType) -> None:
    """A byte too little for the last answer: the ones before it are kept, and are a chain."""
    whole = lied_to(policy, -HOUR)
    assert whole.evidence is not None
    assert lied_to(policy, -HOUR, room=len(whole.evidence)).evidence is not None
    assert lied_to(policy, -HOUR, room=len(whole.evidence) - 1).evidence is None
    for room in (1, 7, 8, 9, 100):
        assert lied_to(policy, room=room).evidence is None


def test_a_chain_begins_anew_after_a_packet_that_does_not_check(policy: ModuleType) -> None:
    """The answer that the next nonce would bind is overwritten."""

    def spoiled(answer: bytes) -> tuple[bytes, ...]:
        return (answer[:-1] + bytes([answer[-1] ^ 1]),)

    for seed in range(8):
        servers = [TimeServer(ahead=-HOUR), TimeServer(spoil=spoiled), TimeServer(), TimeServer()]
        found = Network(policy, servers, seed=seed).measure(room=ROOM)
        assert (found.status, found.agreed, found.contradiction) == (
            "ERR_ROUGHTIME_INCONSISTENT",
            0,
            True,
        )
        assert found.evidence is not None
        assert verify_report(report_of(found.evidence)).pairs


def test_every_cut_is_noticed(policy: ModuleType) -> None:
    kept = lied_to(policy).evidence
    assert kept is not None
    report = report_of(kept)
    ends = {8}
    for entry in report["responses"]:
        ends.add(max(ends) + 66 + len(entry["response"]) * 3 // 4 - entry["response"].count("="))
    for length in range(8, len(kept)):
        if length in ends:
            assert len(report_of(kept[:length])["responses"]) < len(report["responses"])
        else:
            with pytest.raises(Refused, match="in the middle of an answer"):
                report_of(kept[:length])


def test_a_changed_byte_is_no_proof(policy: ModuleType) -> None:
    kept = lied_to(policy).evidence
    assert kept is not None
    for place in range(40, len(kept), 97):
        changed = bytearray(kept)
        changed[place] ^= 4
        with pytest.raises(Refused):
            verify_report(report_of(bytes(changed)))


def test_the_command_reads_it_and_writes_the_report(
    policy: ModuleType, run: Run, tmp_path: Path
) -> None:
    kept = lied_to(policy).evidence
    assert kept is not None
    (tmp_path / "kept.bin").write_bytes(kept)
    out = tmp_path / "evidence.json"
    done = run("time", "verify-report", str(tmp_path / "kept.bin"), "--report", str(out))
    assert done.code == 0, done.err
    assert "Proof: these servers cannot all be right." in done.out
    assert f"Wrote the report to {out}" in done.out
    assert verify_report(json.loads(out.read_bytes())).pairs
    (tmp_path / "kept.bin").write_bytes(kept[:-1])
    assert run("time", "verify-report", str(tmp_path / "kept.bin")).code == 1
