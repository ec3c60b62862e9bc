"""All cases, and the file of vectors made of them."""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from rootlet.device import Anchor
from support.x509.case import OK, ROWS, Case
from support.x509.cases_extensions import extension_cases
from support.x509.cases_fields import field_cases
from support.x509.cases_path import path_cases
from support.x509.cases_time_host import time_and_host_cases

__all__ = ["VECTORS", "all_cases", "read_vectors", "vector_text"]

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "x509" / "chains.json"

SOURCE = (
    "Made by tests/support/x509 from fixed keys: PYTHONPATH=tests python -m support.x509. "
    "Certificates and anchors (name, public key) are hexadecimal; cases name them by their place. "
    "time is the interval it is known to lie in, seconds since 1970."
)


def all_cases() -> list[Case]:
    """Every case, by row."""
    cases = [*field_cases(), *path_cases(), *extension_cases(), *time_and_host_cases()]
    return sorted(cases, key=lambda case: case.row)


class Pool:
    """Values by their place, each once."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def place(self, value: object) -> int:
        """Where this value stands."""
        return self.places.setdefault(json.dumps(value), len(self.places))

    def text(self) -> str:
        """A JSON list, one value a line."""
        return "[\n" + ",\n".join(self.places) + "\n]"


def vector_text() -> str:
    """What the file holds."""
    certificates, anchors, cases = Pool(), Pool(), Pool()
    for case in all_cases():
        cases.place(
            {
                "row": case.row,
                "check": ROWS[case.row],
                "text": case.text,
                "status": case.status if case.status == OK else f"ERR_X509_{case.status}",
                "host" if isinstance(case.host, str) else "address": str(case.host),
                "time": [case.earliest, case.latest],
                "anchors": [
                    anchors.place([a.name.hex(), a.public_key.hex()]) for a in case.anchors
                ],
                "chain": [certificates.place(der.hex()) for der in case.certificates()],
            }
        )
    parts = {"certificates": certificates, "anchors": anchors, "cases": cases}
    body = ",\n".join(f'"{name}": {pool.text()}' for name, pool in parts.items())
    return f'{{\n"source": {json.dumps(SOURCE)},\n{body}\n}}\n'


def read_vectors() -> list[Case]:
    """The cases in the file: certificates as bytes, statuses by their whole names."""
    content: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    certificates = [bytes.fromhex(der) for der in content["certificates"]]
    anchors = [Anchor(*map(bytes.fromhex, anchor)) for anchor in content["anchors"]]
    return [
        Case(
            row=entry["row"],
            text=entry["text"],
            status=entry["status"],
            chain=tuple(certificates[place] for place in entry["chain"]),
            anchors=tuple(anchors[place] for place in entry["anchors"]),
            host=entry["host"] if "host" in entry else ip_address(entry["address"]),
            earliest=entry["time"][0],
            latest=entry["time"][1],
        )
        for entry in content["cases"]
    ]
