"""A certificate that breaks one rule is refused by that rule's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from rootlet.errors import Refused
from rootlet.pki import Kind, PrivateKey, check_issued, check_root, generate_key
from rootlet.pki.certificates import key_usage
from rootlet.pki.keys import key_identifier
from rootlet.profile import PROFILE_NAMES, Profile, load_profile

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DNS = x509.DNSName("api.example.test")
URI = x509.UniformResourceIdentifier("urn:dev:os:32473-a")
SERVER_AUTH, CLIENT_AUTH = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
PRIVATE_ENTERPRISE = ObjectIdentifier("1.3.6.1.4.1.32473.1")

NAMES: dict[Kind, list[x509.GeneralName]] = {
    Kind.SERVER: [DNS],
    Kind.DEVICE: [URI],
    Kind.ROOT: [],
    Kind.ISSUING: [],
}

Extensions = Mapping[str, tuple[x509.ExtensionType, bool] | None]


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


@dataclass(frozen=True)
class Recipe:
    """A right certificate, of which a test changes one thing."""

    kind: Kind
    profile: Profile
    key: PrivateKey
    issuer_key: PrivateKey
    extensions: Extensions
    subject: str = ""
    issuer: str = "Issuing"
    serial: int = 1
    lifetime: timedelta = DAY

    def changed(self, **extensions: tuple[x509.ExtensionType, bool] | None) -> Recipe:
        return replace(self, extensions={**self.extensions, **extensions})

    def made(self, hash_of_p256: SHA256 | SHA384 | None = None) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            issuer_name=named(self.issuer),
            subject_name=named(self.subject),
            public_key=self.key.public_key(),
            serial_number=self.serial,
            not_valid_before=NOW - timedelta(hours=1),
            not_valid_after=NOW + self.lifetime - timedelta(seconds=1),
        )
        for entry in self.extensions.values():
            if entry is not None:
                builder = builder.add_extension(*entry)
        is_p256 = isinstance(self.issuer_key, ec.EllipticCurvePrivateKey)
        return builder.sign(self.issuer_key, (hash_of_p256 or SHA256()) if is_p256 else None)

    def check(self) -> None:
        issuer = None
        if self.kind is not Kind.ROOT:
            issuer = replace(
                self, key=self.issuer_key, subject="Issuing", extensions={}, kind=Kind.ROOT
            ).made()
        check_issued(
            self.made().public_bytes(Encoding.DER),
            kind=self.kind,
            names=NAMES[self.kind],
            issuer=issuer,
            profile=self.profile,
            longest=DAY,
        )


def recipe(kind: Kind, profile: Profile) -> Recipe:
    key, above = generate_key(profile), generate_key(profile)
    if kind is Kind.ROOT:
        above = key
    own = x509.SubjectKeyIdentifier(key_identifier(key.public_key()))
    issuer_id = x509.AuthorityKeyIdentifier(key_identifier(above.public_key()), None, None)
    length = None if kind is Kind.ROOT else 0
    ca: Extensions = {
        "basic": (x509.BasicConstraints(ca=True, path_length=length), True),
        "usage": (key_usage(signs_certificates=True), True),
        "own": (own, False),
    }
    leaf: Extensions = {
        "usage": (key_usage(signs_certificates=False), True),
        "purpose": (
            x509.ExtendedKeyUsage([SERVER_AUTH if kind is Kind.SERVER else CLIENT_AUTH]),
            False,
        ),
        "names": (x509.SubjectAlternativeName(NAMES[kind] or [DNS]), kind is Kind.SERVER),
        "above": (issuer_id, False),
    }
    if kind is Kind.ROOT:
        return Recipe(kind, profile, key, above, ca, subject="Root", issuer="Root")
    if kind is Kind.ISSUING:
        return Recipe(kind, profile, key, above, {**ca, "above": (issuer_id, False)}, subject="CA")
    return Recipe(kind, profile, key, above, leaf, subject="" if kind is Kind.SERVER else "a")


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize("kind", list(Kind))
def test_a_right_certificate_passes(kind: Kind, profile: str) -> None:
    recipe(kind, load_profile(profile)).check()


C25519, P256 = (load_profile(name) for name in PROFILE_NAMES)
ROOT, ISSUING, SERVER, DEVICE = (
    recipe(kind, C25519) for kind in (Kind.ROOT, Kind.ISSUING, Kind.SERVER, Kind.DEVICE)
)
OTHER = generate_key(C25519)
USAGE_CA, USAGE_LEAF = key_usage(signs_certificates=True), key_usage(signs_certificates=False)
UNKNOWN = x509.UnrecognizedExtension(PRIVATE_ENTERPRISE, b"\x05\x00")
NOT_A_CA = x509.BasicConstraints(ca=False, path_length=None)
WRONG_ID = x509.SubjectKeyIdentifier(bytes(20))
WRONG_ISSUER_ID = x509.AuthorityKeyIdentifier(bytes(20), None, None)
TWO_NAMES = x509.SubjectAlternativeName([DNS, x509.DNSName("b.example.test")])
BOTH_PURPOSES = x509.ExtendedKeyUsage([SERVER_AUTH, CLIENT_AUTH])
ANY_DEPTH = x509.BasicConstraints(ca=True, path_length=None)

WRONG = {
    "another profile's key": (replace(ROOT, profile=P256), "key-algorithm"),
    "a serial of 21 bytes": (replace(SERVER, serial=1 << 159), "serial"),
    "too long a life": (replace(SERVER, lifetime=DAY + timedelta(seconds=1)), "lifetime"),
    "another issuer's name": (replace(SERVER, issuer="Other"), "issuer"),
    "another issuer's signature": (replace(ROOT, issuer_key=OTHER), "signature"),
    "an extension too many": (SERVER.changed(more=(UNKNOWN, False)), "extensions"),
    "an extension too few": (SERVER.changed(above=None), "extensions"),
    "a wrong own identifier": (ROOT.changed(own=(WRONG_ID, False)), "key-identifier"),
    "a wrong issuer's one": (SERVER.changed(above=(WRONG_ISSUER_ID, False)), "key-identifier"),
    "a leaf that signs": (SERVER.changed(usage=(USAGE_CA, True)), "key-usage"),
    "usage not critical": (SERVER.changed(usage=(USAGE_LEAF, False)), "key-usage"),
    "two purposes": (SERVER.changed(purpose=(BOTH_PURPOSES, False)), "extended-key-usage"),
    "a name too many": (SERVER.changed(names=(TWO_NAMES, True)), "names"),
    "names not critical": (
        SERVER.changed(names=(x509.SubjectAlternativeName([DNS]), False)),
        "names",
    ),
    "names needlessly critical": (
        DEVICE.changed(names=(x509.SubjectAlternativeName([URI]), True)),
        "names",
    ),
    "no CA": (ISSUING.changed(basic=(NOT_A_CA, True)), "basic-constraints"),
    "constraints not critical": (ROOT.changed(basic=(ANY_DEPTH, False)), "basic-constraints"),
    "a CA that may not sign": (ROOT.changed(usage=(USAGE_LEAF, True)), "key-usage"),
    "no path length": (ISSUING.changed(basic=(ANY_DEPTH, True)), "path-length"),
    "too many bytes": (
        replace(SERVER, profile=replace(C25519, chain=replace(C25519.chain, certificate_bytes=99))),
        "certificate-bytes",
    ),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_what_breaks_a_rule_does_not_leave(name: str) -> None:
    wrong, rule = WRONG[name]
    with pytest.raises(Refused) as refusal:
        wrong.check()
    assert refusal.value.status == rule


ROOM = x509.BasicConstraints(ca=True, path_length=1)
NO_ROOM = x509.BasicConstraints(ca=True, path_length=0)
PERMITTED = x509.NameConstraints([x509.DNSName("example.test")], None)


def test_a_root_with_room_below_it_and_harmless_extensions_passes() -> None:
    for root in (
        ROOT,
        ROOT.changed(basic=(ROOM, True)),
        ROOT.changed(more=(UNKNOWN, False)),
        ROOT.changed(own=None),
        replace(ROOT, serial=(1 << 159) - 1),
    ):
        check_root(root.made(), profile=C25519)


WRONG_ROOTS = {
    "no room below it": (ROOT.changed(basic=(NO_ROOM, True)), "path-length"),
    "no constraints": (ROOT.changed(basic=None), "basic-constraints"),
    "a purpose": (ROOT.changed(purpose=(BOTH_PURPOSES, False)), "extended-key-usage"),
    "name constraints": (ROOT.changed(limits=(PERMITTED, True)), "critical-extension"),
    "an unknown critical extension": (ROOT.changed(more=(UNKNOWN, True)), "critical-extension"),
    "no usage": (ROOT.changed(usage=None), "key-usage"),
    "usage not critical": (ROOT.changed(usage=(USAGE_CA, False)), "key-usage"),
    "no name": (replace(ROOT, subject="", issuer=""), "subject"),
    "another issuer": (replace(ROOT, issuer="Other"), "self-signed"),
    "another's signature": (replace(ROOT, issuer_key=OTHER), "signature"),
    "a long serial": (replace(ROOT, serial=1 << 159), "serial"),
    "a server's certificate": (SERVER, "basic-constraints"),
}


@pytest.mark.parametrize("name", list(WRONG_ROOTS))
def test_what_is_no_root_is_refused(name: str) -> None:
    wrong, rule = WRONG_ROOTS[name]
    with pytest.raises(Refused) as refusal:
        check_root(wrong.made(), profile=C25519)
    assert refusal.value.status == rule


def test_a_root_signed_with_another_hash_is_refused() -> None:
    root = recipe(Kind.ROOT, P256)
    check_root(root.made(SHA256()), profile=P256)
    with pytest.raises(Refused) as refusal:
        check_root(root.made(SHA384()), profile=P256)
    assert refusal.value.status == "signature"


def test_a_root_whose_extensions_do_not_parse_is_refused() -> None:
    der = ROOT.made().public_bytes(Encoding.DER)
    constraints = bytes.fromhex("0603551d130101ff040530030101ff")
    assert der.count(constraints) == 1
    twice = der.replace(constraints, bytes.fromhex("0603551d0f0101ff040530030101ff"))
    broken = der.replace(constraints, bytes.fromhex("0603551d130101ff040530030201ff"))
    for damaged in (twice, broken):
        with pytest.raises(Refused) as refusal:
            check_root(x509.load_der_x509_certificate(damaged), profile=C25519)
        assert refusal.value.status == "certificate-form"
