"""Running ``rootlet`` inside the test's own process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Done", "Run"]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    """Exit code."""
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)


Run = Callable[..., Done]
"""Runs ``rootlet`` with these arguments: the fixture ``run``."""
