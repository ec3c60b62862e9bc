"""The deepest stack below a function, from the call graphs of gcc's -fcallgraph-info=su."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

__all__ = ["CallGraph", "Recursion"]

INDIRECT = "__indirect_call"
NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "[^"]*?(?:\\n(\d+) bytes \((\w+)\))?"', re.M)
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', re.M)


class Recursion(Exception):
    """A function can reach itself: no bound exists."""


class CallGraph:
    """Frames and calls of the whole library."""

    def __init__(self, graphs: Iterable[str], pointed_at: Iterable[str]) -> None:
        self.frames: dict[str, int] = {}
        """Bytes of each function's own frame."""
        self.unbounded: set[str] = set()
        """Functions whose frame has no fixed size."""
        self._calls: dict[str, set[str]] = defaultdict(set)
        self._depths: dict[str, tuple[int, tuple[str, ...]]] = {}
        for text in graphs:
            for name, size, kind in NODE.findall(text):
                if size:
                    self.frames[name] = int(size)
                    self.unbounded |= {name} if kind == "dynamic" else set()
            for source, target in EDGE.findall(text):
                self._calls[source].add(target)
        # A call through a pointer reaches any function that constant data points at.
        reached = set(pointed_at)
        self._calls[INDIRECT] |= {
            name for name in self.frames if name.rpartition(":")[2] in reached
        }

    def deepest(self, name: str) -> tuple[int, tuple[str, ...]]:
        """Bytes of the deepest chain of calls from a function, and the chain."""
        return self._deepest(name, ())

    def _deepest(self, name: str, path: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        if name in path:
            raise Recursion(" -> ".join((*path, name)))
        if name not in self._depths:
            below = [self._deepest(callee, (*path, name)) for callee in sorted(self._calls[name])]
            depth, chain = max(below, key=lambda found: found[0], default=(0, ()))
            own = () if name == INDIRECT else (name.rpartition(":")[2],)
            self._depths[name] = (self.frames.get(name, 0) + depth, (*own, *chain))
        return self._depths[name]
