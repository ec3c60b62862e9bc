"""Every vector of the files through the library, and through an independent implementation."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from rootlet.device import primitives as p
from rootlet.errors import Refused
from support import crypto_cases, curves
from support.vector_files import FOLDER, cases


def hexes(*fields: str) -> list[bytes]:
    return [bytes.fromhex(field) for field in fields]


@pytest.mark.parametrize("name", crypto_cases.FILES)
def test_edge_files_are_what_their_generator_makes(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="ascii") == crypto_cases.file_text(name)


def test_every_file_says_where_it_is_from() -> None:
    for path in FOLDER.iterdir():
        head = [line for line in path.read_text("ascii").splitlines() if line.startswith("#")]
        assert any("Source: " in line for line in head), path.name


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [
        ("sha256.txt", p.rootlet_sha256, hashlib.sha256),
        ("sha512.txt", p.rootlet_sha512, hashlib.sha512),
    ],
)
def test_hashes(
    name: str, ours: Callable[[bytes], bytes], theirs: Callable[[bytes], hashlib._Hash]
) -> None:
    for _, times, message, digest in cases(name):
        whole = bytes.fromhex(message) * int(times)
        assert ours(whole).hex() == theirs(whole).hexdigest() == digest


def test_hmac() -> None:
    for _, *fields in cases("hmac_sha256.txt"):
        key, message, mac = hexes(*fields)
        assert p.rootlet_hmac_sha256(key, message)[: len(mac)] == mac
        assert hmac.digest(key, message, "sha256")[: len(mac)] == mac


def test_hkdf() -> None:
    for _, *fields in cases("hkdf_sha256.txt"):
        salt, ikm, prk, info, okm = hexes(*fields)
        assert p.rootlet_hkdf_sha256_extract(salt, ikm) == prk
        assert p.rootlet_hkdf_sha256_expand(prk, info, 32) == okm[:32]
        assert HKDFExpand(SHA256(), len(okm), info).derive(prk) == okm


def test_chacha20poly1305() -> None:
    for _, *fields in cases("chacha20poly1305.txt"):
        key, nonce, aad, plaintext, ciphertext, tag = hexes(*fields)
        assert p.rootlet_chacha20poly1305_seal(key, nonce, aad, plaintext) == (ciphertext, tag)
        assert p.rootlet_chacha20poly1305_open(key, nonce, aad, ciphertext, tag) == plaintext
        assert ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad) == ciphertext + tag


def test_x25519() -> None:
    for _, *fields in cases("x25519.txt"):
        scalar, point, result = hexes(*fields)
        assert p.rootlet_x25519(scalar, point) == result == curves.x25519(scalar, point)
        peer = X25519PublicKey.from_public_bytes(point)
        assert X25519PrivateKey.from_private_bytes(scalar).exchange(peer) == result


def test_x25519_edges() -> None:
    for label, *fields in cases("x25519_edge.txt"):
        scalar, point, result = hexes(*fields)
        assert label.startswith("low-") == (result == bytes(32)), label
        peer = X25519PublicKey.from_public_bytes(point)
        if any(result):
            assert p.rootlet_x25519(scalar, point) == result, label
            assert X25519PrivateKey.from_private_bytes(scalar).exchange(peer) == result, label
        else:
            with pytest.raises(Refused) as refused:
                p.rootlet_x25519(scalar, point)
            assert refused.value.status == "ERR_CRYPTO_ZERO_SHARED"


def test_x25519_iterated() -> None:
    wanted = {int(count): bytes.fromhex(result) for count, result in cases("x25519_iterated.txt")}
    scalar = point = bytes([9]) + bytes(31)
    for i in range(1, max(wanted) + 1):
        scalar, point = p.rootlet_x25519(scalar, point), scalar
        assert scalar == wanted.get(i, scalar)


def test_ed25519() -> None:
    for _, *fields in cases("ed25519.txt"):
        private_key, public_key, message, signature = hexes(*fields)
        assert p.rootlet_ed25519_public(private_key) == public_key
        assert p.rootlet_ed25519_sign(private_key, message) == signature
        p.rootlet_ed25519_verify(signature, public_key, message)
        assert Ed25519PrivateKey.from_private_bytes(private_key).sign(message) == signature


def verdict_on(signature: bytes, public_key: bytes, message: bytes) -> str:
    try:
        p.rootlet_ed25519_verify(signature, public_key, message)
    except Refused as refused:
        return str(refused.status)
    return "good"


def test_ed25519_edges() -> None:
    expected = {"good": "good", "bad": "ERR_CRYPTO_SIGNATURE"}
    rows = cases("ed25519_edge.txt")
    for label, verdict, *fields in rows:
        public_key, message, signature = hexes(*fields)
        assert verdict_on(signature, public_key, message) == expected[verdict], label
    assert {verdict for _, verdict, *_ in rows} == set(expected)
