"""Provisioning in bulk: requests read, batches recorded, written and marked, one after the other.

    DIR/devices-000001.jsonl      a batch: one device a line, mode 0600
        {"id", "serial", "urn", "not_after", "certificate": PEM, "key": encrypted PKCS#8 PEM}

A batch is recorded in one transaction before a byte of it is written, and written whole and synced
before it is marked as delivered in another. One run at a time holds the lock.
"""

from __future__ import annotations

import fcntl
import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from cryptography import x509

from rootlet.ca.authority import Authority, DeviceRequest
from rootlet.ca.policy import Policy
from rootlet.ca.provision import BadRow, Plan, Row, Totals, line_of, lines_of, plan
from rootlet.ca.record_store import RecordStore
from rootlet.ca.records import Issuance
from rootlet.errors import Environment, Misuse, Refused, Secret, State
from rootlet.files import read_bytes, write_atomic
from rootlet.pki import KeySealer, PrivateKey, key_from_pem, pem_text
from rootlet.profile import Profile

__all__ = ["BATCH", "Line", "provision", "read_requests"]

BATCH = 500
"""Devices that are recorded and written together: what a crash can cost in keys made in vain."""

PREFIX, SUFFIX = "devices-", ".jsonl"
LONGEST_FILE = 64 << 20
"""Bytes of a batch file; one of ours has some 2 KiB for each device."""

MOST_REQUEST = 64 << 10
"""Bytes of a signing request; one with an RSA key and many names has some 3 KiB."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and of how many."""


@dataclass(frozen=True)
class Line:
    """What a run of provisioning works with: its folder, and who may open the keys in it."""

    out: Path
    passphrase: bytes | None
    """None: every device brings its own key."""
    batch: int = BATCH


def read_requests(
    rows: Sequence[Row], policy: Policy, folder: Path | None, *, progress: Progress
) -> tuple[list[DeviceRequest], list[BadRow]]:
    """The request of each row; where there is a folder, with the key of its signing request."""
    requests: list[DeviceRequest] = []
    bad: list[BadRow] = []
    for number, row in enumerate(rows):
        if number % BATCH == 0:
            progress("checked", number, len(rows))
        if folder is None:
            if row.request:
                bad.append(BadRow(row.line, "it names a signing request: give --csr-dir"))
            requests.append(DeviceRequest(row.device_id))
            continue
        path = folder / (row.request or f"{row.device_id}.csr")
        try:
            key = policy.request_key(
                read_bytes(path, what="the signing request", most=MOST_REQUEST)
            )
            requests.append(DeviceRequest(row.device_id, key))
        except (Environment, Misuse, Refused) as error:
            bad.append(BadRow(row.line, f"{path.name}: {error.message}"))
    return requests, bad


def provision(
    authority: Authority,
    records: RecordStore,
    requests: Sequence[DeviceRequest],
    line: Line,
    *,
    now: Callable[[], datetime],
    days: int | None = None,
    again: bool = False,
    dry_run: bool = False,
    progress: Progress,
) -> Totals:
    """Bring every device to where it has its certificate in a file of ``line``."""
    with _alone(records, line.out, dry_run=dry_run):
        files = _Files(line, authority.profile)
        wanted = {request.device_id for request in requests}
        standings = records.standings(wanted)
        todo = plan(requests, standings, files.serials, again=again)
        totals = Totals(kept=todo.kept, marked=len(todo.mark), abandoned=len(todo.abandon))
        if dry_run:
            totals.issued, totals.rewritten = len(todo.issue), len(todo.rewrite)
            return totals
        records.delivered(*records.with_serials(todo.mark))
        records.abandoned(*records.with_serials(todo.abandon))
        _rewrite(records, todo, files, totals)
        gc.freeze()  # or the whole list is looked through for garbage, again and again
        try:
            for start in range(0, len(todo.issue), line.batch):
                progress("issued", start, len(todo.issue))
                batch = todo.issue[start : start + line.batch]
                issued = authority.issue_devices(batch, now=now(), days=days)
                made = [(each.record, each.key) for each in issued]
                totals.files.append(str(files.write(made)))
                records.delivered(*(each.record for each in issued))
                totals.issued += len(issued)
        finally:
            gc.unfreeze()
        return totals


