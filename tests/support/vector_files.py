"""The vector files of vectors/crypto, in the line format that the C test programs read too."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FOLDER", "cases"]

FOLDER = Path(__file__).parents[2] / "vectors" / "crypto"


def cases(name: str) -> list[tuple[str, ...]]:
    """The fields of each line, label first; "-" is given as no bytes."""
    lines = (FOLDER / name).read_text(encoding="ascii").splitlines()
    rows = (line.split(" ") for line in lines if not line.startswith("#"))
    return [tuple("" if field == "-" else field for field in row) for row in rows]
