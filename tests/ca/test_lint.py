"""Every kind of certificate and list passes pkilint's PKIX set, an eye that is not ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pkilint import loader, pkix, validation
from pkilint.pkix import certificate, crl, extension, name

from rootlet.ca import (
    Conditions,
    Issuers,
    RevocationStore,
    RootAccess,
    hold_renewal,
    open_authority,
    open_records,
    promote_successor,
    rotate_issuing,
    write_crls,
)
from rootlet.maker import Maker, load_maker
from rootlet.pki import Kind, Reason
from rootlet.profile import PROFILE_NAMES
from support.makers import PASSPHRASE, made_maker

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
LONGEST_ID = "Z9" + "a-b.c" * 12 + "-9"
LONGEST_NAME = ".".join(["a" * 60] * 3) + ".fleet.example.test"


NO_IDENTIFIER = "pkix.certificate_skid_end_entity_missing"
"""A warning: RFC 5280 wants one in leaves too, the IETF's IoT profile that there is none."""
NO_URL = "pkix.invalid_uri_syntax"
"""An error of pkilint's own: it takes a URI for a URL, with a host, and RFC 9039's are URNs."""
EXPECTED = {
    Kind.ROOT: set[str](),
    Kind.ISSUING: set[str](),
    Kind.SERVER: {NO_IDENTIFIER},
    Kind.DEVICE: {NO_IDENTIFIER, NO_URL},
}

REMARKS = {validation.ValidationFindingSeverity.DEBUG, validation.ValidationFindingSeverity.INFO}
"""That a key identifier was recognized as RFC 7093's, for example."""


def findings(validator: Any, document: Any) -> list[str]:
    return [
        f"{finding.finding.severity.name} {finding.finding.code} {finding.message}"
        for result in validator.validate(document.root)
        for finding in result.finding_descriptions
        if finding.finding.severity not in REMARKS
    ]


def lint_certificate(der: bytes) -> list[str]:
    validator = certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(
            name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
        ),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )
    return findings(validator, loader.load_der_certificate(der, "it"))


def lint_crl(der: bytes) -> list[str]:
    validator = crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )
    return findings(validator, loader.load_der_crl(der, "it"))


@dataclass(frozen=True)
class Everything:
    maker: Maker
    certificates: dict[str, bytes]
    lists: dict[str, bytes]


@pytest.fixture(scope="module", params=PROFILE_NAMES)
def everything(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Everything:
    """Whatever a maker may come to issue: each ceremony, each kind of leaf, the longest names."""
    maker = made_maker(tmp_path_factory.mktemp("lint"), request.param, now=NOW)
    conditions = Conditions(
        RootAccess.by_passphrase(PASSPHRASE), maker.folder / "root", NOW + timedelta(days=1)
    )
    with open_authority(maker, verify=None) as authority:
        authority.issue_server(["api.example.test"], now=NOW)
        authority.issue_server(["192.0.2.7", LONGEST_NAME], now=NOW)
        authority.issue_device("sensor-1", now=NOW)
        old = authority.issue_device(LONGEST_ID, now=NOW).record
    hold_renewal(maker, conditions)
    rotate_issuing(maker, conditions)
    promote_successor(maker, conditions, bundled=lambda root: None)
    with open_authority(maker, verify=None) as authority:
        late = datetime(2050, 1, 1, tzinfo=UTC)
        assert authority.root.not_valid_after_utc > late  # beyond UTCTime
        authority.issue_device("sensor-2", now=conditions.now)
    with open_records(maker) as records:
        for serial, reason in ((old.serial, Reason.KEY_COMPROMISE), ("00", Reason.UNSPECIFIED)):
            RevocationStore(records).add([serial], reason, conditions.now)
        write_crls(maker, records, now=conditions.now)
        certificates = {
            f"{number} {record.kind.value} {record.name}": record.der
            for number, record in enumerate(records.all())
        }
    lists = {path.name: path.read_bytes() for path in (maker.folder / "ca/crl").iterdir()}
    return Everything(load_maker(maker.folder), certificates, lists)


def test_pkilint_has_nothing_else_to_say_of_any_certificate(everything: Everything) -> None:
    kinds = [label.split()[1] for label in everything.certificates]
    assert {kind: kinds.count(kind) for kind in Kind} == {
        Kind.ROOT: 4,  # the first, its successor, that one anew as the root, the next successor
        Kind.ISSUING: 4,
        Kind.SERVER: 2,
        Kind.DEVICE: 3,
    }
    for label, der in everything.certificates.items():
        said = {finding.split()[1] for finding in lint_certificate(der)}
        assert said == EXPECTED[Kind(label.split()[1])], label


def test_pkilint_has_nothing_to_say_of_any_list(everything: Everything) -> None:
    assert sorted(everything.lists) == [
        *(f"issuing-{number}.crl" for number in (1, 2, 3)),
        *(f"root-{number}.crl" for number in (1, 2)),
    ]
    found = {label: lint_crl(der) for label, der in everything.lists.items()}
    assert {label: said for label, said in found.items() if said} == {}


def test_the_lint_would_say_something(everything: Everything) -> None:
    """The control: the same checks find a certificate without an authority key identifier."""
    issuing = Issuers(everything.maker).present().issuing
    der = issuing.public_bytes(Encoding.DER)
    broken = der.replace(bytes.fromhex("0603551d23"), bytes.fromhex("0603551d63"))
    assert broken != der
    assert any("authority_key_identifier" in said for said in lint_certificate(broken))


def test_a_certificate_holds_what_the_iot_profile_asks_of_an_issuer(everything: Everything) -> None:
    """Line by line: section "Chains" of draft-ietf-uta-tls13-iot-profile."""
    for label, der in everything.certificates.items():
        kind, held = label.split()[1], x509.load_der_x509_certificate(der)
        kinds = {entry.oid: entry for entry in held.extensions}
        usage = held.extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical
        assert x509.CRLDistributionPoints.oid not in kinds
        assert x509.AuthorityInformationAccess.oid not in kinds
        assert held.serial_number.bit_length() >= 8 * 8
        if kind in {"root", "issuing"}:
            constraints = held.extensions.get_extension_for_class(x509.BasicConstraints)
            assert constraints.critical
            assert constraints.value.ca
            assert len(held.subject.rdns) == 1
            assert usage.value.key_cert_sign
            assert x509.SubjectKeyIdentifier.oid in kinds
            assert x509.ExtendedKeyUsage.oid not in kinds
            assert (constraints.value.path_length is None) == (kind == "root")
        else:
            assert usage.value.digital_signature
            assert x509.SubjectKeyIdentifier.oid not in kinds
            assert x509.BasicConstraints.oid not in kinds
            assert x509.AuthorityKeyIdentifier.oid in kinds
            names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            assert "*" not in str(list(names))
            assert len(list(names)) == 1 or kind == "server"
