"""Ceremonies: everything that needs a root's key, from a maker's folder and that of its roots.

Each one checks first, then writes the roots' folder, then the record, then the maker's folder, and
last its own signed record. One that was cut off is done again from the beginning.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography import x509

from rootlet.ca.ceremony import Ceremony
from rootlet.ca.crl_store import refresh_crls, sign_root_crl
from rootlet.ca.database_store import place_of
from rootlet.ca.hall_store import Conditions, Hall, Held, held, write_copy, write_root
from rootlet.ca.issuers_store import SUCCESSOR_COPY, Issuer, Issuers, folder_errors
from rootlet.ca.making import NewCa, make_ca, make_root, renew_issuing
from rootlet.ca.policy import policy_of
from rootlet.ca.record_store import RecordStore
from rootlet.ca.records import Issuance
from rootlet.ca.root_keys_store import RootAccess, RootFolder
from rootlet.errors import State
from rootlet.files import write_atomic
from rootlet.maker import Maker
from rootlet.pki import (
    PrivateKey,
    ca_number,
    certificate_to_pem,
    generate_key,
    issuing_subject,
    root_subject,
)

__all__ = [
    "BundleCheck",
    "hold_init",
    "hold_renewal",
    "init_ca",
    "prepare_successor",
    "promote_successor",
    "renew_issuing_ca",
    "root_crl",
    "rotate_issuing",
]

BundleCheck = Callable[[x509.Certificate], None]
"""``Refused`` when devices in the field do not know this root."""


def init_ca(maker: Maker, passphrase: bytes, *, now: datetime) -> NewCa:
    """Make a CA whose roots are files encrypted with a passphrase, without a word about who."""
    access = RootAccess.by_passphrase(passphrase)
    return hold_init(maker, Conditions(access, maker.folder / "root", now))[0]


def hold_init(maker: Maker, conditions: Conditions) -> tuple[NewCa, Held]:
    """Make root, successor and issuing CA, and write all; after a failure there is none.

    The roots go to root/ in the maker's folder, whatever ``conditions`` say.
    """
    policy_of(maker)
    for part in ("root", "ca"):
        if (maker.folder / part).exists():
            raise State(
                f"{maker.folder / part} exists already",
                hint="a maker has one root: use it, or make another folder with rootlet init",
            )
    with (
        folder_errors(maker.folder),
        _staging(maker.folder) as staging,
        RootFolder(staging / "root", conditions.access, maker.profile) as roots,
    ):
        made = make_ca(
            maker.name,
            maker.profile,
            now=conditions.now,
            make_root_key=lambda label: roots.make(label, beside=None),
        )
        hall = Hall(maker, conditions, roots)
        done = _write_new(hall, made, staging)
        for part in ("root", "ca"):
            (staging / part).rename(maker.folder / part)
        roots.keep()
    if maker.ca.database:
        with RecordStore(place_of(maker)) as records:
            records.delivered(*made.records)
    return made, replace(done, record=maker.folder / done.record.relative_to(staging))


def _write_new(hall: Hall, made: NewCa, staging: Path) -> Held:
    place = hall.roots.folder
    for name, root, key in (
        ("root", made.root, made.root_key),
        ("successor", made.successor, made.successor_key),
    ):
        write_root(place / name, hall.roots, root, key)
    staged = replace(hall.maker, folder=staging)
    issuers = Issuers(staged)
    with folder_errors(staging):
        (staging / "ca").mkdir()
    with RecordStore(place_of(staged), create=True) as records:
        records.add(*made.records)
        if not records.database.shared:  # the file comes to its place with the others
            records.delivered(*made.records)
        issuers.found(Issuer(made.issuing, made.root), made.issuing_key)
        write_copy(staging, SUCCESSOR_COPY, made.successor)
        sign_root_crl(staged, records, made.root, made.root_key, now=hall.now)
        issuers.write_clients(hall.now)
    hall.issuances += made.records
    hall.did("Made the root's key and certificate", "root", made.root)
    hall.did("Made the successor's key and certificate", "successor", made.successor)
    hall.did("Made the issuing CA and signed it with the root", "issuing", made.issuing)
    hall.steps.append("Signed an empty list of revoked issuing CAs with the root")
    signers = ((made.root, made.root_key), (made.successor, made.successor_key))
    return hall.close(Ceremony.INIT, signers, folder=staging)


def renew_issuing_ca(
    maker: Maker, passphrase: bytes, *, root_folder: Path, now: datetime
) -> Issuance:
    """Give the present issuing CA's key a new certificate, without a word about who."""
    access = RootAccess.by_passphrase(passphrase)
    return hold_renewal(maker, Conditions(access, root_folder, now)).issuances[0]


