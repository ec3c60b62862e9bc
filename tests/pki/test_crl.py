"""Lists of revoked certificates, in openssl's eyes too."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.errors import Refused
from rootlet.pki import Reason, Revoked, certificate_to_pem, generate_key, issue_crl
from rootlet.profile import PROFILE_NAMES, load_profile
from support.makers import authority_of

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_list_says_who_when_and_why(tmp_path: Path, profile: str) -> None:
    _, made = authority_of(profile, now=START)
    revoked = [Revoked(n, START - n * DAY, reason) for n, reason in enumerate(Reason, 1)]
    crl = issue_crl(
        revoked,
        number=7,
        this_update=START,
        next_update=START + DAY,
        issuer=made.issuing,
        key=made.issuing_key,
        profile=load_profile(profile),
    )
    assert [(entry.serial_number, entry.revocation_date_utc) for entry in crl] == [
        (each.serial, each.at) for each in revoked
    ]
    assert len(next(iter(crl)).extensions) == 0
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    (tmp_path / "crl.der").write_bytes(crl.public_bytes(Encoding.DER))
    (tmp_path / "ca.pem").write_bytes(certificate_to_pem(made.issuing))
    command = ["openssl", "crl", "-in", "crl.der", "-inform", "DER", "-CAfile", "ca.pem", "-text"]
    seen = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "verify OK" in seen.stdout + seen.stderr
    for word in ("Key Compromise", "Superseded", "Cessation Of Operation", "Privilege Withdrawn"):
        assert word in seen.stdout


def test_a_list_is_signed_by_the_ca_that_it_names() -> None:
    _, made = authority_of(now=START)
    profile = load_profile("c25519")
    with pytest.raises(Refused) as refusal:
        issue_crl(
            [],
            number=1,
            this_update=START,
            next_update=START + DAY,
            issuer=made.issuing,
            key=generate_key(profile),
            profile=profile,
        )
    assert refusal.value.status == "signature"
