"""``rootlet ca``: the record of what was issued; its other commands stand in files of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from cryptography import x509

from rootlet.ca import (
    Issuance,
    Revocation,
    RevocationStore,
    Status,
    issued_folder,
    open_records,
)
from rootlet.cli.ca_acme import acme
from rootlet.cli.ca_audit import audit
from rootlet.cli.ca_backup import backup, restore
from rootlet.cli.ca_ceremony import init, issuing_group
from rootlet.cli.ca_enrol import enrol
from rootlet.cli.ca_export import export
from rootlet.cli.ca_issue import issue, renew, summary
from rootlet.cli.ca_provision import provision
from rootlet.cli.ca_revoke import crl, revoke
from rootlet.cli.ca_root import ceremony_group, root_group
from rootlet.cli.ca_serve import serve_command
from rootlet.cli.options import date_text, json_option, maker_option, show, utc_now, with_maker
from rootlet.errors import State
from rootlet.maker import load_maker
from rootlet.pki import Kind, certificate_to_pem

__all__ = ["command"]

LEAVES = (Kind.SERVER, Kind.DEVICE)
RENEW_ISSUING = "rootlet ca issuing renew"


def _remembered(
    record: Issuance, revoked: Mapping[str, Revocation], now: datetime
) -> dict[str, Any]:
    state: dict[str, Any] = {"status": record.status.value, "expired": now > record.not_after}
    revocation = revoked.get(record.serial)
    state["revoked"] = None if revocation is None else date_text(revocation.at)
    if revocation is not None:
        state["reason"] = revocation.reason.value
    return {**summary(record), **state}


def _state(record: Issuance, revoked: Mapping[str, Revocation], now: datetime) -> str:
    if now > record.not_after:
        return "expired"
    return "revoked" if record.serial in revoked else record.status.value


def _next(record: Issuance, folder: Path) -> str:
    if record.kind is Kind.ROOT:
        return f"put it into devices: {with_maker('rootlet bundle --out DIR', folder)}"
    command = f"rootlet ca renew {record.name}" if record.kind in LEAVES else RENEW_ISSUING
    return f"before it ends: {with_maker(command, folder)}"


@click.group(
    name="ca",
    epilog="\b\nA first server certificate:\n  rootlet init mine && cd mine\n  rootlet ca init\n"
    "  rootlet ca issue server api.example.test",
)
def command() -> None:
    """The certificate authority: a root kept apart, an issuing CA, certificates of your own."""


command.add_command(issue)
command.add_command(renew)
command.add_command(export)
command.add_command(enrol)
command.add_command(provision)
command.add_command(audit)
command.add_command(backup)
command.add_command(restore)
command.add_command(serve_command)
command.add_command(acme)


for each in (init, issuing_group, root_group, ceremony_group, revoke, crl):
    command.add_command(each)


@command.command(name="list", epilog="\b\nExample:\n  rootlet ca list --maker mine --json")
@maker_option
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only this kind.")
@click.option("--all", "everything", is_flag=True, help="Those that were replaced or expired too.")
@json_option
def list_issued(folder: Path, kind: str | None, everything: bool, as_json: bool) -> None:
    """What was issued, oldest first."""
    now = utc_now()
    with open_records(load_maker(folder)) as records:
        revoked = RevocationStore(records).all()
        found = [
            record
            for record in records.all()
            if kind in {None, record.kind.value}
            and (everything or (record.status is not Status.REPLACED and now <= record.not_after))
        ]
    lines = [f"{'KIND':8}{'UNTIL':22}{'STATUS':11}{'SERIAL':34}NAME"]
    for record in found:
        state = _state(record, revoked, now)
        until = date_text(record.not_after)
        lines.append(f"{record.kind.value:8}{until:22}{state:11}{record.serial:34}{record.name}")
    lines += ["", f"Next: {with_maker('rootlet ca show NAME', folder)}"]
    fields = {"issued": [_remembered(record, revoked, now) for record in found]}
    show(fields, "\n".join(lines), as_json=as_json)


@command.command(
    name="show",
    epilog="\b\nExamples:\n  rootlet ca show api.example.test\n"
    "  rootlet ca show 51440e8e087324bfcd3bdee3545adbef --json",
)
@click.argument("which", metavar="SERIAL|NAME")
@maker_option
@json_option
def show_issued(which: str, folder: Path, as_json: bool) -> None:
    """One certificate: the one with this serial, or the newest of this name."""
    now = utc_now()
    with open_records(load_maker(folder)) as records:
        serial = re.sub(r"[:\s]", "", which).lower()
        named = records.named(which)
        record = records.with_serial(serial) or (named[-1] if named else None)
        revoked = RevocationStore(records).all()
    if record is None:
        raise State(f"nothing was issued for {which}", hint="see: rootlet ca list --all")
    pem = certificate_to_pem(x509.load_der_x509_certificate(record.der)).decode()
    fields = {**_remembered(record, revoked, now), "pem": pem}
    if record.kind in LEAVES:
        fields["files"] = str(issued_folder(folder, record.kind, record.name))
    width = max(map(len, fields))
    lines = [
        f"{key:{width}}  {', '.join(value) if isinstance(value, list) else value}"
        for key, value in fields.items()
        if key != "pem"
    ]
    lines += [pem, f"Next: {_next(record, folder)}"]
    show(fields, "\n".join(lines), as_json=as_json)
