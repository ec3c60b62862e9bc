"""What the commands that need a root's key have in common: options, secrets, and what they say."""

from __future__ import annotations

import functools
import getpass
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet import __version__
from rootlet.ca import Conditions, Held, RootAccess, Sitting, Token
from rootlet.cli.clock import offline_option, time_source
from rootlet.cli.options import (
    FILE,
    FOLDER,
    date_text,
    json_option,
    maker_option,
    passphrase_option,
    pin_option,
    read_passphrase,
    read_pin,
    show,
    utc_now,
)
from rootlet.errors import Misuse
from rootlet.maker import Maker, load_maker
from rootlet.pki import fingerprint, spoken

__all__ = ["Room", "in_ceremony", "root_dir_option", "token_option"]

Command = Callable[..., Any]

OPTIONS = (
    maker_option,
    passphrase_option,
    pin_option,
    click.option(
        "--token-module",
        type=FILE,
        metavar="FILE",
        help="The PKCS#11 module that reaches the token.  [default: the one it was made with]",
    ),
    click.option("--who", metavar="NAME", help="Who does this.  [default: your login name]"),
    click.option(
        "--witness", "witnesses", multiple=True, metavar="NAME", help="Who looks on; repeatable."
    ),
    offline_option,
    json_option,
)
root_dir_option = click.option(
    "--root-dir",
    type=FOLDER,
    metavar="DIR",
    help="Where the roots and their keys are.  [default: root in the maker's folder]",
)
token_option = click.option(
    "--token",
    metavar="LABEL",
    help="Make new root keys in this PKCS#11 token, which they never leave.",
)


@dataclass(frozen=True)
class Room:
    """Where a ceremony is held, as its options say."""

    folder: Path
    passphrase_file: Path | None
    pin_file: Path | None
    token_module: Path | None
    who: str | None
    witnesses: tuple[str, ...]
    offline: bool
    as_json: bool

    @property
    def maker(self) -> Maker:
        """The maker whose CA it is about."""
        return load_maker(self.folder)

    def conditions(
        self,
        maker: Maker,
        *,
        root_dir: Path | None = None,
        token: str | None = None,
        new: bool = False,
    ) -> Conditions:
        """What the library wants to know; ``new`` is whether a passphrase is chosen here."""
        if token is not None and self.token_module is None:
            raise Misuse(
                "a token is reached through a PKCS#11 module",
                hint="say which, for example --token-module /usr/lib/softhsm/libsofthsm2.so",
            )
        made_in = None
        if token is not None and self.token_module is not None:
            made_in = Token(token, self.token_module.resolve())
        access = RootAccess(
            passphrase=lambda: read_passphrase(self.passphrase_file, new=new),
            pin=lambda: read_pin(self.pin_file),
            module=None if self.token_module is None else self.token_module.resolve(),
            token=made_in,
        )
        sitting = Sitting(
            who=self.who or _login(),
            host=platform.node() or "not known",
            tool=f"rootlet {__version__}",
            witnesses=self.witnesses,
        )
        return Conditions(
            access,
            root_dir or self.folder / "root",
            utc_now(),
            sitting,
            time_source(maker, offline=self.offline),
        )

    def say(self, held: Held, next_steps: str, fields: dict[str, Any] | None = None) -> None:
        """Print what a ceremony did, every fingerprint in words, and what to do next."""
        certificates = []
        lines = [f"{number}. {step}" for number, step in enumerate(held.steps, 1)]
        for part, certificate in held.certificates:
            der = certificate.public_bytes(Encoding.DER)
            until = date_text(certificate.not_valid_after_utc)
            subject, words = certificate.subject.rfc4514_string(), spoken(der)
            lines += [
                "",
                f"{part.capitalize():10} {subject}, until {until}",
                f"{'':10} SHA-256 {fingerprint(der)}",
                f"{'':10} in words: {words}",
            ]
            certificates.append(
                {
                    "part": part,
                    "subject": subject,
                    "serial": f"{certificate.serial_number:032x}",
                    "not_after": until,
                    "sha256": fingerprint(der),
                    "words": words,
                }
            )
        copied = "and beside the roots" if held.copied else "; copy it to the roots yourself"
        lines += ["", f"{'Record':10} {held.record} {copied}", "", next_steps]
        said = {
            **(fields or {}),
            "steps": list(held.steps),
            "certificates": certificates,
            "record": str(held.record),
            "copied": held.copied,
        }
        show(said, "\n".join(lines), as_json=self.as_json)


def in_ceremony(function: Command) -> Command:
    """Give a command the options of every ceremony, and it gets a ``Room`` for them."""

    @functools.wraps(function)
    def command(
        *,
        folder: Path,
        passphrase_file: Path | None,
        pin_file: Path | None,
        token_module: Path | None,
        who: str | None,
        witnesses: tuple[str, ...],
        offline: bool,
        as_json: bool,
        **rest: Any,
    ) -> Any:
        room = Room(
            *(folder, passphrase_file, pin_file, token_module),
            *(who, witnesses, offline, as_json),
        )
        return function(room, **rest)

    wrapped: Command = command
    for option in reversed(OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for the user, and none in the environment
        return "not said"
