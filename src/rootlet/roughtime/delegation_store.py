"""Delegations as files: made where the long-term key is, read where the server runs."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.errors import Environment, Misuse
from rootlet.files import file_stamp, read_bytes, write_atomic
from rootlet.roughtime.delegation import Delegation, read_window
from rootlet.roughtime.store import key_from_text, key_to_text

__all__ = ["DelegationFile", "load_delegation", "save_delegation"]

LOOK_SECONDS = 1.0
"""Between two looks at the file, while what it says is nearly over."""


def save_delegation(path: Path, public_key: bytes, certificates: Mapping[int, bytes]) -> None:
    """Write what a server needs besides its online key; nothing in it is secret."""
    fields = {
        "publicKey": key_to_text(public_key),
        "certificates": {
            str(version): base64.b64encode(certificate).decode("ascii")
            for version, certificate in certificates.items()
        },
    }
    write_atomic(path, (json.dumps(fields, indent=2) + "\n").encode(), private=False)


def load_delegation(path: Path, online: Ed25519PrivateKey) -> tuple[bytes, Delegation]:
    """The long-term public key and what it says; ``Misuse`` where that does not fit ``online``."""
    try:
        fields = json.loads(read_bytes(path, what="the delegation"))
        public_key = key_from_text(fields["publicKey"])
        certificates = {
            int(version): base64.b64decode(text, validate=True)
            for version, text in fields["certificates"].items()
        }
        return public_key, read_window(certificates, public_key, online)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Misuse) as error:
        raise Misuse(
            f"{path} is no delegation for this online key: {error}",
            hint="make one where the long-term key is: rootlet time delegate --help",
        ) from error


class DelegationFile:
    """Takes up each new file; a bad one leaves the one before in place."""

    def __init__(self, path: Path, online: Ed25519PrivateKey, tell: Callable[[str], None]) -> None:
        """``Misuse`` or ``Environment`` when the file is not good to begin with."""
        self._path, self._online, self._tell = path, online, tell
        self.public_key, self._current = load_delegation(path, online)
        self._stamp, self._looked = file_stamp(path), time.monotonic()

    def renew(self, now: int) -> Delegation | None:
        """What the file says now, when that covers ``now``."""
        if time.monotonic() - self._looked >= LOOK_SECONDS or not self._current.covers(now):
            self._look()
        return self._current if self._current.covers(now) else None

    def _look(self) -> None:
        self._looked = time.monotonic()
        stamp = file_stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            public_key, found = load_delegation(self._path, self._online)
        except (Misuse, Environment) as error:
            self._tell(f"the new delegation is not taken up: {error.message}")
            return
        if public_key != self.public_key:
            self._tell("the new delegation is of another long-term key: start again with it")
            return
        self._current = found
