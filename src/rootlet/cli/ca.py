"""``rootlet ca``: root, issuing CA, and the record; issuing itself stands in ca_issue."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from cryptography import x509

from rootlet.ca import (
    Issuance,
    Status,
    clients_path,
    init_ca,
    issued_folder,
    open_records,
    policy_of,
    renew_issuing_ca,
)
from rootlet.cli.ca_audit import audit
from rootlet.cli.ca_enrol import enrol
from rootlet.cli.ca_export import export
from rootlet.cli.ca_issue import issue, renew, summary
from rootlet.cli.ca_provision import provision
from rootlet.cli.options import (
    FOLDER,
    date_text,
    dry_run_option,
    json_option,
    maker_option,
    passphrase_option,
    read_passphrase,
    show,
    utc_now,
    with_maker,
)
from rootlet.errors import State
from rootlet.maker import load_maker
from rootlet.pki import Kind, certificate_to_pem

__all__ = ["command"]

LEAVES = (Kind.SERVER, Kind.DEVICE)
RENEW_ISSUING = "rootlet ca issuing renew"


def _remembered(record: Issuance, now: datetime) -> dict[str, Any]:
    state = {"status": record.status.value, "expired": now > record.not_after}
    return {**summary(record), **state}


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


@command.command(
    name="init",
    epilog="\b\nExamples:\n  rootlet ca init\n"
    "  rootlet ca init --maker mine --passphrase-file /media/key/passphrase",
)
@maker_option
@passphrase_option
@dry_run_option
@json_option
def init(folder: Path, passphrase_file: Path | None, dry_run: bool, as_json: bool) -> None:
    """Make the root, with an encrypted key, and the issuing CA below it."""
    maker = load_maker(folder)
    if dry_run:
        policy_of(maker)
        text = f"Would make a root and an issuing CA for {maker.name} in {folder}"
        show({"name": maker.name, "profile": maker.profile.name}, text, as_json=as_json)
        return
    passphrase = read_passphrase(passphrase_file, new=True)
    made = init_ca(maker, passphrase, now=utc_now())
    root, issuing = made.records
    fields = {
        "root_sha256": root.sha256,
        "root_not_after": date_text(root.not_after),
        "issuing_sha256": issuing.sha256,
        "issuing_not_after": date_text(issuing.not_after),
        "clients": str(clients_path(folder)),
    }
    away = folder / "root"
    text = f"""\
Root     SHA-256 {root.sha256}, until {date_text(root.not_after)}
Issuing  SHA-256 {issuing.sha256}, until {date_text(issuing.not_after)}

Next:
  1. Copy {away} to two places that are not online, then remove it here. It and its passphrase
     are needed again only for: rootlet ca issuing renew
  2. Let a second person note the root's SHA-256 for: rootlet bundle --expect-sha256
  3. Issue a server certificate: {with_maker("rootlet ca issue server NAME", folder)}
Servers check device certificates with {clients_path(folder)}"""
    show(fields, text, as_json=as_json)


@command.group(name="issuing")
def issuing_group() -> None:
    """The issuing CA, which stays online."""


@issuing_group.command(
    name="renew",
    epilog="\b\nExample:\n  rootlet ca issuing renew --root-dir /media/key/root",
)
@maker_option
@click.option(
    "--root-dir",
    type=FOLDER,
    metavar="DIR",
    help="Where root.key is.  [default: root in the maker's folder]",
)
@passphrase_option
@json_option
def renew_issuing(
    folder: Path, root_dir: Path | None, passphrase_file: Path | None, as_json: bool
) -> None:
    """Give the issuing CA a new certificate for the same key; needs the root's key.

    Everything it issued before stays valid.
    """
    maker = load_maker(folder)
    passphrase = read_passphrase(passphrase_file, new=False)
    now = utc_now()
    record = renew_issuing_ca(maker, passphrase, root_folder=root_dir or folder / "root", now=now)
    text = f"""\
Issuing  SHA-256 {record.sha256}, until {date_text(record.not_after)}

Next: renew the server certificates ({with_maker("rootlet ca renew NAME", folder)}),
and give servers the new {clients_path(folder)}"""
    show(_remembered(record, now), text, as_json=as_json)


@command.command(name="list", epilog="\b\nExample:\n  rootlet ca list --maker mine --json")
@maker_option
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only this kind.")
@click.option("--all", "everything", is_flag=True, help="Those that were replaced or expired too.")
@json_option
def list_issued(folder: Path, kind: str | None, everything: bool, as_json: bool) -> None:
    """What was issued, oldest first."""
    now = utc_now()
    with open_records(load_maker(folder)) as records:
        found = [
            record
            for record in records.all()
            if kind in {None, record.kind.value}
            and (everything or (record.status is not Status.REPLACED and now <= record.not_after))
        ]
    lines = [f"{'KIND':8}{'UNTIL':22}{'STATUS':11}{'SERIAL':34}NAME"]
    for record in found:
        state = "expired" if now > record.not_after else record.status.value
        until = date_text(record.not_after)
        lines.append(f"{record.kind.value:8}{until:22}{state:11}{record.serial:34}{record.name}")
    lines += ["", f"Next: {with_maker('rootlet ca show NAME', folder)}"]
    fields = {"issued": [_remembered(record, now) for record in found]}
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
    if record is None:
        raise State(f"nothing was issued for {which}", hint="see: rootlet ca list --all")
    pem = certificate_to_pem(x509.load_der_x509_certificate(record.der)).decode()
    fields = {**_remembered(record, now), "pem": pem}
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