def _rewrite(records: RecordStore, todo: Plan, files: _Files, totals: Totals) -> None:
    """Write what was recorded for requests; what has another key now is issued anew instead."""
    serials = {serial: request for request, serial in todo.rewrite}
    found = records.with_serials(list(serials))
    same = [each for each in found if _key_of(each) == serials[each.serial].public_key]
    other = [each for each in found if each not in same]
    records.abandoned(*other)
    todo.issue += [serials[each.serial] for each in other]
    totals.abandoned += len(other)
    for start in range(0, len(same), files.line.batch):
        batch = same[start : start + files.line.batch]
        totals.files.append(str(files.write([(each, None) for each in batch])))
        records.delivered(*batch)
        totals.rewritten += len(batch)


def _key_of(record: Issuance) -> object:
    return x509.load_der_x509_certificate(record.der).public_key()


class _Files:
    """The batch files of a folder."""

    def __init__(self, line: Line, profile: Profile) -> None:
        self.line = line
        self._last = 0
        serials: set[str] = set()
        opened = line.passphrase is None
        for path in sorted(line.out.glob(f"{PREFIX}*{SUFFIX}")):
            content = read_bytes(path, what="the batch file", most=LONGEST_FILE)
            found = lines_of(content.decode("utf-8", "replace"), what=str(path))
            serials.update(entry["serial"] for entry in found)
            self._last = max(self._last, _number(path))
            if not opened and found and "key" in found[0]:
                _require_opens(found[0], line.passphrase or b"", profile, path)
                opened = True
        self.serials = frozenset(serials)

    @cached_property
    def _sealer(self) -> KeySealer | None:
        return None if self.line.passphrase is None else KeySealer(self.line.passphrase)

    def write(self, batch: Sequence[tuple[Issuance, PrivateKey | None]]) -> Path:
        """Write the next file; it is on the disk, under its name, when this returns."""
        self._last += 1
        path = self.line.out / f"{PREFIX}{self._last:06}{SUFFIX}"
        lines = [
            line_of(record, pem_text("CERTIFICATE", record.der), self._sealed(key))
            for record, key in batch
        ]
        write_atomic(path, "".join(f"{text}\n" for text in lines).encode(), private=True)
        folder = os.open(self.line.out, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return path

    def _sealed(self, key: PrivateKey | None) -> str | None:
        if key is None or self._sealer is None:
            return None
        return self._sealer.pem(key).decode()


def _number(path: Path) -> int:
    digits = path.name.removeprefix(PREFIX).removesuffix(SUFFIX)
    return int(digits) if digits.isdigit() else 0


def _require_opens(
    entry: Mapping[str, str], passphrase: bytes, profile: Profile, path: Path
) -> None:
    try:
        key_from_pem(entry["key"].encode(), passphrase, profile=profile, what=path.name)
    except Secret as error:
        raise Secret(
            f"the passphrase is not the one that the keys in {path} have",
            hint="give the same one, or another folder with --out",
        ) from error


@contextmanager
def _alone(records: RecordStore, out: Path, *, dry_run: bool) -> Iterator[None]:
    """Hold the CA's lock for provisioning and the folder's; without what a killed run left."""
    if dry_run:
        yield
        return
    with records.database.alone("provision"):
        try:
            out.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = os.open(out, os.O_RDONLY)
        except OSError as error:
            raise Environment(
                f"cannot write in {out}: {error.strerror}", hint="give another folder with --out"
            ) from error
        try:
            if not _locked(folder):
                raise State(f"another run writes in {out}", hint="wait for its end")
            for left in out.glob(f".{PREFIX}*"):
                left.unlink()
            yield
        finally:
            os.close(folder)


def _locked(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
