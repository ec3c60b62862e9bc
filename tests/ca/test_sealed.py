"""A sealed file: what was put in comes out, and nothing else ever does."""

from __future__ import annotations

import io

import pytest

from rootlet.ca import sealed
from rootlet.ca.sealed import SealedWriter, unsealed
from rootlet.errors import Refused, Secret

SECRET = b"six random words make it long"
OVERHEAD = len(sealed.MAGIC) + sealed.SALT_BYTES
CHUNK = 64


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks, and guesses that cost little: the last test pays the whole price."""
    monkeypatch.setattr(sealed, "CHUNK_BYTES", CHUNK)
    monkeypatch.setattr(sealed, "COST", 16)


def seal(content: bytes, *, piece: int = 50) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, SECRET)
    for at in range(0, len(content), piece):
        writer.write(content[at : at + piece])
    writer.finish()
    return file.getvalue()


def opened(held: bytes, secret: bytes = SECRET) -> bytes:
    return b"".join(unsealed(io.BytesIO(held), secret, what="it"))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK, 1000])
@pytest.mark.parametrize("piece", [1, 50, 1000])
def test_what_was_put_in_comes_out(size: int, piece: int) -> None:
    content = bytes(range(256)) * 4
    assert opened(seal(content[:size], piece=piece)) == content[:size]


def test_two_files_with_the_same_content_have_nothing_in_common() -> None:
    one, two = seal(bytes(200)), seal(bytes(200))
    assert one[OVERHEAD:] != two[OVERHEAD:]
    assert b"\x00" * 8 not in one[OVERHEAD:]


def test_every_byte_counts() -> None:
    held = seal(b"x" * 150)
    for at in range(len(held)):
        changed = held[:at] + bytes([held[at] ^ 1]) + held[at + 1 :]
        with pytest.raises((Refused, Secret)):
            opened(changed)


def test_it_cannot_be_cut_off_swapped_or_repeated() -> None:
    held = seal(b"a" * CHUNK + b"b" * CHUNK + b"c" * CHUNK)
    for end in range(len(held)):
        with pytest.raises((Refused, Secret)):
            opened(held[:end])
    head, first, second = held[:OVERHEAD], slice(OVERHEAD, OVERHEAD + 80), slice(113, 193)
    assert second.start == first.stop
    for other in (
        head + held[second] + held[first] + held[193:],
        head + held[first] + held[first] + held[second] + held[193:],
        held + b"x",
    ):
        with pytest.raises((Refused, Secret)):
            opened(other)


def test_another_passphrase_or_file_is_told_apart() -> None:
    with pytest.raises(Secret, match="does not open it"):
        opened(seal(b"content"), b"wrong")
    with pytest.raises(Refused, match="no backup"):
        opened(b"something else entirely, and long enough to be one")
    with pytest.raises(Secret, match="empty"):
        SealedWriter(io.BytesIO(), b"")


def test_a_guess_costs_what_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert (sealed.COST, sealed.BLOCK, sealed.PARALLEL) == (1 << 17, 8, 1)
    assert opened(seal(b"content")) == b"content"
