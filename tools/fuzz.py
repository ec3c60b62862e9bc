"""Fuzzes the device library with libFuzzer, under AddressSanitizer and UndefinedBehaviorSanitizer.

    python -m tools.fuzz --seconds 3600           every target, one after the other
    python -m tools.fuzz --seconds 60 x509 der    some

Each target starts from its corpus in device/test/fuzz/corpus, and from what earlier runs left in
build/fuzz. An input that fails is kept there; the last lines say how to run it again. Exit code 1
when a target failed, 3 when clang is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TARGETS", "Result", "build", "fuzz", "missing"]

TREE = Path(__file__).resolve().parents[1]
SOURCE = TREE / "device" / "test" / "fuzz"
OUTPUT = TREE / "build" / "fuzz"
CLANG = "clang-14"
PACKAGES = "clang-14 libclang-rt-14-dev libssl-dev"

TARGETS = ("curves", "der", "primitives", "roughtime", "tls_bytes", "tls_server", "x509")
FLAGS = (
    *("-std=c11", "-g", "-O2", "-fsanitize=fuzzer,address,undefined"),
    *("-fno-sanitize-recover=all", f"-fsanitize-coverage-ignorelist={SOURCE / 'uncovered.txt'}"),
)
BESIDE_OPENSSL = ("-DROOTLET_TWO_KERNELS=1", "-lcrypto")
EXTRA = {"curves": BESIDE_OPENSSL, "primitives": BESIDE_OPENSSL}
"""What a target is built with besides."""
LONGEST_INPUT = 4096
MISSING = 3


@dataclass(frozen=True)
class Result:
    """What one run found."""

    target: str
    failed: bool
    executions: int
    coverage: int
    """Edges reached."""
    log: str


def missing() -> str:
    """What to install, or nothing."""
    command = f"apt-get install -y --no-install-recommends {PACKAGES}"
    return "" if shutil.which(CLANG) else command


def build(target: str, folder: Path, *options: str) -> Path:
    """Compiles one target and links it with the library. The options are for the target's own file
    only."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / target
    extra = EXTRA.get(target, ())
    objects = map(str, _library(*(option for option in extra if option.startswith("-D"))))
    _compile(str(SOURCE / f"{target}.c"), *objects, *options, *extra, "-o", str(program))
    return program


def _library(*options: str) -> list[Path]:
    """The library's objects. Most targets take the same, so they are kept, by what they are made
    of."""
    device = TREE / "device"
    files = sorted(path for name in ("include", "src") for path in (device / name).rglob("*.[ch]"))
    made_of = hashlib.sha256(repr((FLAGS, options)).encode())
    for path in files:
        made_of.update(str(path.relative_to(device)).encode() + path.read_bytes())
    kept = OUTPUT / "library" / made_of.hexdigest()
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Several may do so at once: the first one's is kept.
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            for part in sorted(path for path in (device / "src").iterdir() if path.is_dir()):
                place = Path(folder) / "library" / part.name
                place.mkdir(parents=True)
                _compile(*options, "-c", *map(str, sorted(part.glob("*.c"))), folder=place)
            try:
                (Path(folder) / "library").rename(kept)
            except OSError:
                if not kept.exists():
                    raise
    return sorted(kept.rglob("*.o"))


def _compile(*arguments: str, folder: Path | None = None) -> None:
    include = [f"-I{TREE / 'device' / name}" for name in ("include", "src")]
    command = [CLANG, *FLAGS, *include, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"does not compile: {' '.join(arguments)}\n{done.stderr}")


def fuzz(target: str, seconds: int, folder: Path = OUTPUT) -> Result:
    """Builds and runs one target for so many seconds."""
    program = build(target, folder)
    kept, found = folder / f"{target}-corpus", folder / f"{target}-failures"
    for place in (kept, found):
        place.mkdir(exist_ok=True)
    command = [str(program), str(kept), str(SOURCE / "corpus" / target)]
    command += [f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT}", "-print_final_stats=1"]
    command += [f"-artifact_prefix={found}/", "-timeout=10", "-verbosity=1"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 300, check=False
    )
    log = done.stderr
    counted = re.search(r"number_of_executed_units: (\d+)", log)
    edges = re.findall(r"cov: (\d+)", log)
    failed = done.returncode != 0
    return Result(
        target, failed, int(counted[1]) if counted else 0, int(edges[-1]) if edges else 0, log
    )


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; one line each."""
    description = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="tools.fuzz", description=description)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args(arguments)
    if command := missing():
        print(f"run: {command}", file=sys.stderr)
        return MISSING
    failed = False
    for target in options.targets or TARGETS:
        print(f"{target}: fuzzing for {options.seconds} s ...", flush=True)
        result = fuzz(target, options.seconds)
        print(f"{target}: {result.executions:,} inputs, {result.coverage:,} edges", flush=True)
        if result.failed:
            print(result.log[-3000:])
            print(f"{target}: failed. Run it again: {OUTPUT / target} FILE, the file named above")
        failed = failed or result.failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
