"""The library against pyca/cryptography and plain integers; drawn inputs that lean to the edges."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.device import primitives as p
from rootlet.errors import Refused
from support import curves
from support.crypto_cases import LOW_ORDER_U, TORSION

EXAMPLES = 400
"""Cases drawn per property."""
SLOW_EXAMPLES = 60
"""The same where the other side is plain integers."""

many = settings(max_examples=EXAMPLES, deadline=None)


def little(number: int) -> bytes:
    return number.to_bytes(32, "little")


near = st.builds(
    lambda base, step: little((base + step) % 2**256),
    st.sampled_from([0, curves.P, 2 * curves.P, 2**255, 2**256, curves.L, 8 * curves.L]),
    st.integers(-40, 40),
)
words = st.lists(
    st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\0\0\0", b"\0\0\0\x80"]),
    min_size=8,
    max_size=8,
).map(b"".join)
elements = st.one_of(
    st.binary(min_size=32, max_size=32), near, words, st.sampled_from(LOW_ORDER_U).map(little)
)
keys = st.one_of(st.binary(min_size=32, max_size=32), words)
messages = st.binary(max_size=300)


@many
@given(data=st.binary(max_size=1000))
def test_hashes(data: bytes) -> None:
    assert p.rootlet_sha256(data) == hashlib.sha256(data).digest()
    assert p.rootlet_sha512(data) == hashlib.sha512(data).digest()


@many
@given(key=st.binary(max_size=140), message=messages)
def test_hmac_and_extract(key: bytes, message: bytes) -> None:
    expected = hmac.digest(key, message, "sha256")
    assert p.rootlet_hmac_sha256(key, message) == expected
    assert p.rootlet_hkdf_sha256_extract(key, message) == expected


@many
@given(prk=keys, info=st.binary(max_size=128), length=st.integers(1, 32))
def test_expand(prk: bytes, info: bytes, length: int) -> None:
    expected = HKDFExpand(SHA256(), length, info).derive(prk)
    assert p.rootlet_hkdf_sha256_expand(prk, info, length) == expected


@many
@given(key=keys, nonce=st.binary(min_size=12, max_size=12), aad=messages, plaintext=messages)
def test_sealing_and_opening(key: bytes, nonce: bytes, aad: bytes, plaintext: bytes) -> None:
    sealed = ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)
    ciphertext, tag = sealed[:-16], sealed[-16:]
    assert p.rootlet_chacha20poly1305_seal(key, nonce, aad, plaintext) == (ciphertext, tag)
    assert p.rootlet_chacha20poly1305_open(key, nonce, aad, ciphertext, tag) == plaintext


@many
@given(key=keys, aad=messages, plaintext=messages, data=st.data())
def test_any_changed_bit_is_refused(
    key: bytes, aad: bytes, plaintext: bytes, data: st.DataObject
) -> None:
    nonce = bytes(12)
    ciphertext, tag = p.rootlet_chacha20poly1305_seal(key, nonce, aad, plaintext)
    whole = bytearray(nonce + aad + ciphertext + tag)
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8
    changed, body = bytes(whole[:12]), bytes(whole[12:-16])
    with pytest.raises(Refused) as refused:
        p.rootlet_chacha20poly1305_open(
            key, changed, body[: len(aad)], body[len(aad) :], bytes(whole[-16:])
        )
    assert refused.value.status == "ERR_CRYPTO_TAG"


@many
@given(scalar=elements, point=elements)
def test_x25519(scalar: bytes, point: bytes) -> None:
    expected = curves.x25519(scalar, point)
    peer, private = X25519PublicKey.from_public_bytes(point), X25519PrivateKey
    if any(expected):
        assert p.rootlet_x25519(scalar, point) == expected
        assert private.from_private_bytes(scalar).exchange(peer) == expected
    else:
        with pytest.raises(Refused) as refused:
            p.rootlet_x25519(scalar, point)
        assert refused.value.status == "ERR_CRYPTO_ZERO_SHARED"


@many
@given(scalar=elements)
def test_x25519_public(scalar: bytes) -> None:
    theirs = X25519PrivateKey.from_private_bytes(scalar).public_key().public_bytes_raw()
    assert p.rootlet_x25519_public(scalar) == theirs


@many
@given(private_key=keys, message=messages, cut=st.integers(0, 300))
def test_signing(private_key: bytes, message: bytes, cut: int) -> None:
    theirs = Ed25519PrivateKey.from_private_bytes(private_key)
    public_key, signature = theirs.public_key().public_bytes_raw(), theirs.sign(message)
    assert p.rootlet_ed25519_public(private_key) == public_key
    assert p.rootlet_ed25519_sign(private_key, message[cut:], message[:cut]) == signature
    p.rootlet_ed25519_verify(signature, public_key, message[cut:], message[:cut])


@many
@given(private_key=keys, message=messages, data=st.data())
def test_any_changed_bit_breaks_a_signature(
    private_key: bytes, message: bytes, data: st.DataObject
) -> None:
    theirs = Ed25519PrivateKey.from_private_bytes(private_key)
    whole = bytearray(theirs.sign(message) + theirs.public_key().public_bytes_raw() + message)
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8
    signature, public_key, changed = bytes(whole[:64]), bytes(whole[64:96]), bytes(whole[96:])
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, changed)
    with pytest.raises(Refused) as refused:
        p.rootlet_ed25519_verify(signature, public_key, changed)
    assert refused.value.status == "ERR_CRYPTO_SIGNATURE"


@many
@given(private_key=keys, message=messages, times=st.integers(1, 14))
def test_a_second_form_of_s_is_refused(private_key: bytes, message: bytes, times: int) -> None:
    signature = p.rootlet_ed25519_sign(private_key, message)
    other = int.from_bytes(signature[32:], "little") + times * curves.L
    with pytest.raises(Refused):
        p.rootlet_ed25519_verify(
            signature[:32] + little(other), p.rootlet_ed25519_public(private_key), message
        )


small_order = st.sampled_from([curves.encode(point) for point in TORSION])


@settings(max_examples=SLOW_EXAMPLES, deadline=None)
@given(public_key=st.one_of(small_order, near, elements), s=elements, message=messages)
def test_encodings_of_keys_and_s(public_key: bytes, s: bytes, message: bytes) -> None:
    """R is S * B, right whenever the challenge times A is neutral: often, for A of small order."""
    r = curves.encode(curves.multiply(int.from_bytes(s, "little"), curves.BASE))
    good = curves.verify(r + s, public_key, message)
    try:
        p.rootlet_ed25519_verify(r + s, public_key, message)
    except Refused:
        assert not good
    else:
        assert good
