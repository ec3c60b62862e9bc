"""The demo's device once more: the same library as firmware of a Cortex-M3, in an emulator."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rootlet.demo.processes import tool
from rootlet.demo.program import TREE, DeviceProgram
from rootlet.errors import Environment

__all__ = ["EmulatedDevice", "build_firmware", "emulator_command"]

MACHINE = "mps2-an385"


def emulator_command(
    machine: str, image: Path, arguments: Sequence[str], options: Sequence[str] = ()
) -> list[str]:
    """How to run firmware: the arguments are the firmware's, the options the emulator's."""
    words = ",".join(f"arg={word}" for word in (image.name, *arguments))
    return [
        *("qemu-system-arm", "-M", machine, "-nodefaults", "-display", "none"),
        *("-semihosting-config", f"enable=on,target=native,{words}", "-nic", "user"),
        *(*options, "-kernel", str(image)),
    ]


@dataclass(frozen=True)
class EmulatedDevice(DeviceProgram):
    """Firmware that takes the same arguments as the program and prints the same outcome."""

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the emulator; :meth:`finish` waits for it."""
        return subprocess.Popen(
            emulator_command(MACHINE, self.path, arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def build_firmware(bundle: Path, output: Path) -> EmulatedDevice:
    """Compile the firmware with the bundle in folder ``bundle``: needs this project's tree."""
    tool("qemu-system-arm", "qemu-system-arm")
    tool("arm-none-eabi-gcc", "gcc-arm-none-eabi")
    command = [sys.executable, "-m", "tools.firmware", "--bundle", str(bundle)]
    done = subprocess.run(
        [*command, "--out", str(output)], cwd=TREE, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Environment(
            f"the firmware was not built: {done.stderr.strip()[-500:]}",
            hint="make demo FIRMWARE=1 installs what it takes",
        )
    return EmulatedDevice(output)
