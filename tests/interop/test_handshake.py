"""Handshake, request and orderly close with four TLS servers of other people."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from rootlet.device import FULL_RECORD_BYTES, RECORD_BYTES
from support.authority import ADDRESS, NAME, Authority
from support.conversation import Conversation, device
from support.tls_servers import BODY, KINDS, REQUEST, SUITE, Farm, Options

KEY_UPDATE_RECORD = 5 + (4 + 1) + 1 + 16
"""Header, message, content type, tag."""

WHO = b"GET /who HTTP/1.1\r\nHost: api.example.test\r\nConnection: close\r\n\r\n"


def completed(client_arguments: dict[str, object], farm: Farm, options: Options) -> Conversation:
    """A whole conversation: handshake, the body whole, close in order by both sides."""
    authority = farm.authority
    with Conversation(device(authority, **client_arguments), farm.get(options).port) as talk:
        assert talk.handshake().status == "OK"
        assert talk.client.connected
        assert talk.ask(REQUEST, ends_with=BODY).endswith(BODY)
        talk.close()
    assert talk.status == "OK"
    assert talk.client.closed
    return talk


@pytest.mark.parametrize("chain", ["leaf", "issuing", "root"])
@pytest.mark.parametrize("clients", [False, True], ids=["anonymous", "mutual"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_smallest_buffer_is_enough(
    kind: str, clients: bool, chain: str, farm: Farm, authority: Authority
) -> None:
    identity = authority.identity(authority.device()) if clients else None
    talk = completed(
        {"in_bytes": RECORD_BYTES, "identity": identity},
        farm,
        Options(kind, chain=chain, clients=clients),
    )
    assert RECORD_BYTES == 534
    assert max(talk.record_sizes) <= RECORD_BYTES
    assert len([size for size in talk.record_sizes if size > 500]) >= len(BODY) // 512


@pytest.mark.parametrize("content", [1024, 2048, 4096])
@pytest.mark.parametrize("kind", KINDS)
def test_a_larger_buffer_gets_larger_records(kind: str, content: int, farm: Farm) -> None:
    in_bytes = content + RECORD_BYTES - 512
    talk = completed({"in_bytes": in_bytes}, farm, Options(kind))
    assert in_bytes // 2 < max(talk.record_sizes) <= in_bytes


@pytest.mark.parametrize("kind", KINDS)
def test_a_buffer_for_full_records_works_everywhere(kind: str, farm: Farm) -> None:
    completed({"in_bytes": FULL_RECORD_BYTES, "tolerate_no_limit": True}, farm, Options(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_certificate_straight_from_the_root_works(
    kind: str, farm: Farm, authority: Authority
) -> None:
    device_certificate = authority.device(2, issuer=authority.root)
    completed(
        {"identity": authority.identity(device_certificate, alone=True)},
        farm,
        Options(kind, clients=True),
    )


@pytest.mark.parametrize("request_peer", [False, True], ids=["ours", "both"])
@pytest.mark.parametrize("kind", KINDS)
def test_keys_can_be_changed_on_the_way(kind: str, request_peer: bool, farm: Farm) -> None:
    with Conversation(device(farm.authority), farm.get(Options(kind)).port) as talk:
        talk.handshake()
        talk.send(talk.client.update_keys(request_peer=request_peer))
        talk.ask(REQUEST, ends_with=BODY)
        talk.close()
    assert talk.status == "OK"
    answers = [size for size in talk.record_sizes if size == KEY_UPDATE_RECORD]
    assert len(answers) == request_peer


def test_any_number_of_session_tickets_is_skipped(farm: Farm) -> None:
    def records_with(tickets: int) -> int:
        options = Options("openssl", extra=("-num_tickets", str(tickets)))
        return len(completed({}, farm, options).record_sizes)

    assert records_with(5) == records_with(0) + 5


def test_a_stateless_server_gets_its_cookie_back(farm: Farm) -> None:
    talk = completed({}, farm, Options("openssl", extra=("-stateless",)))
    # RFC 9846 section 4.2.4: HelloRetryRequest and ServerHello, both in the clear.
    hellos = [kind for kind, _ in talk.records if kind == 22]
    assert len(hellos) == 2


def test_a_stateless_server_can_ask_for_a_certificate(farm: Farm, authority: Authority) -> None:
    identity = authority.identity(authority.device())
    completed({"identity": identity}, farm, Options("openssl", clients=True, extra=("-stateless",)))


def test_nginx_sees_the_name_the_suite_and_the_device(farm: Farm, authority: Authority) -> None:
    certificate = authority.device(3)
    client = device(authority, identity=authority.identity(certificate))
    serial = f"{certificate.certificate.serial_number:X}"
    seen = f"{NAME}|{SUITE}|SUCCESS|{serial}".encode()
    with Conversation(client, farm.get(Options("nginx", clients=True)).port) as talk:
        assert talk.handshake().ask(WHO, ends_with=serial.encode()).endswith(seen)


def test_no_server_name_is_sent_for_an_address(farm: Farm, authority: Authority) -> None:
    client = device(authority, host=ip_address(ADDRESS))
    with Conversation(client, farm.get(Options("nginx")).port) as talk:
        assert b"\r\n\r\n|TLS_" in talk.handshake().ask(WHO, ends_with=b"|NONE|")


def test_a_protocol_is_agreed_on(farm: Farm) -> None:
    completed({"alpn": b"coap"}, farm, Options("openssl", extra=("-alpn", "mqtt,coap")))


@pytest.mark.parametrize("kind", ["tlslite"])
def test_a_server_that_ignores_both_limits_is_refused_unless_tolerated(
    kind: str, farm: Farm
) -> None:
    options = Options(kind, extra=("no record_size_limit",))
    with Conversation(device(farm.authority), farm.get(options).port) as talk:
        talk.handshake()
    assert talk.status == "ERR_TLS_RECORD_LIMIT_IGNORED"
    talk = completed({"in_bytes": FULL_RECORD_BYTES, "tolerate_no_limit": True}, farm, options)
    assert max(talk.record_sizes) > len(BODY)
