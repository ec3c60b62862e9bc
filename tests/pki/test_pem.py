"""Certificates in PEM, and fingerprints as people type them."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.errors import Misuse, Refused
from rootlet.pki import (
    certificate_from_pem,
    certificate_to_pem,
    certificates_from_pem,
    chain_to_pem,
    fingerprint,
    parse_fingerprint,
)
from support.makers import authority_of

_, MADE = authority_of(now=datetime(2027, 3, 1, tzinfo=UTC))
DER = MADE.root.public_bytes(Encoding.DER)


def test_a_chain_survives_being_written_and_read() -> None:
    pem = chain_to_pem((MADE.issuing, MADE.root))
    assert certificates_from_pem(pem, what="it") == (MADE.issuing, MADE.root)
    assert certificate_from_pem(certificate_to_pem(MADE.root), what="it") == MADE.root


def test_where_one_is_wanted_two_are_refused() -> None:
    with pytest.raises(Refused, match=r"root\.pem holds 2") as refusal:
        certificate_from_pem(chain_to_pem((MADE.root, MADE.root)), what="root.pem")
    assert refusal.value.status == "certificate-count"


@pytest.mark.parametrize(
    "content",
    [b"", b"text", certificate_to_pem(MADE.root)[:100], DER],
    ids=["empty", "text", "cut off", "DER"],
)
def test_what_is_no_pem_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match=r"root\.pem") as refusal:
        certificate_from_pem(content, what="root.pem")
    assert refusal.value.status == "certificate-form"


def test_a_fingerprint_is_what_openssl_prints() -> None:
    seen = subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-noout", "-fingerprint", "-sha256"],
        input=DER,
        capture_output=True,
        check=True,
    ).stdout.decode()
    printed = seen.strip().partition("=")[2]
    assert parse_fingerprint(printed) == fingerprint(DER) == hashlib.sha256(DER).hexdigest()


@pytest.mark.parametrize("text", ["", "ab", "g" * 64, "a" * 63, "a" * 65])
def test_what_is_no_fingerprint_is_misuse(text: str) -> None:
    with pytest.raises(Misuse, match="SHA-256"):
        parse_fingerprint(text)
