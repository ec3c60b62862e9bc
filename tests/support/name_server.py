"""A name server for tests: a table of records, over UDP on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import cast

import dns.message
import dns.rcode
import dns.rrset

from support.processes import LOOPBACK

__all__ = ["names"]


class _Names(asyncio.DatagramProtocol):
    def __init__(self, records: Mapping[tuple[str, str], list[str]]) -> None:
        self._records = records

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        answer = dns.message.make_response(question)
        asked = question.question[0]
        kind = asked.rdtype.name
        values = self._records.get((asked.name.to_text(), kind))
        if values:
            answer.answer.append(dns.rrset.from_text(asked.name, 1, "IN", kind, *values))
        elif not any(name == asked.name.to_text() for name, _ in self._records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)


@contextlib.asynccontextmanager
async def names(records: Mapping[tuple[str, str], list[str]]) -> AsyncIterator[str]:
    """A name server on loopback; its address as [ca.acme] resolvers has it."""
    loop = asyncio.get_running_loop()
    made = await loop.create_datagram_endpoint(lambda: _Names(records), (LOOPBACK, 0))
    port = made[0].get_extra_info("sockname")[1]
    try:
        yield f"{LOOPBACK}:{port}"
    finally:
        made[0].close()
