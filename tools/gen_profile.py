"""Write the C limits headers from the profile files, or check that they are up to date.

python tools/gen_profile.py            write device/include/rootlet/limits_*.h
python tools/gen_profile.py --check    exit 1 when one differs
"""

from __future__ import annotations

import sys
from pathlib import Path

from rootlet.profile import PROFILE_NAMES, Profile, load_profile

TREE = Path(__file__).resolve().parents[1]
HEADERS = TREE / "device" / "include" / "rootlet"


def _defines(profile: Profile) -> list[tuple[str, str, str]]:
    tls, sizes, chain = profile.tls, profile.sizes, profile.chain
    return [
        ("PROFILE_NAME", f'"{profile.name}"', ""),
        ("TLS_SUITE", f"0x{tls.suite_code:04x}", tls.suite),
        ("TLS_GROUP", f"0x{tls.group_code:04x}", tls.group),
        ("TLS_SIGNATURE_SCHEME", f"0x{tls.signature_code:04x}", tls.signature_scheme),
        ("RECORD_LIMIT", str(tls.record_limit), "content bytes in one received record"),
        ("MAX_FRAGMENT_CODE", str(tls.max_fragment_code), "RFC 6066 section 4"),
        ("COOKIE_BYTES", str(tls.cookie_bytes), "longest cookie echoed"),
        ("HOST_NAME_BYTES", str(tls.host_name_bytes), "longest DNS name"),
        ("ALPN_BYTES", str(tls.alpn_bytes), "longest ALPN protocol name"),
        ("KEY_SHARE_BYTES", str(sizes.key_share), ""),
        ("SHARED_SECRET_BYTES", str(sizes.shared_secret), ""),
        ("PRIVATE_KEY_BYTES", str(sizes.private_key), ""),
        ("PUBLIC_KEY_BYTES", str(sizes.public_key), ""),
        ("SIGNATURE_BYTES", str(sizes.signature), "the longest"),
        ("HASH_BYTES", str(sizes.hash), ""),
        ("AEAD_KEY_BYTES", str(sizes.aead_key), ""),
        ("AEAD_NONCE_BYTES", str(sizes.aead_nonce), ""),
        ("AEAD_TAG_BYTES", str(sizes.aead_tag), ""),
        ("CHAIN_CERTIFICATES", str(chain.certificates), "certificates looked at in one message"),
        ("CHAIN_SIGNATURES", str(chain.signatures), "signatures checked in one path"),
        ("MESSAGE_BYTES", str(chain.message_bytes), "largest handshake message held"),
    ]


def render(profile: Profile) -> str:
    """The header of one profile."""
    guard = f"ROOTLET_LIMITS_{profile.name.upper()}_H"
    lines = [
        "/* clang-format off */",
        f"/* Limits of the profile {profile.name}: {profile.summary}.",
        f" * Generated from profiles/{profile.name}.toml by tools/gen_profile.py; do not edit. */",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
    ]
    for name, value, comment in _defines(profile):
        end = f" /* {comment} */" if comment else ""
        lines.append(f"#define ROOTLET_{name} {value}{end}")
    return "\n".join([*lines, "", "#endif", ""])


def main(argv: list[str]) -> int:
    """Write or check; returns the exit code."""
    stale = []
    for name in PROFILE_NAMES:
        path = HEADERS / f"limits_{name}.h"
        text = render(load_profile(name))
        if argv == ["--check"]:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                stale.append(path.name)
        else:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"stale: {', '.join(stale)}; run: python tools/gen_profile.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
