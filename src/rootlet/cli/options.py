"""Options that several commands share, and how they read secrets and print results."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from rootlet.errors import Secret
from rootlet.files import read_bytes

__all__ = [
    "date_text",
    "dry_run_option",
    "json_option",
    "maker_option",
    "passphrase_option",
    "read_passphrase",
    "show",
    "utc_now",
]

SHORT_PASSPHRASE = 12
"""Characters below which a warning is printed: the key file can be tried offline."""

maker_option = click.option(
    "--maker",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
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
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="First line is the passphrase of the root's key.  [default: ask]",
)


def utc_now() -> datetime:
    """The time, for commands; everything below them is told it."""
    return datetime.now(UTC)


def date_text(moment: datetime) -> str:
    """A time as every command prints it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def read_passphrase(file: Path | None, *, new: bool) -> bytes:
    """The passphrase of the root's key, from a file or asked for; a new one is asked for twice."""
    if file is not None:
        passphrase = read_bytes(file, what="the passphrase file").split(b"\n", 1)[0].rstrip(b"\r")
    elif sys.stdin.isatty():
        text = click.prompt(
            "Passphrase of the root's key", hide_input=True, confirmation_prompt=new, err=True
        )
        passphrase = str(text).encode()
    else:
        raise Secret(
            "the root's key needs a passphrase and there is no terminal to ask on",
            hint="give --passphrase-file FILE",
        )
    if not passphrase:
        raise Secret("the passphrase is empty", hint="choose one, four random words for example")
    if new and len(passphrase) < SHORT_PASSPHRASE:
        click.echo(
            f"Warning: a passphrase under {SHORT_PASSPHRASE} characters is soon found by trying, "
            "once someone has the key file",
            err=True,
        )
    return passphrase


def show(fields: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print a result: ``fields`` as JSON, or ``text`` for a person."""
    click.echo(json.dumps(fields, indent=2) if as_json else text)
