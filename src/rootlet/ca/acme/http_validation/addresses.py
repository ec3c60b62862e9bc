"""Where a name is: from the maker's table or from DNS, and whether we may connect there."""

from __future__ import annotations

import ipaddress

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from rootlet.ca.acme.identifiers import Identifier
from rootlet.ca.acme.problems import Kind, Problem
from rootlet.maker_ca import AcmeRules, split_resolver

__all__ = ["Addresses", "permitted"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOOKUP_SECONDS = 8.0
"""For one question, over all name servers."""

MOST_RECORDS = 32
"""More TXT records, or addresses, of one name are not looked at."""


def permitted(address: Address, rules: AcmeRules) -> bool:
    """Public, or in a network that the maker allows; never an address that only looks public."""
    inner = getattr(address, "ipv4_mapped", None) or address
    if any(inner.version == net.version and inner in net for net in rules.allow_private):
        return True
    if isinstance(inner, ipaddress.IPv6Address):
        return inner in PUBLIC and inner.is_global and not any(inner in net for net in NOT_PUBLIC)
    return inner.is_global and not any(inner in net for net in NOT_PUBLIC_4)


PUBLIC = ipaddress.IPv6Network("2000::/3")
"""All that IANA gives out. Outside are addresses with an IPv4 address of whatever kind in them
(::/96, RFC 6052 and RFC 8215), and site-local ones, which ``is_global`` takes for public."""

NOT_PUBLIC = (
    ipaddress.IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    ipaddress.IPv6Network("2002::/16"),  # 6to4: an IPv4 address of whatever kind
    ipaddress.IPv6Network("3fff::/20"),  # documentation, RFC 9637
)
NOT_PUBLIC_4 = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays, RFC 7526
    ipaddress.IPv4Network("224.0.0.0/4"),  # multicast
)


class Addresses:
    """Looks names up as [ca.acme] says."""

    def __init__(self, rules: AcmeRules) -> None:
        self._rules = rules
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def of(self, identifier: Identifier) -> str:
        """The address to connect to; ``Problem`` when there is none that we may."""
        value = identifier.value
        told = self._rules.addresses.get(value)
        if told is not None:
            return told
        if identifier.kind == "ip":
            found = [ipaddress.ip_address(value)]
        else:
            found = await self._found(value)
        for address in found:
            if permitted(address, self._rules):
                return str(address)
        raise Problem(
            Kind.CONNECTION,
            f"{value} is at an address that is not public: the CA's owner can allow its network "
            "with allow_private in [ca.acme]",
        )

    async def _found(self, name: str) -> list[Address]:
        texts = await self._ask(name, dns.rdatatype.A) + await self._ask(name, dns.rdatatype.AAAA)
        if not texts:
            raise Problem(
                Kind.DNS,
                f"{name} has no address in DNS: add one, or an entry in [ca.acme.addresses]",
            )
        return [ipaddress.ip_address(text) for text in texts]

    async def texts(self, name: str) -> list[bytes]:
        """TXT records of a name, each put together."""
        return [text.encode("latin-1") for text in await self._ask(name, dns.rdatatype.TXT)]

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> list[str]:
        """Answers as text; none where there is no such name or record."""
        try:
            answer = await self._made().resolve(
                dns.name.from_text(name), kind, lifetime=LOOKUP_SECONDS, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise Problem(
                Kind.DNS, f"looking up {name} failed ({type(error).__name__}): see to its servers"
            ) from error
        records = list(answer.rrset or ())[:MOST_RECORDS]
        if kind is dns.rdatatype.TXT:
            return [b"".join(record.strings).decode("latin-1") for record in records]
        return [str(record.address) for record in records]

    def _made(self) -> dns.asyncresolver.Resolver:
        if self._resolver is None:
            told = self._rules.resolvers
            self._resolver = dns.asyncresolver.Resolver(configure=not told)
            if told:
                self._resolver.nameservers = [
                    dns.nameserver.Do53Nameserver(*split_resolver(text)) for text in told
                ]
            self._resolver.cache = None
        return self._resolver
