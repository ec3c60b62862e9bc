"""What the CA sent is held against what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from rootlet.agent.chain import Wanted, check_pair, read_root
from rootlet.ca import Authority, Issued
from rootlet.errors import Refused, Secret
from rootlet.pki import (
    KeySealer,
    certificate_to_pem,
    chain_to_pem,
    generate_key,
    key_to_pem,
)
from rootlet.profile import PROFILE_NAMES, load_profile
from support.makers import authority_of

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAME, OTHER = "api.example.test", "gateway.example.test"


class Case:
    """A CA, what is wanted of it, and what it sent; each test spoils one thing."""

    def __init__(self, profile: str) -> None:
        self.profile = load_profile(profile)
        self.authority, _ = authority_of(profile, now=NOW)
        self.key = generate_key(self.profile)
        self.wanted = Wanted((NAME,), self.profile, self.authority.root)

    def issued(self, *names: str, authority: Authority | None = None, hours: int = 48) -> Issued:
        by = authority or self.authority
        key = self.key.public_key()
        return by.issue_server(names or [NAME], now=NOW, hours=hours, public_key=key)

    def check(self, chain: bytes, *, now: datetime = NOW, key: bytes | None = None) -> int:
        pair = check_pair(chain, key or key_to_pem(self.key), self.wanted, now=now)
        assert len(pair.chain) == 2
        return pair.leaf.serial_number


@pytest.fixture(params=PROFILE_NAMES)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param)


def test_a_good_one_is_taken_with_and_without_the_root(case: Case) -> None:
    issued = case.issued()
    chain = chain_to_pem(issued.chain)
    assert case.check(chain) == issued.certificate.serial_number
    root = certificate_to_pem(case.authority.root)
    assert case.check(chain + root) == issued.certificate.serial_number


def test_names_may_come_in_any_order_but_no_other(case: Case) -> None:
    case.wanted = Wanted((NAME, OTHER), case.profile, case.authority.root)
    case.check(chain_to_pem(case.issued(OTHER, NAME).chain))
    for names in ([NAME], [OTHER], [NAME, OTHER, "192.0.2.7"]):
        with pytest.raises(Refused) as caught:
            case.check(chain_to_pem(case.issued(*names).chain))
        assert caught.value.status == "names"


SPOILED: dict[str, tuple[Callable[[Case], bytes], str]] = {
    "nothing": (lambda case: b"", "certificate-form"),
    "a page": (lambda case: b"<html>502 Bad Gateway</html>", "certificate-form"),
    "the leaf alone": (lambda case: chain_to_pem(case.issued().chain[:1]), "chain-length"),
    "too many": (lambda case: chain_to_pem(case.issued().chain * 2), "chain-length"),
    "the wrong way round": (lambda case: chain_to_pem(case.issued().chain[::-1]), "extensions"),
    "another root's": (
        lambda case: chain_to_pem(
            case.issued(authority=authority_of(case.profile.name, now=NOW)[0]).chain
        ),
        "key-identifier",
    ),
    "another issuer's leaf": (
        lambda case: chain_to_pem(
            [
                case.issued(authority=authority_of(case.profile.name, now=NOW)[0]).certificate,
                case.authority.issuing,
            ]
        ),
        "key-identifier",
    ),
    "a device's": (
        lambda case: chain_to_pem(
            case.authority.issue_device("sensor-1", now=NOW, public_key=case.key.public_key()).chain
        ),
        "names",
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_what_is_spoiled_is_refused_by_its_rule(case: Case, what: str) -> None:
    make, rule = SPOILED[what]
    with pytest.raises(Refused) as caught:
        case.check(make(case))
    assert caught.value.status == rule


def test_another_key_is_refused(case: Case) -> None:
    chain = chain_to_pem(case.issued().chain)
    with pytest.raises(Refused) as caught:
        case.check(chain, key=key_to_pem(generate_key(case.profile)))
    assert caught.value.status == "key-match"
    with pytest.raises(Secret):
        case.check(chain, key=KeySealer(b"four random words").pem(case.key))


@pytest.mark.parametrize("now", [NOW - 2 * HOUR, NOW + 49 * HOUR])
def test_by_a_wrong_clock_it_is_refused_and_the_clock_is_named(case: Case, now: datetime) -> None:
    with pytest.raises(Refused, match="by this machine's clock") as caught:
        case.check(chain_to_pem(case.issued().chain), now=now)
    assert caught.value.status == "clock"


def test_the_root_has_to_be_one_of_the_profile(case: Case) -> None:
    root = certificate_to_pem(case.authority.root)
    assert read_root(root, case.profile, what="root.pem") == case.authority.root
    other = next(name for name in PROFILE_NAMES if name != case.profile.name)
    with pytest.raises(Refused):
        read_root(root, load_profile(other), what="root.pem")
    with pytest.raises(Refused):
        read_root(certificate_to_pem(case.authority.issuing), case.profile, what="root.pem")
