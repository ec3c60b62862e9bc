"""Roughtime's long-term keys in a PKCS#11 token: made there, and asked to sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.ca import Token, open_token
from rootlet.cli.options import FILE, pin_option, read_pin
from rootlet.errors import Misuse, State
from rootlet.files import read_bytes, write_atomic
from rootlet.profile import load_profile
from rootlet.roughtime import TOKEN, load_key, raw_public_key

__all__ = ["long_term_key", "make_in_token", "token_options"]

EDWARDS_PROFILE = "c25519"
"""Roughtime's keys are Ed25519 whatever the maker's certificates are."""


def token_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--token, --token-module and --pin-file."""
    for option in (
        pin_option,
        click.option(
            "--token-module", type=FILE, metavar="FILE", help="The PKCS#11 module that reaches it."
        ),
        click.option(
            "--token",
            metavar="LABEL",
            help="Make the key in this PKCS#11 token, which it never leaves.",
        ),
    ):
        command = option(command)
    return command


def make_in_token(
    path: Path, name: str, *, token: str, module: Path | None, pin_file: Path | None
) -> bytes:
    """Make a key there, and the file that names it; the public key."""
    if module is None:
        raise Misuse(
            "a token is reached through a PKCS#11 module",
            hint="say which, for example --token-module /usr/lib/softhsm/libsofthsm2.so",
        )
    if path.exists():
        raise State(
            f"{path} exists already",
            hint="choose another name, or move the old key away if no device has it",
        )
    with open_token(Token(token, module.resolve()), lambda: read_pin(pin_file)) as opened:
        key = opened.make(f"Roughtime {name}", load_profile(EDWARDS_PROFILE))
        assert isinstance(key, Ed25519PrivateKey)
        try:
            write_atomic(path, opened.uri(key).encode(), private=True)
        except BaseException:
            opened.destroy(key)
            raise
        return raw_public_key(key)


@contextmanager
def long_term_key(path: Path, pin_file: Path | None) -> Iterator[Ed25519PrivateKey]:
    """The key of a file, or in the token that the file names."""
    data = read_bytes(path, what="the long-term key")
    if not data.startswith(TOKEN):
        yield load_key(path)
        return
    token = Token.from_uri(data.decode("utf-8", errors="replace"))
    with open_token(token, lambda: read_pin(pin_file)) as opened:
        yield opened.find_ed25519()
