"""Keys: made by the profile, written and read back, anything else refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rootlet.errors import Refused, Secret
from rootlet.pki import (
    KeySealer,
    PrivateKey,
    generate_key,
    key_algorithm,
    key_from_pem,
    key_to_pem,
    public_bytes,
    require_profile_key,
)
from rootlet.pki.keys import key_identifier
from rootlet.profile import PROFILE_NAMES, Profile, load_profile

C25519, P256 = (load_profile(name) for name in PROFILE_NAMES)
both_profiles = pytest.mark.parametrize("profile", [C25519, P256], ids=PROFILE_NAMES)


def written_with(key: PrivateKey, passphrase: bytes | None) -> bytes:
    return key_to_pem(key) if passphrase is None else KeySealer(passphrase).pem(key)


@both_profiles
def test_a_new_key_is_of_the_profiles_algorithm_and_size(profile: Profile) -> None:
    key = generate_key(profile).public_key()
    assert key_algorithm(key) == profile.chain.key
    assert len(public_bytes(key)) == profile.sizes.public_key
    assert len(key_identifier(key)) == 20


@both_profiles
@pytest.mark.parametrize("passphrase", [None, b"four random words"])
def test_a_key_survives_being_written_and_read(profile: Profile, passphrase: bytes | None) -> None:
    key = generate_key(profile)
    pem = written_with(key, passphrase)
    assert (b"ENCRYPTED" in pem) == (passphrase is not None)
    again = key_from_pem(pem, passphrase, profile=profile, what="the key")
    assert again.public_key() == key.public_key()


@pytest.mark.parametrize(
    ("written", "read"),
    [(b"right one", b"wrong one"), (b"right one", None), (None, b"needless"), (b"right one", b"")],
)
def test_a_passphrase_that_does_not_fit_is_said_to_be_one(
    written: bytes | None, read: bytes | None
) -> None:
    pem = written_with(generate_key(C25519), written)
    with pytest.raises(Secret, match="the root's key"):
        key_from_pem(pem, read, profile=C25519, what="the root's key")


def test_damaged_pem_is_refused() -> None:
    pem = key_to_pem(generate_key(C25519))
    for damaged in (b"", b"nothing", pem[:60], pem.replace(b"M", b"!", 1)):
        with pytest.raises(Refused, match="the key is not a private key"):
            key_from_pem(damaged, None, profile=C25519, what="the key")


def test_a_key_of_the_other_profile_is_refused() -> None:
    for mine, other in ((C25519, P256), (P256, C25519)):
        pem = key_to_pem(generate_key(other))
        with pytest.raises(Refused, match=mine.chain.key) as refusal:
            key_from_pem(pem, None, profile=mine, what="the key")
        assert refusal.value.status == "key-algorithm"


@both_profiles
@pytest.mark.parametrize(
    ("key", "called"),
    [
        (rsa.generate_private_key(65537, 2048), "RSA"),
        (ec.generate_private_key(ec.SECP384R1()), "secp384r1"),
        (x25519.X25519PrivateKey.generate(), "X25519"),
    ],
)
def test_other_algorithms_are_named_and_refused(
    profile: Profile,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey,
    called: str,
) -> None:
    with pytest.raises(Refused, match=called):
        require_profile_key(key.public_key(), profile, what="it")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(Refused, match=called):
        key_from_pem(pem, None, profile=profile, what="it")
