"""What a device kept of a chain of answers, as the report of RFC 10049 section 8.4.

The bytes are described in device/ports/common/evidence.h. A device does not keep its questions:
they are made anew, of the nonce and the server's key.
"""

from __future__ import annotations

import base64
from typing import Any

from rootlet.errors import Refused
from rootlet.roughtime import protocol as p
from rootlet.roughtime.client import build_request

__all__ = ["is_evidence", "report_of"]

MAGIC = b"ROUGHEV1"
KEY_BYTES = 32
LENGTH_BYTES = 2
HEAD_BYTES = KEY_BYTES + p.NONCE_BYTES + LENGTH_BYTES


def is_evidence(data: bytes) -> bool:
    """Whether it is what a device kept."""
    return data.startswith(MAGIC)


def report_of(evidence: bytes) -> dict[str, Any]:
    """The report; :func:`~rootlet.roughtime.report.verify_report` says whether it is proof.

    ``Refused`` ("format") for bytes that end in the middle of an answer.
    """
    responses: list[dict[str, str]] = []
    previous = b""
    at = len(MAGIC)
    while at < len(evidence):
        head = evidence[at : at + HEAD_BYTES]
        key, rand = head[:KEY_BYTES], head[KEY_BYTES:-LENGTH_BYTES]
        length = int.from_bytes(head[-LENGTH_BYTES:], "little")
        response = evidence[at + HEAD_BYTES : at + HEAD_BYTES + length]
        if len(head) < HEAD_BYTES or len(response) < length:
            raise Refused(
                "the evidence ends in the middle of an answer",
                hint="fetch it again from the device, all the bytes that it kept",
                status="format",
            )
        request = build_request(p.digest(previous, rand), key)
        entry = {"publicKey": key, "request": request, "response": response}
        if responses:
            entry["rand"] = rand
        responses.append({name: base64.b64encode(v).decode("ascii") for name, v in entry.items()})
        previous = response
        at += HEAD_BYTES + length
    return {"responses": responses}
