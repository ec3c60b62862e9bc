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
HANDSHAKE_RECORD = 22

WITH_4096 = RECORD_BYTES - 512 + 4096
"""The buffer for the largest record that RFC 6066 can ask for."""

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
    talk = completed({"in_bytes": FULL_RECORD_BYTES}, farm, Options(kind))
    assert max(talk.record_sizes) > len(BODY)


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


@pytest.mark.parametrize("clients", [False, True], ids=["anonymous", "mutual"])
def test_a_stateless_server_gets_its_cookie_back(
    clients: bool, farm: Farm, authority: Authority
) -> None:
    identity = authority.identity(authority.device()) if clients else None
    # s_server is stateless for its first connection only.
    server = farm.start(Options("openssl", clients=clients, extra=("-stateless",)))
    with Conversation(device(authority, identity=identity), server.port) as talk:
        assert talk.handshake().status == "OK"
        talk.send(talk.client.write(b"a line from the device\n"))
        assert server.says("a line from the device")
        server.keyboard.write(b"a line from the server\n")
        server.keyboard.flush()
        talk.until_answered(b"a line from the server\n")
        talk.close()
    assert talk.status == "OK"
    # RFC 9846 section 4.2.4: HelloRetryRequest and ServerHello, both in the clear.
    assert [kind for kind, _ in talk.records].count(HANDSHAKE_RECORD) == 2


def test_nginx_sees_the_name_the_suite_and_the_device(farm: Farm, authority: Authority) -> None:
    certificate = authority.device(3)
    client = device(authority, identity=authority.identity(certificate))
    number = certificate.certificate.serial_number
    serial = number.to_bytes((number.bit_length() + 7) // 8).hex().upper()  # no leading zeros
    seen = f"{NAME}|{SUITE}|SUCCESS|{serial}".encode()
    with Conversation(client, farm.get(Options("nginx", clients=True)).port) as talk:
        assert talk.handshake().ask(WHO, ends_with=serial.encode()).endswith(seen)


def test_no_server_name_is_sent_for_an_address(farm: Farm, authority: Authority) -> None:
    client = device(authority, host=ip_address(ADDRESS))
    with Conversation(client, farm.get(Options("nginx")).port) as talk:
        assert b"\r\n\r\n|TLS_" in talk.handshake().ask(WHO, ends_with=b"|NONE|")


def test_a_protocol_is_agreed_on(farm: Farm) -> None:
    completed({"alpn": b"coap"}, farm, Options("openssl", extra=("-alpn", "mqtt,coap")))


def test_a_server_that_ignores_both_limits_is_refused_unless_tolerated(farm: Farm) -> None:
    options = Options("tlslite", extra=("no record_size_limit",))
    client = device(farm.authority, in_bytes=WITH_4096)
    with Conversation(client, farm.get(options).port) as talk:
        assert talk.handshake().status == "ERR_TLS_RECORD_LIMIT_IGNORED"
    client = device(farm.authority, in_bytes=WITH_4096, tolerate_no_limit=True)
    with Conversation(client, farm.get(options).port) as talk:
        assert talk.handshake().status == "OK"
    talk = completed({"in_bytes": FULL_RECORD_BYTES}, farm, options)
    assert max(talk.record_sizes) > len(BODY)


@pytest.mark.parametrize("tolerate", [False, True])
def test_a_record_over_the_buffer_is_refused_whatever_was_agreed(
    tolerate: bool, farm: Farm
) -> None:
    # The whole first flight comes in one record, so that its extensions cannot be read.
    options = Options("tlslite", extra=("no record_size_limit",))
    client = device(farm.authority, tolerate_no_limit=tolerate)
    with Conversation(client, farm.get(options).port) as talk:
        assert talk.handshake().status == "ERR_TLS_RECORD_OVERFLOW"
