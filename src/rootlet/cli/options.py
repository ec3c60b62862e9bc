"""Options that several commands share, and how they read secrets and print results."""

from __future__ import annotations

import json
import math
import shlex
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from rootlet.errors import Secret
from rootlet.files import read_bytes

__all__ = [
    "FILE",
    "FOLDER",
    "Progress",
    "date_text",
    "dry_run_option",
    "json_option",
    "maker_option",
    "passphrase_option",
    "pin_option",
    "read_passphrase",
    "read_pin",
    "show",
    "timeout_option",
    "utc_now",
    "with_maker",
]

FILE = click.Path(dir_okay=False, readable=False, path_type=Path)
FOLDER = click.Path(file_okay=False, readable=False, path_type=Path)
"""Whether it is there and can be read or written is said by whoever reads or writes it."""

SHORT_PASSPHRASE = 12
"""Characters below which a warning is printed: the key file can be tried offline."""

LONGEST_PASSPHRASE = 1023
"""Bytes; OpenSSL takes no more."""


PROGRESS_SECONDS = 2.0
"""Longest silence of a command that is at work."""


class _Seconds(click.FloatRange):
    """Seconds to wait: more than 0, and an end."""

    def __init__(self) -> None:
        super().__init__(0, 3600, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return seconds


timeout_option = click.option(
    "--timeout",
    type=_Seconds(),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long an answer is waited for, all in all.",
)
maker_option = click.option(
    "--maker",
    "folder",
    type=FOLDER,
    default=Path(),
    metavar="DIR",
    help="The maker's folder.  [default: the current one]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Say what would be done, change nothing."
)
passphrase_option = click.option(
    "--passphrase-file",
    type=FILE,
    metavar="FILE",
    help="First line is the passphrase of the root's key.  [default: ask]",
)
pin_option = click.option(
    "--pin-file",
    type=FILE,
    metavar="FILE",
    help="First line is the PIN of the token that keeps the key.  [default: ask]",
)


def utc_now() -> datetime:
    """The time, for commands; everything below them is told it."""
    return datetime.now(UTC)


def with_maker(command: str, folder: Path) -> str:
    """A command to do next, for the same maker."""
    return command if folder == Path() else f"{command} --maker {shlex.quote(str(folder))}"


def date_text(moment: datetime) -> str:
    """A time as every command prints it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def read_passphrase(file: Path | None, *, new: bool, what: str = "the root's key") -> bytes:
    """The passphrase of ``what``, from a file or asked for; a new one is asked for twice."""
    if file is not None:
        passphrase = _first_line(file, "the passphrase file")
    elif sys.stdin.isatty():
        text = click.prompt(
            f"Passphrase of {what}", hide_input=True, confirmation_prompt=new, err=True
        )
        passphrase = str(text).encode()
    else:
        raise Secret(
            f"a passphrase is needed for {what} and there is no terminal to ask on",
            hint="give --passphrase-file FILE",
        )
    if not passphrase:
        raise Secret("the passphrase is empty", hint="choose one, four random words for example")
    if len(passphrase) > LONGEST_PASSPHRASE:
        raise Secret(
            f"the passphrase is longer than {LONGEST_PASSPHRASE} bytes",
            hint="check that the file is the right one, or choose a shorter one",
        )
    if new and len(passphrase) < SHORT_PASSPHRASE:
        click.echo(
            f"Warning: a passphrase under {SHORT_PASSPHRASE} characters is soon found by trying, "
            "once someone has the key file",
            err=True,
        )
    return passphrase


class Progress:
    """Says on stderr how far something is, from two seconds on and every two seconds."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._started = self._said = time.monotonic()

    def __call__(self, what: str, done: int, of: int) -> None:
        """``done`` of ``of`` are ``what``: checked, issued."""
        now = time.monotonic()
        if self._quiet or now - self._said < PROGRESS_SECONDS:
            return
        self._said = now
        click.echo(f"{done} of {of} {what}, {now - self._started:.0f} s", err=True)


def read_pin(file: Path | None) -> str:
    """The PIN of a token, from a file or asked for."""
    if file is not None:
        pin = _first_line(file, "the PIN file").decode("utf-8", errors="replace")
    elif sys.stdin.isatty():
        pin = str(click.prompt("PIN of the token", hide_input=True, err=True))
    else:
        raise Secret(
            "the token needs a PIN and there is no terminal to ask on", hint="give --pin-file FILE"
        )
    if not pin:
        raise Secret("the PIN is empty", hint="give the one of the token's user")
    return pin


def _first_line(file: Path, what: str) -> bytes:
    return read_bytes(file, what=what).split(b"\n", 1)[0].rstrip(b"\r")


def show(fields: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print a result: ``fields`` as JSON, or ``text`` for a person."""
    click.echo(json.dumps(fields, indent=2) if as_json else text)
