"""Makes what the fuzzing targets start from: device/test/fuzz/fuzz_data.h and the corpora.

    PYTHONPATH=tests python -m tools.fuzz_data

Keys and certificates are made anew each time, so run it only when the targets change.
"""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from _rootlet_device import ffi, lib
from tools.fuzz import SOURCE

from support.authority import NAME, Authority
from support.roughtime import KEY, NONCE, Reply

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BYTES_PER_LINE = 16
HANDSHAKE = (1, 3, 5, 6, 7)
"""Steps of tls_server.c: hello, extensions, certificate, verify, finished."""

HEADER = """\
/* clang-format off */
/* Certificates, keys and names that the fuzzing targets share. Made by tools/fuzz_data.py. */
#ifndef FUZZ_DATA_H
#define FUZZ_DATA_H

#include "rootlet/rootlet.h"

{arrays}
static const rootlet_anchor fuzz_anchor[1] = {{
    {{fuzz_root_name, sizeof fuzz_root_name, fuzz_root_key}}}};
static const rootlet_certificate fuzz_chain[2] = {{
    {{fuzz_leaf, sizeof fuzz_leaf}}, {{fuzz_issuing, sizeof fuzz_issuing}}}};
static const rootlet_x509_config fuzz_trust = {{
    fuzz_anchor, 1, fuzz_host, sizeof fuzz_host, 0, {{{now}u, {now}u}}}};

static inline void fuzz_use_all(void)
{{
{uses}}}

#endif
"""


def _array(name: str, value: bytes) -> str:
    rows = [value[at : at + BYTES_PER_LINE] for at in range(0, len(value), BYTES_PER_LINE)]
    body = ",\n".join("    " + ", ".join(f"0x{byte:02x}" for byte in row) for row in rows)
    return f"static const uint8_t {name}[{len(value)}] = {{\n{body}}};\n"


def _request() -> bytes:
    head = ffi.new("uint8_t[]", lib.ROOTLET_ROUGHTIME_HEAD_BYTES)
    lib.rootlet_roughtime_request(head, NONCE, KEY)
    return bytes(head) + bytes(lib.ROOTLET_ROUGHTIME_PADDING_BYTES)


def _chain(*certificates: bytes) -> bytes:
    parts = (len(der).to_bytes(2, "big") + der for der in certificates)
    return bytes([len(certificates)]) + b"".join(parts)


def _seeds(leaf: bytes, issuing: bytes, root: bytes) -> Iterator[tuple[str, bytes]]:
    """Target and input."""
    yield "x509", _chain(leaf, issuing)
    yield "x509", _chain(leaf)
    yield "x509", _chain(leaf, root, issuing)
    reply = Reply().to(_request())
    yield "roughtime", bytes([0]) + reply
    yield "roughtime", bytes([3, 26]) + _request()[:130] + reply
    numbers = random.Random(1)
    for calls in (4, 12):
        yield "der", bytes([calls]) + numbers.randbytes(2 * calls) + leaf
    yield "der", bytes([3, 0x30, 4, 0x30, 4, 0x02, 8]) + leaf
    for operation in range(5):
        yield "primitives", bytes([operation, 0]) + numbers.randbytes(150)
    for flips in range(3):
        yield "curves", bytes([1, flips]) + numbers.randbytes(150)
    for point in (numbers.randbytes(32), bytes(32), b"\xff" * 32):
        yield "curves", b"\0" + numbers.randbytes(32) + point
    plain = b"".join(bytes([step, 0]) for step in HANDSHAKE)
    yield "tls_server", b"\0" + plain + bytes([13, 5]) + bytes([8, 0, 9, 0, 13, 9])
    yield (
        "tls_server",
        b"\1" + bytes([1, 0, 3, 0, 4, 0]) + plain[4:] + bytes([14, 1, 11, 3]) + b"abc",
    )
    yield "tls_server", b"\0" + bytes([2, 0]) + plain + bytes([12, 2, 1, 0, 15, 0])
    yield "tls_server", b"\0" + b"".join(bytes([step, 12, 30, 3]) for step in HANDSHAKE)
    # A change undone by the next one: the message is as it should be.
    for undone in (3, 4):
        steps = [bytes([step, 0]) for step in HANDSHAKE]
        steps[undone] = bytes([HANDSHAKE[undone], 2, 0, 9, 1, 0, 9, 1])
        yield "tls_server", b"\0" + b"".join(steps)
    yield "tls_bytes", b"\0" + bytes.fromhex("160303002e0200002a0303") + bytes(39)
    yield "tls_bytes", b"\7" + bytes.fromhex("15030300020228")


def main() -> int:
    """Write the header and the corpora."""
    authority = Authority(NOW)
    leaf, issuing = authority.server(), authority.issuing
    values = {
        "fuzz_root_name": authority.root.certificate.subject.public_bytes(),
        "fuzz_root_key": authority.root.key.public_key().public_bytes_raw(),
        "fuzz_issuing": issuing.der,
        "fuzz_leaf": leaf.der,
        "fuzz_leaf_key": leaf.key.public_key().public_bytes_raw(),
        "fuzz_leaf_private": leaf.key.private_bytes_raw(),
        "fuzz_host": NAME.encode(),
        "fuzz_random": bytes(range(lib.ROOTLET_TLS_RANDOM_BYTES)),
        "fuzz_retry_random": bytes.fromhex(
            "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
        ),
        "fuzz_nonce": NONCE,
        "fuzz_time_key": KEY,
    }
    text = HEADER.format(
        arrays="\n".join(_array(name, value) for name, value in values.items()),
        now=authority.seconds,
        uses="".join(f"    (void){name};\n" for name in (*values, "fuzz_chain", "fuzz_trust")),
    )
    (SOURCE / "fuzz_data.h").write_text(text, encoding="ascii")
    corpus = SOURCE / "corpus"
    shutil.rmtree(corpus, ignore_errors=True)
    for i, (target, seed) in enumerate(_seeds(leaf.der, issuing.der, authority.root.der)):
        (corpus / target).mkdir(parents=True, exist_ok=True)
        Path(corpus / target / f"seed-{i:02}").write_bytes(seed)
    print(f"wrote {SOURCE / 'fuzz_data.h'} and {corpus}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
