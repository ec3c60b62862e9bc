"""The assembly of each core against plain integers, on the same pseudo-random words and edges."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tools.firmware import BOARDS, VARIANTS, link

ROUNDS = 3000
LARGEST_FACTOR = 60833
EDGES = (0, 1, 0xFFFFFFFF, 0x10000)
WORD = 0xFFFFFFFF


class Words:
    """xorshift32, as device/ports/cortex-m/kernels.c has it."""

    def __init__(self) -> None:
        self.state = 1

    def next(self) -> int:
        state = self.state
        state ^= state << 13 & WORD
        state ^= state >> 17
        state ^= state << 5 & WORD
        self.state = state
        return EDGES[state // 4 % 4] if state % 4 == 0 else state

    def number(self) -> int:
        return sum(self.next() << 32 * i for i in range(8))


def expected(*, long_factor: bool) -> str:
    """The digest of all results; ``long_factor`` where the quick addition takes any factor."""
    words = Words()
    results = hashlib.sha256()
    for _ in range(ROUNDS):
        a, b, w = words.number(), words.number(), words.next()
        results.update((a * b).to_bytes(64, "little") * 2)
        results.update((a + w % (LARGEST_FACTOR + 1) * b + (w >> 4)).to_bytes(36, "little"))
        quick = w if long_factor else w % (LARGEST_FACTOR + 1)
        carry = WORD ^ w if long_factor else w >> 4
        results.update((a + quick * b + carry).to_bytes(36, "little"))
        results.update((a + w * b).to_bytes(36, "little"))
    return results.hexdigest()


@pytest.mark.parametrize("board", VARIANTS)
def test_kernels_agree_with_integers(board: str, tmp_path: Path) -> None:
    done = link(BOARDS[board], tmp_path / "kernels.elf", program="kernels").finish()
    assert (done.returncode, done.stderr) == (0, "")
    long_factor = BOARDS[board].core != "cortex-m0plus"
    assert done.stdout == expected(long_factor=long_factor) + "\n"
