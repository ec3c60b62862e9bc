"""The profile in the JSON of Mozilla's guideline, which sslyze takes: --custom_tls_config."""

from __future__ import annotations

from typing import Any

from rootlet.profile import Profile
from rootlet.servers.words import openssl_words

__all__ = ["mozilla_configuration"]

CERTIFICATES = {
    "Ed25519": {
        "certificate_curves": [],
        "certificate_signatures": ["ed25519"],
        "certificate_types": ["Ed25519PublicKey"],
    },
    "P-256": {
        "certificate_curves": ["prime256v1"],
        "certificate_signatures": ["ecdsa-with-SHA256"],
        "certificate_types": ["ecdsa"],
    },
}
"""By key algorithm. Mozilla names no Ed25519: sslyze goes by the class of the key."""

ECDH_BITS = 256

HOURS_OF_A_DAY = 24


def mozilla_configuration(profile: Profile) -> dict[str, Any]:
    """One configuration, not the whole guideline. Of client certificates it has no word."""
    most = profile.lifetimes.server_max_hours // HOURS_OF_A_DAY
    return {
        **CERTIFICATES[profile.chain.key],
        "ciphers": {"caddy": [], "go": [], "iana": [], "openssl": []},
        "ciphersuites": [profile.tls.suite],
        "dh_param_size": None,
        "ecdh_param_size": ECDH_BITS,
        "hsts_min_age": 0,
        "maximum_certificate_lifespan": most,
        "ocsp_staple": False,
        "oldest_clients": [],
        "recommended_certificate_lifespan": profile.lifetimes.server_hours // HOURS_OF_A_DAY,
        "rsa_key_size": None,
        "server_preferred_order": False,
        "tls_curves": [openssl_words(profile).group],
        "tls_versions": ["TLSv1.3"],
    }
