"""The private test module: fixed sizes are checked before C sees a pointer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rootlet.device import primitives
from rootlet.errors import Misuse, Refused

KEY, NONCE, TAG, SIGNATURE = bytes(32), bytes(12), bytes(16), bytes(64)

SIZED: dict[str, Callable[..., object]] = {
    "prk": lambda odd: primitives.rootlet_hkdf_sha256_expand(odd(KEY), b"", 32),
    "seal key": lambda odd: primitives.rootlet_chacha20poly1305_seal(odd(KEY), NONCE, b"", b""),
    "seal nonce": lambda odd: primitives.rootlet_chacha20poly1305_seal(KEY, odd(NONCE), b"", b""),
    "open key": lambda odd: primitives.rootlet_chacha20poly1305_open(
        odd(KEY), NONCE, b"", b"", TAG
    ),
    "open nonce": lambda odd: primitives.rootlet_chacha20poly1305_open(
        KEY, odd(NONCE), b"", b"", TAG
    ),
    "open tag": lambda odd: primitives.rootlet_chacha20poly1305_open(
        KEY, NONCE, b"", b"", odd(TAG)
    ),
    "scalar": lambda odd: primitives.rootlet_x25519(odd(KEY), KEY),
    "point": lambda odd: primitives.rootlet_x25519(KEY, odd(KEY)),
    "scalar of a public key": lambda odd: primitives.rootlet_x25519_public(odd(KEY)),
    "signature": lambda odd: primitives.rootlet_ed25519_verify(odd(SIGNATURE), KEY, b""),
    "verifying key": lambda odd: primitives.rootlet_ed25519_verify(SIGNATURE, odd(KEY), b""),
    "private key": lambda odd: primitives.rootlet_ed25519_public(odd(KEY)),
    "signing key": lambda odd: primitives.rootlet_ed25519_sign(odd(KEY), b""),
}


@pytest.mark.parametrize("odd", [lambda value: value[:-1], lambda value: value + b"\0"])
@pytest.mark.parametrize("call", SIZED.values(), ids=SIZED)
def test_a_wrong_size_is_misuse(call: Callable[..., object], odd: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Misuse, match=r"is \d+ bytes"):
        call(odd)


def test_every_primitive_is_called_as_in_c() -> None:
    for name in primitives.__all__:
        assert name.startswith("rootlet_")
        assert callable(getattr(primitives, name))


def test_a_changed_tag_leaves_the_data_and_is_refused() -> None:
    ciphertext, tag = primitives.rootlet_chacha20poly1305_seal(KEY, NONCE, b"aad", b"text")
    opened = primitives.rootlet_chacha20poly1305_open(KEY, NONCE, b"aad", ciphertext, tag)
    assert opened == b"text"
    with pytest.raises(Refused) as refused:
        primitives.rootlet_chacha20poly1305_open(KEY, NONCE, b"aad", ciphertext, TAG)
    assert refused.value.status == "ERR_CRYPTO_TAG"


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (lambda: primitives.rootlet_x25519(KEY, KEY), "ERR_CRYPTO_ZERO_SHARED"),
        (lambda: primitives.rootlet_ed25519_verify(SIGNATURE, KEY, b""), "ERR_CRYPTO_SIGNATURE"),
        (lambda: primitives.rootlet_hkdf_sha256_expand(KEY, b"", 33), "ERR_MISUSE"),
    ],
)
def test_a_failing_check_is_refused_by_name(call: Callable[[], object], status: str) -> None:
    with pytest.raises(Refused) as refused:
        call()
    assert refused.value.status == status


def test_prefix_and_message_are_signed_as_one() -> None:
    public_key = primitives.rootlet_ed25519_public(KEY)
    signature = primitives.rootlet_ed25519_sign(KEY, b"message", b"prefix ")
    assert signature == primitives.rootlet_ed25519_sign(KEY, b"prefix message")
    primitives.rootlet_ed25519_verify(signature, public_key, b"prefix message")
    primitives.rootlet_ed25519_verify(signature, public_key, b"message", b"prefix ")
