"""Points of a connection that many tests start from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.tls.rig import Rig, Saved

__all__ = ["Points", "Start"]

Start = Callable[..., Rig]


class Points:
    """The states of a connection, each reached once and come back to."""

    def __init__(self, start: Start, **changes: Any) -> None:
        self._start, self._changes = start, changes
        self._reached: dict[str, tuple[Rig, Saved]] = {}

    def at(self, state: str) -> Rig:
        """A connection in one of STATES; the one given before for this state is gone."""
        if state not in self._reached:
            rig = self._start(**self._changes).to(state)
            self._reached[state] = rig, rig.save()
        rig, saved = self._reached[state]
        return rig.restore(saved)
