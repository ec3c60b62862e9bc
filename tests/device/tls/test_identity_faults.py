"""Certificate, CertificateVerify and Finished: RFC 9846 sections 4.5.1 to 4.5.3."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from support.authority import DAY, Authority, Issued
from support.conversation import device
from support.tls.points import Points, Start
from support.tls.rig import PLAIN, Rig
from support.tls.server import Credentials
from support.tls.wire import (
    CERTIFICATE,
    CERTIFICATE_VERIFY,
    FINISHED,
    extension,
    message,
    number,
    vector,
)

ILLEGAL, DECODE, UNEXPECTED, UNSUPPORTED_EXTENSION = 47, 50, 10, 110
BAD, UNSUPPORTED, EXPIRED, UNKNOWN_CA, DECRYPT = 42, 43, 45, 48, 51

ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def entry(der: bytes, *extensions: bytes) -> bytes:
    return vector(3, der) + vector(2, *extensions)


def certificate(*entries: bytes, context: bytes = b"") -> bytes:
    return message(CERTIFICATE, vector(1, context) + vector(3, *entries))


def leaf_of(points: Points) -> bytes:
    return points.at("certificate or request").server.credentials.chain[0]


def misplaced(kind: int) -> Callable[[bytes], bytes]:
    """A certificate with an extension that belongs elsewhere."""
    return lambda der: certificate(entry(der, extension(kind, b"\0\x02\0\x1d")))


MESSAGES: dict[str, tuple[Callable[[bytes], bytes], str, int]] = {
    "a context": (lambda der: certificate(entry(der), context=b"c"), "ILLEGAL_PARAMETER", ILLEGAL),
    "no certificate": (lambda der: certificate(), "X509_EMPTY", DECODE),
    "an empty certificate": (lambda der: certificate(entry(b"")), "DECODE", DECODE),
    "an empty certificate behind": (
        lambda der: certificate(entry(der), entry(b"")),
        "DECODE",
        DECODE,
    ),
    "no list": (lambda der: message(CERTIFICATE, vector(1)), "DECODE", DECODE),
    "nothing": (lambda der: message(CERTIFICATE, b""), "DECODE", DECODE),
    "an entry without extensions": (lambda der: certificate(vector(3, der)), "DECODE", DECODE),
    "bytes behind the list": (
        lambda der: message(CERTIFICATE, vector(1) + vector(3, entry(der)) + b"\0"),
        "DECODE",
        DECODE,
    ),
    "a stapled status": (
        lambda der: certificate(entry(der, extension(5, b"\x01\0\0\x01x"))),
        "UNSUPPORTED_EXTENSION",
        UNSUPPORTED_EXTENSION,
    ),
    "a certificate timestamp behind": (
        lambda der: certificate(entry(der), entry(der, extension(18, b"\0\x01x"))),
        "UNSUPPORTED_EXTENSION",
        UNSUPPORTED_EXTENSION,
    ),
    "a byte behind the last entry": (
        lambda der: message(CERTIFICATE, vector(1) + vector(3, entry(der), b"\0")),
        "DECODE",
        DECODE,
    ),
    "an extension cut off": (
        lambda der: certificate(vector(3, der) + vector(2, b"\0\x05\0")),
        "DECODE",
        DECODE,
    ),
    "four certificates": (
        lambda der: certificate(entry(der), *[entry(b"another")] * 3),
        "X509_TOO_MANY",
        BAD,
    ),
    **{
        f"extension {kind}, offered for elsewhere": (
            misplaced(kind),
            "ILLEGAL_PARAMETER",
            ILLEGAL,
        )
        for kind in (0, 1, 10, 13, 28, 43, 51)
    },
    "not a certificate": (lambda der: certificate(entry(b"certificate")), "X509_ENCODING", BAD),
    "bytes behind a certificate": (
        lambda der: certificate(entry(der + b"\0")),
        "X509_ENCODING",
        BAD,
    ),
}


@pytest.mark.parametrize("state", ["certificate or request", "certificate"])
@pytest.mark.parametrize("fault", MESSAGES)
def test_a_certificate_message_is_refused_for(fault: str, state: str, points: Points) -> None:
    make, status, alert = MESSAGES[fault]
    rig = points.at(state)
    said = make(rig.server.credentials.chain[0])
    rig.feed(rig.server.say("certificate", lambda _: said))
    status = status if status.startswith("X509") else f"TLS_{status}"
    rig.refused(f"ERR_{status}", alert, "handshake")


def chains(authority: Authority) -> dict[str, tuple[Credentials, str, int]]:
    """Chains with one fault each; the certificate check has tests of its own for all others."""
    stranger = Authority(authority.now, name="Stranger")
    twin = Authority(authority.now)  # the same names, other keys
    root = authority.root

    def shown(leaf: Issued, *chain: Issued) -> Credentials:
        return Credentials(tuple(issued.der for issued in (leaf, *chain)), leaf.key)

    return {
        "another root": (shown(stranger.server(), stranger.issuing), "UNKNOWN_ISSUER", UNKNOWN_CA),
        "a root of the same name": (shown(twin.server(issuer=twin.root)), "SIGNATURE", BAD),
        "no issuing CA": (shown(authority.server()), "UNKNOWN_ISSUER", UNKNOWN_CA),
        "expired": (
            shown(authority.server(issuer=root, start=-9 * DAY, lifetime=DAY)),
            "EXPIRED",
            EXPIRED,
        ),
        "not yet valid": (
            shown(authority.server(issuer=root, start=9 * DAY)),
            "NOT_YET_VALID",
            EXPIRED,
        ),
        "another name": (shown(authority.server("else.example.test", issuer=root)), "NAME", BAD),
        "a device's certificate": (
            shown(authority.device(issuer=root)),
            "EXTENDED_KEY_USAGE",
            UNSUPPORTED,
        ),
    }


@pytest.mark.parametrize(
    "fault",
    [
        "another root",
        "a root of the same name",
        "no issuing CA",
        "expired",
        "not yet valid",
        "another name",
        "a device's certificate",
    ],
)
def test_a_chain_is_refused_for(fault: str, authority: Authority) -> None:
    credentials, status, alert = chains(authority)[fault]
    rig = Rig(device(authority), credentials).run()
    rig.refused(f"ERR_X509_{status}", alert, "handshake")


@pytest.mark.parametrize("extra", ["issuing", "issuing and root", "root"])
def test_a_whole_chain_is_taken(extra: str, authority: Authority) -> None:
    issuer = authority.root if extra == "root" else authority.issuing
    leaf = authority.server(issuer=issuer)
    behind = [
        *([authority.issuing.der] if "issuing" in extra else []),
        *([authority.root.der] if "root" in extra else []),
    ]
    credentials = Credentials((leaf.der, *behind), leaf.key)
    assert Rig(device(authority, handshake_bytes=4096), credentials).run().client.connected


def test_a_message_as_long_as_the_buffer_is_read_and_a_longer_one_refused(start: Start) -> None:
    rig = start(handshake_bytes=1300).run(until="certificate")
    saved = rig.save()
    garbage = certificate(entry(bytes(1300 - 9)))
    assert len(garbage) == 4 + 1300
    rig.feed(rig.server.say("certificate", lambda _: garbage, cut=500))
    rig.refused("ERR_X509_ENCODING", BAD, "handshake")
    rig.restore(saved)
    longer = certificate(entry(bytes(1301 - 9)))
    rig.feed(rig.server.say("certificate", lambda _: longer, cut=500))
    rig.refused("ERR_TLS_MESSAGE_TOO_LARGE", ILLEGAL, "handshake")


# ---- CertificateVerify


def verify(signature: bytes, scheme: int = 0x0807) -> bytes:
    return message(CERTIFICATE_VERIFY, number(scheme, 2) + vector(2, signature))


def signatures(rig: Rig) -> dict[str, tuple[bytes, str, int]]:
    server = rig.server
    key, content = server.credentials.key, server.signed_content()
    good = key.sign(content)
    flipped = bytes([good[0] ^ 1]) + good[1:]
    high = int.from_bytes(good[32:], "little") + ED25519_ORDER
    ecdsa = generate_private_key(SECP256R1()).sign(content, ECDSA(SHA256()))
    other = Ed25519PrivateKey.generate()
    return {
        "another scheme's number": (verify(good, 0x0403), "SIGNATURE_SCHEME", ILLEGAL),
        "another scheme": (verify(ecdsa, 0x0403), "SIGNATURE_SCHEME", ILLEGAL),
        "a flipped bit": (verify(flipped), "CERTIFICATE_VERIFY", DECRYPT),
        "another key": (verify(other.sign(content)), "CERTIFICATE_VERIFY", DECRYPT),
        "the client's context": (
            verify(key.sign(server.signed_content("client"))),
            "CERTIFICATE_VERIFY",
            DECRYPT,
        ),
        "no context": (verify(key.sign(content[-32:])), "CERTIFICATE_VERIFY", DECRYPT),
        "another transcript": (
            verify(key.sign(content[:-32] + bytes(32))),
            "CERTIFICATE_VERIFY",
            DECRYPT,
        ),
        "a high S": (
            verify(good[:32] + high.to_bytes(32, "little")),
            "CERTIFICATE_VERIFY",
            DECRYPT,
        ),
        "63 bytes": (verify(good[:63]), "CERTIFICATE_VERIFY", DECRYPT),
        "65 bytes": (verify(good + b"\0"), "CERTIFICATE_VERIFY", DECRYPT),
        "no signature": (verify(b""), "CERTIFICATE_VERIFY", DECRYPT),
        "a whole buffer of signature": (verify(good * 15), "CERTIFICATE_VERIFY", DECRYPT),
        "bytes behind it": (
            message(CERTIFICATE_VERIFY, verify(good)[4:] + b"\0"),
            "DECODE",
            DECODE,
        ),
        "nothing": (message(CERTIFICATE_VERIFY, b""), "DECODE", DECODE),
    }


@pytest.mark.parametrize(
    "fault",
    [
        "another scheme's number",
        "another scheme",
        "a flipped bit",
        "another key",
        "the client's context",
        "no context",
        "another transcript",
        "a high S",
        "63 bytes",
        "65 bytes",
        "no signature",
        "a whole buffer of signature",
        "bytes behind it",
        "nothing",
    ],
)
def test_a_certificate_verify_is_refused_for(fault: str, points: Points) -> None:
    rig = points.at("certificate verify")
    said, status, alert = signatures(rig)[fault]
    rig.feed(rig.server.say("certificate_verify", lambda _: said, cut=400))
    rig.refused(f"ERR_TLS_{status}", alert, "handshake")


def test_a_certificate_verify_cannot_be_left_out(points: Points) -> None:
    rig = points.at("certificate verify")
    rig.feed(rig.server.say("finished"))
    rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", UNEXPECTED, "handshake")


def test_a_certificate_cannot_be_left_out(points: Points) -> None:
    for state in ("certificate or request", "certificate"):
        for name in ("certificate_verify", "finished"):
            rig = points.at(state)
            rig.feed(rig.server.say(name))
            rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", UNEXPECTED, "handshake")


# ---- Finished


@pytest.mark.parametrize("byte", [0, 1, 15, 30, 31])
def test_a_finished_with_a_flipped_bit_is_refused(byte: int, points: Points) -> None:
    rig = points.at("finished")

    def flipped(whole: bytes) -> bytes:
        at = 4 + byte
        return whole[:at] + bytes([whole[at] ^ 0x80]) + whole[at + 1 :]

    rig.feed(rig.server.say("finished", flipped))
    rig.refused("ERR_TLS_FINISHED", DECRYPT, "handshake")


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_a_finished_of_another_length_is_refused(length: int, points: Points) -> None:
    rig = points.at("finished")
    rig.feed(rig.server.say("finished", lambda whole: message(FINISHED, (whole[4:] * 2)[:length])))
    rig.refused("ERR_TLS_DECODE", DECODE, "handshake")


def test_a_finished_must_end_its_record(points: Points) -> None:
    rig = points.at("finished")
    rig.feed(rig.server.say("finished", behind=message(4, bytes(20))))
    rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", UNEXPECTED, "handshake")


def test_the_finished_of_another_connection_is_refused(points: Points, start: Start) -> None:
    other = start().to("finished").server.body("finished")
    rig = points.at("finished")
    rig.feed(rig.server.say("finished", lambda _: other))
    rig.refused("ERR_TLS_FINISHED", DECRYPT, "handshake")


def test_every_message_is_in_the_transcript(start: Start) -> None:
    """A server that saw or said another byte anywhere has another Finished."""
    for name in ("server_hello", "encrypted_extensions", "certificate"):
        rig = start().run(until=name)
        rig.feed(rig.server.say(name))
        server = rig.server
        server.transcript = server.transcript[:-1] + bytes([server.transcript[-1] ^ 1])
        rig.run(PLAIN[PLAIN.index(name) + 1 :])
        assert rig.status in ("ERR_TLS_CERTIFICATE_VERIFY", "ERR_TLS_FINISHED")
        assert [alert for _, alert, _ in server.alerts] == [DECRYPT]
