"""The library's statuses as Python knows them: a name, and an exception where it is a failure."""

from __future__ import annotations

from _rootlet_device import ffi, lib

from rootlet.errors import Refused

__all__ = ["raise_status", "status_name", "status_text"]

OK = 0


def status_name(status: int) -> str:
    """The status' name as in status.h without its prefix: "ERR_X509_EXPIRED"."""
    return str(ffi.string(lib.rootlet_status_name(status)).decode("ascii"))


def status_text(status: int) -> str:
    """The status' sentence, for people."""
    return str(ffi.string(lib.rootlet_status_text(status)).decode("ascii"))


def raise_status(status: int, *, hint: str) -> None:
    """``Refused`` with the status' name and sentence, unless it is ROOTLET_OK."""
    if status != OK:
        raise Refused(status_text(status), hint=hint, status=status_name(status))
