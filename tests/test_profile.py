"""The profile files: read exactly, and consistent with each other and with the RFCs' numbers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rootlet.errors import Misuse
from rootlet.profile import PROFILE_NAMES, Profile, load_profile, parse_profile

TREE = Path(__file__).resolve().parents[1]
TEXT = (TREE / "profiles" / "c25519.toml").read_text(encoding="utf-8")

profiles = pytest.mark.parametrize("profile", [load_profile(name) for name in PROFILE_NAMES])


def test_the_default_is_the_small_one() -> None:
    assert PROFILE_NAMES[0] == "c25519"


def test_every_file_is_a_known_profile() -> None:
    assert {path.stem for path in (TREE / "profiles").iterdir()} == set(PROFILE_NAMES)


@pytest.mark.parametrize(
    ("name", "suite", "group", "scheme"),
    [
        (
            "c25519",
            ("TLS_CHACHA20_POLY1305_SHA256", 0x1303),
            ("X25519", 0x001D),
            ("ed25519", 0x0807),
        ),
        (
            "p256",
            ("TLS_AES_128_GCM_SHA256", 0x1301),
            ("secp256r1", 0x0017),
            ("ecdsa_secp256r1_sha256", 0x0403),
        ),
    ],
)
def test_names_and_numbers_are_ianas(
    name: str, suite: tuple[str, int], group: tuple[str, int], scheme: tuple[str, int]
) -> None:
    tls = load_profile(name).tls
    assert (tls.suite, tls.suite_code) == suite
    assert (tls.group, tls.group_code) == group
    assert (tls.signature_scheme, tls.signature_code) == scheme


@profiles
def test_both_record_limits_say_the_same(profile: Profile) -> None:
    # RFC 6066 section 4: code 1 is 512 bytes, each further one twice that.
    assert profile.tls.record_limit == 256 << profile.tls.max_fragment_code


@profiles
def test_lifetimes_fit_into_each_other(profile: Profile) -> None:
    lives = profile.lifetimes
    assert 0 < lives.server_hours <= lives.server_max_hours < lives.issuing_days * 24
    assert lives.issuing_days < lives.root_days
    assert lives.device_days <= lives.device_max_days <= lives.root_days


@profiles
def test_a_chain_of_the_largest_certificates_the_device_looks_at_is_bounded(
    profile: Profile,
) -> None:
    chain = profile.chain
    assert chain.signatures <= chain.certificates
    assert chain.certificate_bytes < chain.message_bytes


@profiles
def test_a_profile_is_what_its_file_says(profile: Profile) -> None:
    text = (TREE / "profiles" / f"{profile.name}.toml").read_text(encoding="utf-8")
    assert parse_profile(text) == profile


def test_a_profile_cannot_be_changed() -> None:
    profile = load_profile("c25519")
    with pytest.raises(dataclasses.FrozenInstanceError):
        profile.name = "mine"  # type: ignore[misc]  # that it is an error is the point


def test_an_unknown_profile_is_misuse() -> None:
    with pytest.raises(Misuse, match="no profile 'rsa'") as error:
        load_profile("rsa")
    assert error.value.hint == "choose one of: c25519, p256"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("format = 1", "format = 2", "profile format 2 is not known"),
        ("format = 1", "", "profile format None is not known"),
        ("[sizes]", "[sizes]\nshoe = 43", r"\[sizes\] has wrong keys: \['shoe'\]"),
        ("path_length = 0", "", r"\[chain\] has wrong keys: \['path_length'\]"),
        ("[lifetimes]", "[lifetime]", r"wrong keys: \['lifetime', 'lifetimes'\]"),
        ("[chain]", "[other]", r"wrong keys: \['chain', 'other'\]"),
        ("[chain]\n", "[[chain]]\n", r"\[chain\] has wrong keys"),
        ("format = 1", "format = 1\nextra = 1", r"the profile has wrong keys: \['extra'\]"),
        ('name = "c25519"', "", r"the profile has wrong keys: \['name'\]"),
    ],
)
def test_anything_but_the_known_keys_is_misuse(old: str, new: str, words: str) -> None:
    assert old in TEXT
    with pytest.raises(Misuse, match=words):
        parse_profile(TEXT.replace(old, new, 1))
