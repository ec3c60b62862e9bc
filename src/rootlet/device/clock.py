"""The device's verdict on a Roughtime exchange."""

from __future__ import annotations

from dataclasses import dataclass

from _rootlet_device import ffi, lib

from rootlet.device.status import raise_status
from rootlet.errors import Misuse

__all__ = ["TimeSample", "check_time"]

KEY_BYTES = 32


@dataclass(frozen=True)
class TimeSample:
    """What one server vouches for: the time lies in (midpoint - radius, midpoint + radius)."""

    midpoint: int
    """Seconds since 1970."""
    radius: int
    """Seconds, at least 1."""
    version: int
    """Protocol version the server answered with."""


def check_time(
    request: bytes, response: bytes, key: bytes, *, appendix_b: bool = False
) -> TimeSample:
    """Check a whole response packet against a whole request packet and a long-term key.

    ``appendix_b`` takes version 1 with the context strings that the examples of RFC 10049 are
    signed with (those of its drafts) instead of its own.
    Raises ``Refused`` with the status' name.
    """
    if len(key) != KEY_BYTES:
        raise Misuse(
            f"the long-term key is {len(key)} bytes", hint="give the server's 32-byte Ed25519 key"
        )
    sample = ffi.new("rootlet_roughtime_sample *")
    options = lib.ROOTLET_ROUGHTIME_APPENDIX_B if appendix_b else lib.ROOTLET_ROUGHTIME_STRICT
    status = lib.rootlet_roughtime_check(
        sample, request, len(request), 0, response, len(response), key, options
    )
    raise_status(status, hint="a device ignores this reply and goes on waiting")
    return TimeSample(sample.midpoint, sample.radius, sample.version)
