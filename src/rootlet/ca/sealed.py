"""A file under a passphrase, written and read in one pass however long it is.

    "rootlet sealed 1\n"   then 16 random bytes: the salt
    chunks                 of 1 MiB of content, the last one shorter (perhaps empty),
                           each with the 16 bytes of its AES-256-GCM tag behind it

The key is scrypt (RFC 7914) of passphrase and salt with N = 2^17, r = 8, p = 1: half a second and
128 MiB for each guess. It is used for this file only, so a chunk's nonce is its number, 11 bytes,
and a byte that is 1 for the last one (the construction STREAM, as in age); salt and first line are
authenticated with each. Chunks can be neither changed, swapped, repeated nor left away at the end.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from rootlet.errors import Refused, Secret

__all__ = ["SealedWriter", "unsealed"]

MAGIC = b"rootlet sealed 1\n"
SALT_BYTES = 16
TAG_BYTES = 16
CHUNK_BYTES = 1 << 20
COST, BLOCK, PARALLEL = 1 << 17, 8, 1
"""OWASP's first choice for scrypt, as of 2023."""


def _cipher(passphrase: bytes, salt: bytes) -> AESGCM:
    kdf = Scrypt(salt=salt, length=32, n=COST, r=BLOCK, p=PARALLEL)
    return AESGCM(kdf.derive(passphrase))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes((last,))


class SealedWriter:
    """Encrypts what is written to it; ``finish`` writes the end, without which it is no file."""

    def __init__(self, file: BinaryIO, passphrase: bytes) -> None:
        if not passphrase:
            raise Secret("the passphrase is empty", hint="choose one, six random words for example")
        self._file = file
        self._head = MAGIC + secrets.token_bytes(SALT_BYTES)
        self._cipher = _cipher(passphrase, self._head[len(MAGIC) :])
        self._held = bytearray()
        self._number = 0
        file.write(self._head)

    def write(self, content: bytes) -> None:
        """Take more content."""
        self._held += content
        while len(self._held) > CHUNK_BYTES:
            self._chunk(bytes(self._held[:CHUNK_BYTES]), last=False)
            del self._held[:CHUNK_BYTES]

    def finish(self) -> None:
        """Write the last chunk."""
        self._chunk(bytes(self._held), last=True)

    def _chunk(self, content: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        self._file.write(self._cipher.encrypt(nonce, content, self._head))
        self._number += 1


def unsealed(file: BinaryIO, passphrase: bytes, *, what: str) -> Iterator[bytes]:
    """The content, chunk by chunk; each is authentic, all of them only when no error comes.

    ``Secret`` for a wrong passphrase; ``Refused`` for what is no such file, or changed, or cut off.
    """
    head = file.read(len(MAGIC) + SALT_BYTES)
    if len(head) != len(MAGIC) + SALT_BYTES or not head.startswith(MAGIC):
        raise Refused(
            f"{what} is no backup of a CA", hint="give a file that rootlet ca backup made"
        )
    cipher = _cipher(passphrase, head[len(MAGIC) :])
    number, chunk = 0, file.read(CHUNK_BYTES + TAG_BYTES)
    while True:
        after = file.read(CHUNK_BYTES + TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number, last=not after), chunk, head)
        except InvalidTag as error:
            raise _unreadable(what, first=number == 0) from error
        if not after:
            return
        number, chunk = number + 1, after


def _unreadable(what: str, *, first: bool) -> Secret | Refused:
    if first:
        return Secret(
            f"the passphrase does not open {what}, or the file was changed",
            hint="type it again; if it is right, take another copy of the file",
        )
    return Refused(f"{what} was changed or cut off", hint="take another copy of the file")
