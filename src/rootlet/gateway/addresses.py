"""Which addresses an upstream's name may lead to."""

from __future__ import annotations

import ipaddress

__all__ = ["is_public"]

# Prefixes that carry an IPv4 address to which a translator or relay would deliver.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LAST_32_BITS = 0xFFFFFFFF


def is_public(text: str) -> bool:
    """Whether ``text`` is an address on the public Internet.

    Private, loopback, link-local, shared, documentation, multicast and unspecified ranges are not;
    an IPv6 address that stands for an IPv4 one is judged by that one.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & _LAST_32_BITS)
        if inner is not None:
            return is_public(str(inner))
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
