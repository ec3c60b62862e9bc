"""``rootlet time``: keys, server and client of Roughtime."""

from __future__ import annotations

import json
import re
import secrets
import time
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.cli.options import (
    FILE,
    FOLDER,
    json_option,
    maker_option,
    show,
    timeout_option,
    with_maker,
)
from rootlet.cli.time_delegate import delegate_command, online
from rootlet.cli.time_report import check_report, date_of
from rootlet.cli.time_serve import serve
from rootlet.errors import Misuse, Refused
from rootlet.files import write_atomic
from rootlet.maker import Maker, load_maker
from rootlet.profile import PROFILE_NAMES, load_profile
from rootlet.roughtime import (
    SUPPORTED_VERSIONS,
    Bar,
    Exchange,
    Measurement,
    Target,
    ask,
    contradictions,
    draw,
    join,
    key_from_text,
    key_to_text,
    malfeasance_report,
    parse_address,
    raw_public_key,
    save_key,
    take_measurement,
)

__all__ = ["command", "targets_of"]

DEFAULTS = load_profile(PROFILE_NAMES[0]).roughtime
KEY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PLACEHOLDER = "HOST:5319"
"""Where nobody said yet where a server will be."""
ENOUGH_SERVERS = 3
"""With fewer, a server that lies is not found out (RFC 10049 section 8)."""


@click.group()
def command() -> None:
    """Roughtime (RFC 10049): the time, signed, before any certificate is looked at."""


for each in (serve, online, delegate_command, check_report):
    command.add_command(each)


@command.command(
    epilog="\b\nExample:\n  rootlet time keygen north --address north.example.test:5319"
)
@click.argument("name")
@click.option(
    "--address", default=PLACEHOLDER, show_default=True, help="Where the server will listen."
)
@maker_option
@json_option
def keygen(name: str, address: str, folder: Path, as_json: bool) -> None:
    """Make the long-term key of a Roughtime server: DIR/time/NAME.key."""
    if not KEY_NAME.fullmatch(name):
        raise Misuse(
            f"{name!r} cannot name a key",
            hint="use at most 64 letters, digits, dots, hyphens, underscores",
        )
    if address != PLACEHOLDER:
        parse_address(address)
    path = folder / "time" / f"{name}.key"
    key = Ed25519PrivateKey.generate()
    save_key(path, key)
    public_key = key_to_text(raw_public_key(key))
    fields = {"name": name, "key": str(path), "public_key": public_key}
    text = f"""\
Made {path}. Public key: {public_key}

Next:
  1. Tell devices of it, in rootlet.toml:

     [[time.servers]]
     name = "{name}"
     address = "{address}"
     public_key = "{public_key}"

  2. Start the server:  rootlet time serve --key {path} --listen {address}"""
    show(fields, text, as_json=as_json)


def _describe(exchange: Exchange) -> dict[str, Any]:
    sample = exchange.sample
    return {
        "server": exchange.server,
        "midpoint": sample.midpoint,
        "radius": sample.radius,
        "version": sample.version,
        "delay": round(exchange.delay, 6),
    }


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
    fields = {**_describe(exchange), "offset": round(offset, 3)}
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


def targets_of(maker: Maker) -> list[Target]:
    """The servers of rootlet.toml, in an order nobody can foresee."""
    targets = [
        Target(server.name, parse_address(server.address), key_from_text(server.public_key))
        for server in maker.time_servers
    ]
    if not targets:
        raise Misuse(
            "rootlet.toml names no Roughtime server",
            hint="make a key and add the [[time.servers]] it prints: rootlet time keygen NAME",
        )
    secrets.SystemRandom().shuffle(targets)
    return targets


