"""Branch coverage of the device library and of the Python package, against their floors.

Run by `make test` after the tests; exit code 1 when one is below its floor.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TREE = Path(__file__).resolve().parents[1]

DEVICE_FLOOR = 95.0
"""Percent of branches of device/src: what the library promises was tried both ways."""

PACKAGE_FLOOR = 90.0
"""Percent of branches of src/rootlet."""


def device_branches() -> float:
    """Percent of branches taken in device/src, by gcov's count."""
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        command = [sys.executable, "-m", "gcovr", "--root", str(TREE), "--filter", "device/src/"]
        command += ["--object-directory", "build/coverage-temp", "--json-summary", str(summary)]
        # What two threads counted at once may come out below zero: then it is taken for none.
        command += ["--gcov-ignore-parse-errors=negative_hits.warn"]
        command += ["--txt-metric", "branch", "--txt", str(TREE / "build" / "coverage-device.txt")]
        subprocess.run([*command, "build/coverage-temp"], cwd=TREE, check=True)
        return float(json.loads(summary.read_text(encoding="utf-8"))["branch_percent"])


def package_branches() -> float:
    """Percent of branches taken in src/rootlet."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        coverage = [sys.executable, "-m", "coverage"]
        subprocess.run([*coverage, "json", "--quiet", "-o", str(report)], cwd=TREE, check=True)
        with (TREE / "build" / "coverage-package.txt").open("w", encoding="utf-8") as table:
            command = [*coverage, "report", "--show-missing"]
            subprocess.run(command, cwd=TREE, check=True, stdout=table)
        totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
        return 100.0 * float(totals["covered_branches"]) / float(totals["num_branches"])


def main() -> int:
    """Print both figures; 1 when one is below its floor."""
    figures = [
        ("device/src", device_branches(), DEVICE_FLOOR, "build/coverage-device.txt"),
        ("src/rootlet", package_branches(), PACKAGE_FLOOR, "build/coverage-package.txt"),
    ]
    for name, percent, floor, where in figures:
        verdict = "ok" if percent >= floor else "too low"
        print(
            f"branch coverage of {name}: {percent:.1f} % (floor {floor:.0f} %, {where}): {verdict}"
        )
    return int(any(percent < floor for _, percent, floor, _ in figures))


if __name__ == "__main__":
    sys.exit(main())
