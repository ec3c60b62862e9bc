"""One line of the demo's closing table."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Row"]


@dataclass(frozen=True)
class Row:
    """What was tried, what was expected, and what was seen."""

    step: int
    """Number of the chapter, 1 to 5."""
    tried: str
    expected: str
    seen: str
    milliseconds: float
    """Wall time of the device's run."""
    sent: int
    """Bytes the device sent."""
    received: int
    """Bytes the device received."""

    @property
    def as_expected(self) -> bool:
        """The demo succeeds only when every row is."""
        return self.expected == self.seen
