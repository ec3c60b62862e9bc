"""Fingerprints in words: the same as stock tools give, and no two words sound alike."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.pki import certificate_to_pem, spoken
from support.makers import authority_of


def plain(words: str) -> str:
    """The letters and digits that were spelled."""
    return "".join(word[0] for word in words.replace(",", "").split())


def test_a_fingerprint_in_words_is_what_stock_tools_make_of_it(tmp_path: Path) -> None:
    root = authority_of(now=datetime.now(UTC))[1].root
    pem = tmp_path / "root.pem"
    pem.write_bytes(certificate_to_pem(root))
    command = (
        f"openssl x509 -in {pem} -outform DER | openssl dgst -sha256 -binary | head -c 15 | base32"
    )
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    der = subprocess.run(
        ["openssl", "x509", "-in", str(pem), "-outform", "DER"], capture_output=True, check=True
    ).stdout
    assert plain(spoken(der)) == said.stdout.strip()


@pytest.mark.parametrize(
    ("der", "words"),
    [
        (
            b"",
            "4 Oscar Yankee Mike, India Quebec Uniform Yankee, 7 Quebec Oscar Bravo, "
            "Juliett Golf X-ray 3, 6 Tango Echo Juliett, Sierra 3 5 Zulu",
        ),
    ],
)
def test_words_are_the_ones_everybody_knows(der: bytes, words: str) -> None:
    assert spoken(der) == words


def test_every_bit_that_is_read_out_counts() -> None:
    seen = {plain(spoken(bytes([n]))) for n in range(256)}
    assert len(seen) == 256
    assert {len(each) for each in seen} == {24}
    assert hashlib.sha256(b"").digest()[:1].hex() == "e3"  # what the first word above begins with
