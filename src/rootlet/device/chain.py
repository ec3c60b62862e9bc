"""The device's verdict on a certificate chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from _rootlet_device import ffi, lib

from rootlet.device.status import raise_status
from rootlet.errors import Misuse

__all__ = ["PUBLIC_KEY_BYTES", "Anchor", "Host", "check_chain", "trust_config"]

PUBLIC_KEY_BYTES = 32
"""Of the profile the binding is built for."""

HIGHEST_TIME = 2**64 - 1

Host = str | IPv4Address | IPv6Address


@dataclass(frozen=True)
class Anchor:
    """A trust anchor: RFC 5280 section 6.1.1 (d)."""

    name: bytes
    """The root's subject, DER of the whole Name."""
    public_key: bytes
    """The root's key, raw: 32 bytes of Ed25519."""


def _trusted(anchors: Sequence[Anchor], keep: list[Any]) -> Any:
    array = ffi.new("rootlet_anchor[]", max(len(anchors), 1))
    for slot, anchor in zip(array, anchors, strict=False):
        if len(anchor.public_key) != PUBLIC_KEY_BYTES:
            raise Misuse(
                f"the anchor's key is {len(anchor.public_key)} bytes",
                hint="the device library is built for Ed25519 roots, 32 bytes",
            )
        name, key = ffi.from_buffer(anchor.name), ffi.from_buffer(anchor.public_key)
        slot.name, slot.name_length, slot.public_key = name, len(anchor.name), key
        keep += [name, key]
    keep.append(array)
    return array


def trust_config(
    config: Any,
    keep: list[Any],
    *,
    anchors: Sequence[Anchor],
    host: Host,
    earliest: int,
    latest: int,
) -> None:
    """Fill a ``rootlet_x509_config``; what it points to is appended to ``keep``.

    ``earliest`` and ``latest`` are seconds since 1970, both included.
    """
    if not 0 <= earliest <= latest <= HIGHEST_TIME:
        raise Misuse(
            f"the time interval [{earliest}, {latest}] is not one",
            hint="give seconds since 1970, the earlier end first",
        )
    is_address = not isinstance(host, str)
    try:
        raw = host.encode("ascii") if isinstance(host, str) else host.packed
    except UnicodeEncodeError as error:
        raise Misuse(
            f"the host name {host!r} is not ASCII", hint="give its A-label form (xn--...)"
        ) from error
    buffer = ffi.from_buffer(raw)
    keep += [raw, buffer]
    config.anchors = _trusted(anchors, keep)
    config.anchor_count = len(anchors)
    config.host, config.host_length, config.host_is_address = buffer, len(raw), is_address
    config.now.earliest, config.now.latest = earliest, latest


def check_chain(
    chain: Sequence[bytes],
    *,
    anchors: Sequence[Anchor],
    host: Host,
    earliest: int,
    latest: int,
) -> bytes:
    """Check a chain of DER certificates, leaf first, as a device would.

    The time is the interval ``[earliest, latest]``, seconds since 1970; the chain must be valid
    over all of it. Returns the leaf's public key, or raises ``Refused`` with the status' name.
    """
    keep: list[Any] = []
    config = ffi.new("rootlet_x509_config *")
    trust_config(config, keep, anchors=anchors, host=host, earliest=earliest, latest=latest)
    certificates = ffi.new("rootlet_certificate[]", max(len(chain), 1))
    for slot, der in zip(certificates, chain, strict=False):
        buffer = ffi.from_buffer(der)
        slot.der, slot.length = buffer, len(der)
        keep += [buffer]
    key = ffi.new("uint8_t[]", PUBLIC_KEY_BYTES)
    status = lib.rootlet_x509_check(key, certificates, len(chain), config)
    raise_status(status, hint="a device with this root, name and time closes the connection")
    return bytes(key)
