"""Answers of roughenough's server, kept as packets: batches of the RFC's version.

`make interop` runs its server and its client against ours; it takes Rust, and minutes.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode_packet
from support.roughtime import report_exchanges
from support.roughtime_verdicts import by_both

FILE = Path(__file__).parents[2] / "vectors" / "roughtime" / "roughenough.json"
KEPT = json.loads(FILE.read_text(encoding="utf-8"))
KEY = base64.b64decode(KEPT["publicKey"])
EXCHANGES = [
    (request, response)
    for request, response, _ in report_exchanges(
        {"responses": [entry | {"publicKey": KEPT["publicKey"]} for entry in KEPT["exchanges"]]}
    )
]


@pytest.mark.parametrize("place", range(len(EXCHANGES)))
def test_both_verifiers_take_it(place: int) -> None:
    request, response = EXCHANGES[place]
    assert len(decode_packet(response)[p.PATH]) >= p.HASH_BYTES
    verdict = by_both(request, response, KEY)
    assert isinstance(verdict, tuple)
    assert verdict[2] == p.VERSION_1


def test_and_no_other_answer_to_it() -> None:
    (request, _), (_, response) = EXCHANGES[:2]
    assert by_both(request, response, KEY) == "ERR_ROUGHTIME_NONCE"


@pytest.mark.parametrize("bit", [0, 5, 6, 31])
def test_nor_at_another_place_of_the_batch(bit: int) -> None:
    """One left, one right, and two beyond the tree's height."""
    request, response = EXCHANGES[0]
    spoiled = bytearray(response)
    at = len(response) - 4  # INDX is the last value
    spoiled[at + bit // 8] ^= 1 << bit % 8
    assert by_both(request, bytes(spoiled), KEY) == "ERR_ROUGHTIME_MERKLE"
