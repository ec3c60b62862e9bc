"""What a machine may refuse a process: room on the disk, and files that are not for it."""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["files_up_to", "like_everyone"]

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
