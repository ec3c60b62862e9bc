"""The profile in OpenSSL's words, for every server that is built on it."""

from __future__ import annotations

from dataclasses import dataclass

from rootlet.profile import Profile

__all__ = ["OpensslWords", "openssl_words"]

GROUPS = {"X25519": "X25519", "secp256r1": "prime256v1"}
SIGNATURES = {"ed25519": "ed25519", "ecdsa_secp256r1_sha256": "ECDSA+SHA256"}


@dataclass(frozen=True)
class OpensslWords:
    """What SSL_CONF_cmd(3) understands."""

    suite: str
    group: str
    signature: str


def openssl_words(profile: Profile) -> OpensslWords:
    """One suite, one group, one signature scheme."""
    tls = profile.tls
    return OpensslWords(tls.suite, GROUPS[tls.group], SIGNATURES[tls.signature_scheme])
