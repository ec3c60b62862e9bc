"""A checker of malfeasance reports, written from RFC 10049 and nothing else.

It shares no code with what it checks: the reader of messages, the two signature inputs, the Merkle
proof and the chain are spelled out here once more, with pyca/cryptography for Ed25519.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["NotProof", "check_report"]

CONTEXTS = {1: b"Roughtime", 0x8000000C: b"RoughTime"}
Interval = tuple[int, int]


class NotProof(Exception):
    """Why not."""


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise NotProof(reason)


def _fields(message: bytes) -> dict[str, bytes]:
    """Section 4.2."""
    (count,) = struct.unpack_from("<I", message)
    _require(0 < count <= len(message) // 8, "count of tags")
    offsets = [0, *struct.unpack_from(f"<{count - 1}I", message, 4)]
    tags = struct.unpack_from(f"<{count}I", message, 4 * count)
    body = message[8 * count :]
    _require(list(tags) == sorted(set(tags)), "tags ascend")
    _require(offsets == sorted(offsets) and offsets[-1] <= len(body), "offsets ascend")
    _require(not any(offset % 4 for offset in offsets), "offsets are words")
    ends = [*offsets[1:], len(body)]
    names = [struct.pack("<I", tag).rstrip(b"\0").decode("ascii") for tag in tags]
    return {name: body[a:b] for name, a, b in zip(names, offsets, ends, strict=True)}


def _packet(packet: bytes) -> dict[str, bytes]:
    """Section 5."""
    _require(packet[:8] == b"ROUGHTIM", "magic")
    _require(struct.unpack("<I", packet[8:12])[0] == len(packet) - 12, "length")
    return _fields(packet[12:])


def _signed(key: bytes, signature: bytes, context: bytes, data: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, context + b"\0" + data)
    except (InvalidSignature, ValueError):
        raise NotProof(f"signature over {context!r}") from None


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha512(b"".join(parts)).digest()[:32]


def _check_response(request: bytes, response: bytes, key: bytes) -> Interval:
    """Section 5.4: what the response allows."""
    asked, told = _packet(request), _packet(response)
    srep, cert = _fields(told["SREP"]), _fields(told["CERT"])
    dele = _fields(cert["DELE"])
    _require(told["NONC"] == asked["NONC"] and len(told["NONC"]) == 32, "nonce")
    _require(asked["TYPE"] == bytes(4) and told["TYPE"] == b"\1\0\0\0", "types")
    version = srep["VER"]
    offered = [asked["VER"][at : at + 4] for at in range(0, len(asked["VER"]), 4)]
    _require(version in offered, "version")
    name = CONTEXTS[struct.unpack("<I", version)[0]]
    _signed(key, cert["SIG"], name + b" v1 delegation signature", cert["DELE"])
    _signed(dele["PUBK"], told["SIG"], name + b" v1 response signature", told["SREP"])
    (midpoint, least, most) = (
        struct.unpack("<Q", value)[0] for value in (srep["MIDP"], dele["MINT"], dele["MAXT"])
    )
    _require(least <= midpoint <= most, "window")
    (radius,), (index,) = struct.unpack("<I", srep["RADI"]), struct.unpack("<I", told["INDX"])
    _require(radius != 0, "radius")
    node = _hash(b"\0", request)
    path = told["PATH"]
    _require(len(path) % 32 == 0 and len(path) <= 32 * 32, "path")
    for at in range(0, len(path), 32):
        sibling = path[at : at + 32]
        node = _hash(b"\1", sibling, node) if index & 1 else _hash(b"\1", node, sibling)
        index >>= 1
    _require(index == 0 and node == srep["ROOT"], "Merkle proof")
    return midpoint - radius, midpoint + radius


def check_report(text: bytes) -> list[tuple[int, int]]:
    """Section 8.4: the pairs of responses (earlier, later) that cannot both be true."""
    report: dict[str, Any] = json.loads(text)
    allowed: list[Interval] = []
    previous = b""
    for entry in report["responses"]:
        key, request, response = (
            base64.b64decode(entry[name], validate=True)
            for name in ("publicKey", "request", "response")
        )
        if previous:
            rand = base64.b64decode(entry["rand"], validate=True)
            _require(len(rand) == 32, "rand")
            _require(_packet(request)["NONC"] == _hash(previous, rand), "chain")
        allowed.append(_check_response(request, response, key))
        previous = response
    pairs = [(i, j) for j in range(len(allowed)) for i in range(j) if allowed[i][0] > allowed[j][1]]
    _require(bool(pairs), "no contradiction")
    return pairs
