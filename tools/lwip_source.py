"""Fetches lwIP's source from the Debian source package into build/: pinned, or another release's.

    python3 tools/lwip_source.py

It uses this machine's own Debian archive with package lists of its own: the system's apt files are
read, never changed, and nothing is installed. Standard library only.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

__all__ = ["LWIP", "fetch"]

TREE = Path(__file__).resolve().parents[1]
LWIP = TREE / "build" / "lwip"
"""Where the source is unpacked."""

VERSION = "2.1.3+dfsg1-2"
ARCHIVE = "lwip_2.1.3+dfsg1.orig.tar.xz"
SHA256 = "0a8276d09fc4e97bbba2f953d74af2388fc2195ea156be9d7589e297a68fde24"
STAMP = ".sha256"

SYSTEM_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))


class NoSource(Exception):
    """The source cannot be had; the text says what to do."""


def source_entries(name: str, text: str) -> str:
    """The archive's entries of a system's file, asking for source packages instead."""
    if name.endswith(".sources"):
        return re.sub(r"^Types:.*$", "Types: deb-src", text, flags=re.M)
    return re.sub(r"^deb(-src)?\s", "deb-src ", text, flags=re.M)


def _apt(folder: Path, *command: str) -> None:
    options = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": folder / "sources",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    done = subprocess.run(
        ["apt-get", "-qq", *words, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NoSource(f"apt-get {' '.join(command)} failed: {done.stderr.strip()}")


def _download(folder: Path) -> Path:
    """The archive, from the package's source, in an empty folder."""
    for place in ("sources", "lists/partial", "cache/archives/partial"):
        (folder / place).mkdir(parents=True)
    for file in filter(Path.is_file, SYSTEM_SOURCES):
        entries = source_entries(file.name, file.read_text(encoding="utf-8"))
        name = "system.sources" if file.suffix == ".sources" else "system.list"
        (folder / "sources" / name).write_text(entries, encoding="utf-8")
    _apt(folder, "update")
    try:
        _apt(folder, "source", "--download-only", f"lwip={VERSION}")
    except NoSource:
        # Another release of Debian or Ubuntu: what it has, as its archive's signature vouches for.
        _apt(folder, "source", "--download-only", "lwip")
    return next(folder.glob("lwip_*.orig.tar.*"))


def _unpack(archive: Path, folder: Path) -> None:
    """Plain files and folders, none outside; tarfile's own filter is not in Debian 12's Python."""
    with tarfile.open(archive) as tar:
        wanted = [member for member in tar if member.isfile() or member.isdir()]
        for member in wanted:
            path = PurePosixPath(member.name)
            if path.is_absolute() or ".." in path.parts:
                raise NoSource(f"{archive.name} would write to {member.name}: not unpacked")
        tar.extractall(folder, wanted)


def fetch() -> Path:
    """lwIP's folder; downloaded and unpacked unless it is there."""
    stamp = LWIP / STAMP
    if stamp.is_file() and stamp.read_text(encoding="ascii") == SHA256:
        return LWIP
    if shutil.which("apt-get") is None:
        raise NoSource(
            f"no apt-get here: unpack {ARCHIVE} of Debian's lwip {VERSION} into {LWIP} and write "
            f"{SHA256} into {stamp}"
        )
    folder = LWIP.with_name("lwip-download")
    for old in (folder, LWIP):
        shutil.rmtree(old, ignore_errors=True)
    archive = _download(folder)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if archive.name == ARCHIVE and found != SHA256:
        raise NoSource(f"{ARCHIVE} has the SHA-256 {found}, not {SHA256}")
    _unpack(archive, folder / "tree")
    (top,) = (folder / "tree").iterdir()
    top.rename(LWIP)
    stamp.write_text(SHA256, encoding="ascii")
    shutil.rmtree(folder)
    return LWIP


def main() -> int:
    """Fetch it and say where it is."""
    try:
        print(f"lwIP {VERSION}: {fetch().relative_to(TREE)}")
    except NoSource as error:
        print(error, file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
