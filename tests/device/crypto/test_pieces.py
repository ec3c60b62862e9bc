"""Hashing in pieces, lengths around blocks, and data in place."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from _rootlet_device import ffi, lib
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.device import primitives as p

TEXT = bytes(i * 89 % 251 for i in range(600))
BITS = (256, 512)


def in_pieces(bits: int, pieces: list[bytes]) -> bytes:
    context = ffi.new(f"rootlet_sha{bits} *")
    digest = ffi.new(f"uint8_t[{bits // 8}]")
    getattr(lib, f"rootlet_sha{bits}_init")(context)
    for piece in pieces:
        getattr(lib, f"rootlet_sha{bits}_update")(context, piece, len(piece))
    getattr(lib, f"rootlet_sha{bits}_final")(context, digest)
    return bytes(digest)


@pytest.mark.parametrize("bits", BITS)
def test_every_length_around_four_blocks(bits: int) -> None:
    for length in range(bits + 20):
        expected = hashlib.new(f"sha{bits}", TEXT[:length]).digest()
        assert in_pieces(bits, [TEXT[:length]]) == expected, length


@pytest.mark.parametrize("bits", BITS)
def test_every_split_of_messages_around_blocks(bits: int) -> None:
    block = bits // 4
    for length in (block - 1, block, block + 1, 2 * block, 2 * block + 3):
        expected = hashlib.new(f"sha{bits}", TEXT[:length]).digest()
        for cut in range(length + 1):
            assert in_pieces(bits, [TEXT[:cut], TEXT[cut:length]]) == expected, (length, cut)


@settings(max_examples=300, deadline=None)
@given(bits=st.sampled_from(BITS), pieces=st.lists(st.binary(max_size=150), max_size=6))
def test_any_pieces(bits: int, pieces: list[bytes]) -> None:
    assert in_pieces(bits, pieces) == hashlib.new(f"sha{bits}", b"".join(pieces)).digest()


@pytest.mark.parametrize("bits", BITS)
def test_a_copied_context_goes_on_by_itself(bits: int) -> None:
    name = f"rootlet_sha{bits}"
    context, copy = ffi.new(f"{name} *"), ffi.new(f"{name} *")
    digest = ffi.new(f"uint8_t[{bits // 8}]")
    getattr(lib, f"{name}_init")(context)
    getattr(lib, f"{name}_update")(context, TEXT, 100)
    copy[0] = context[0]
    getattr(lib, f"{name}_update")(context, TEXT[100:], 100)
    getattr(lib, f"{name}_final")(context, digest)
    assert bytes(digest) == hashlib.new(f"sha{bits}", TEXT[:200]).digest()
    getattr(lib, f"{name}_final")(copy, digest)
    assert bytes(digest) == hashlib.new(f"sha{bits}", TEXT[:100]).digest()


@pytest.mark.parametrize("bits", BITS)
def test_a_finished_context_is_wiped(bits: int) -> None:
    name = f"rootlet_sha{bits}"
    context, digest = ffi.new(f"{name} *"), ffi.new(f"uint8_t[{bits // 8}]")
    getattr(lib, f"{name}_init")(context)
    getattr(lib, f"{name}_update")(context, TEXT, 100)
    assert any(bytes(ffi.buffer(context)))
    getattr(lib, f"{name}_final")(context, digest)
    assert not any(bytes(ffi.buffer(context)))


def test_hmac_with_every_key_length_around_two_blocks() -> None:
    for length in range(140):
        expected = hmac.digest(TEXT[:length], b"message", "sha256")
        assert p.rootlet_hmac_sha256(TEXT[:length], b"message") == expected, length


def test_sealing_every_length_up_to_300() -> None:
    key, nonce = TEXT[:32], TEXT[32:44]
    for length in range(301):
        aad = TEXT[: length % 35]
        sealed = ChaCha20Poly1305(key).encrypt(nonce, TEXT[:length], aad)
        ciphertext, tag = p.rootlet_chacha20poly1305_seal(key, nonce, aad, TEXT[:length])
        assert ciphertext + tag == sealed, length
        assert p.rootlet_chacha20poly1305_open(key, nonce, aad, ciphertext, tag) == TEXT[:length]


def test_the_shared_secret_may_overwrite_its_inputs() -> None:
    scalar, point = TEXT[:32], p.rootlet_x25519_public(TEXT[40:72])
    expected = p.rootlet_x25519(scalar, point)
    for over_scalar in (True, False):
        one, two = ffi.new("uint8_t[32]", scalar), ffi.new("uint8_t[32]", point)
        result = one if over_scalar else two
        assert lib.rootlet_x25519(result, one, two) == 0
        assert bytes(result) == expected


def test_a_public_key_may_overwrite_its_private_key() -> None:
    key = ffi.new("uint8_t[32]", TEXT[:32])
    lib.rootlet_ed25519_public(key, key)
    assert bytes(key) == p.rootlet_ed25519_public(TEXT[:32])
