"""Device certificates of CAs that nobody knows: one has the name of the maker's own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from rootlet.files import write_atomic
from rootlet.pki import certificate_to_pem, generate_key, key_to_pem
from rootlet.pki.certificates import SERIAL_BYTES, new_serial
from rootlet.pki.keys import signing_hash
from rootlet.pki.names import common_name
from rootlet.profile import Profile
from rootlet.servers.checkup.offer import ClientFiles

__all__ = ["foreign_identities"]

LIFE = timedelta(hours=1)


@contextmanager
def foreign_identities(
    profile: Profile, issuer: x509.Name, *, now: datetime
) -> Iterator[tuple[ClientFiles, ...]]:
    """Files of two, removed afterwards.

    One is issued under the right name: a server that goes by names alone lets it in. One is issued
    under a name of its own: so does a server that takes whom it does not know.
    """
    with tempfile.TemporaryDirectory(prefix="rootlet-check-") as name:
        folder = Path(name)
        yield tuple(
            _made(folder / f"foreign-{number}", profile, signer, now)
            for number, signer in enumerate((issuer, common_name("Unknown")))
        )


def _made(place: Path, profile: Profile, issuer: x509.Name, now: datetime) -> ClientFiles:
    key, ca_key = generate_key(profile), generate_key(profile)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(common_name("foreign"))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(new_serial(os.urandom(SERIAL_BYTES)))
        .not_valid_before(now - LIFE)
        .not_valid_after(now + LIFE)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(ca_key, signing_hash(ca_key.public_key()))
    )
    files = ClientFiles(place.with_suffix(".cert.pem"), place.with_suffix(".key.pem"))
    write_atomic(files.certificate, certificate_to_pem(certificate), private=False)
    write_atomic(files.key, key_to_pem(key), private=True)
    return files
