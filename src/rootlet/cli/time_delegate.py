"""``rootlet time online`` and ``delegate``: a long-term key that never sees the serving host."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.cli.check import moment
from rootlet.cli.options import FILE, json_option, pin_option, show
from rootlet.cli.time_token import long_term_key
from rootlet.profile import PROFILE_NAMES, load_profile
from rootlet.roughtime import (
    key_from_text,
    key_to_text,
    raw_public_key,
    save_delegation,
    save_key,
    sign_window,
)

__all__ = ["delegate_command", "online"]

DEFAULTS = load_profile(PROFILE_NAMES[0]).roughtime
HOUR = 3600
LONGEST_HOURS = 24 * 31
"""Who steals an online key can forge any time of its window: a month is long."""


@click.command(epilog="\b\nExample:\n  rootlet time online north.online.key")
@click.argument("file", type=FILE)
@json_option
def online(file: Path, as_json: bool) -> None:
    """Make an online key, where the server runs. The long-term key stays elsewhere."""
    key = Ed25519PrivateKey.generate()
    save_key(file, key)
    public_key = key_to_text(raw_public_key(key))
    text = f"""\
Made {file}. Public key: {public_key}

Next, where the long-term key is:
  rootlet time delegate --key KEY --online {public_key} --out north.delegation"""
    show({"key": str(file), "public_key": public_key}, text, as_json=as_json)


@click.command(
    name="delegate",
    epilog="\b\nExample:\n"
    "  rootlet time delegate --key time/north.key --online BASE64 --out north.delegation",
)
@click.option(
    "--key", "key_file", required=True, type=FILE, help="The long-term key, or its token's address."
)
@click.option(
    "--online",
    "online_key",
    required=True,
    metavar="BASE64",
    help="The server's online key, from rootlet time online.",
)
@click.option("--from", "start", default="now", help="First moment: ISO 8601, seconds, or now.")
@click.option(
    "--hours",
    type=click.IntRange(1, LONGEST_HOURS),
    default=2 * DEFAULTS.delegation_hours,
    show_default=True,
    metavar="HOURS",
    help="For how long; a new one has to be there before.",
)
@click.option(
    "--out", required=True, type=FILE, metavar="FILE", help="Written over if it is there."
)
@pin_option
@json_option
def delegate_command(
    key_file: Path,
    online_key: str,
    start: str,
    hours: int,
    out: Path,
    pin_file: Path | None,
    as_json: bool,
) -> None:
    """Lend a long-term key's word to a server's online key, for some hours."""
    begin, online_public = moment(start), key_from_text(online_key)
    if start == "now":
        begin = int(time.time()) - HOUR  # the server's clock may be behind this one
    with long_term_key(key_file, pin_file) as long_term:
        certificates = sign_window(
            long_term,
            online_public,
            start=begin,
            end=begin + hours * HOUR,
            versions=DEFAULTS.versions,
        )
        save_delegation(out, raw_public_key(long_term), certificates)
    until = datetime.fromtimestamp(begin + hours * HOUR, UTC)
    fields = {"out": str(out), "start": begin, "end": begin + hours * HOUR}
    text = f"""\
Wrote {out}, good until {until:%Y-%m-%dT%H:%M:%SZ}. Nothing in it is secret.

Next, where the server runs; a new file is taken up by itself:
  rootlet time serve --online ONLINE.key --delegation {out.name} --listen 0.0.0.0:5319"""
    show(fields, text, as_json=as_json)
