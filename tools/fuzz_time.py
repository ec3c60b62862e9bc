"""Random, mutated and truncated packets for the Roughtime server: no crash, nothing that grows.

    python -m tools.fuzz_time --packets 10000000

Every answer has to be no longer than what it answers, and one in a thousand is verified. Ends
with 1 where the process grows by more than a little. Prints the seed, to do the same again.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.roughtime import (
    MAX_BATCH,
    SUPPORTED_VERSIONS,
    Delegation,
    LongTermKey,
    Server,
    build_request,
    delegate,
    raw_public_key,
    verify,
)
from rootlet.roughtime import protocol as p

NOW = 1_800_000_000
RADIUS = 3
VERIFIED = 1000
"""One answer in so many."""
GROWTH_KIB = 16 * 1024
SAY_SECONDS = 2.0
WARM = 200
"""Batches until everything that is remembered is there."""

Mutation = Callable[[bytes, random.Random], bytes]


def flip(packet: bytes, chance: random.Random) -> bytes:
    """A few bits, most of them in the header, where the rules are."""
    changed = bytearray(packet)
    for _ in range(chance.randrange(1, 4)):
        end = len(changed) if chance.random() < 0.2 else min(len(changed), 128)
        if end:
            changed[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(packet: bytes, chance: random.Random) -> bytes:
    """Truncated, with and without a length that says so."""
    kept = packet[: chance.randrange(len(packet) + 1)]
    if len(kept) >= p.HEADER_BYTES and chance.random() < 0.5:
        length = (len(kept) - p.HEADER_BYTES).to_bytes(4, "little")
        kept = kept[:8] + length + kept[p.HEADER_BYTES :]
    return kept


def number(packet: bytes, chance: random.Random) -> bytes:
    """One of the header's numbers is another, often one at an edge."""
    at = 4 * chance.randrange(2, 14)
    edges = (0, 1, 2, 3, 4, 32, 33, len(packet), 1 << 31, (1 << 32) - 1, chance.getrandbits(32))
    return packet[:at] + chance.choice(edges).to_bytes(4, "little") + packet[at + 4 :]


def noise(packet: bytes, chance: random.Random) -> bytes:
    """Nothing of it is left."""
    return chance.randbytes(chance.choice((0, 11, 12, 13, 100, len(packet), 1024, 2048, 2049)))


def padding(packet: bytes, chance: random.Random) -> bytes:
    """A good one still: nobody looks into the padding."""
    return packet[:-4] + chance.randbytes(4)


MUTATIONS: tuple[Mutation, ...] = (flip, flip, cut, number, number, noise, padding)


def growth() -> int:
    """KiB that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(packets: int, seed: int) -> tuple[int, int]:
    """Feed the server; how many were answered, and by how many KiB the process grew."""
    chance = random.Random(seed)
    long_term, online = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()

    def renew(now: int) -> Delegation:
        return delegate(long_term, online, now=now, hours=24, versions=SUPPORTED_VERSIONS)

    key = raw_public_key(long_term)
    server = Server([LongTermKey(key, renew)], versions=SUPPORTED_VERSIONS)
    good = [build_request(chance.randbytes(32), key) for _ in range(MAX_BATCH)]
    done = answered = before = 0
    said = time.monotonic()
    while done < packets:
        batch = [chance.choice(MUTATIONS)(packet, chance) for packet in good]
        responses = server.answer(batch, NOW, RADIUS, padded=chance.random() < 0.8)
        for packet, response in zip(batch, responses, strict=True):
            if response is None:
                continue
            answered += 1
            if len(packet) >= p.MIN_REQUEST_BYTES and len(response) > len(packet):
                raise SystemExit(
                    f"seed {seed}: an answer of {len(response)} to {len(packet)} bytes"
                )
            if answered % VERIFIED == 0:
                verify(packet, response, key)
        done += len(batch)
        before = growth() if done == WARM * MAX_BATCH else before
        if time.monotonic() - said >= SAY_SECONDS:
            said = time.monotonic()
            print(f"{done:,} packets, {answered:,} answered", file=sys.stderr, flush=True)
    return answered, growth() - before if before else 0


def main() -> int:
    """As the options say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    options = parser.parse_args()
    answered, grew = run(options.packets, options.seed)
    print(
        f"{options.packets:,} packets (seed {options.seed}): {answered:,} answered, none by "
        f"UDP longer than its request; the process grew by {grew} KiB"
    )
    return 1 if grew > GROWTH_KIB else 0


if __name__ == "__main__":
    sys.exit(main())
