"""Intervals of time, drawn below each other for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Bar", "draw"]

COLUMNS = 48
"""Of the bars: with names and numbers they fit a terminal of 80."""

SERVER, TOGETHER = ("|", "-", "|"), ("[", "=", "]")
"""Beginning, middle and end of a bar."""

LEAST_SPAN = 1.0
"""Seconds across, at least: a midpoint is a whole second."""


@dataclass(frozen=True)
class Bar:
    """One server's word: the time lies between these, seconds since 1970."""

    name: str
    earliest: float
    latest: float


def draw(bars: Sequence[Bar], agreed: Bar | None) -> list[str]:
    """A line for each bar, one for what all agree on, and the scale; no line for no bar."""
    if not bars:
        return []
    begin, end = min(bar.earliest for bar in bars), max(bar.latest for bar in bars)
    scale = (COLUMNS - 1) / max(end - begin, LEAST_SPAN)
    width = max(len(bar.name) for bar in [*bars, *([agreed] if agreed else [])])
    lines = [f"{bar.name:<{width}}  {_line(bar, begin, scale, SERVER)}" for bar in bars]
    if agreed is not None:
        lines.append(f"{agreed.name:<{width}}  {_line(agreed, begin, scale, TOGETHER)}")
    lines.append(f"{'':<{width}}  {end - begin:,.0f} s across")
    return lines


def _line(bar: Bar, begin: float, scale: float, marks: tuple[str, str, str]) -> str:
    left, right = round((bar.earliest - begin) * scale), round((bar.latest - begin) * scale)
    opening, middle, closing = marks
    if left == right:
        return " " * left + opening
    return " " * left + opening + middle * (right - left - 1) + closing
