"""Private keys under one passphrase: encrypted PKCS#8 (RFC 5958) that every tool opens.

The form is PBES2 (RFC 8018) with PBKDF2-HMAC-SHA-256 and AES-256-CBC. pyca writes it with few
rounds, and no way to ask for more: too few for a root. With many, deriving a key takes a fifth of a
second, which a bulk of devices cannot pay for each. So the key is derived once, with a random salt,
for all that are sealed together; each has an initialisation vector of its own. Whoever guesses at
the passphrase gains nothing by that: opening one of them is all it takes to know it, and that costs
the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rootlet.errors import Secret
from rootlet.pki.der import INTEGER, NULL, OCTETS, OID, SEQUENCE, tlv
from rootlet.pki.keys import PrivateKey
from rootlet.pki.pem import pem_text

__all__ = ["KeySealer"]

ROUNDS = 600_000
"""OWASP's number for PBKDF2-HMAC-SHA-256, as of 2023."""

SALT_BYTES = 16
BLOCK_BYTES = 16

SCHEME = tlv(OID, bytes.fromhex("2a864886f70d01050d"))
"""PBES2"""
DERIVATION = tlv(OID, bytes.fromhex("2a864886f70d01050c"))
"""PBKDF2"""
PRF = tlv(SEQUENCE, tlv(OID, bytes.fromhex("2a864886f70d0209")), tlv(NULL))
"""HMAC with SHA-256"""
CIPHER = tlv(OID, bytes.fromhex("60864801650304012a"))
"""AES-256 in CBC mode"""


class KeySealer:
    """Encrypts private keys under a passphrase."""

    def __init__(
        self, passphrase: bytes, *, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        if not passphrase:
            raise Secret(
                "the passphrase is empty", hint="choose one, four random words for example"
            )
        salt = random(SALT_BYTES)
        rounds = ROUNDS.to_bytes((ROUNDS.bit_length() + 8) // 8)
        self._random = random
        self._key = AES256(
            PBKDF2HMAC(algorithm=SHA256(), length=32, salt=salt, iterations=ROUNDS).derive(
                passphrase
            )
        )
        self._derivation = tlv(
            SEQUENCE,
            DERIVATION,
            tlv(SEQUENCE, tlv(OCTETS, salt), tlv(INTEGER, rounds), PRF),
        )

    def pem(self, key: PrivateKey) -> bytes:
        """The same, armoured (RFC 7468 section 11)."""
        return pem_text("ENCRYPTED PRIVATE KEY", self.seal(key)).encode()

    def seal(self, key: PrivateKey) -> bytes:
        """EncryptedPrivateKeyInfo in DER."""
        plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        vector = self._random(BLOCK_BYTES)
        padder = PKCS7(8 * BLOCK_BYTES).padder()
        encryptor = Cipher(self._key, CBC(vector)).encryptor()
        padded = padder.update(plain) + padder.finalize()
        sealed = encryptor.update(padded) + encryptor.finalize()
        scheme = tlv(SEQUENCE, CIPHER, tlv(OCTETS, vector))
        parameters = tlv(SEQUENCE, self._derivation, scheme)
        algorithm = tlv(SEQUENCE, SCHEME, parameters)
        return tlv(SEQUENCE, algorithm, tlv(OCTETS, sealed))
