"""``rootlet ca revoke`` and ``rootlet ca crl``: devices that servers are to turn away."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import click

from rootlet.ca import (
    Issuance,
    RecordStore,
    RevocationStore,
    clients_path,
    crl_path,
    open_records,
    write_crls,
)
from rootlet.cli.ca_issue import summary
from rootlet.cli.options import (
    date_text,
    dry_run_option,
    json_option,
    maker_option,
    show,
    utc_now,
    with_maker,
)
from rootlet.errors import Refused, State
from rootlet.maker import load_maker
from rootlet.pki import Kind, Reason

__all__ = ["crl", "revoke"]

REVOCABLE = (Kind.DEVICE, Kind.ISSUING)
WHY_NOT = {
    Kind.SERVER: (
        "devices check no revocation; a server's certificate ends within days",
        "let it end; if its key is known to others, take the name out of [servers] names too",
    ),
    Kind.ROOT: (
        "nobody can revoke a root: devices trust it by itself",
        "go over to its successor: rootlet ca root successor",
    ),
}


@click.command(
    name="revoke",
    epilog="\b\nExamples:\n  rootlet ca revoke sensor-1 --reason key-compromise --dry-run\n"
    "  rootlet ca revoke 51440e8e087324bfcd3bdee3545adbef --reason superseded",
)
@click.argument("which", metavar="NAME|SERIAL")
@click.option(
    "--reason",
    required=True,
    type=click.Choice([reason.value for reason in Reason]),
    help="Why; it stands in the list.",
)
@maker_option
@dry_run_option
@json_option
def revoke(which: str, reason: str, folder: Path, dry_run: bool, as_json: bool) -> None:
    """Revoke a device: every certificate of this name that has not ended, or the one of a serial.

    It cannot be taken back. Servers turn the device away once they have the next list:
    rootlet ca crl.
    """
    maker, now = load_maker(folder), utc_now()
    with open_records(maker) as records:
        store = RevocationStore(records)
        found = _revocable(records, which, now)
        known = store.all()
        new = [record for record in found if record.serial not in known]
        if not new:
            raise State(
                f"{which} was revoked before", hint="make the list for servers: rootlet ca crl"
            )
        if not dry_run:
            store.add([record.serial for record in new], Reason(reason), now)
    fields = {
        "revoked": [summary(record) for record in new],
        "reason": reason,
        "at": date_text(now),
        "dry_run": dry_run,
    }
    verb = "Would revoke" if dry_run else "Revoked"
    lines = [
        f"{verb} {record.kind.value} {record.name}, serial {record.serial}, "
        f"until {date_text(record.not_after)}"
        for record in new
    ]
    command = "rootlet ca crl"
    if any(record.kind is Kind.ISSUING for record in new):
        command = "rootlet ca root crl"
    if dry_run:
        lines += ["", "It cannot be taken back. Next: the same without --dry-run"]
    else:
        lines += ["", f"Next: make the list for servers: {with_maker(command, folder)}"]
    show(fields, "\n".join(lines), as_json=as_json)


def _revocable(records: RecordStore, which: str, now: datetime) -> list[Issuance]:
    """The certificates that are meant, ``State`` or ``Refused`` when there is nothing to do."""
    serial = re.sub(r"[:\s]", "", which).lower()
    exact = records.with_serial(serial)
    named = [exact] if exact is not None else list(records.named(which))
    if not named:
        raise State(f"nothing was issued for {which}", hint="see: rootlet ca list --all")
    found = [record for record in named if record.kind in REVOCABLE]
    if not found:
        reason, hint = WHY_NOT[named[-1].kind]
        raise Refused(reason, hint=hint, status="revocation")
    living = [record for record in found if now <= record.not_after]
    if not living:
        raise State(
            f"every certificate of {which} has ended", hint="there is nothing left to revoke"
        )
    return living


@click.command(name="crl", epilog="\b\nExample:\n  rootlet ca crl --maker mine")
@maker_option
@json_option
def crl(folder: Path, as_json: bool) -> None:
    """Make the lists of revoked devices that servers load: ca/crl.pem, and each one in DER.

    Run it after every revocation, and every day: a server that has a list refuses all devices once
    the list is too old ([ca] crl_days).
    """
    maker = load_maker(folder)
    with open_records(maker) as records:
        written = write_crls(maker, records, now=utc_now())
    fields = {
        "crl": str(crl_path(folder)),
        "lists": [
            {
                "issuer": each.issuer,
                "number": each.number,
                "this_update": date_text(each.this_update),
                "next_update": date_text(each.next_update),
                "revoked": list(each.serials),
            }
            for each in written
        ],
    }
    lines = [
        f"{each.issuer}: number {each.number}, {len(each.serials)} revoked, "
        f"holds until {date_text(each.next_update)}"
        for each in written
    ]
    first = min(written, key=lambda each: each.next_update)
    lines += [
        "",
        f"Wrote {crl_path(folder)}, and {clients_path(folder)} to go with it",
        "",
        "Next: reload the servers: nginx -s reload. Before the first time, make their",
        "configuration again (rootlet server config), so that it names the list.",
        f"New lists are needed before {date_text(first.next_update)}: run this every day.",
    ]
    show(fields, "\n".join(lines), as_json=as_json)
