"""``rootlet ca issue`` and ``rootlet ca renew``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from cryptography import x509

from rootlet.ca import (
    Authority,
    Issuance,
    Issued,
    Records,
    RecordStore,
    Verifier,
    clients_path,
    deliver,
    open_authority,
    open_records,
)
from rootlet.cli.check import DEVICE_PROFILE
from rootlet.cli.clock import offline_option, time_source
from rootlet.cli.options import (
    FILE,
    date_text,
    dry_run_option,
    json_option,
    maker_option,
    show,
    utc_now,
    with_maker,
)
from rootlet.device import Anchor, check_chain
from rootlet.errors import Misuse, State
from rootlet.files import read_bytes
from rootlet.maker import Maker, load_maker
from rootlet.pki import Host, Kind, PublicKey, public_bytes, require_profile_key, spoken
from rootlet.profile import Profile, load_profile

__all__ = ["issue", "renew", "summary", "verifier_for"]

NEXT = {
    Kind.SERVER: "reload the server that has it; a first one is configured with\n  {config}",
    Kind.DEVICE: "put both into the device; servers check it with {clients}",
}
"""What to do with a leaf of each kind."""

hours_option = click.option(
    "--lifetime-hours", "hours", type=int, metavar="N", help="Instead of rootlet.toml's (server)."
)
days_option = click.option(
    "--lifetime-days", "days", type=int, metavar="N", help="Instead of rootlet.toml's (device)."
)
csr_option = click.option(
    "--csr",
    type=FILE,
    metavar="FILE",
    help="PEM signing request: its key is used, and none is made here.",
)

Issue = Callable[[Authority, PublicKey | None], Issued]


class _Unkept:
    """Records of a dry run: nothing is kept."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def newest_at(self, after: str = "") -> datetime | None:
        """As in the record."""
        return self._records.newest_at(after)

    def add(self, *issuances: Issuance) -> None:
        """Do nothing."""

    def delivered(self, *issuances: Issuance) -> None:
        """Do nothing."""


def verifier_for(profile: Profile) -> Verifier | None:
    """The device library's own check of server chains, where it is built for the profile."""
    return _device_check if profile.name == DEVICE_PROFILE else None


def _device_check(
    chain: Sequence[bytes], root: x509.Certificate, host: Host, now: datetime
) -> None:
    profile = load_profile(DEVICE_PROFILE)
    key = public_bytes(require_profile_key(root.public_key(), profile, what="the root"))
    moment = int(now.timestamp())
    anchors = [Anchor(root.subject.public_bytes(), key)]
    check_chain(chain, anchors=anchors, host=host, earliest=moment, latest=moment)


