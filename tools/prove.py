"""Proves with Frama-C's WP that the device library's parsers have no run-time error.

    python -m tools.prove                       every part
    python -m tools.prove base/der x509/time    some

A part is one C file. What each function needs and leaves stands in its ACSL contract; shown is, for
every input that fulfils it, that no memory is read or written outside what is valid, that no
arithmetic is undefined, that callees are called as their contracts ask, and that every loop ends.
A function of these files that nothing was shown about counts as not proved. Exit code 1 when
something is not proved, 3 when a tool is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DEVICE", "PARTS", "Part", "Result", "functions_of", "missing", "prove"]

TREE = Path(__file__).resolve().parents[1]
DEVICE = TREE / "device"
WIPING = TREE / "tools" / "prove.h"
PROGRAMS = ("frama-c", "why3", "cvc4", "z3")
PACKAGES = "frama-c-base why3 z3 cvc4"
MISSING = 3

NO_ALIAS = ("-wp-no-warn-memory-model",)
"""Where the only hypotheses are that constant tables and local variables are nobody's buffers."""

FLAGS = (
    # Addresses and sizes of 32 bits, as on a Cortex-M.
    *("-machdep", "gcc_x86_32", "-c11", "-wp", "-wp-rte", "-wp-cache", "none", "-wp-par", "2"),
    # Neither code nor contract of a function that is called: nothing is known of it.
    *("-kernel-warn-key", "annot:missing-spec=abort"),
)


@dataclass(frozen=True)
class Part:
    """How one C file is proved."""

    beside: tuple[str, ...] = ()
    """C files that hold what it needs: a table whose size no header tells."""
    provers: tuple[str, ...] = ("cvc4",)
    options: tuple[str, ...] = ()
    wiped: str = ""
    """What rootlet_wipe wipes here, for tools/prove.h. TLS needs it for what it includes, too."""
    later: tuple[str, ...] = ()
    """Functions that are not proved yet; the others take their contracts as given."""
    timeout: int = 20
    """Seconds for one goal; most of what can be proved takes 2 at most."""


PARTS: Mapping[str, Part] = {
    # Wiping takes what it wipes for bytes.
    "base/bytes": Part(options=("-wp-model", "Typed+Cast")),
    "base/load": Part(),
    "base/status": Part(
        provers=("cvc4", "z3"), options=("-wp-no-filter-init", "-wp-alias-vars", "runs")
    ),
    "base/reader": Part(),
    "base/der": Part(),
    "roughtime/message": Part(provers=("cvc4", "z3"), options=NO_ALIAS),
    "roughtime/request": Part(provers=("cvc4", "z3"), options=NO_ALIAS, wiped="bytes"),
    "roughtime/hash": Part(provers=("cvc4", "z3"), wiped="bytes"),
    "roughtime/join": Part(provers=("cvc4", "z3")),
    "roughtime/check": Part(
        provers=("cvc4", "z3"),
        options=NO_ALIAS,
        timeout=60,
        later=("read_response", "read_evidence"),
    ),
    "x509/time": Part(),
    "x509/host": Part(),
    "x509/extensions": Part(),
    "x509/certificate": Part(beside=("x509/algorithms_c25519",)),
    "x509/check": Part(later=("build",)),
    "tls/extensions": Part(options=NO_ALIAS, wiped="readers", timeout=60),
    "tls/server_hello": Part(options=NO_ALIAS, wiped="bytes", timeout=60),
    "tls/encrypted_extensions": Part(options=NO_ALIAS, wiped="bytes", timeout=60),
    "tls/certificate_request": Part(options=NO_ALIAS, wiped="bytes", timeout=60),
    "tls/certificate": Part(options=NO_ALIAS, wiped="bytes", timeout=120),
    # The text that is signed is char, what is signed is uint8_t.
    "tls/certificate_verify": Part(
        provers=("cvc4", "z3"), options=("-wp-model", "Typed+Cast", *NO_ALIAS), wiped="bytes"
    ),
    "tls/finished": Part(provers=("cvc4", "z3"), options=NO_ALIAS, wiped="bytes"),
    "tls/key_update": Part(provers=("cvc4", "z3"), options=NO_ALIAS, wiped="bytes"),
    "tls/client_hello": Part(options=NO_ALIAS, wiped="bytes"),
    # What the table of messages holds is needed whole. That a pointer in it is one of the functions
    # named beside the call is a goal; that it is a function at all need not be another.
    "tls/handshake": Part(
        provers=("cvc4", "z3"),
        options=("-wp-no-filter-init", "-rte-no-pointer-call", *NO_ALIAS),
        wiped="bytes",
        later=("end_message", "rootlet_tls_take_handshake"),
    ),
    "tls/alert": Part(
        provers=("cvc4", "z3"), options=NO_ALIAS, wiped="direction", later=("rootlet_tls_end",)
    ),
    "tls/record": Part(provers=("cvc4", "z3"), options=NO_ALIAS, wiped="bytes"),
}


@dataclass(frozen=True)
class Result:
    """What one part's proof gave."""

    part: str
    goals: int
    unproved: tuple[str, ...]
    """Goals that are not proved, and functions and loops without one."""
    seconds: float
    log: str


