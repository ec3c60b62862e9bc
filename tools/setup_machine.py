"""Install what `make demo` and `make test` need, and say what is done.

    python3 tools/setup_machine.py demo     what the demo needs
    python3 tools/setup_machine.py test     that, and what the tests need

Standard library only: it runs before anything is installed. Debian packages go in through apt
(as root, or through sudo); a server that is installed here is neither started nor enabled.
Exit code 3, with the exact command, where there is neither root nor sudo.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TREE = Path(__file__).resolve().parents[1]
VENV = TREE / ".venv"
STAMP = VENV / "installed.sha256"
LOCK = TREE / "requirements.lock"

DEMO_PACKAGES = ("gcc", "libc6-dev", "make", "nginx", "openssl")
TEST_PACKAGES = (
    *DEMO_PACKAGES,
    *("gcc-arm-none-eabi", "gcc-riscv64-unknown-elf", "cppcheck", "valgrind", "gnutls-bin"),
)
SYSTEM_PYTHON_PACKAGES = ("python3-dev", "python3-venv")
"""Debian keeps these apart from its own Python; another Python brings them along."""

SERVICES = ("nginx",)
"""Packages that would start a service of the same name."""

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian's hook that decides whether a package may start its service; 101 forbids it."""

OLDEST = (3, 11)
MISSING = 3


def say(text: str) -> None:
    """One line of progress."""
    print(f"setup: {text}", flush=True)


def installed(package: str) -> bool:
    """True when dpkg has the package installed."""
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status}", package]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout == "installed"


def privileged(command: list[str]) -> list[str] | None:
    """The command as root: itself, or through sudo; None where neither is possible."""
    if os.geteuid() == 0:
        return command
    return ["sudo", *command] if shutil.which("sudo") else None


@contextmanager
def services_stay_off(packages: list[str]) -> Iterator[None]:
    """While packages are installed: no service is started; afterwards none of theirs is enabled."""
    services = [name for name in packages if name in SERVICES]
    placed = bool(services) and not POLICY.exists()
    if placed:
        script = f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}"
        subprocess.run(privileged(["sh", "-c", script]) or [], check=True)
    try:
        yield
        for name in services:
            off = privileged(["deb-systemd-helper", "disable", f"{name}.service"])
            subprocess.run(off or [], check=False, stdout=subprocess.DEVNULL)
    finally:
        if placed:
            subprocess.run(privileged(["rm", "-f", str(POLICY)]) or [], check=True)


def install_packages(wanted: tuple[str, ...]) -> None:
    """Install the Debian packages that are not there yet."""
    missing = [package for package in wanted if not installed(package)]
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    as_root = privileged(install)
    if as_root is None or not shutil.which("apt-get"):
        say(f"these Debian packages are needed: {' '.join(missing)}")
        say(f"run as root, then run make again:  apt-get update && {' '.join(install)}")
        raise SystemExit(MISSING)
    say(f"installing Debian packages: {' '.join(missing)}")
    if os.geteuid() == 0:
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    subprocess.run(privileged(["apt-get", "update", "-qq"]) or [], check=True)
    with services_stay_off(missing):
        subprocess.run([*as_root, "-qq"], check=True, stdout=subprocess.DEVNULL)


def install_wheels() -> None:
    """Make .venv with the pinned wheels, unless it is up to date."""
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted:
        return
    say(f"making a virtual environment in {VENV.name} with the wheels of {LOCK.name}")
    venv.create(VENV, with_pip=True, clear=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    pip += ["--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True)
    say("building the device library and installing the rootlet command")
    editable = [*pip, "--no-deps", "--no-build-isolation", "--editable", str(TREE)]
    subprocess.run(editable, check=True)
    STAMP.write_text(wanted, encoding="ascii")


def main(argv: list[str]) -> int:
    """Install for "demo" or "test"; returns the exit code."""
    if sys.version_info < OLDEST:
        say(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}")
        say("install it, then run: make PYTHON=/path/to/python3 ...")
        return MISSING
    packages: tuple[str, ...] = TEST_PACKAGES if argv == ["test"] else DEMO_PACKAGES
    if Path(sys.base_prefix) == Path("/usr"):
        packages += SYSTEM_PYTHON_PACKAGES
    try:
        install_packages(packages)
        install_wheels()
    except subprocess.CalledProcessError as error:
        say(f"failed: {' '.join(map(str, error.cmd))}")
        say("see the message above; nothing of the project was changed")
        return MISSING
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
