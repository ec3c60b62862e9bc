"""How each certificate is, for people, for programs and for Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from rootlet.agent.memory_store import Failure
from rootlet.agent.schedule import Health

__all__ = ["Report", "alarm_of", "duration_text", "exit_code_of", "metrics_text", "table_text"]

BAD_FAILURES = {"rolled-back", "not-rolled-back"}
"""Somebody has to look even while much time is left: the server did not take a good pair."""

ALARM_EXIT = 6
"""rootlet.errors.State: it does not fit what was done before."""

OLD_CLOCK_SHARE = 0.1
LEAST_CLOCK = timedelta(seconds=5)
"""How far this machine's clock may be from the CA's, as a part of a life, but not under this."""


@dataclass(frozen=True)
class Report:
    """One certificate."""

    name: str
    folder: Path
    health: Health
    serial: str
    """Hexadecimal; empty where there is none."""
    not_after: datetime | None
    left: timedelta | None
    """Until the end; negative after it."""
    due: datetime
    """When it is to be replaced."""
    next_try: datetime
    window: bool
    """Whether that is by the CA's word."""
    under_way: bool
    """A new pair waits to be installed."""
    failures: int
    failure: Failure | None
    last_success: datetime | None
    clock_behind: timedelta
    alarm: str
    """Why somebody has to look; empty where nobody has to."""

    def fields(self) -> dict[str, Any]:
        """As JSON has it."""
        failure = self.failure
        return {
            "name": self.name,
            "folder": str(self.folder),
            "health": self.health.value,
            "alarm": self.alarm or None,
            "serial": self.serial or None,
            "not_after": _text(self.not_after),
            "seconds_left": None if self.left is None else int(self.left.total_seconds()),
            "due": _text(self.due),
            "next_try": _text(self.next_try),
            "by_the_cas_word": self.window,
            "under_way": self.under_way,
            "failures": self.failures,
            "last_success": _text(self.last_success),
            "clock_behind_seconds": round(self.clock_behind.total_seconds(), 3),
            "error": None if failure is None else failure.message,
            "hint": None if failure is None else failure.hint,
            "status": None if failure is None else failure.status,
        }


def alarm_of(
    health: Health, failure: Failure | None, *, behind: timedelta, length: timedelta
) -> str:
    """Why somebody has to look, or nothing."""
    if health is Health.EXPIRED:
        return "the certificate has expired"
    if health is Health.LATE:
        return "less than a quarter of its life is left"
    if health is Health.MISSING and failure is not None:
        return "there is no certificate that can be used, and the last try failed"
    if failure is not None and failure.status in BAD_FAILURES:
        return "the server did not take up a new certificate"
    if abs(behind) > max(length * OLD_CLOCK_SHARE, LEAST_CLOCK):
        ahead = "behind" if behind > timedelta(0) else "ahead of"
        return f"this machine's clock is {duration_text(abs(behind))} {ahead} the CA's"
    return ""


def exit_code_of(reports: Sequence[Report]) -> int:
    """0 all is well; 6 an alarm; otherwise the code of the last failure (1 refused, 4 machine)."""
    if any(report.alarm for report in reports):
        return ALARM_EXIT
    codes = [report.failure.exit_code for report in reports if report.failure is not None]
    return max(codes, default=0)


def duration_text(duration: timedelta) -> str:
    """The two largest units of a duration: "1 d 23 h", "41 s"."""
    seconds = int(abs(duration).total_seconds())
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or parts or unit == "s":
            parts.append(f"{count} {unit}")
    return ("-" if duration < timedelta(0) else "") + " ".join(parts[:2])


def table_text(reports: Sequence[Report], *, now: datetime) -> str:
    """A line for each certificate, and below it what is wrong with it."""
    width = max(len(report.name) for report in reports) + 2
    lines = [f"{'NAME':{width}}{'HEALTH':10}{'LEFT':14}{'NEXT':14}SERIAL"]
    for report in reports:
        left = "-" if report.left is None else duration_text(report.left)
        after = max(report.next_try - now, timedelta(0))
        upcoming = "now" if after == timedelta(0) else f"in {duration_text(after)}"
        lines.append(
            f"{report.name:{width}}{report.health.value:10}{left:14}{upcoming:14}{report.serial}"
        )
        if report.alarm:
            lines.append(f"  ALARM: {report.alarm}")
        if report.failure is not None:
            lines.append(f"  {report.failures} failed: {report.failure.message}")
            lines.append(f"  {report.failure.hint}")
    return "\n".join(lines)


def metrics_text(reports: Sequence[Report]) -> bytes:
    """For the textfile collector of Prometheus' node exporter."""
    registry = CollectorRegistry()
    gauges = {
        what: Gauge(f"rootlet_agent_{what}", text, ["name"], registry=registry)
        for what, text in {
            "not_after_seconds": "When the certificate ends, seconds since 1970; 0 without one.",
            "next_try_seconds": "When it is tried to replace it, seconds since 1970.",
            "last_success_seconds": "When one was replaced last, seconds since 1970; 0 never.",
            "failures": "Tries in vain since then.",
            "alarm": "1 when somebody has to look.",
        }.items()
    }
    for report in reports:
        values = {
            "not_after_seconds": report.not_after.timestamp() if report.not_after else 0,
            "next_try_seconds": report.next_try.timestamp(),
            "last_success_seconds": report.last_success.timestamp() if report.last_success else 0,
            "failures": report.failures,
            "alarm": bool(report.alarm),
        }
        for what, value in values.items():
            gauges[what].labels(report.name).set(value)
    return generate_latest(registry)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