def hold_renewal(maker: Maker, conditions: Conditions, *, number: int | None = None) -> Held:
    """Give an issuing CA's key a new certificate, signed by the present root.

    What it signed before stays valid, since its key and name stay the same. ``number`` is that of
    one whose place another took: for devices that still have certificates from it.
    """
    with held(maker, conditions) as (hall, records):
        present = hall.issuers.present()
        issuer = _numbered(hall.issuers, number)
        public_key = hall.issuers.key(issuer).public_key()
        root_key = hall.roots.open(present.root)
        subject = issuer.issuing.subject
        certificate, record = renew_issuing(
            subject, maker.profile, public_key, present.root, root_key, now=hall.now
        )
        records.add(record)
        renewed = Issuer(certificate, present.root)
        if issuer.number == present.number:
            hall.issuers.put(renewed, None)
        else:
            hall.issuers.replace_old(renewed)
        records.delivered(record)
        hall.issuances.append(record)
        hall.did(f"Renewed {subject.rfc4514_string()}, with the key it had", "issuing", certificate)
        _sign_crl(hall, records, present.root, root_key)
        return hall.close(Ceremony.RENEW, [(present.root, root_key)])


def rotate_issuing(maker: Maker, conditions: Conditions) -> Held:
    """Make another issuing CA, with a new key and a name of its own, for all that comes.

    The one before stays valid to its end, and certificates from it.
    """
    with held(maker, conditions) as (hall, records):
        present = hall.issuers.present()
        root_key = hall.roots.open(present.root)
        _put_new_issuing(hall, records, present.root, root_key)
        _sign_crl(hall, records, present.root, root_key)
        return hall.close(Ceremony.ROTATE, [(present.root, root_key)])


def prepare_successor(maker: Maker, conditions: Conditions) -> Held:
    """Make a successor for a root that has none: makers of earlier versions."""
    with held(maker, conditions) as (hall, records):
        present = hall.issuers.present()
        if hall.issuers.successor() is not None:
            raise State(
                f"{maker.folder / SUCCESSOR_COPY} exists already",
                hint="put it into devices: rootlet bundle",
            )
        root_key = hall.roots.open(present.root)
        successor, key, record = _new_root(hall, present.root, ca_number(present.root.subject) + 1)
        write_root(hall.roots.folder / "successor", hall.roots, successor, key)
        hall.roots.keep()
        records.add(record)
        hall.did("Made the successor's key and certificate", "successor", successor)
        hall.parts.append(("root", present.root))
        _sign_crl(hall, records, present.root, root_key)
        done = hall.close(Ceremony.PREPARE, [(present.root, root_key), (successor, key)])
        write_copy(maker.folder, SUCCESSOR_COPY, successor)
        records.delivered(record)
        return done


def promote_successor(maker: Maker, conditions: Conditions, *, bundled: BundleCheck) -> Held:
    """Make the successor the root, with an issuing CA below it and a successor of its own.

    ``bundled`` is asked first whether devices know the successor. Its key and name stay what they
    know; its certificate is made anew, so that it lives as long as a root does. The root before
    is not needed, and what was issued below it stays valid.
    """
    with held(maker, conditions) as (hall, records):
        before = hall.issuers.present().root
        known = hall.issuers.successor()
        if known is None:
            raise State(
                "this maker has no successor of its root",
                hint="make one with rootlet ca root prepare, and put it into devices first",
            )
        bundled(known)
        root_key = hall.roots.open(known)
        number = ca_number(known.subject)
        root, root_record = make_root(
            maker.name, maker.profile, root_key, number, now=hall.now, subject=known.subject
        )
        successor, key, record = _new_root(hall, known, number + 1)
        _move_roots(hall.roots, before, known, (root, root_key), (successor, key))
        hall.roots.keep()
        for each in (root_record, record):
            records.add(each)
            records.delivered(each)
            hall.issuances.append(each)
        hall.did("Made the successor the root, with the key that devices know", "root", root)
        hall.did("Made the key and certificate of the next successor", "successor", successor)
        _put_new_issuing(hall, records, root, root_key)
        _sign_crl(hall, records, root, root_key)
        done = hall.close(Ceremony.SUCCESSOR, [(root, root_key), (successor, key)])
        # Last, so that until all is done the same successor takes over when this is done again.
        write_copy(maker.folder, SUCCESSOR_COPY, successor)
        return done


