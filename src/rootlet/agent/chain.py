"""What the CA sent, held against what was asked for, before it comes near a server. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.errors import Refused
from rootlet.pki import (
    Host,
    Kind,
    PrivateKey,
    certificate_from_pem,
    certificates_from_pem,
    chain_to_pem,
    check_issued,
    check_root,
    general_name,
    host_text,
    key_from_pem,
    key_to_pem,
)
from rootlet.profile import Profile

__all__ = ["CERTIFICATE", "KEY", "Pair", "Wanted", "check_pair", "read_root"]

CERTIFICATE, KEY = "cert.pem", "key.pem"
"""The files of a pair, as servers look for them."""


@dataclass(frozen=True)
class Wanted:
    """What a certificate has to be like."""

    names: tuple[Host, ...]
    profile: Profile
    root: x509.Certificate


@dataclass(frozen=True)
class Pair:
    """A key and its chain that passed the check."""

    key: PrivateKey = field(compare=False)
    chain: tuple[x509.Certificate, ...]
    """Leaf first, without the root."""

    @property
    def leaf(self) -> x509.Certificate:
        """The server's own certificate."""
        return self.chain[0]

    @property
    def version(self) -> str:
        """Its serial: the name of its folder."""
        return f"{self.leaf.serial_number:x}"

    def contents(self) -> dict[str, tuple[bytes, bool]]:
        """The files, each with whether it is private."""
        return {
            CERTIFICATE: (chain_to_pem(self.chain), False),
            KEY: (key_to_pem(self.key), True),
        }


def read_root(pem: bytes, profile: Profile, *, what: str) -> x509.Certificate:
    """The maker's root; ``Refused`` when it is none of the profile."""
    root = certificate_from_pem(pem, what=what)
    check_root(root, profile=profile)
    return root


def check_pair(chain_pem: bytes, key_pem: bytes, wanted: Wanted, *, now: datetime) -> Pair:
    """Hold a chain and its key against what is wanted; ``Refused`` names the rule it breaks.

    1. certificates in PEM, no more than a device takes, the root left out;
    2. the key is of the profile and the leaf's own;
    3. the issuing CA is signed by the root, the leaf by the issuing CA, both by the profile;
    4. the leaf holds the names that were asked for, no other;
    5. both are valid now.
    """
    what = "what the CA sent"
    chain = [c for c in certificates_from_pem(chain_pem, what=what) if c != wanted.root]
    most = wanted.profile.chain.signatures
    if len(chain) != most:
        raise _refused(
            f"is a chain of {len(chain)} certificates below the root, not {most}", "chain-length"
        )
    leaf, issuing = chain
    key = key_from_pem(key_pem, None, profile=wanted.profile, what="the certificate's key")
    _check_signed(leaf, issuing, wanted)
    if leaf.public_key() != key.public_key():
        raise _refused("is for another key than ours", "key-match")
    for certificate in chain:
        _check_current(certificate, now)
    return Pair(key, (leaf, issuing))


def _check_signed(leaf: x509.Certificate, issuing: x509.Certificate, wanted: Wanted) -> None:
    lifetimes = wanted.profile.lifetimes
    check_issued(
        issuing.public_bytes(Encoding.DER),
        kind=Kind.ISSUING,
        names=(),
        issuer=wanted.root,
        profile=wanted.profile,
        longest=timedelta(days=lifetimes.issuing_days),
    )
    held = _held_names(leaf)
    if set(held) != {general_name(host) for host in wanted.names}:
        names = ", ".join(host_text(host) for host in wanted.names)
        raise _refused(f"does not hold exactly the names {names}", "names")
    check_issued(
        leaf.public_bytes(Encoding.DER),
        kind=Kind.SERVER,
        names=held,
        issuer=issuing,
        profile=wanted.profile,
        longest=timedelta(hours=lifetimes.server_max_hours),
    )


def _held_names(leaf: x509.Certificate) -> Sequence[x509.GeneralName]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    return list(found.value)


def _check_current(certificate: x509.Certificate, now: datetime) -> None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        raise Refused(
            f"the certificate is not valid before {begins:%Y-%m-%d %H:%M:%S} UTC, but it is "
            f"{now:%Y-%m-%d %H:%M:%S} UTC by this machine's clock",
            hint="set this machine's clock (is NTP running?); what is installed stays",
            status="clock",
        )
    if now > ends:
        raise Refused(
            f"the certificate ended at {ends:%Y-%m-%d %H:%M:%S} UTC, but it is "
            f"{now:%Y-%m-%d %H:%M:%S} UTC by this machine's clock",
            hint="set this machine's clock (is NTP running?); what is installed stays",
            status="clock",
        )


def _refused(reason: str, rule: str) -> Refused:
    return Refused(
        f"what the CA sent {reason}",
        hint="see what the CA issued with: rootlet ca list; what is installed stays",
        status=rule,
    )
