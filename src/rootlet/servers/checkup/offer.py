"""What one handshake offers, and the command of OpenSSL's client that offers it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rootlet.profile import Profile
from rootlet.servers.interface import Listen
from rootlet.servers.words import openssl_words

__all__ = [
    "GROUPS",
    "OLD_VERSIONS",
    "SUITES",
    "ClientFiles",
    "Offer",
    "Request",
    "other_groups",
    "other_suites",
    "profile_offer",
]

SUITES = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0x1304: "TLS_AES_128_CCM_SHA256",
    0x1305: "TLS_AES_128_CCM_8_SHA256",
}
"""Every suite of TLS 1.3 (RFC 9846 appendix B.4)."""

GROUPS = {
    0x001D: "X25519",
    0x0017: "prime256v1",
    0x0018: "secp384r1",
    0x0019: "secp521r1",
    0x001E: "X448",
    0x0100: "ffdhe2048",
    0x0101: "ffdhe3072",
}
"""Groups of TLS 1.3 that OpenSSL 3.0 has."""

OLD_VERSIONS = {0x0303: "TLS 1.2", 0x0302: "TLS 1.1", 0x0301: "TLS 1.0"}

FRAGMENT_BYTES = {1: 512, 2: 1024, 3: 2048, 4: 4096}
"""RFC 6066 section 4."""

ALL_OLD_SUITES = "ALL:@SECLEVEL=0"
"""Whatever there is below TLS 1.3: old versions ask for hashes that OpenSSL refuses otherwise."""

OLD_OPTIONS = {0x0303: "-tls1_2", 0x0302: "-tls1_1", 0x0301: "-tls1"}


class Request(StrEnum):
    """What is asked when the handshake is over, to see whether one is let in."""

    HTTP = "http"
    MQTT = "mqtt"
    NONE = "none"


@dataclass(frozen=True)
class ClientFiles:
    """A client's certificate and key, PEM, the key without a passphrase."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Offer:
    """One handshake."""

    suites: tuple[str, ...]
    groups: tuple[str, ...]
    """The first one's share is sent."""
    signature: str
    name: str | None
    """For SNI; None for a handshake without."""
    identity: ClientFiles | None
    """None to show no certificate."""
    fragment: int
    """Bytes of content that a record may hold."""
    old_version: int | None = None
    """A version below 1.3, offered alone, with every suite, group and signature scheme."""
    request: Request | None = None
    """None ends the connection after the handshake."""

    def argv(self, address: Listen, messages: str) -> list[str]:
        """The command; what is sent and received goes to the file ``messages``."""
        argv = ["openssl", "s_client", "-connect", str(address), "-msg", "-msgfile", messages]
        argv += [
            "-quiet",
            *([] if self.request in {Request.HTTP, Request.MQTT} else ["-no_ign_eof"]),
        ]
        argv += ["-noservername"] if self.name is None else ["-servername", self.name]
        if self.old_version is not None:
            argv += [OLD_OPTIONS[self.old_version], "-cipher", ALL_OLD_SUITES]
        else:
            argv += ["-tls1_3", "-ciphersuites", ":".join(self.suites)]
            argv += ["-groups", ":".join(self.groups), "-sigalgs", self.signature]
            argv += ["-maxfraglen", str(self.fragment)]
        if self.identity is not None:
            argv += ["-cert", str(self.identity.certificate), "-key", str(self.identity.key)]
        return argv


def profile_offer(profile: Profile, *, name: str | None, identity: ClientFiles | None) -> Offer:
    """What a device offers."""
    words = openssl_words(profile)
    fragment = FRAGMENT_BYTES[profile.tls.max_fragment_code]
    return Offer((words.suite,), (words.group,), words.signature, name, identity, fragment)


def other_suites(profile: Profile) -> dict[int, str]:
    """The suites of TLS 1.3 that are not the profile's."""
    return {code: name for code, name in SUITES.items() if code != profile.tls.suite_code}


def other_groups(profile: Profile) -> dict[int, str]:
    """The groups that are not the profile's."""
    return {code: name for code, name in GROUPS.items() if code != profile.tls.group_code}
