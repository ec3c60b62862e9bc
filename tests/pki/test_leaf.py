"""Certificates of servers and devices: byte for byte what pyca's builder makes of the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

from rootlet.ca import make_ca
from rootlet.ca.making import NewCa
from rootlet.pki import (
    Host,
    PrivateKey,
    Validity,
    general_name,
    generate_key,
    issue_device,
    issue_server,
    key_identifier,
    new_serial,
    signing_hash,
)
from rootlet.pki.der import tlv
from rootlet.profile import PROFILE_NAMES, load_profile

URN_PREFIX = "urn:dev:os:32473-"

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
dns_names = st.lists(labels, min_size=2, max_size=3).map(lambda some: ".".join(some) + ".test")
hosts = st.lists(dns_names | st.ip_addresses(), min_size=1, max_size=3)
device_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}", fullmatch=True)
serials = st.binary(min_size=16, max_size=16).map(new_serial) | st.integers(1, 2**159 - 1)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2070, 1, 1), timezones=st.just(UTC))
validities = st.tuples(moments, st.integers(0, 10**9)).map(
    lambda pair: Validity(
        pair[0].replace(microsecond=0),
        pair[0].replace(microsecond=0) + timedelta(seconds=pair[1]),
    )
)


@cache
def made(profile: str) -> tuple[NewCa, PrivateKey]:
    chosen = load_profile(profile)
    return make_ca("Example", chosen, now=datetime.now(UTC)), generate_key(chosen)


def by_pyca(
    profile: str,
    subject: Sequence[x509.NameAttribute[str]],
    names: Sequence[x509.GeneralName],
    purpose: ObjectIdentifier,
    validity: Validity,
    serial: int,
) -> bytes:
    ca, key = made(profile)
    issuer = ca.issuing_key.public_key()
    usage = dict.fromkeys(("content_commitment", "key_encipherment"), False)
    usage |= dict.fromkeys(("data_encipherment", "key_agreement", "key_cert_sign"), False)
    usage |= dict.fromkeys(("crl_sign", "encipher_only", "decipher_only"), False)
    identifier = x509.AuthorityKeyIdentifier(key_identifier(issuer), None, None)
    builder = x509.CertificateBuilder(
        ca.issuing.subject,
        x509.Name(subject),
        key.public_key(),
        serial,
        validity.not_before,
        validity.not_after,
    )
    builder = builder.add_extension(x509.KeyUsage(digital_signature=True, **usage), True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), not subject)
    builder = builder.add_extension(identifier, False)
    signed = builder.sign(ca.issuing_key, signing_hash(issuer))
    return signed.public_bytes(Encoding.DER)


def require_same(mine: bytes, theirs: bytes, profile: str) -> None:
    ca, _ = made(profile)
    if isinstance(ca.issuing_key, ed25519.Ed25519PrivateKey):
        assert mine == theirs
        return
    # Signatures with P-256 are other ones each time.
    found, other = map(x509.load_der_x509_certificate, (mine, theirs))
    assert found.public_bytes(Encoding.DER) == mine
    assert found.tbs_certificate_bytes == other.tbs_certificate_bytes
    assert found.signature_algorithm_parameters is not None
    found.verify_directly_issued_by(ca.issuing)


@given(st.sampled_from(PROFILE_NAMES), hosts, validities, serials)
def test_a_servers(profile: str, names: list[Host], validity: Validity, serial: int) -> None:
    ca, key = made(profile)
    public_key, signer = key.public_key(), ca.issuing_key
    mine = issue_server(public_key, names, validity, serial, issuing=ca.issuing, issuing_key=signer)
    general = [general_name(name) for name in names]
    purpose = ExtendedKeyUsageOID.SERVER_AUTH
    require_same(mine, by_pyca(profile, [], general, purpose, validity, serial), profile)


@given(st.sampled_from(PROFILE_NAMES), device_ids, validities, serials)
def test_a_devices(profile: str, device: str, validity: Validity, serial: int) -> None:
    ca, key = made(profile)
    mine = issue_device(
        key.public_key(),
        device,
        validity,
        serial,
        urn_prefix=URN_PREFIX,
        issuing=ca.issuing,
        issuing_key=ca.issuing_key,
    )
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, device)]
    names = [x509.UniformResourceIdentifier(URN_PREFIX + device)]
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH
    theirs = by_pyca(profile, subject, names, purpose, validity, serial)
    require_same(mine, theirs, profile)


@given(st.integers(0, 70_000))
def test_lengths_are_written_in_the_shortest_form(size: int) -> None:
    written = tlv(0x04, bytes(size))
    length = written[1:-size] if size else written[1:]
    if size < 0x80:
        assert length == bytes([size])
    else:
        assert length[0] == 0x80 | len(length) - 1
        assert int.from_bytes(length[1:]) == size
        assert length[1] != 0
