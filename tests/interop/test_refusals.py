"""Servers that a device must not talk to, and servers that do not want the device."""

from __future__ import annotations

import pytest

from support.authority import Authority
from support.conversation import Conversation, device
from support.tls_servers import BODY, REQUEST, Farm, Options

ALERTS = {
    "certificate_expired": "sslv3 alert certificate expired",
    "unknown_ca": "tlsv1 alert unknown ca",
    "bad_certificate": "sslv3 alert bad certificate",
}
"""As OpenSSL words them in its log."""


@pytest.mark.parametrize("chain", ["leaf", "issuing"])
@pytest.mark.parametrize(
    ("leaf", "status", "alert"),
    [
        ("expired", "ERR_X509_EXPIRED", "certificate_expired"),
        ("future", "ERR_X509_NOT_YET_VALID", "certificate_expired"),
        ("other name", "ERR_X509_NAME", "bad_certificate"),
    ],
)
def test_a_bad_certificate_is_refused_and_the_server_hears_why(
    leaf: str, status: str, alert: str, chain: str, farm: Farm
) -> None:
    server = farm.get(Options("openssl", chain=chain, leaf=leaf))
    with Conversation(device(farm.authority), server.port) as talk:
        assert talk.handshake().status == status
    assert not talk.client.connected
    assert server.says(ALERTS[alert])


def test_another_root_is_refused_and_the_server_hears_why(farm: Farm) -> None:
    server = farm.get(Options("openssl"))
    stranger = Authority.today(name="Stranger")
    with Conversation(device(stranger), server.port) as talk:
        assert talk.handshake().status == "ERR_X509_UNKNOWN_ISSUER"
    assert server.says(ALERTS["unknown_ca"])


def test_the_clock_that_was_never_set_accepts_nothing(farm: Farm) -> None:
    client = device(farm.authority, earliest=0, latest=0)
    with Conversation(client, farm.get(Options("nginx")).port) as talk:
        assert talk.handshake().status == "ERR_X509_NOT_YET_VALID"


def test_an_uncertain_clock_accepts_only_what_is_valid_all_along(farm: Farm) -> None:
    now = farm.authority.seconds
    for latest, status in ((now + 3600, "OK"), (now + 100 * 86400, "ERR_X509_EXPIRED")):
        client = device(farm.authority, latest=latest)
        with Conversation(client, farm.get(Options("nginx")).port) as talk:
            assert talk.handshake().status == status


@pytest.mark.parametrize(
    ("extra", "alert"),
    [
        (("-tls1_2",), 70),
        (("-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"), 40),
        (("-tls1_3", "-groups", "P-256"), 40),
    ],
    ids=["TLS 1.2 only", "another suite only", "another group only"],
)
def test_a_server_of_another_profile_refuses_the_hello(
    extra: tuple[str, ...], alert: int, farm: Farm
) -> None:
    with Conversation(
        device(farm.authority), farm.get(Options("openssl", extra=extra)).port
    ) as talk:
        assert talk.handshake().status == "ERR_TLS_ALERT_RECEIVED"
    assert talk.client.alert_received == alert


def test_a_server_that_speaks_another_protocol_refuses_the_hello(farm: Farm) -> None:
    options = Options("openssl", extra=("-alpn", "mqtt"))
    with Conversation(device(farm.authority, alpn=b"coap"), farm.get(options).port) as talk:
        assert talk.handshake().status == "ERR_TLS_ALERT_RECEIVED"
    assert talk.client.alert_received == 120


@pytest.mark.parametrize(
    ("kind", "alerts"),
    [("openssl", {116}), ("gnutls", {116, 42})],
)
def test_a_device_without_a_certificate_is_told_so_after_its_handshake(
    kind: str, alerts: set[int], farm: Farm
) -> None:
    with Conversation(device(farm.authority), farm.get(Options(kind, clients=True)).port) as talk:
        assert talk.handshake().client.connected
        talk.finish()
    assert talk.status == "ERR_TLS_ALERT_RECEIVED"
    assert talk.client.alert_received in alerts
    assert not talk.answer


@pytest.mark.parametrize(("kind", "alerts"), [("openssl", {48}), ("gnutls", {42, 48, 49})])
def test_a_device_of_another_maker_is_told_so_after_its_handshake(
    kind: str, alerts: set[int], farm: Farm
) -> None:
    stranger = Authority.today(name="Stranger")
    client = device(farm.authority, identity=stranger.identity(stranger.device()))
    with Conversation(client, farm.get(Options(kind, clients=True)).port) as talk:
        talk.handshake().finish()
    assert talk.status == "ERR_TLS_ALERT_RECEIVED"
    assert talk.client.alert_received in alerts


@pytest.mark.parametrize("maker", ["none", "another"])
def test_nginx_says_no_in_http(maker: str, farm: Farm) -> None:
    stranger = Authority.today(name="Stranger")
    identity = stranger.identity(stranger.device()) if maker == "another" else None
    client = device(farm.authority, identity=identity)
    with Conversation(client, farm.get(Options("nginx", clients=True)).port) as talk:
        answer = talk.handshake().ask(REQUEST, ends_with=b"</html>\r\n")
        talk.close()
    assert b" 400 Bad Request\r\n" in answer
    assert BODY not in answer


def test_a_key_that_is_not_the_certificates_is_noticed_by_the_server(farm: Farm) -> None:
    authority = farm.authority
    wrong = authority.identity(authority.device())
    other = authority.identity(authority.device())
    identity = type(wrong)(wrong.chain, other.private_key)
    server = farm.get(Options("openssl", clients=True))
    with Conversation(device(authority, identity=identity), server.port) as talk:
        talk.handshake().finish()
    assert talk.status == "ERR_TLS_ALERT_RECEIVED"
    assert talk.client.alert_received == 51
