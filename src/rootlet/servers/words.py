"""The profile in the words of the TLS libraries that servers are built on."""

from __future__ import annotations

from dataclasses import dataclass

from rootlet.profile import Profile

__all__ = ["GoWords", "OpensslWords", "boringssl_group", "go_words", "openssl_words"]

OPENSSL_GROUPS = {"X25519": "X25519", "secp256r1": "prime256v1"}
OPENSSL_SIGNATURES = {"ed25519": "ed25519", "ecdsa_secp256r1_sha256": "ECDSA+SHA256"}
CADDY_KEYS = {"Ed25519": "ed25519", "P-256": "p256"}
TRAEFIK_GROUPS = {"X25519": "X25519", "secp256r1": "CurveP256"}
BORINGSSL_GROUPS = {"X25519": "X25519", "secp256r1": "P-256"}


@dataclass(frozen=True)
class OpensslWords:
    """What SSL_CONF_cmd(3) understands."""

    suite: str
    group: str
    signature: str


@dataclass(frozen=True)
class GoWords:
    """What servers written in Go call it; a suite of TLS 1.3 cannot be chosen there."""

    caddy_group: str
    caddy_key: str
    traefik_group: str


def openssl_words(profile: Profile) -> OpensslWords:
    """One suite, one group, one signature scheme."""
    tls = profile.tls
    signature = OPENSSL_SIGNATURES[tls.signature_scheme]
    return OpensslWords(tls.suite, OPENSSL_GROUPS[tls.group], signature)


def go_words(profile: Profile) -> GoWords:
    """One group and one kind of key, as Caddy and Traefik spell them."""
    group = profile.tls.group
    return GoWords(group.lower(), CADDY_KEYS[profile.chain.key], TRAEFIK_GROUPS[group])


def boringssl_group(profile: Profile) -> str:
    """The group, as BoringSSL spells it; its signature schemes have the RFC's names."""
    return BORINGSSL_GROUPS[profile.tls.group]