def _judge(measurement: Measurement) -> dict[str, Any]:
    """What a measurement says, as JSON has it."""
    exchanges = measurement.exchanges
    now = time.monotonic()
    interval = join(exchanges, now)
    pairs = contradictions([exchange.sample for exchange in exchanges])
    return {
        "consistent": interval is not None and not pairs,
        "earliest": interval and round(interval.earliest, 3),
        "latest": interval and round(interval.latest, 3),
        "local": round(time.time(), 3),
        "contradictions": [[exchanges[i].server, exchanges[j].server] for i, j in pairs],
        "exchanges": [_describe(exchange) for exchange in exchanges],
        "failures": [
            {"server": name, "reason": str(error)} for name, error in measurement.failures
        ],
    }


def _table(verdict: dict[str, Any]) -> str:
    lines = [f"{'server':<16} {'midpoint':<20} {'radius':>6} {'version':>10} {'delay':>9}"]
    lines += [
        f"{row['server']:<16} {date_of(row['midpoint']):<20} {row['radius']:>5}s "
        f"{row['version']:>#10x} {row['delay'] * 1000:>6.1f} ms"
        for row in verdict["exchanges"]
    ]
    lines += [f"{row['server']:<16} {row['reason']}" for row in verdict["failures"]]
    for earlier, later in verdict["contradictions"]:
        lines.append(f"CONTRADICTION: {later} was asked after {earlier} and names an earlier time")
    if verdict["consistent"]:
        middle = (verdict["earliest"] + verdict["latest"]) / 2
        half = (verdict["latest"] - verdict["earliest"]) / 2
        offset = middle - verdict["local"]
        lines.append(
            f"All agree: {date_of(middle)}, give or take {half:.1f} s; the local clock is "
            f"{abs(offset):.1f} s {'behind' if offset > 0 else 'ahead'}"
        )
    else:
        lines.append("The servers contradict each other: at least one is wrong")
    return "\n".join(lines)


def _picture(measurement: Measurement) -> str:
    """What each answer allows, at one and the same moment."""
    exchanges = measurement.exchanges
    at = max(exchange.received for exchange in exchanges)
    each = [(exchange.server, join([exchange], at)) for exchange in exchanges]
    bars = [Bar(name, found.earliest, found.latest) for name, found in each if found]
    together = join(exchanges, at)
    agreed = None if together is None else Bar("all", together.earliest, together.latest)
    return "\n".join(draw(bars, agreed))


def _next(verdict: dict[str, Any], folder: Path) -> str:
    if verdict["consistent"]:
        return f"put them into devices: {with_maker('rootlet bundle --out DIR', folder)}"
    return "show the proof to who runs them: give --report FILE"


@command.command(epilog="\b\nExample:\n  rootlet time measure --maker mine --report evidence.json")
@maker_option
@timeout_option
@click.option(
    "--report",
    type=FILE,
    metavar="FILE",
    help="Where servers contradict each other, write the proof there (RFC 10049 section 8.4).",
)
@json_option
def measure(folder: Path, timeout: float, report: Path | None, as_json: bool) -> int:
    """Ask all servers of rootlet.toml, twice around, each chained to the answer before.

    Exit code 0: they agree. 1: they contradict each other.
    """
    targets = targets_of(load_maker(folder))
    measurement = take_measurement(targets, timeout=timeout)
    if not measurement.exchanges:
        raise measurement.failures[0][1]
    verdict = _judge(measurement)
    text = f"{_table(verdict)}\n\n{_picture(measurement)}\n\nNext: {_next(verdict, folder)}"
    show(verdict, text, as_json=as_json)
    answered = len({exchange.server for exchange in measurement.exchanges})
    if answered < ENOUGH_SERVERS:
        click.echo(
            f"Note: {answered} of {len(targets)} servers answered; it takes {ENOUGH_SERVERS}, run "
            "by different people, to find out one that lies",
            err=True,
        )
    if verdict["contradictions"] and report is not None:
        proof = malfeasance_report(measurement.exchanges)
        write_atomic(report, json.dumps(proof).encode(), private=False)
        click.echo(f"Wrote the proof to {report}: show it to who runs the servers", err=True)
    return 0 if verdict["consistent"] else Refused.exit_code
