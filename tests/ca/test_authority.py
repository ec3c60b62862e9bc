"""Issuing: decided, made, checked, recorded, and only then handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.ca import Authority, Issuance, Status, make_ca, renew_issuing
from rootlet.errors import Environment, Misuse, Refused, State
from rootlet.pki import Host, Kind, check_issued, device_identity, fingerprint, generate_key
from rootlet.profile import PROFILE_NAMES, load_profile
from support.makers import Kept, authority_of

NOW = datetime(2027, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(params=PROFILE_NAMES)
def authority(request: pytest.FixtureRequest) -> Authority:
    return authority_of(request.param, now=NOW)[0]


def kept(authority: Authority) -> list[Issuance]:
    assert isinstance(authority.records, Kept)
    return authority.records.added


def test_what_is_issued_is_recorded_whole(authority: Authority) -> None:
    issued = authority.issue_server(["api.example.test", "192.0.2.7"], now=NOW)
    (record,) = kept(authority)
    assert record == issued.record
    assert record.kind is Kind.SERVER
    assert record.status is Status.RECORDED
    assert (record.name, record.names) == ("api.example.test", ("api.example.test", "192.0.2.7"))
    assert record.der == issued.certificate.public_bytes(Encoding.DER)
    assert record.sha256 == fingerprint(record.der)
    assert int(record.serial, 16) == issued.certificate.serial_number
    assert len(record.serial) == 32
    assert record.not_after == NOW.replace(microsecond=0) + 48 * HOUR - SECOND
    assert record.issued_at == NOW.replace(microsecond=0)
    assert record.profile == authority.profile.name
    assert issued.chain == (issued.certificate, authority.issuing)
    assert issued.key is not None
    assert issued.key.public_key() == issued.certificate.public_key()


def test_a_device_is_recorded_under_its_id(authority: Authority) -> None:
    issued = authority.issue_device("sensor-1", now=NOW, days=30)
    (record,) = kept(authority)
    assert (record.kind, record.name) == (Kind.DEVICE, "sensor-1")
    assert record.names == ("urn:dev:os:32473-sensor-1",)
    assert device_identity(issued.certificate, "urn:dev:os:32473-") == "sensor-1"
    assert record.not_after == NOW.replace(microsecond=0) + 30 * DAY - SECOND


def test_each_certificate_has_a_serial_and_a_key_of_its_own(authority: Authority) -> None:
    twice = [authority.issue_server(["api.example.test"], now=NOW) for _ in range(2)]
    assert twice[0].record.serial != twice[1].record.serial
    assert twice[0].certificate.public_key() != twice[1].certificate.public_key()


def test_a_key_that_was_brought_is_certified_and_none_is_made(authority: Authority) -> None:
    key = generate_key(authority.profile).public_key()
    for issued in (
        authority.issue_server(["api.example.test"], now=NOW, public_key=key),
        authority.issue_device("sensor-1", now=NOW, public_key=key),
    ):
        assert issued.key is None
        assert issued.certificate.public_key() == key


def test_a_server_needs_a_name(authority: Authority) -> None:
    with pytest.raises(Misuse, match="needs a name"):
        authority.issue_server([], now=NOW)
    assert kept(authority) == []


class _Full:
    def add(self, *issuances: Issuance) -> None:
        raise Environment("the disk is full", hint="make room")

    def delivered(self, *issuances: Issuance) -> None:
        raise AssertionError("nothing was recorded")

    def newest_at(self, after: str = "") -> datetime | None:
        return None


def test_what_cannot_be_recorded_is_not_handed_over(authority: Authority) -> None:
    full = replace(authority, records=_Full())
    with pytest.raises(Environment, match="full"):
        full.issue_server(["api.example.test"], now=NOW)
    with pytest.raises(Environment, match="full"):
        full.issue_device("sensor-1", now=NOW)


@dataclass
class _Verifier:
    refuses: str = ""
    seen: tuple[tuple[Sequence[bytes], x509.Certificate, Host, datetime], ...] = ()

    def __call__(
        self, chain: Sequence[bytes], root: x509.Certificate, host: Host, now: datetime
    ) -> None:
        self.seen = (*self.seen, (chain, root, host, now))
        if host == self.refuses:
            raise Refused("no", hint="none", status="ERR_X509_EXPIRED")


def test_a_device_looks_at_each_name_before_a_server_gets_it(authority: Authority) -> None:
    verify = _Verifier()
    issued = replace(authority, verify=verify).issue_server(
        ["api.example.test", "gateway.example.test"], now=NOW
    )
    chain = [certificate.public_bytes(Encoding.DER) for certificate in issued.chain]
    assert verify.seen == (
        (chain, authority.root, "api.example.test", NOW),
        (chain, authority.root, "gateway.example.test", NOW),
    )


def test_what_a_device_refuses_is_neither_recorded_nor_handed_over(authority: Authority) -> None:
    strict = replace(authority, verify=_Verifier(refuses="gateway.example.test"))
    with pytest.raises(Refused) as refusal:
        strict.issue_server(["api.example.test", "gateway.example.test"], now=NOW)
    assert refusal.value.status == "ERR_X509_EXPIRED"
    assert kept(authority) == []


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        (["other.example.test"], "name-allowed"),
        ([f"{'n' * 60}{i}.fleet.example.test" for i in range(9)], "certificate-bytes"),
        ([f"{'n' * 60}{i}.fleet.example.test" for i in range(3)], "message-bytes"),
    ],
)
def test_what_the_policy_refuses_is_not_recorded(names: list[str], rule: str) -> None:
    authority, _ = authority_of(now=NOW)
    small = replace(authority.profile.chain, message_bytes=800)
    profile = replace(authority.profile, chain=small)
    authority = replace(authority, policy=replace(authority.policy, profile=profile))
    with pytest.raises(Refused) as refusal:
        authority.issue_server(names, now=NOW)
    assert refusal.value.status == rule
    assert kept(authority) == []


def test_a_server_never_outlives_the_issuing_ca(authority: Authority) -> None:
    end = authority.issuing.not_valid_after_utc
    late = authority.issue_server(["api.example.test"], now=end - HOUR, hours=168)
    assert late.record.not_after == end


def test_a_device_may_outlive_the_issuing_ca_but_not_the_root(authority: Authority) -> None:
    end = authority.issuing.not_valid_after_utc
    late = authority.issue_device("sensor-1", now=end - HOUR, days=9131)
    assert late.record.not_after == authority.root.not_valid_after_utc


def test_an_expired_issuing_ca_issues_nothing(authority: Authority) -> None:
    end = authority.issuing.not_valid_after_utc
    authority.issue_server(["api.example.test"], now=end)
    with pytest.raises(State, match="issuing CA expired on"):
        authority.issue_server(["api.example.test"], now=end + SECOND)
    with pytest.raises(State, match="issuing CA expired on") as error:
        authority.issue_device("sensor-1", now=end + SECOND)
    assert "rootlet ca issuing renew" in error.value.hint
    assert len(kept(authority)) == 1


def test_an_expired_root_issues_nothing(authority: Authority) -> None:
    late = authority.root.not_valid_after_utc + SECOND
    with pytest.raises(State, match="root expired on") as error:
        authority.issue_server(["api.example.test"], now=late)
    assert "new one" in error.value.hint


def test_a_clock_before_the_ca_issues_nothing(authority: Authority) -> None:
    with pytest.raises(State, match="not valid before") as error:
        authority.issue_device("sensor-1", now=NOW - 2 * HOUR)
    assert "clock" in error.value.hint


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_renewed_issuing_ca_vouches_for_what_it_issued_before(profile: str) -> None:
    authority, made = authority_of(profile, now=NOW)
    device = authority.issue_device("sensor-1", now=NOW)
    later = NOW + 4 * 365 * DAY
    renewed, record = renew_issuing(
        made.issuing.subject,
        authority.profile,
        made.issuing_key.public_key(),
        made.root,
        made.root_key,
        now=later,
    )
    assert record.kind is Kind.ISSUING
    assert renewed.not_valid_after_utc > made.issuing.not_valid_after_utc
    assert renewed.serial_number != made.issuing.serial_number
    check_issued(
        device.record.der,
        kind=Kind.DEVICE,
        names=[x509.UniformResourceIdentifier(device.record.names[0])],
        issuer=renewed,
        profile=authority.profile,
        longest=timedelta(days=authority.profile.lifetimes.device_days),
    )


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_the_issuing_ca_never_outlives_the_root(profile: str) -> None:
    _, made = authority_of(profile, now=NOW)
    late = made.root.not_valid_after_utc - DAY
    renewed, _ = renew_issuing(
        made.issuing.subject,
        load_profile(profile),
        made.issuing_key.public_key(),
        made.root,
        made.root_key,
        now=late,
    )
    assert renewed.not_valid_after_utc == made.root.not_valid_after_utc


def test_a_new_ca_is_recorded_as_three_certificates() -> None:
    made = make_ca("Example", load_profile("c25519"), now=NOW, random=lambda n: bytes(n))
    assert [record.kind for record in made.records] == [Kind.ROOT, Kind.ROOT, Kind.ISSUING]
    names = ["CN=Example Root", "CN=Example Root 2", "CN=Example Issuing"]
    assert [record.name for record in made.records] == names
    assert made.successor.public_key() != made.root.public_key()
    assert made.root.serial_number == 1 << 126