def _issue(
    maker: Maker,
    make: Issue,
    csr: Path | None,
    *,
    offline: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    source = time_source(maker, offline=offline)
    request = None if csr is None else read_bytes(csr, what="the signing request")
    verify = verifier_for(maker.profile)
    with open_authority(maker, verify=verify, time_source=source) as authority:
        key = None if request is None else authority.policy.request_key(request)
        if dry_run:
            issued, place = make(replace(authority, records=_Unkept(authority.records)), key), None
        else:
            issued = make(authority, key)
            place = deliver(maker.folder, issued, authority.records)
    _print(issued, place, maker.folder, as_json=as_json)


def summary(record: Issuance) -> dict[str, Any]:
    """A certificate as every command prints it in JSON."""
    return {
        "serial": record.serial,
        "kind": record.kind.value,
        "name": record.name,
        "names": list(record.names),
        "not_before": date_text(record.not_before),
        "not_after": date_text(record.not_after),
        "sha256": record.sha256,
        "words": spoken(record.der),
        "profile": record.profile,
        "issued_at": date_text(record.issued_at),
        "bytes": len(record.der),
    }


def _print(issued: Issued, place: Path | None, folder: Path, *, as_json: bool) -> None:
    record = issued.record
    fields = {
        **summary(record),
        "dry_run": place is None,
        "cert": None if place is None else str(place / "cert.pem"),
        "key": None if place is None or issued.key is None else str(place / "key.pem"),
    }
    names, until = ", ".join(record.names), date_text(record.not_after)
    text = f"Would issue for {names}, until {until}; nothing was recorded or written"
    if place is not None:
        lines = [
            f"Issued for {names}, until {until}",
            f"  serial  {record.serial}",
            f"  cert    {fields['cert']} ({len(record.der)} bytes, then the issuing CA)",
        ]
        if fields["key"] is not None:
            lines.append(f"  key     {fields['key']}")
        command = f"rootlet server config nginx --name {record.name} --listen HOST:PORT"
        next_step = NEXT[record.kind].format(
            config=with_maker(f"{command} --root-dir DIR", folder), clients=clients_path(folder)
        )
        text = "\n".join([*lines, "", f"Next: {next_step}"])
    show(fields, text, as_json=as_json)


@click.group(name="issue")
def issue() -> None:
    """Issue a certificate for a server or a device."""


@issue.command(
    name="server",
    epilog="\b\nExamples:\n  rootlet ca issue server api.example.test\n"
    "  rootlet ca issue server api.example.test --names mqtt.example.test --lifetime-hours 24",
)
@click.argument("name", metavar="NAME")
@click.option("--names", "more", multiple=True, metavar="NAME", help="One more name; repeatable.")
@hours_option
@csr_option
@maker_option
@offline_option
@dry_run_option
@json_option
def issue_server(
    name: str,
    more: tuple[str, ...],
    hours: int | None,
    csr: Path | None,
    folder: Path,
    offline: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Issue for a server; the device library checks the chain before it leaves."""

    def make(authority: Authority, key: PublicKey | None) -> Issued:
        return authority.issue_server([name, *more], now=utc_now(), hours=hours, public_key=key)

    _issue(load_maker(folder), make, csr, offline=offline, dry_run=dry_run, as_json=as_json)


@issue.command(
    name="device",
    epilog="\b\nExamples:\n  rootlet ca issue device sensor-1\n"
    "  rootlet ca issue device sensor-1 --csr sensor-1.csr",
)
@click.argument("device_id", metavar="ID")
@days_option
@csr_option
@maker_option
@offline_option
@dry_run_option
@json_option
def issue_device(
    device_id: str,
    days: int | None,
    csr: Path | None,
    folder: Path,
    offline: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Issue for a device, by its id."""

    def make(authority: Authority, key: PublicKey | None) -> Issued:
        return authority.issue_device(device_id, now=utc_now(), days=days, public_key=key)

    _issue(load_maker(folder), make, csr, offline=offline, dry_run=dry_run, as_json=as_json)


@click.command(
    name="renew",
    epilog="\b\nExample:\n  rootlet ca renew api.example.test",
)
@click.argument("name", metavar="NAME")
@click.option(
    "--kind",
    type=click.Choice([Kind.SERVER.value, Kind.DEVICE.value]),
    help="Needed only where a server and a device have the same name.",
)
@hours_option
@days_option
@csr_option
@maker_option
@offline_option
@dry_run_option
@json_option
def renew(
    name: str,
    kind: str | None,
    hours: int | None,
    days: int | None,
    csr: Path | None,
    folder: Path,
    offline: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Issue again what NAME had, with a new key; certificate and key change together."""
    maker = load_maker(folder)
    with open_records(maker) as records:
        last = _newest(records, name, kind)

    def make(authority: Authority, key: PublicKey | None) -> Issued:
        now = utc_now()
        if last.kind is Kind.SERVER:
            return authority.issue_server(last.names, now=now, hours=hours, public_key=key)
        return authority.issue_device(last.name, now=now, days=days, public_key=key)

    if (hours if last.kind is Kind.DEVICE else days) is not None:
        raise Misuse(
            f"{name} is a {last.kind.value}",
            hint="give --lifetime-hours for a server, --lifetime-days for a device",
        )
    _issue(maker, make, csr, offline=offline, dry_run=dry_run, as_json=as_json)


def _newest(records: RecordStore, name: str, kind: str | None) -> Issuance:
    found = [
        record
        for record in records.named(name)
        if record.kind in NEXT and kind in {None, record.kind.value}
    ]
    if not found:
        raise State(
            f"nothing was issued for {name}",
            hint="issue it first: rootlet ca issue server NAME, or: rootlet ca issue device ID",
        )
    if len({record.kind for record in found}) > 1:
        raise Misuse(
            f"both a server and a device are called {name}",
            hint="say which with --kind server or --kind device",
        )
    return found[-1]
