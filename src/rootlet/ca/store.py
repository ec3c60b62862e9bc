"""Issuing from a maker's folder, and where certificates and keys are put.

    issued/servers/NAME  issued/devices/ID       cert.pem (leaf, then issuing CA) and key.pem (0600)

NAME is a symbolic link to a folder that is never changed once it has its name, so whoever opens
cert.pem and key.pem through it finds a pair. The pair before it is kept beside it. The CA's own
files are those of rootlet.ca.issuers_store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rootlet.ca.authority import Authority, Issued, Verifier
from rootlet.ca.clock import TimeSource
from rootlet.ca.database_store import place_of
from rootlet.ca.issuers_store import Issuers, folder_errors
from rootlet.ca.policy import policy_of
from rootlet.ca.record_store import RecordStore
from rootlet.ca.records import Records
from rootlet.errors import Environment
from rootlet.files import swap_version
from rootlet.maker import Maker
from rootlet.pki import Kind, chain_to_pem, key_to_pem

__all__ = ["deliver", "issued_folder", "open_authority", "open_records"]

FOLDERS = {Kind.SERVER: "servers", Kind.DEVICE: "devices"}


def issued_folder(folder: Path, kind: Kind, name: str) -> Path:
    """Where cert.pem and key.pem of a server or a device are."""
    return folder / "issued" / FOLDERS[kind] / name


@contextmanager
def open_records(maker: Maker) -> Iterator[RecordStore]:
    """The record alone, for looking at."""
    Issuers(maker).require()
    with RecordStore(place_of(maker)) as records:
        yield records


@contextmanager
def open_authority(
    maker: Maker, *, verify: Verifier | None, time_source: TimeSource | None = None
) -> Iterator[Authority]:
    """The issuing CA of a maker's folder, ready to issue.

    ``verify`` is the device's own check of server chains, ``time_source`` what Roughtime says.
    """
    issuers = Issuers(maker)
    issuers.require()
    policy = policy_of(maker)
    present = issuers.present()
    with RecordStore(place_of(maker)) as records:
        key = issuers.key(present)
        yield Authority(
            policy,
            present.root,
            present.issuing,
            key,
            records,
            verify,
            time_source=time_source,
        )


def deliver(folder: Path, issued: Issued, records: Records) -> Path:
    """Put a recorded certificate, with its key if that was made here, where servers look for it.

    Returns the folder with cert.pem and key.pem. When the disk is full the pair before stays.
    """
    contents = {"cert.pem": (chain_to_pem(issued.chain), False)}
    if issued.key is not None:
        contents["key.pem"] = (key_to_pem(issued.key), True)
    place = issued_folder(folder, issued.record.kind, issued.record.name)
    with folder_errors(folder):
        swap_version(place, issued.record.serial, contents)
    try:
        records.delivered(issued.record)
    except Environment as error:
        raise Environment(
            f"{place} has the new certificate, but its record is not marked as delivered: {error}",
            hint="make room; nothing is lost, and the next rootlet ca renew marks it",
        ) from error
    return place
