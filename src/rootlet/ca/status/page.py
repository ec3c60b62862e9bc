"""The status page: HTML without scripts, a bar for each certificate's life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from rootlet.ca.status.overview import LATE, Listed, Overview, Standing, standing
from rootlet.pki import Kind

__all__ = ["STYLE", "Bar", "bars", "left_text", "page"]

WIDTH = 1000
"""Of a timeline, in the SVG's own units."""

SMALLEST = 4
"""Units that a bar takes at least, so that it is seen."""

_templates = Environment(
    loader=PackageLoader("rootlet.ca.status", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["date"] = lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}"

STYLE = resources.files("rootlet.ca.status").joinpath("status.css").read_text(encoding="utf-8")
"""The page's style sheet."""


@dataclass(frozen=True)
class Bar:
    """A certificate's life on a timeline; places and lengths in units of ``WIDTH``."""

    certificate: Listed
    standing: Standing
    left: str
    """How long it still lives, for people."""
    start: int
    length: int
    due: int
    """Where renewal becomes late; -1 for what is not renewed by an agent."""

    @property
    def css(self) -> str:
        """Class of the row."""
        return self.standing.name.lower()


def left_text(left: timedelta) -> str:
    """Two units at most: "3 d 4 h", "59 s", "ended 2 h 5 min ago"."""
    if left < timedelta(0):
        return f"ended {left_text(-left)} ago"
    seconds = int(left.total_seconds())
    years, rest = divmod(seconds, 365 * 86400)
    days, rest = divmod(rest, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    units = ((years, "y"), (days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    first = next((i for i, (count, _) in enumerate(units) if count), len(units) - 1)
    return " ".join(f"{count} {unit}" for count, unit in units[first : first + 2] if count) or "0 s"


def bars(certificates: Sequence[Listed], now: datetime) -> tuple[Bar, ...]:
    """All on one timeline, whose middle is now; it shows the longest of the lives whole."""
    if not certificates:
        return ()
    longest = max(c.not_after - c.not_before for c in certificates)
    begin = now - longest

    def place(moment: datetime) -> int:
        return min(max(round((moment - begin) / (2 * longest) * WIDTH), 0), WIDTH)

    found = []
    for c in certificates:
        start = place(c.not_before)
        due = place(c.not_before + (c.not_after - c.not_before) * float(LATE))
        found.append(
            Bar(
                certificate=c,
                standing=standing(c, now),
                left=left_text(c.not_after - now),
                start=start,
                length=max(place(c.not_after) - start, SMALLEST),
                due=due if c.kind is Kind.SERVER else -1,
            )
        )
    return tuple(found)


def page(overview: Overview, maker: str, now: datetime) -> str:
    """The whole page; ``maker`` is its name for people."""
    servers = [b for b in bars(overview.servers, now) if b.standing is not Standing.FORGOTTEN]
    return _templates.get_template("status.html.j2").render(
        maker=maker,
        now=now,
        late=len(overview.late(now)),
        servers=servers,
        forgotten=len(overview.servers) - len(servers),
        authorities=bars(overview.authorities, now),
        latest=overview.latest,
        devices=overview.devices,
        issued={kind.value: overview.issued.get(kind, 0) for kind in Kind},
        width=WIDTH,
    )
