"""``rootlet time``: keys, server and client of Roughtime."""

from __future__ import annotations

import re
import time
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.cli.options import (
    FOLDER,
    json_option,
    maker_option,
    show,
    timeout_option,
)
from rootlet.cli.time_delegate import delegate_command, online
from rootlet.cli.time_measure import describe, measure
from rootlet.cli.time_report import check_report, date_of
from rootlet.cli.time_serve import serve
from rootlet.cli.time_servers import list_command
from rootlet.cli.time_token import make_in_token, token_options
from rootlet.cli.time_unit import unit
from rootlet.cli.time_watch import watch
from rootlet.errors import Misuse
from rootlet.files import write_atomic
from rootlet.profile import PROFILE_NAMES, load_profile
from rootlet.roughtime import (
    SUPPORTED_VERSIONS,
    Exchange,
    Target,
    ask,
    key_from_text,
    key_to_text,
    parse_address,
    raw_public_key,
    save_key,
)

__all__ = ["command"]

DEFAULTS = load_profile(PROFILE_NAMES[0]).roughtime
KEY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PLACEHOLDER = "HOST:5319"
"""Where nobody said yet where a server will be."""
ENOUGH_SERVERS = 3
"""With fewer, a server that lies is not found out (RFC 10049 section 8)."""


@click.group()
def command() -> None:
    """Roughtime (RFC 10049): the time, signed, before any certificate is looked at."""


for each in (serve, online, delegate_command, measure, watch, list_command, unit, check_report):
    command.add_command(each)


@command.command(
    epilog="\b\nExample:\n  rootlet time keygen north --address north.example.test:5319"
)
@click.argument("name")
@click.option(
    "--address", default=PLACEHOLDER, show_default=True, help="Where the server will listen."
)
@token_options
@maker_option
@json_option
def keygen(
    name: str,
    address: str,
    token: str | None,
    token_module: Path | None,
    pin_file: Path | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Make the long-term key of a Roughtime server: DIR/time/NAME.key, or in a token."""
    if not KEY_NAME.fullmatch(name):
        raise Misuse(
            f"{name!r} cannot name a key",
            hint="use at most 64 letters, digits, dots, hyphens, underscores",
        )
    if address != PLACEHOLDER:
        parse_address(address)
    path = folder / "time" / f"{name}.key"
    if token is None:
        key = Ed25519PrivateKey.generate()
        save_key(path, key)
        raw = raw_public_key(key)
        serve_it = f"Start the server:  rootlet time serve --key {path} --listen {address}"
    else:
        raw = make_in_token(path, name, token=token, module=token_module, pin_file=pin_file)
        serve_it = f"""\
Make an online key where the server will be (rootlet time online), and have this one sign it:
     rootlet time delegate --key {path} --online BASE64 --out {name}.delegation"""
    public_key = key_to_text(raw)
    fields = {"name": name, "key": str(path), "public_key": public_key}
    text = f"""\
Made {path}. Public key: {public_key}

Next:
  1. Tell devices of it, in rootlet.toml:

     [[time.servers]]
     name = "{name}"
     address = "{address}"
     public_key = "{public_key}"

  2. {serve_it}"""
    show(fields, text, as_json=as_json)


def _offset(exchange: Exchange) -> float:
    """Seconds the local clock is behind the server's midpoint; negative when it is ahead."""
    local = time.time() - (time.monotonic() - exchange.received)
    return exchange.sample.midpoint + exchange.delay / 2 - local


def _offset_text(offset: float, radius: int) -> str:
    """What the offset means. The midpoint is a whole second, so one second is no fault."""
    direction = "behind" if offset > 0 else "ahead of"
    verdict = "within" if abs(offset) <= radius + 1 else "OUTSIDE"
    return f"{abs(offset):.1f} s {direction} the midpoint, {verdict} the radius"


@command.command(epilog="\b\nExample:\n  rootlet time query 127.0.0.1:5319 --key KEY --save told")
@click.argument("address", metavar="HOST:PORT")
@click.option("--key", required=True, metavar="BASE64", help="The server's long-term key.")
@click.option(
    "--version",
    type=click.Choice(["1", "0x8000000c"]),
    help="Offer this version only: RFC 10049, or its last drafts.  [default: both]",
)
@timeout_option
@click.option(
    "--save",
    type=FOLDER,
    metavar="DIR",
    help="Keep the packets there, for rootlet check time.",
)
@json_option
def query(
    address: str, key: str, version: str | None, timeout: float, save: Path | None, as_json: bool
) -> None:
    """Ask one server for the time and check its answer.

    One answer proves only that this server vouches for that time: measure asks several.
    """
    target = Target(address, parse_address(address), key_from_text(key))
    versions = SUPPORTED_VERSIONS if version is None else (int(version, 0),)
    exchange = ask(target, timeout=timeout, versions=versions)
    offset = _offset(exchange)
    fields = {**describe(exchange), "offset": round(offset, 3)}
    sample = exchange.sample
    lines = [
        f"{date_of(sample.midpoint)}, give or take {sample.radius} s",
        f"  midpoint     {sample.midpoint}",
        f"  version      {sample.version:#x}",
        f"  delay        {exchange.delay * 1000:.1f} ms",
        f"  local clock  {_offset_text(offset, sample.radius)}",
    ]
    command = "rootlet time measure asks several servers, each chained to the answer before"
    if save is not None:
        request, response = save / "request.bin", save / "response.bin"
        write_atomic(request, exchange.question.packet, private=False)
        write_atomic(response, exchange.response, private=False)
        fields |= {"request": str(request), "response": str(response)}
        command = f"rootlet check time --key {key} --request {request} --response {response}"
    lines += ["", f"Next: {command}"]
    show(fields, "\n".join(lines), as_json=as_json)
