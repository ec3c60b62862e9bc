"""Provisioning in bulk: lists read, devices issued for once, and every interruption made good."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.ca import (
    DeviceRequest,
    Issuance,
    Line,
    RecordStore,
    Row,
    Totals,
    open_authority,
    open_records,
    policy_of,
    provision,
    read_requests,
    read_rows,
)
from rootlet.errors import Environment, Misuse, RootletError, Secret, State
from rootlet.maker import Maker
from rootlet.pki import KeySealer, PrivateKey, device_identity, generate_key, key_from_pem
from rootlet.pki.keys import signing_hash
from rootlet.profile import PROFILE_NAMES, load_profile
from support.limits import files_up_to
from support.makers import made_maker, maker_of

SECRET = b"six random words make it long"
IDS = tuple(f"sensor-{number}" for number in range(7))


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return made_maker(tmp_path / "mine")


def silent(what: str, done: int, of: int) -> None:
    pass


def run(
    maker: Maker,
    requests: list[DeviceRequest],
    *,
    secret: bytes | None = SECRET,
    records: Callable[[RecordStore], Any] | None = None,
    **more: bool,
) -> Totals:
    """Provision in batches of three, into the folder "line" beside the maker's."""
    with open_authority(maker, verify=None) as authority:
        store = authority.records
        assert isinstance(store, RecordStore)
        seen = records(store) if records else store
        return provision(
            replace(authority, records=seen),
            seen,
            requests,
            Line(line(maker), secret, batch=3),
            now=lambda: datetime.now(UTC),
            progress=silent,
            **more,
        )


def line(maker: Maker) -> Path:
    return maker.folder.with_name("line")


def written(maker: Maker) -> list[dict[str, str]]:
    return [
        json.loads(text)
        for path in sorted(line(maker).glob("*.jsonl"))
        for text in path.read_text(encoding="utf-8").splitlines()
    ]


def devices(maker: Maker) -> list[Issuance]:
    with open_records(maker) as records:
        assert records.verify().problems == []
        return [record for record in records.all() if record.kind.value == "device"]


def states(maker: Maker) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for record in devices(maker):
        found.setdefault(record.name, []).append(record.status.value)
    return found


def here(*ids: str) -> list[DeviceRequest]:
    return [DeviceRequest(name) for name in ids or IDS]


def brought(maker: Maker) -> tuple[dict[str, PrivateKey], list[DeviceRequest]]:
    keys = {name: generate_key(maker.profile) for name in IDS}
    return keys, [DeviceRequest(name, key.public_key()) for name, key in keys.items()]


def require_complete(maker: Maker, keys: dict[str, PrivateKey] | None = None) -> None:
    """Each device has one certificate that is delivered, in a file, with the key that fits."""
    delivered = {record.serial: record for record in devices(maker) if record.status == "delivered"}
    entries = {entry["serial"]: entry for entry in written(maker)}
    assert {record.name for record in delivered.values()} == set(IDS)
    assert len(delivered) == len(IDS)
    for serial, record in delivered.items():
        certificate = x509.load_pem_x509_certificate(entries[serial]["certificate"].encode())
        assert certificate.public_bytes(Encoding.DER) == record.der
        assert device_identity(certificate, "urn:dev:os:32473-") == entries[serial]["id"]
        assert entries[serial]["urn"] == record.names[0]
        if keys is None:
            pem = entries[serial]["key"].encode()
            key = key_from_pem(pem, SECRET, profile=maker.profile, what="it")
        else:
            assert "key" not in entries[serial]
            key = keys[record.name]
        assert key.public_key() == certificate.public_key()


# Lists.


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a\nb\n", [Row(1, "a", ""), Row(2, "b", "")]),
        ("id\na\n", [Row(2, "a", "")]),
        ("ID,csr\r\na,a.pem\r\n\r\nb,\r\n", [Row(2, "a", "a.pem"), Row(4, "b", "")]),
        ("model;csr;id\nlamp;x.csr;a\n", [Row(2, "a", "x.csr")]),
        ("a,first.csr\n b , second.csr \n", [Row(1, "a", "first.csr"), Row(2, "b", "second.csr")]),
        ('id,note\na,"two, or three"\n', [Row(2, "a", "")]),
        ("", []),
        ("id\n", []),
    ],
)
def test_lists_come_in_several_forms(text: str, rows: list[Row]) -> None:
    assert read_rows(text) == (rows, [])


