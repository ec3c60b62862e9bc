"""Read the server's certificates out of a recorded handshake.

A device keeps nothing that it does not need, so its library cannot say afterwards what chain it
was shown. Whoever ran the connection knows the private key of its key share, and with the recorded
bytes that is enough to open the server's flight (RFC 9846 sections 5.2 and 7). For the profile
c25519 only. Everything here is lenient: the verdict is the device library's.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

__all__ = ["records", "server_chain"]

HANDSHAKE, APPLICATION_DATA = 22, 23
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11
KEY_SHARE = 51
HEADER_BYTES = 5
HELLO_RETRY_RANDOM = hashlib.sha256(b"HelloRetryRequest").digest()


def records(stream: bytes) -> list[tuple[int, bytes]]:
    """The whole records of a byte stream, as (type, header and payload)."""
    found = []
    while len(stream) >= HEADER_BYTES:
        end = HEADER_BYTES + int.from_bytes(stream[3:5])
        if len(stream) < end:
            break
        found.append((stream[0], stream[:end]))
        stream = stream[end:]
    return found


def _messages(stream: bytes) -> list[bytes]:
    found = []
    while len(stream) >= 4:
        end = 4 + int.from_bytes(stream[1:4])
        if len(stream) < end:
            break
        found.append(stream[:end])
        stream = stream[end:]
    return found


def _plain(stream: bytes) -> list[bytes]:
    payloads = [whole[HEADER_BYTES:] for kind, whole in records(stream) if kind == HANDSHAKE]
    return _messages(b"".join(payloads))


def _expand_label(secret: bytes, label: str, context: bytes, length: int) -> bytes:
    name = b"tls13 " + label.encode("ascii")
    info = length.to_bytes(2) + bytes([len(name)]) + name + bytes([len(context)]) + context
    return hmac.digest(secret, info + b"\x01", "sha256")[:length]


def _server_share(server_hello: bytes) -> bytes | None:
    body = server_hello[4:]
    at = 35 + body[34] + 3  # version, random, session id; then suite and compression
    extensions = body[at + 2 :]
    while len(extensions) >= 4:
        kind, length = int.from_bytes(extensions[:2]), int.from_bytes(extensions[2:4])
        if kind == KEY_SHARE and length == 36:
            return extensions[8:40]
        extensions = extensions[4 + length :]
    return None


def _transcript(sent: list[bytes], received: list[bytes]) -> bytes:
    retried = len(sent) > 1 and len(received) > 1
    if retried and received[0][6:38] == HELLO_RETRY_RANDOM:  # RFC 9846 section 4.1
        first = b"\xfe\x00\x00\x20" + hashlib.sha256(sent[0]).digest()
        return first + received[0] + sent[1] + received[1]
    return sent[0] + received[0]


def _server_key(private_key: bytes, share: bytes, transcript: bytes) -> tuple[bytes, bytes]:
    shared = X25519PrivateKey.from_private_bytes(private_key).exchange(
        X25519PublicKey.from_public_bytes(share)
    )
    early = hmac.digest(bytes(32), bytes(32), "sha256")
    derived = _expand_label(early, "derived", hashlib.sha256(b"").digest(), 32)
    handshake = hmac.digest(derived, shared, "sha256")
    digest = hashlib.sha256(transcript).digest()
    secret = _expand_label(handshake, "s hs traffic", digest, 32)
    return _expand_label(secret, "key", b"", 32), _expand_label(secret, "iv", b"", 12)


def _opened(stream: bytes, key: bytes, iv: bytes) -> bytes:
    cipher = ChaCha20Poly1305(key)
    plaintext = b""
    protected = [whole for kind, whole in records(stream) if kind == APPLICATION_DATA]
    for number, whole in enumerate(protected):
        nonce = (int.from_bytes(iv) ^ number).to_bytes(12)
        try:
            inner = cipher.decrypt(nonce, whole[HEADER_BYTES:], whole[:HEADER_BYTES])
        except InvalidTag:
            break  # the keys have changed: the handshake is over
        inner = inner.rstrip(b"\0")
        if inner[-1:] == bytes([HANDSHAKE]):
            plaintext += inner[:-1]
    return plaintext


def server_chain(sent: bytes, received: bytes, private_key: bytes) -> list[bytes]:
    """The certificates (DER, leaf first) in what a server sent; empty when it sent none.

    ``sent`` and ``received`` are all bytes of the connection, ``private_key`` the 32 bytes behind
    the client's X25519 share.
    """
    hellos = [m for m in _plain(received) if m[0] == SERVER_HELLO and len(m) > 44]
    ours = [m for m in _plain(sent) if m[0] == CLIENT_HELLO]
    share = _server_share(hellos[-1]) if hellos and ours else None
    if share is None:
        return []
    try:
        key, iv = _server_key(private_key, share, _transcript(ours, hellos))
    except ValueError:  # a point of low order: nobody can be meant by it
        return []
    for message in _messages(_opened(received, key, iv)):
        if message[0] == CERTIFICATE:
            return _certificates(message[4:])
    return []


def _certificates(body: bytes) -> list[bytes]:
    entries = body[1 + body[0] + 3 :] if body else b""
    chain = []
    while len(entries) >= 5:
        length = int.from_bytes(entries[:3])
        chain.append(entries[3 : 3 + length])
        extensions = int.from_bytes(entries[3 + length : 5 + length])
        entries = entries[5 + length + extensions :]
    return chain
