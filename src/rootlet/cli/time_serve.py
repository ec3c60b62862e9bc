"""``rootlet time serve``: this machine's clock, signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.cli.options import FILE, json_option
from rootlet.cli.time_crew import Crew, MetricsFile
from rootlet.errors import Misuse
from rootlet.profile import PROFILE_NAMES, load_profile
from rootlet.roughtime import (
    Clock,
    Delegation,
    DelegationFile,
    LongTermKey,
    Server,
    TimeListener,
    delegate,
    format_address,
    kernel_estimate,
    key_to_text,
    load_key,
    parse_address,
    promised,
    raw_public_key,
)

__all__ = ["serve"]

DEFAULTS = load_profile(PROFILE_NAMES[0]).roughtime

USUAL_GREASE = 0.001
"""As the peer roughly does: rare enough that nobody waits, often enough that it is met."""
MOST_GREASE = 0.5
"""A server that spoils more is of no use to anyone."""

MAX_PROCESSES = 64
"""More than cores are of no use."""


@click.command(
    epilog="\b\nExamples:\n"
    "  rootlet time serve --key time/north.key --listen 0.0.0.0:5319\n"
    "  rootlet time serve --key time/north.key --listen 127.0.0.1:5319 --radius 3 --processes 2\n"
    "  rootlet time serve --online north.online.key --delegation north.delegation \\\n"
    "      --listen 0.0.0.0:5319"
)
@click.option(
    "--key",
    "key_files",
    multiple=True,
    type=FILE,
    help="A long-term key, from rootlet time keygen. May be repeated: clients say which they mean.",
)
@click.option(
    "--online",
    "online_files",
    multiple=True,
    type=FILE,
    help="Instead of a long-term key here: an online key, from rootlet time online.",
)
@click.option(
    "--delegation",
    "delegation_files",
    multiple=True,
    type=FILE,
    help="What rootlet time delegate wrote for it; one for each --online, in the same order.",
)
@click.option(
    "--listen", required=True, metavar="HOST:PORT", help="UDP and TCP; port 0 takes a free one."
)
@click.option(
    "--radius",
    type=click.IntRange(1, 0xFFFFFFFF),
    metavar="SECONDS",
    help="Your word for how wrong this machine's clock may be at most. Below 3, mind leap "
    "seconds.  [default: what the kernel says, and silence while nobody synchronises the clock]",
)
@click.option(
    "--delegation-hours",
    type=click.IntRange(1, 24 * 366),
    default=DEFAULTS.delegation_hours,
    show_default=True,
    metavar="HOURS",
    help="How long one online key is good for; it is renewed well before.",
)
@click.option(
    "--grease",
    type=click.FloatRange(0, MOST_GREASE),
    default=USUAL_GREASE,
    show_default=True,
    metavar="PART",
    help="Part of the answers that is spoiled on purpose, for clients to pass over (RFC 10049 "
    "section 7).",
)
@click.option(
    "--processes",
    type=click.IntRange(1, MAX_PROCESSES),
    default=1,
    show_default=True,
    metavar="COUNT",
    help="How many share the port, one for each core at most.",
)
@click.option(
    "--metrics",
    type=FILE,
    metavar="FILE",
    help="Write what Prometheus' node exporter reads (textfile collector); further processes "
    "write FILE with their number before its ending.",
)
@json_option
def serve(
    key_files: tuple[Path, ...],
    online_files: tuple[Path, ...],
    delegation_files: tuple[Path, ...],
    listen: str,
    radius: int | None,
    delegation_hours: int,
    grease: float,
    processes: int,
    metrics: Path | None,
    as_json: bool,
) -> None:
    """Answer Roughtime requests with this machine's clock.

    Runs until SIGTERM or Ctrl-C. Long-term keys sign online keys only, which live in memory; better
    still they are elsewhere (rootlet time online, delegate).
    While the clock cannot be vouched for it answers nobody, and says why.
    """
    address = parse_address(listen)
    long_terms = [load_key(file) for file in key_files]
    keys = [LongTermKey(raw_public_key(key), _renewer(key, delegation_hours)) for key in long_terms]
    keys += _delegated(online_files, delegation_files)
    if not keys:
        raise Misuse("no key is given", hint="give --key, or --online and --delegation")
    if len({key.public_key for key in keys}) != len(keys):
        raise Misuse("the same key is given twice", hint="give each --key once")
    estimate = kernel_estimate if radius is None else promised(radius)
    crew = Crew(_say_on_stderr)
    with ExitStack() as opened:
        for number in range(processes):
            server = Server(keys, versions=DEFAULTS.versions, greased=grease)
            place = crew.listeners[0].address if crew.listeners else address
            listener = TimeListener(
                place,
                server,
                Clock(estimate),
                shared=processes > 1,
                tell=_say_on_stderr,
                look=_looker(crew, number, metrics),
            )
            crew.listeners.append(opened.enter_context(closing(listener)))
        public_keys = [key_to_text(key.public_key) for key in keys]
        _say_where(crew.listeners[0], public_keys, as_json=as_json)
        crew.run()


def _looker(crew: Crew, number: int, metrics: Path | None) -> Callable[[TimeListener], None]:
    """What is done now and then: the first one minds the others, each writes its metrics."""
    writer = None if metrics is None else MetricsFile(metrics, number, _say_on_stderr)

    def look(listener: TimeListener) -> None:
        if number == 0:
            crew.mind()
        if writer is not None:
            writer.write(listener)

    return look


def _delegated(onlines: tuple[Path, ...], files: tuple[Path, ...]) -> list[LongTermKey]:
    """Keys that are elsewhere, by what they signed."""
    if len(onlines) != len(files):
        raise Misuse(
            f"{len(onlines)} --online and {len(files)} --delegation", hint="give one for each"
        )
    found = [
        DelegationFile(file, load_key(online), _say_on_stderr)
        for online, file in zip(onlines, files, strict=True)
    ]
    return [LongTermKey(each.public_key, each.renew) for each in found]


def _renewer(long_term: Ed25519PrivateKey, hours: int) -> Callable[[int], Delegation]:
    def renew(now: int) -> Delegation:
        online = Ed25519PrivateKey.generate()
        return delegate(long_term, online, now=now, hours=hours, versions=DEFAULTS.versions)

    return renew


def _say_on_stderr(text: str) -> None:
    click.echo(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}", err=True)


def _say_where(listener: TimeListener, public_keys: list[str], *, as_json: bool) -> None:
    where = format_address(listener.address)
    if as_json:
        fields = {"address": where, "public_key": public_keys[0], "public_keys": public_keys}
        click.echo(json.dumps(fields))
        return
    click.echo(f"Roughtime on {where} (UDP and TCP), key {', '.join(public_keys)}")
    click.echo(f"Try:  rootlet time query {where} --key {public_keys[0]}")
