"""The CA's files in a maker's folder.

    root/root.pem  root/root.key (encrypted)     to be carried away, needed for issuing renew only
    ca/root.pem    ca/issuing.pem                copies that stay online
    ca/issuing.key                               0600
    ca/clients.pem                               issuing CA and root: what a server checks device
                                                 certificates with, so that devices send one only
    ca/ca.sqlite                                 the record, where [ca] database names no server
    issued/servers/NAME  issued/devices/ID       cert.pem (leaf, then issuing CA) and key.pem (0600)

NAME is a symbolic link to a folder that is never changed once it has its name, so whoever opens
cert.pem and key.pem through it finds a pair. The pair before it is kept beside it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cryptography import x509

from rootlet.ca.authority import Authority, Issued, NewCa, Verifier, make_ca, renew_issuing
from rootlet.ca.database_store import RECORD, place_of
from rootlet.ca.policy import policy_of
from rootlet.ca.record_store import RecordStore
from rootlet.ca.records import Issuance, Records
from rootlet.errors import Environment, Refused, State
from rootlet.files import read_bytes, write_atomic
from rootlet.maker import Maker
from rootlet.pki import (
    Kind,
    PrivateKey,
    certificate_from_pem,
    certificate_to_pem,
    chain_to_pem,
    key_from_pem,
    key_to_pem,
)

__all__ = [
    "clients_path",
    "deliver",
    "init_ca",
    "issued_folder",
    "open_authority",
    "open_records",
    "renew_issuing_ca",
    "root_path",
]

ROOT_KEY = Path("root/root.key")
ROOT_COPY = Path("ca/root.pem")
ISSUING = Path("ca/issuing.pem")
ISSUING_KEY = Path("ca/issuing.key")
CLIENTS = Path("ca/clients.pem")

VERSIONS = ".versions"
"""Below issued/servers and issued/devices: the folders that the names there point to."""

FOLDERS = {Kind.SERVER: "servers", Kind.DEVICE: "devices"}


def root_path(folder: Path) -> Path:
    """The root's certificate."""
    return folder / ROOT_COPY


def clients_path(folder: Path) -> Path:
    """What a server checks device certificates with."""
    return folder / CLIENTS


def issued_folder(folder: Path, kind: Kind, name: str) -> Path:
    """Where cert.pem and key.pem of a server or a device are."""
    return folder / "issued" / FOLDERS[kind] / name


def init_ca(maker: Maker, passphrase: bytes, *, now: datetime) -> NewCa:
    """Make root and issuing CA, and write both; after a failure there is neither."""
    policy_of(maker)
    for part in ("root", "ca"):
        if (maker.folder / part).exists():
            raise State(
                f"{maker.folder / part} exists already",
                hint="a maker has one root: use it, or make another folder with rootlet init",
            )
    made = make_ca(maker.name, maker.profile, now=now)
    with _folder_errors(maker.folder), _staging(maker.folder) as staging:
        _write_ca(staging, made, passphrase)
        place = maker.ca.database or staging / RECORD
        with RecordStore(place, create=True) as records:
            for record in made.records:
                records.add(record)
                if not maker.ca.database:  # the file comes to its place with the others
                    records.delivered(record)
        for part in ("root", "ca"):
            (staging / part).rename(maker.folder / part)
    if maker.ca.database:
        with RecordStore(place_of(maker)) as records:
            for record in made.records:
                records.delivered(record)
    return made


def _write_ca(folder: Path, made: NewCa, passphrase: bytes) -> None:
    root = certificate_to_pem(made.root)
    write_atomic(folder / ROOT_KEY, key_to_pem(made.root_key, passphrase), private=True)
    write_atomic(folder / "root/root.pem", root, private=False)
    write_atomic(folder / ISSUING_KEY, key_to_pem(made.issuing_key, None), private=True)
    write_atomic(folder / ROOT_COPY, root, private=False)
    _write_issuing(folder, made.issuing, made.root)


def _write_issuing(folder: Path, issuing: x509.Certificate, root: x509.Certificate) -> None:
    write_atomic(folder / CLIENTS, chain_to_pem((issuing, root)), private=False)
    write_atomic(folder / ISSUING, certificate_to_pem(issuing), private=False)


@contextmanager
def open_records(maker: Maker) -> Iterator[RecordStore]:
    """The record alone, for looking at."""
    _require_ca(maker)
    with RecordStore(place_of(maker)) as records:
        yield records


