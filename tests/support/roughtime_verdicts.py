"""What Python's verifier and the device's say of a Roughtime reply."""

from __future__ import annotations

from rootlet import device, roughtime
from rootlet.errors import Refused
from support.roughtime import KEY

__all__ = ["Verdict", "by_both", "by_device", "by_python"]

Verdict = tuple[int, int, int] | str
"""Midpoint, radius and version, or the status' name."""


def by_python(request: bytes, response: bytes, key: bytes, *, appendix_b: bool = False) -> Verdict:
    """The verdict of the Python verifier."""
    try:
        sample = roughtime.verify(request, response, key, appendix_b=appendix_b)
    except Refused as refused:
        return str(refused.status)
    return sample.midpoint, sample.radius, sample.version


def by_device(request: bytes, response: bytes, key: bytes, *, appendix_b: bool = False) -> Verdict:
    """The verdict of the device's C code."""
    try:
        sample = device.check_time(request, response, key, appendix_b=appendix_b)
    except Refused as refused:
        return str(refused.status)
    return sample.midpoint, sample.radius, sample.version


def by_both(request: bytes, response: bytes, key: bytes = KEY) -> Verdict:
    """The verdict of both, which must be one."""
    verdict = by_python(request, response, key)
    assert by_device(request, response, key) == verdict
    return verdict
