"""The audit log: whatever is done to the record behind its back is noticed, and said."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from rootlet.ca import Findings, Issuance, RecordStore
from rootlet.ca.audit import FIRST, canonical, chained
from rootlet.ca.record_store import row_of
from rootlet.ca.tables_store import ISSUANCES
from rootlet.errors import Environment
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
AUTHORITY, _ = authority_of(now=NOW)
DEVICES = [AUTHORITY.issue_device(f"sensor-{n}", now=NOW).record for n in range(6)]
Place = Path | str

UNLOCKED = {
    "sqlite": (
        "DROP TRIGGER audit_append",
        "DROP TRIGGER audit_update",
        "DROP TRIGGER audit_delete",
    ),
    "postgresql": ("ALTER TABLE audit DISABLE TRIGGER ALL",),
}
"""What someone does who may do everything in the database."""


@pytest.fixture
def store(place: Place) -> Iterator[RecordStore]:
    """Entries: 1 issued sensor-0, 2 it was delivered, 3 issued four others, 4 two delivered."""
    with RecordStore(place, create=True, clock=lambda: NOW) as made:
        made.add(DEVICES[0])
        made.delivered(DEVICES[0])
        made.add(*DEVICES[1:5])
        made.delivered(*DEVICES[1:3])
        yield made


def done(store: RecordStore, *statements: str) -> None:
    with store.database.transaction() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def behind_its_back(store: RecordStore, *statements: str) -> Findings:
    unlocked = UNLOCKED["postgresql" if store.database.shared else "sqlite"]
    done(store, *unlocked, *statements)
    return store.verify()


def rules(findings: Findings) -> list[str]:
    return [problem.rule for problem in findings.problems]


def test_what_was_not_touched_verifies(store: RecordStore) -> None:
    findings = store.verify()
    assert (findings.problems, findings.entries, findings.certificates) == ([], 4, 5)
    entries = store.entries()
    assert findings.head == entries[-1].hash
    assert findings.newest == NOW
    assert [entry.event for entry in entries] == ["issued", "delivered"] * 2
    assert [len(entry.serials()) for entry in entries] == [1, 1, 4, 2]
    assert entries[0].serial == DEVICES[0].serial
    assert "@" in entries[0].actor
    noted = store.verify(head=entries[1].hash)
    assert (noted.problems, noted.noted) == ([], 2)


def test_the_chain_is_the_one_that_is_documented() -> None:
    """Anyone can compute it: this is what docs/ca.md says, in other words."""
    entry = chained(
        FIRST, number=1, at=5, event="note", actor="a@b", serial="", details={"b": 1, "a": ["é"]}
    )
    text = (
        r'{"actor":"a@b","at":5,"details":{"a":["\u00e9"],"b":1},'
        r'"event":"note","number":1,"serial":""}'
    )
    assert entry.hash == hashlib.sha256(bytes(32) + text.encode()).hexdigest()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody' WHERE number = 2",
        "DELETE FROM audit WHERE number = 4",
        "DELETE FROM audit",
        "INSERT INTO audit SELECT number + 2, at, event, actor, serial, details, hash FROM audit"
        " WHERE number = 4",
    ],
)
def test_the_database_refuses_changes_to_the_log(store: RecordStore, statement: str) -> None:
    with pytest.raises(Environment, match=r"append-only|no gaps"):
        done(store, statement)
    assert store.verify().problems == []


def test_sqlite_does_not_replace_entries_either(tmp_path: Path) -> None:
    with RecordStore(tmp_path / "ca.sqlite", create=True) as store:
        store.note("test", {})
        with pytest.raises(Environment, match="no gaps"):
            done(store, "INSERT OR REPLACE INTO audit SELECT * FROM audit")


@pytest.mark.parametrize(
    ("statement", "rule", "said"),
    [
        ("UPDATE audit SET actor = 'x' WHERE number = 2", "audit-entry", "entry 2 was changed"),
        ("UPDATE audit SET at = at + 1 WHERE number = 4", "audit-entry", "entry 4 was changed"),
        (
            "UPDATE audit SET details = details || ' ' WHERE number = 3",
            "audit-entry",
            "entry 3 was changed",
        ),
        ("DELETE FROM audit WHERE number = 2", "audit-gap", "missing from the log: 2"),
        ("UPDATE issuances SET name = 'x' WHERE number = 1", "audit-changed", "entry 1"),
        ("UPDATE issuances SET not_after = 9 WHERE number = 3", "audit-changed", "entry 3"),
        ("UPDATE issuances SET der = sha256_der WHERE number = 3", "audit-changed", "one of the 4"),
        ("DELETE FROM issuances WHERE number = 1", "audit-missing", "not in the record"),
        ("DELETE FROM issuances WHERE number = 5", "audit-missing", "entry 3 is not"),
        ("UPDATE issuances SET status = 'replaced' WHERE number = 1", "audit-status", "delivered"),
        ("UPDATE issuances SET status = 'delivered' WHERE number = 5", "audit-status", "recorded"),
        ("UPDATE issuances SET number = 99 WHERE number = 1", "audit-order", "before"),
    ],
)
def test_each_kind_of_tampering_is_noticed(
    store: RecordStore, statement: str, rule: str, said: str
) -> None:
    postgresql = store.database.shared
    statement = statement.replace("sha256_der", r"'\x00'" if postgresql else "x'00'")
    findings = behind_its_back(store, statement)
    assert rule in rules(findings), findings
    assert any(said in problem.message for problem in findings.problems), findings


def test_an_entry_removed_from_the_middle_is_two_findings_at_most(store: RecordStore) -> None:
    """The gap, and that what it delivered is marked so; not everything that comes after."""
    findings = behind_its_back(store, "DELETE FROM audit WHERE number = 2")
    assert rules(findings) == ["audit-gap", "audit-status"]


def test_the_last_entry_removed_is_noticed_by_a_noted_head(store: RecordStore) -> None:
    store.note("test", {})
    head = store.verify().head
    findings = behind_its_back(store, "DELETE FROM audit WHERE number = 5")
    assert findings.problems == []  # nothing in the record itself can tell
    assert rules(store.verify(head=head)) == ["audit-head"]


def test_a_log_written_anew_is_noticed_by_a_noted_head(store: RecordStore) -> None:
    head = store.verify().head
    entry = chained(
        store.entries()[2].hash, number=4, at=0, event="x", actor="", serial="", details={}
    )
    findings = behind_its_back(
        store,
        f"UPDATE audit SET at = 0, event = 'x', actor = '', serial = '', details = '{{}}',"
        f" hash = '{entry.hash}' WHERE number = 4",
        "UPDATE issuances SET status = 'recorded' WHERE number IN (2, 3)",
    )
    assert findings.problems == []
    assert rules(store.verify(head=head)) == ["audit-head"]


@pytest.mark.parametrize("number", [0, 7])
def test_a_certificate_without_an_entry_is_noticed(store: RecordStore, number: int) -> None:
    extra = DEVICES[5]
    with store.database.transaction() as connection:
        connection.execute(ISSUANCES.insert().values(**row_of(extra), number=number))
    findings = store.verify()
    assert [problem.rule for problem in findings.problems] == ["audit-unlogged"]
    assert extra.serial in findings.problems[0].message
    assert "sensor-5" in findings.problems[0].message


@pytest.mark.parametrize("details", ["", "[]", "[" * 9999, '{"serials": 5}', '{"a": NaN}'])
def test_an_unreadable_entry_is_a_finding_and_no_crash(store: RecordStore, details: str) -> None:
    statement = f"UPDATE audit SET details = '{details}' WHERE number = 3".replace(":", r"\\:")
    assert "audit-entry" in rules(behind_its_back(store, statement))


def test_a_record_with_very_many_problems_says_the_first(store: RecordStore) -> None:
    more = [replace(DEVICES[5], serial=f"{n:032x}", sha256=f"{n:064x}") for n in range(150)]
    store.add(*more)
    findings = behind_its_back(store, "UPDATE issuances SET status = 'replaced' WHERE number > 5")
    assert len(findings.problems) == 100


def test_several_nodes_write_one_chain(place: Place, store: RecordStore) -> None:
    records = [AUTHORITY.issue_device(f"node-{n}", now=NOW).record for n in range(24)]
    with RecordStore(place) as second, ThreadPoolExecutor(4) as pool:

        def issue(numbered: tuple[int, Issuance]) -> None:
            node = (store, second)[numbered[0] % 2]
            node.add(numbered[1])
            node.delivered(numbered[1])

        list(pool.map(issue, enumerate(records)))
        findings = second.verify()
    assert (findings.problems, findings.entries) == ([], 4 + 48)


def test_canonical_details_have_one_form() -> None:
    write: Callable[[object], str] = canonical
    assert write({"b": 1, "a": [True, None]}) == '{"a":[true,null],"b":1}'
    with pytest.raises(ValueError, match="JSON"):
        write(float("nan"))