@contextmanager
def open_authority(maker: Maker, *, verify: Verifier | None) -> Iterator[Authority]:
    """The issuing CA of a maker's folder, ready to issue.

    ``verify`` is the device's own check of server chains.
    """
    _require_ca(maker)
    policy = policy_of(maker)
    root, issuing = _read_certificate(maker, ROOT_COPY), _read_certificate(maker, ISSUING)
    with RecordStore(place_of(maker)) as records:
        key = _issuing_key(maker, issuing)
        yield Authority(policy, root, issuing, key, records, verify)


def renew_issuing_ca(
    maker: Maker, passphrase: bytes, *, root_folder: Path, now: datetime
) -> Issuance:
    """Give the issuing CA's key a new certificate, signed with the root's key in ``root_folder``.

    What it signed before stays valid, since its key and name stay the same.
    """
    _require_ca(maker)
    root, issuing = _read_certificate(maker, ROOT_COPY), _read_certificate(maker, ISSUING)
    public_key = _issuing_key(maker, issuing).public_key()
    path = root_folder / ROOT_KEY.name
    pem = read_bytes(path, what="the root's key")
    root_key = key_from_pem(pem, passphrase, profile=maker.profile, what=f"the root's key {path}")
    if root_key.public_key() != root.public_key():
        raise State(
            f"{path} is the key of another root",
            hint=f"give the folder with the key of {root_path(maker.folder)}",
        )
    certificate, record = renew_issuing(
        issuing.subject, maker.profile, public_key, root, root_key, now=now
    )
    with RecordStore(place_of(maker)) as records:
        records.add(record)
        _write_issuing(maker.folder, certificate, root)
        records.delivered(record)
    return record


def deliver(folder: Path, issued: Issued, records: Records) -> Path:
    """Put a recorded certificate, with its key if that was made here, where servers look for it.

    Returns the folder with cert.pem and key.pem. When the disk is full the pair before stays.
    """
    contents = {"cert.pem": (chain_to_pem(issued.chain), False)}
    if issued.key is not None:
        contents["key.pem"] = (key_to_pem(issued.key, None), True)
    place = issued_folder(folder, issued.record.kind, issued.record.name)
    with _folder_errors(folder):
        _swap(place, issued.record.serial, contents)
    try:
        records.delivered(issued.record)
    except Environment as error:
        raise Environment(
            f"{place} has the new certificate, but its record is not marked as delivered: {error}",
            hint="make room; nothing is lost, and the next rootlet ca renew marks it",
        ) from error
    return place


def _swap(place: Path, version: str, contents: Mapping[str, tuple[bytes, bool]]) -> None:
    """Make ``place`` point to a new folder with these files; keep the one it pointed to before."""
    versions = place.parent / VERSIONS / place.name
    new, link = versions / version, versions / "next"
    with _locked(versions):
        if place.exists() and not place.is_symlink():
            raise State(
                f"{place} is not one of ours", hint="move it away, then run the command again"
            )
        try:
            for name, (content, private) in contents.items():
                write_atomic(new / name, content, private=private)
            link.unlink(missing_ok=True)
            link.symlink_to(Path(VERSIONS, place.name, version))
            before = place.readlink().name if place.is_symlink() else None
            link.rename(place)
        except (OSError, Environment):
            shutil.rmtree(new, ignore_errors=True)
            raise
        for old in versions.iterdir():
            if old.name not in {version, before}:
                shutil.rmtree(old)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other commands from changing ``folder`` meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _require_ca(maker: Maker) -> None:
    if not (maker.folder / "ca").is_dir():
        raise State(f"there is no CA in {maker.folder}", hint="make one with: rootlet ca init")


def _read_certificate(maker: Maker, path: Path) -> x509.Certificate:
    where = maker.folder / path
    pem = read_bytes(where, what="the CA's certificate")
    try:
        return certificate_from_pem(pem, what=str(where))
    except Refused as error:
        raise State(error.message, hint="restore it from your backup") from error


def _issuing_key(maker: Maker, issuing: x509.Certificate) -> PrivateKey:
    path = maker.folder / ISSUING_KEY
    pem = read_bytes(path, what="the issuing CA's key")
    key = key_from_pem(pem, None, profile=maker.profile, what=str(path))
    if key.public_key() != issuing.public_key():
        raise State(
            f"{path} is not the key of {maker.folder / ISSUING}",
            hint="restore both from the same backup",
        )
    return key


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(dir=folder, prefix=".ca-init."))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def _folder_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Environment(
            f"cannot write in {folder}: {error.strerror}",
            hint="make room or fix the permissions, then run the command again; "
            "what was there before is unchanged",
        ) from error
