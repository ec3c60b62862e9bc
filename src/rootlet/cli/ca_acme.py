"""``rootlet ca acme``: the keys that ACME clients are known by."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click

from rootlet.ca import open_records
from rootlet.ca.acme.account_store import AccountStore
from rootlet.ca.acme.jws import encode
from rootlet.ca.acme.model import BindingKey
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
from rootlet.errors import Misuse, State
from rootlet.files import write_atomic
from rootlet.maker import load_maker
from rootlet.pki import parse_dns_name, parse_host

__all__ = ["acme"]

KID_BYTES = 12
SECRET_BYTES = 32
"""RFC 2104: as long as SHA-256's output."""

MOST_NAME = 64


@click.group(name="acme")
def acme() -> None:
    """The ACME server that rootlet ca serve runs: keys that bind accounts to their owners."""


@acme.group(name="key")
def key_group() -> None:
    """Keys for external account binding, one for each team or machine that asks for certificates.

    With external_account_required = true in [ca.acme] nobody has an account without one.
    """


def _checked(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        f".{parse_dns_name(name[1:])}" if name.startswith(".") else str(parse_host(name))
        for name in names
    )


@key_group.command(
    name="add",
    epilog="\b\nExamples:\n  rootlet ca acme key add web-team\n"
    "  rootlet ca acme key add lamps --names .fleet.example.test --out lamps.json",
)
@click.argument("name", metavar="NAME")
@click.option(
    "--names",
    multiple=True,
    metavar="NAME",
    help="Only for this name, or .SUFFIX for any below it; repeatable.  [default: all allowed]",
)
@click.option(
    "--out", type=FILE, metavar="FILE", help="For kid and HMAC key.  [default: NAME.acme-key.json]"
)
@maker_option
@json_option
def add(name: str, names: tuple[str, ...], out: Path | None, folder: Path, as_json: bool) -> None:
    """Make a key and write it into a file (0600) for whoever runs the client."""
    if not name.isprintable() or "/" in name or not 1 <= len(name) <= MOST_NAME:
        raise Misuse(f"{name!r} cannot name a key", hint="choose a short name without '/'")
    file = out or Path(f"{name}.acme-key.json")
    if file.exists():
        raise State(f"{file} exists already", hint="choose another file: --out FILE")
    key = BindingKey(
        kid=secrets.token_urlsafe(KID_BYTES),
        name=name,
        secret=secrets.token_bytes(SECRET_BYTES),
        names=_checked(names),
        made_at=utc_now(),
    )
    content = {"kid": key.kid, "hmac_key": encode(key.secret), "algorithm": "HS256"}
    with open_records(load_maker(folder)) as records:
        accounts = AccountStore(records.database)
        accounts.add_key(key)
        try:
            write_atomic(file, json.dumps(content, indent=2).encode() + b"\n", private=True)
        except BaseException:
            accounts.remove_key(name)
            raise
    fields = {"name": name, "kid": key.kid, "names": list(key.names), "file": str(file)}
    text = f"""\
Key {name} for {", ".join(key.names) or "every name that the maker allows"}
  kid   {key.kid}
  file  {file} (kid and HMAC key; whoever has it can make accounts)

Next: give the file to whoever runs the client: certbot takes --eab-kid and --eab-hmac-key,
lego --eab --kid and --hmac, Caddy acme_eab"""
    show(fields, text, as_json=as_json)


@key_group.command(name="list", epilog="\b\nExample:\n  rootlet ca acme key list --json")
@maker_option
@json_option
def list_keys(folder: Path, as_json: bool) -> None:
    """Which keys there are, and how many accounts in use are bound to each."""
    with open_records(load_maker(folder)) as records:
        found = AccountStore(records.database).bindings()
    lines = [f"{'NAME':24}{'KID':20}{'SINCE':22}{'ACCOUNTS':10}NAMES"]
    for key, accounts in found:
        names = ", ".join(key.names) or "all"
        lines.append(f"{key.name:24}{key.kid:20}{date_text(key.made_at):22}{accounts:<10}{names}")
    lines += ["", f"Next: {with_maker('rootlet ca acme key add NAME', folder)}"]
    fields = {
        "keys": [
            {
                "name": key.name,
                "kid": key.kid,
                "made_at": date_text(key.made_at),
                "accounts": accounts,
                "names": list(key.names),
            }
            for key, accounts in found
        ]
    }
    show(fields, "\n".join(lines), as_json=as_json)


@key_group.command(name="remove", epilog="\b\nExample:\n  rootlet ca acme key remove web-team")
@click.argument("name", metavar="NAME")
@maker_option
@dry_run_option
@json_option
def remove(name: str, folder: Path, dry_run: bool, as_json: bool) -> None:
    """Remove a key and close every account that is bound to it; its certificates end by age."""
    with open_records(load_maker(folder)) as records:
        accounts = AccountStore(records.database)
        if dry_run:
            bound = [count for key, count in accounts.bindings() if key.name == name]
            if not bound:
                raise State(f"there is no key called {name}", hint="see: rootlet ca acme key list")
            closed = bound[0]
        else:
            closed = accounts.remove_key(name)
    did = "Would remove" if dry_run else "Removed"
    text = f"{did} key {name} and close its accounts: {closed}"
    if not dry_run:
        text += f"\n\nNext: {with_maker('rootlet ca acme key list', folder)}"
    show({"name": name, "accounts_closed": closed, "dry_run": dry_run}, text, as_json=as_json)
