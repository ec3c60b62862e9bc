"""What a machine may refuse a process: room on the disk, and files that are not for it."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["files_up_to", "filled", "like_everyone", "small_disk"]

CAPABILITY_VERSION = 0x20080522
"""linux/capability.h: _LINUX_CAPABILITY_VERSION_3."""
PAST_PERMISSIONS = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Writes beyond ``size`` bytes of any file fail (Python ignores SIGXFSZ)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """``folder`` is a disk of its own of ``size`` MiB. Only root may make that: as the setup of
    this machine is, it is done through sudo where needed."""
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    options = f"size={size}m,mode=0700,uid={os.geteuid()},gid={os.getegid()}"
    command = [*as_root, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield
    finally:
        command = [*as_root, "umount", "--lazy", str(folder)]
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def filled(folder: Path, *, room: int) -> Iterator[None]:
    """The disk of ``folder`` has room for some bytes, and no more."""
    filler = folder / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))
            file.truncate(max(0, file.tell() - room))
        yield
    finally:
        filler.unlink()


@contextmanager
def like_everyone() -> Iterator[None]:
    """Permissions hold for this thread although root runs it."""
    library = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable: low words, then high ones
    _checked(library.capget(header, sets))
    effective = sets[0]
    sets[0] = effective & ~PAST_PERMISSIONS
    _checked(library.capset(header, sets))
    try:
        yield
    finally:
        sets[0] = effective
        _checked(library.capset(header, sets))


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