@pytest.mark.parametrize(
    ("text", "line_number", "said"),
    [
        ("id\na\na_b\n", 3, "not a device id"),
        ("id\na\nb\na\n", 4, "stands on line 2"),
        ("id,csr\na,../../etc/passwd\n", 2, "not the name of a file"),
        ("id,csr\na,..\n", 2, "not the name of a file"),
        ("csr,id\nonly.csr\n", 2, "not a device id"),
        ('id\n"a\n', 2, "unexpected end"),
        ("id\n" + "a" * 5000, 2, "field larger"),
        (f"id\n{'a' * 65}\n", 2, "not a device id"),
        ("id\na\x00b\n", 2, "not a device id"),
    ],
)
def test_bad_rows_are_named_by_their_line(text: str, line_number: int, said: str) -> None:
    _, bad = read_rows(text)
    assert [row.line for row in bad] == [line_number]
    assert said in bad[0].reason


@settings(max_examples=60, deadline=None)
@given(st.text("id,;\"'\n\r a_-.csr\x00é", max_size=80))
def test_any_text_is_rows_and_bad_rows(text: str) -> None:
    rows, bad = read_rows(text)
    assert len({row.device_id for row in rows}) == len(rows)
    assert all(row.line >= 1 for row in rows)
    assert all(row.line >= 1 for row in bad)


def test_signing_requests_are_read_before_anything_else(tmp_path: Path) -> None:
    policy = policy_of(maker_of())
    key = generate_key(policy.profile)
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    pem = builder.sign(key, signing_hash(key.public_key())).public_bytes(Encoding.PEM)
    other = generate_key(load_profile("p256"))
    foreign = builder.sign(other, signing_hash(other.public_key())).public_bytes(Encoding.PEM)
    for name, content in {"a.csr": pem, "x": pem, "bad": b"no", "p256": foreign}.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "long").write_bytes(bytes(70_000))
    rows = [Row(2, "a", ""), Row(3, "b", "x")]
    requests, bad = read_requests(rows, policy, tmp_path, progress=silent)
    assert ([request.public_key for request in requests], bad) == ([key.public_key()] * 2, [])
    rows = [Row(n, f"d{n}", name) for n, name in enumerate(("bad", "p256", "long", "none"), 2)]
    _, bad = read_requests(rows, policy, tmp_path, progress=silent)
    assert [row.line for row in bad] == [2, 3, 4, 5]
    _, bad = read_requests([Row(2, "a", "a.csr")], policy, None, progress=silent)
    assert "--csr-dir" in bad[0].reason


# Keys.


