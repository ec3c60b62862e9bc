"""The demo's device: a C program with the library and one trust bundle in it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rootlet.demo.processes import tool
from rootlet.errors import Environment

__all__ = ["DeviceProgram", "Outcome", "build_device"]

TREE = Path(__file__).resolve().parents[3]

FLAGS = ("-std=c11", "-Os", "-Wall", "-Wextra", "-Werror", "-D_POSIX_C_SOURCE=200809L")

PORTS = ("common", "posix")
"""Folders of device/ports that the program is made of."""

RUN_SECONDS = 60
"""A device that hangs is a failure, not a wait."""


ALERTS = {40: "handshake_failure", 48: "unknown_ca", 70: "protocol_version"}
"""Alerts that servers of the demo close with (RFC 9846 section 6)."""


@dataclass(frozen=True)
class Outcome:
    """What the device printed at the end of one run."""

    clock: str
    """Status of asking for the time, or "unset" when it was not asked for."""
    earliest: int
    """What the device knows of the time, seconds since 1970."""
    latest: int
    asked: int
    """Roughtime servers."""
    agreed: int
    """How many of them named the time that it took."""
    contradiction: bool
    """Whether their answers prove that one of them lies."""
    status: str
    """Status of the TLS connection, or "none" when there was none."""
    alert: int
    """Alert received, 255 for none."""
    http: int
    """Status code of the answer, 0 for none."""
    body: str
    """Start of the answer's body."""
    connections: int
    """Connections that were answered."""
    sent: int
    """TCP payload and UDP payload, bytes."""
    received: int
    milliseconds: float

    @property
    def verdict(self) -> str:
        """One phrase: what stopped the device, or what it was answered."""
        if self.clock not in ("OK", "unset"):
            return self.clock
        if self.status == "ERR_TLS_ALERT_RECEIVED":
            return f"alert {ALERTS.get(self.alert, self.alert)} received"
        return f"HTTP {self.http}" if self.status == "OK" and self.http else self.status


@dataclass(frozen=True)
class DeviceProgram:
    """A built device."""

    path: Path

    def run(self, *arguments: str) -> Outcome:
        """Run the device to its end."""
        return self.finish(self.start(*arguments))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the device; :meth:`finish` waits for it."""
        command = [str(self.path), *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, process: subprocess.Popen[str]) -> Outcome:
        """Wait for a started device; its last line is its outcome."""
        try:
            out, err = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise Environment(
                f"the device did not end within {RUN_SECONDS} s", hint="is the machine very busy?"
            ) from error
        try:
            fields: dict[str, Any] = json.loads(out.splitlines()[-1])
        except (IndexError, ValueError) as error:
            raise Environment(
                f"the device ended with code {process.returncode}: {err.strip()}",
                hint="run it by itself to see more",
            ) from error
        return Outcome(**fields)


def build_device(bundle: Path, output: Path, *, source: str = "demo_device.c") -> DeviceProgram:
    """Compile the device program with the library and the bundle in folder ``bundle``."""
    device = TREE / "device"
    sources: Sequence[Path] = [
        device / "examples" / source,
        *(path for port in PORTS for path in sorted((device / "ports" / port).glob("*.c"))),
        *sorted((device / "src").rglob("*.c")),
        *sorted(bundle.glob("*.c")),
    ]
    folders = ("include", "src", *(f"ports/{port}" for port in PORTS))
    includes = [f"-I{device / name}" for name in folders]
    command = [tool("gcc", "gcc"), *FLAGS, *includes, f"-I{bundle}", *map(str, sources)]
    done = subprocess.run(
        [*command, "-o", str(output)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Environment(
            f"the device program does not compile: {done.stderr.strip()[-500:]}",
            hint="see the compiler's message",
        )
    return DeviceProgram(output)