def root_crl(maker: Maker, conditions: Conditions) -> Held:
    """Sign the root's own list of revoked issuing CAs, and nothing else."""
    with held(maker, conditions) as (hall, records):
        root = hall.issuers.present().root
        root_key = hall.roots.open(root)
        hall.parts.append(("root", root))
        _sign_crl(hall, records, root, root_key)
        return hall.close(Ceremony.CRL, [(root, root_key)])


def _numbered(issuers: Issuers, number: int | None) -> Issuer:
    present = issuers.present()
    for issuer in (present, *issuers.old()):
        if number in {None, issuer.number}:
            return issuer
    raise State(
        f"this maker has no issuing CA number {number}",
        hint="see: rootlet ca list --kind issuing --all",
    )


def _put_new_issuing(
    hall: Hall, records: RecordStore, root: x509.Certificate, root_key: PrivateKey
) -> None:
    maker, issuers = hall.maker, hall.issuers
    number = max(each.number for each in (issuers.present(), *issuers.old())) + 1
    key = generate_key(maker.profile)
    subject = issuing_subject(maker.name, number)
    certificate, record = renew_issuing(
        subject, maker.profile, key.public_key(), root, root_key, now=hall.now
    )
    records.add(record)
    issuers.put(Issuer(certificate, root), key)
    records.delivered(record)
    hall.issuances.append(record)
    what = f"Made {subject.rfc4514_string()} and signed it with the root"
    hall.did(what, "issuing", certificate)


def _new_root(
    hall: Hall, beside: x509.Certificate, number: int
) -> tuple[x509.Certificate, PrivateKey, Issuance]:
    maker = hall.maker
    label = root_subject(maker.name, number).rfc4514_string()
    key = hall.roots.make(label.removeprefix("CN="), beside=beside)
    root, record = make_root(maker.name, maker.profile, key, number, now=hall.now)
    return root, key, record


def _sign_crl(
    hall: Hall, records: RecordStore, root: x509.Certificate, root_key: PrivateKey
) -> None:
    sign_root_crl(hall.maker, records, root, root_key, now=hall.now)
    refresh_crls(hall.maker, records, now=hall.now)
    hall.steps.append("Signed the list of revoked issuing CAs with the root")
    if root not in [certificate for _, certificate in hall.parts]:
        hall.parts.append(("root", root))


def _move_roots(
    roots: RootFolder,
    before: x509.Certificate,
    known: x509.Certificate,
    new: tuple[x509.Certificate, PrivateKey],
    next_one: tuple[x509.Certificate, PrivateKey],
) -> None:
    """Put the roots' files in their new places, none of them ever missing from the folder."""
    place = roots.folder
    moved = roots.key_file(known)
    content = moved.read_bytes()
    kept = place / f"old/{ca_number(before.subject)}/root"
    if moved.stem != "root":  # else this was done before, and cut off afterwards
        for path in (place / "root.key", place / "root.uri"):
            if path.exists():
                write_atomic(kept.with_suffix(path.suffix), path.read_bytes(), private=True)
        write_atomic(kept.with_suffix(".pem"), certificate_to_pem(before), private=False)
    write_atomic(place / "root.pem", certificate_to_pem(new[0]), private=False)
    for path in (place / "root.key", place / "root.uri"):
        if path.suffix != moved.suffix:
            path.unlink(missing_ok=True)
    write_atomic((place / "root").with_suffix(moved.suffix), content, private=True)
    for path in (place / "successor.key", place / "successor.uri"):
        if path.name not in roots.files("successor", next_one[1]):
            path.unlink(missing_ok=True)
    write_root(place / "successor", roots, *next_one)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(dir=folder, prefix=".ca-init."))
    try:
        yield path
    finally:
        shutil.rmtree(path)
