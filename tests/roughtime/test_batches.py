"""Batches: each member's proof leads to the signed root, and to no other request's."""

from __future__ import annotations

import base64
import json

import pytest

from rootlet.roughtime import build_request
from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode_packet, encode_packet
from support.roughtime import (
    KEY,
    NOW,
    REQUEST,
    VECTORS,
    Reply,
    batch_vectors,
    exchanges,
    number,
)
from support.roughtime_verdicts import by_both, by_device, by_python


def answers(count: int, versions: tuple[int, ...]) -> list[tuple[bytes, bytes]]:
    """A batch of requests, each with its response."""
    return exchanges([build_request(bytes([n]) * 32, KEY, versions=versions) for n in range(count)])


BOTH_CHECKED = {1, 2, 3, 5, 8, 33, 64}
"""Sizes whose every member both verifiers see; of the others the device sees first and last."""


@pytest.mark.parametrize("count", range(1, 65))
def test_every_member_of_every_batch(count: int) -> None:
    version = (p.VERSION_1, p.VERSION_DRAFT)[count % 2]
    batch = answers(count, (version,))
    assert len(batch) == count
    for index, (request, response) in enumerate(batch):
        assert by_python(request, response, KEY) == (NOW, 3, version)
        if count in BOTH_CHECKED or index in {0, count - 1}:
            assert by_device(request, response, KEY) == (NOW, 3, version)
        path = decode_packet(response)[p.PATH]
        assert len(path) == 32 * (count - 1).bit_length()


@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_member_proves_its_own_request_only(count: int) -> None:
    batch = answers(count, (1,))
    for index, (request, response) in enumerate(batch):
        values = decode_packet(response)
        for wrong in {*range(8), index | 1 << 31, index + (1 << 3)} - {index}:
            moved = encode_packet(values | {p.INDX: number(wrong)})
            verdict = by_both(request, moved)
            # the last leaf of an odd level is its own sibling: either side leads to the root
            assert verdict == "ERR_ROUGHTIME_MERKLE" or (count % 2 and wrong == index ^ 1)
        other = batch[(index + 1) % count][0]
        nonce = decode_packet(other)[p.NONC]
        stolen = encode_packet(values | {p.NONC: nonce})
        assert by_both(other, stolen) == "ERR_ROUGHTIME_MERKLE"
        cut = encode_packet(values | {p.PATH: values[p.PATH][32:]})
        assert by_both(request, cut) == "ERR_ROUGHTIME_MERKLE"


@pytest.mark.parametrize("bits", [0, 1, 0x80000000, 0xFFFFFFFF, 0x5A5A5A5A])
def test_a_path_of_32_nodes(bits: int) -> None:
    """The highest tree there is; no bit of INDX is left over, whatever it is."""
    node = p.digest(b"\0", REQUEST)
    path = b""
    for height in range(32):
        sibling = p.digest(bytes([height]))
        path += sibling
        pair = (sibling, node) if bits >> height & 1 else (node, sibling)
        node = p.digest(b"\1", *pair)
    reply = Reply(response={p.PATH: path, p.INDX: number(bits)}, srep={p.ROOT: node})
    assert by_both(REQUEST, reply.to()) == (NOW, 3, 1)


def test_the_stored_batches_are_what_the_server_makes() -> None:
    """A change of one byte on the wire shows here."""
    text = (VECTORS / "batches.json").read_text(encoding="utf-8")
    assert json.loads(text) == batch_vectors()


@pytest.mark.parametrize("batch", [0, 1])
def test_the_stored_batches_verify(batch: int) -> None:
    stored = json.loads((VECTORS / "batches.json").read_text(encoding="utf-8"))
    version, members = stored["batches"][batch]["version"], stored["batches"][batch]["exchanges"]
    for member in members:
        request, response = (base64.b64decode(member[name]) for name in ("request", "response"))
        expected = (stored["midpoint"], stored["radius"], version)
        assert by_both(request, response, base64.b64decode(stored["publicKey"])) == expected
