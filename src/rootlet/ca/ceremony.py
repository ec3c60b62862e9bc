"""The record of a ceremony: who did what to the root, when and where, signed by the root itself.

A JSON file with two members. ``signatures`` are made over the line ``rootlet ceremony record 1``
and the member ``ceremony`` as JSON with sorted keys and no white space, so that what a signature
covers does not depend on how the file was written down::

    Ed25519         the signature of RFC 8032
    ECDSA-SHA256    DER of r and s, over P-256

Each record names the SHA-256 of the one before: one that was taken away leaves a gap.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.errors import Refused
from rootlet.pki import PrivateKey, certificate_to_pem, fingerprint, spoken

__all__ = [
    "UNATTENDED",
    "Ceremony",
    "Sitting",
    "ceremony_fields",
    "read_ceremony",
    "sign_ceremony",
]

FORMAT = 1
"""Rises when a reader of the record would have to change."""

CONTEXT = b"rootlet ceremony record 1\n"
"""Before what is signed: nothing else that a root signs begins like this."""

MOST_SIGNATURES = 8
"""A ceremony has one root or two; what a stranger's file may ask to be verified is bounded."""


class Ceremony(StrEnum):
    """What is done with a root's key."""

    INIT = "init"
    RENEW = "issuing-renew"
    ROTATE = "issuing-rotate"
    PREPARE = "root-prepare"
    SUCCESSOR = "root-successor"
    CRL = "root-crl"


@dataclass(frozen=True)
class Sitting:
    """The people and the machine, as they are to be remembered."""

    who: str
    """Who ran the command."""
    host: str
    """The machine's name."""
    tool: str
    """Name and version of the program."""
    witnesses: tuple[str, ...] = ()


UNATTENDED = Sitting("not said", "not said", "rootlet")
"""For programs that use this library and say nothing."""


def ceremony_fields(
    what: Ceremony,
    sitting: Sitting,
    *,
    maker: str,
    profile: str,
    now: datetime,
    steps: Sequence[str],
    certificates: Iterable[tuple[str, x509.Certificate]],
    previous: bytes | None,
) -> dict[str, Any]:
    """The record's content; ``certificates`` are those made or used, each with its part in it.

    ``previous`` is the file of the ceremony before.
    """
    return {
        "format": FORMAT,
        "what": what.value,
        "maker": maker,
        "profile": profile,
        "at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "who": sitting.who,
        "witnesses": list(sitting.witnesses),
        "host": sitting.host,
        "tool": sitting.tool,
        "steps": list(steps),
        "certificates": [_described(part, each) for part, each in certificates],
        "previous": None if previous is None else hashlib.sha256(previous).hexdigest(),
    }


def _described(part: str, certificate: x509.Certificate) -> dict[str, str]:
    der = certificate.public_bytes(Encoding.DER)
    return {
        "part": part,
        "subject": certificate.subject.rfc4514_string(),
        "serial": f"{certificate.serial_number:032x}",
        "not_before": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "sha256": fingerprint(der),
        "words": spoken(der),
        "pem": certificate_to_pem(certificate).decode("ascii"),
    }


def _signed_bytes(fields: Mapping[str, Any]) -> bytes:
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return CONTEXT + text.encode("ascii")


def _sign(key: PrivateKey, data: bytes) -> tuple[str, bytes]:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "Ed25519", key.sign(data)
    return "ECDSA-SHA256", key.sign(data, ec.ECDSA(SHA256()))


def sign_ceremony(
    fields: Mapping[str, Any], signers: Iterable[tuple[x509.Certificate, PrivateKey]]
) -> bytes:
    """The file of a record, signed with the key of each of these roots."""
    data = _signed_bytes(fields)
    signatures = []
    for root, key in signers:
        algorithm, signature = _sign(key, data)
        signatures.append(
            {
                "root_sha256": fingerprint(root.public_bytes(Encoding.DER)),
                "algorithm": algorithm,
                "signature": base64.b64encode(signature).decode("ascii"),
            }
        )
    content = {"ceremony": fields, "signatures": signatures}
    return (json.dumps(content, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def _refused(rule: str, reason: str) -> Refused:
    return Refused(
        f"the ceremony's record {reason}",
        hint="compare it with the copy beside the root; a record that was changed proves nothing",
        status=rule,
    )


def read_ceremony(content: bytes, trusted: Iterable[str]) -> dict[str, Any]:
    """The content of a record that one of the ``trusted`` roots signed, by their fingerprints.

    ``Refused`` names the rule it breaks:

    1. ``ceremony-form``: JSON of this format, every certificate in it readable;
    2. ``ceremony-fingerprint``: fingerprint and words of each certificate are those of its PEM;
    3. ``ceremony-signature``: every signature is that of a root in the record;
    4. ``ceremony-untrusted``: one of these roots is trusted.
    """
    try:
        held = json.loads(content)
        fields, signatures = held["ceremony"], held["signatures"]
        if fields["format"] != FORMAT:
            raise _refused("ceremony-form", f"has the format {fields['format']!r}")
        named = [
            (entry, x509.load_pem_x509_certificate(entry["pem"].encode("ascii")))
            for entry in fields["certificates"]
        ]
        made = [
            (each["root_sha256"], each["algorithm"], base64.b64decode(each["signature"]))
            for each in signatures
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused("ceremony-form", "is not one: it cannot be read") from error
    roots = {}
    for entry, certificate in named:
        if entry != _described(str(entry.get("part")), certificate):
            raise _refused("ceremony-fingerprint", "describes a certificate that it does not hold")
        roots[entry["sha256"]] = certificate
    if not 1 <= len(made) <= MOST_SIGNATURES:
        raise _refused("ceremony-signature", f"has {len(made)} signatures")
    data = _signed_bytes(fields)
    for root_sha256, algorithm, signature in made:
        if root_sha256 not in roots:
            raise _refused("ceremony-signature", "is signed by a root that it does not hold")
        _verify(roots[root_sha256], algorithm, signature, data)
    if not {root_sha256 for root_sha256, _, _ in made} & set(trusted):
        raise _refused("ceremony-untrusted", "is not signed by a root that is trusted here")
    return dict(fields)


def _verify(root: x509.Certificate, algorithm: str, signature: bytes, data: bytes) -> None:
    key = root.public_key()
    try:
        if algorithm == "Ed25519" and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
            return
        if algorithm == "ECDSA-SHA256" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(SHA256()))
            return
    except InvalidSignature as error:
        raise _refused("ceremony-signature", "was changed after it was signed") from error
    raise _refused("ceremony-signature", f"has a signature of a kind {algorithm!r} that it cannot")