@pytest.mark.usefixtures("all_rounds")
@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_sealed_key_is_what_other_programs_open(profile: str, tmp_path: Path) -> None:
    sealer, keys = KeySealer(SECRET), [generate_key(load_profile(profile)) for _ in range(2)]
    sealed = [sealer.seal(key) for key in keys]
    path = tmp_path / "key.der"
    for key, der in zip(keys, sealed, strict=True):
        path.write_bytes(der)
        command = ["openssl", "pkey", "-inform", "DER", "-in", str(path), "-passin", "stdin"]
        done = subprocess.run(command, input=SECRET, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        opened = key_from_pem(done.stdout, None, profile=load_profile(profile), what="it")
        assert opened.public_key() == key.public_key()
    parse = ["openssl", "asn1parse", "-inform", "DER", "-in", str(path)]
    shown = subprocess.run(parse, capture_output=True, check=True, text=True).stdout
    for word in ("PBES2", "PBKDF2", f":{600_000:06X}", "hmacWithSHA256", "aes-256-cbc"):
        assert word in shown
    assert sealed[0][-64:] != sealed[1][-64:]
    with pytest.raises(Secret):
        KeySealer(b"")


# Runs.


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_each_device_gets_a_certificate_and_a_sealed_key(
    profile: str, tmp_path: Path, maker: Maker
) -> None:
    if profile != maker.profile.name:
        maker = made_maker(tmp_path / "other", profile)
    totals = run(maker, here())
    assert (totals.issued, totals.kept, len(totals.files)) == (7, 0, 3)
    require_complete(maker)
    assert [stat.S_IMODE(Path(name).stat().st_mode) for name in totals.files] == [0o600] * 3
    with open_records(maker) as records:
        issued = [entry for entry in records.entries() if entry.event == "issued"]
    assert [len(entry.serials()) for entry in issued[1:]] == [3, 3, 1]


def test_a_second_run_issues_nothing(maker: Maker) -> None:
    run(maker, here())
    before = written(maker)
    totals = run(maker, here())
    assert (totals.issued, totals.kept, totals.files) == (0, 7, [])
    assert written(maker) == before
    totals = run(maker, here(*IDS, "sensor-new"))
    assert (totals.issued, totals.kept) == (1, 7)


def test_again_issues_once_more_and_replaces(maker: Maker) -> None:
    run(maker, here("sensor-0"))
    line(maker).rename(maker.folder / "first")
    assert run(maker, here(), again=True).issued == 7
    assert states(maker)["sensor-0"] == ["replaced", "delivered"]
    assert run(maker, here(), again=True).kept == 7  # a run with --again that is continued
    require_complete(maker)


def test_a_dry_run_counts_and_changes_nothing(maker: Maker) -> None:
    totals = run(maker, here(), dry_run=True)
    assert (totals.issued, totals.files) == (7, [])
    assert not line(maker).exists()
    assert devices(maker) == []


def test_requests_are_issued_for_without_a_key(maker: Maker) -> None:
    keys, requests = brought(maker)
    run(maker, requests, secret=None)
    require_complete(maker, keys)


class _Breaking:
    """A record that breaks off at a step of the third batch, before or after it is done."""

    def __init__(self, store: RecordStore, step: str, *, after: bool) -> None:
        self._store, self._step, self._after, self._calls = store, step, after, 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._store, name)
        if name != self._step:
            return real

        def breaking(*records: Issuance) -> None:
            self._calls += bool(records)
            if self._calls == 3 and not self._after:
                raise KeyboardInterrupt
            real(*records)
            if self._calls == 3:
                raise KeyboardInterrupt

        return breaking


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", ["add", "delivered"])
@pytest.mark.parametrize("requested", [False, True])
def test_what_was_broken_off_is_continued(
    maker: Maker, step: str, after: bool, requested: bool
) -> None:
    keys, requests = brought(maker) if requested else (None, here())
    secret = None if requested else SECRET
    with pytest.raises(KeyboardInterrupt):
        run(maker, requests, secret=secret, records=lambda s: _Breaking(s, step, after=after))
    totals = run(maker, requests, secret=secret)
    require_complete(maker, keys)
    lost = step == "add" and after  # recorded, in no file
    assert totals.abandoned == (lost and not requested)
    assert totals.rewritten == (lost and requested)
    assert totals.marked == (step == "delivered" and not after)
    assert len(devices(maker)) == len(IDS) + totals.abandoned
    assert run(maker, requests, secret=secret).kept == len(IDS)


def test_a_request_with_another_key_meanwhile_is_issued_for_anew(maker: Maker) -> None:
    keys, requests = brought(maker)
    breaking = lambda s: _Breaking(s, "add", after=True)  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        run(maker, requests, secret=None, records=breaking)
    keys["sensor-6"] = generate_key(maker.profile)
    requests[6] = DeviceRequest("sensor-6", keys["sensor-6"].public_key())
    totals = run(maker, requests, secret=None)
    assert (totals.abandoned, totals.rewritten, totals.issued) == (1, 0, 1)
    require_complete(maker, keys)


@pytest.mark.parametrize("size", [0, 2000])
def test_a_full_disk_is_continued_after_room_was_made(maker: Maker, size: int) -> None:
    with files_up_to(size), pytest.raises(Environment) as error:
        run(maker, here())
    assert "make room" in error.value.hint
    run(maker, here())
    require_complete(maker)


def test_two_runs_at_once_are_one(maker: Maker, place: Path | str) -> None:
    with RecordStore(place, create=True) as one, RecordStore(place) as two:
        with one.database.alone("provision"):
            with pytest.raises(State, match="another process"), two.database.alone("provision"):
                pass
            with two.database.alone("something else"):
                pass
        with two.database.alone("provision"):
            pass


def test_files_that_are_not_ours_stop_everything(maker: Maker) -> None:
    run(maker, here("sensor-0"))
    with pytest.raises(Secret, match="not the one"):
        run(maker, here(), secret=b"another one")
    (line(maker) / "devices-000009.jsonl").write_text("[1]\n")
    with pytest.raises(Misuse, match=r"devices-000009.jsonl line 1"):
        run(maker, here())
    (line(maker) / "devices-000009.jsonl").write_text("")
    left = line(maker) / ".devices-000010.jsonl.abc"
    left.write_text("of a run that was killed")
    assert Path(run(maker, here()).files[0]).name == "devices-000010.jsonl"
    assert not left.exists()


def test_a_folder_that_cannot_be_written_is_named(maker: Maker) -> None:
    line(maker).write_text("in the way")
    with pytest.raises(RootletError, match="cannot write in"):
        run(maker, here())
    assert devices(maker) == []