def missing() -> str:
    """What to install, or nothing."""
    found = all(shutil.which(program) for program in PROGRAMS)
    return "" if found else f"sudo apt-get install -y --no-install-recommends {PACKAGES}"


def functions_of(source: str) -> dict[str, int]:
    """The functions that a C text defines, each with its number of loops."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)
    found = re.finditer(
        r"^\w[^;{}()=]*?(?:\(\(\w+\)\)[^;{}()=]*?)?\b(\w+)\([^;{}]*\)\n\{\n(.*?)^\}",
        code,
        flags=re.DOTALL | re.MULTILINE,
    )
    return {match[1]: len(re.findall(r"\b(?:for|while) \(", match[2])) for match in found}


def run(
    part: str, device: Path, functions: Sequence[str], folder: Path, timeout: int
) -> tuple[str, Path]:
    """One run of Frama-C: what it says, and its report."""
    row = PARTS[part]
    report = folder / "report.json"
    # Its own list of provers: the user's, if there is one, is neither needed nor changed.
    config = folder / "why3.conf"
    environment = {**os.environ, "WHY3CONFIG": str(config)}
    subprocess.run(
        ["why3", "config", "detect"], env=environment, check=True, capture_output=True, text=True
    )
    include = " ".join(f"-I{device / name}" for name in ("include", "src"))
    if row.wiped:
        include += f" -include {WIPING} -DPROVE_WIPE=prove_wipe_{row.wiped}"
    command = [
        "frama-c",
        *FLAGS,
        f"-cpp-extra-args={include}",
        "-wp-timeout",
        str(timeout or row.timeout),
    ]
    command += ["-wp-prover", ",".join(row.provers), *row.options]
    if row.later:
        command += ["-wp-skip-fct", ",".join(row.later)]
    if functions:
        command += ["-wp-fct", ",".join(functions)]
    command += ["-wp-session", str(folder / "session"), "-wp-report-json", str(report)]
    command += [str(device / "src" / f"{name}.c") for name in (part, *row.beside)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    log = done.stdout + done.stderr
    if done.returncode != 0 or not report.exists():
        raise RuntimeError(f"{part}: frama-c gave up:\n{log[-4000:]}")
    return log, report


def unseen(functions: Mapping[str, int], report: Path) -> list[str]:
    """Functions that nothing was shown about, and those with a loop that may not end."""
    goals = json.loads(report.read_text(encoding="utf-8"))["wp:functions"]
    found = []
    for name, loops in functions.items():
        shown = goals.get(name, {})
        if f"{name}_assigns" not in shown:
            found.append(f"{name}: no contract")
        ends = sum(
            goal["wp:main"]["total"] for key, goal in shown.items() if "_loop_variant" in key
        )
        # That it is not below zero, and that it decreases.
        if ends != 2 * loops:
            found.append(f"{name}: a loop without variant")
    return found


def prove(part: str, device: Path = DEVICE, only: Sequence[str] = (), timeout: int = 0) -> Result:
    """Proves the functions of a part, or some of them."""
    begun = time.monotonic()
    functions = functions_of((device / "src" / f"{part}.c").read_text(encoding="utf-8"))
    functions = {name: n for name, n in functions.items() if name not in PARTS[part].later}
    if only:
        functions = {name: functions[name] for name in only}
    with tempfile.TemporaryDirectory() as folder:
        some = only or (tuple(functions) if PARTS[part].later else ())
        log, report = run(part, device, some, Path(folder), timeout)
        unproved = unseen(functions, report)
    counted = re.search(r"Proved goals: +(\d+) / (\d+)", log)
    proved, goals = (int(counted[1]), int(counted[2])) if counted else (0, 0)
    outcomes = re.findall(r"^\[wp\] \[[^\]]+\] Goal (\S+)(.*)$", log, flags=re.MULTILINE)
    failed = [goal for goal, outcome in outcomes if ": Valid" not in outcome]
    unproved += failed
    if len(failed) < goals - proved:
        unproved.append(f"{goals - proved} goals")
    # What WP takes for granted; that a table of constants stands apart is true.
    assumed = re.findall(r"^ +\\separated\(.*?\);$", log, flags=re.MULTILINE | re.DOTALL)
    unproved += [" ".join(text.split()) for text in assumed if " const *)" not in text]
    return Result(part, goals, tuple(unproved), time.monotonic() - begun, log)


def main(arguments: Sequence[str]) -> int:
    """Prove what was asked for, and say how it went."""
    description = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="tools.prove", description=description)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args(arguments)
    if command := missing():
        print(f"run: {command}", file=sys.stderr)
        return MISSING
    failed = False
    for part in options.parts or PARTS:
        print(f"{part}: proving ...", flush=True)
        result = prove(part)
        print(f"{part}: {result.goals} goals, {result.seconds:.0f} s", flush=True)
        for name in PARTS[part].later:
            print(f"{part}: not tried: {name}")
        for what in result.unproved:
            print(f"{part}: NOT PROVED: {what}")
        failed = failed or bool(result.unproved)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
