"""The Python side of the device's TLS client: every byte is moved by the test."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from rootlet.device import RANDOM_BYTES, RECORD_BYTES, Identity, TlsClient, status_name
from rootlet.errors import Misuse, Refused
from support.authority import ADDRESS, Authority
from support.conversation import device
from support.memory_server import MemoryServer


def connect(client: TlsClient, server: MemoryServer) -> None:
    """Move bytes until neither side has any for the other."""
    to_server = client.to_send()
    while to_server:
        for_client = server.exchange(to_server)
        while for_client and not client.closed and client.status == 0:
            for_client = for_client[client.receive(for_client) :]
        to_server = client.to_send()


def test_a_conversation_from_hello_to_close(authority: Authority, tmp_path: Path) -> None:
    client, server = device(authority), MemoryServer(authority, tmp_path)
    assert not client.connected
    assert not client.writable
    connect(client, server)
    assert client.connected
    assert client.writable

    server.exchange(client.write(b"what is the weather?"))
    assert server.read() == b"what is the weather?"
    client.receive(server.write(b"rain"))
    assert client.read() == b"rain"

    server.exchange(client.close())
    assert not client.writable
    client.receive(server.close())
    client.receive_end()
    assert client.closed
    client.raise_for_status()


def test_all_works_one_byte_at_a_time(authority: Authority, tmp_path: Path) -> None:
    client, server = device(authority), MemoryServer(authority, tmp_path)
    to_server = client.to_send()
    for _ in range(2):
        for byte in server.exchange(to_server):
            assert client.receive(bytes([byte])) == 1
        to_server = client.to_send()
    assert client.connected
    for byte in server.write(b"rain"):
        client.receive(bytes([byte]))
    assert client.read() == b"rain"


def test_long_data_is_cut_into_records_and_read_piece_by_piece(
    authority: Authority, tmp_path: Path
) -> None:
    client, server = device(authority), MemoryServer(authority, tmp_path)
    connect(client, server)
    data = bytes(range(256)) * 20
    server.exchange(client.write(data))
    assert server.read() == data

    stream, answer = server.write(data), b""
    taken = client.receive(stream)
    assert taken < len(stream), "what was not read yet stops the intake"
    while taken < len(stream):
        answer += client.read()
        taken += client.receive(stream[taken:])
    assert answer + client.read() == data


def test_the_device_certificate_arrives(authority: Authority, tmp_path: Path) -> None:
    identity = authority.identity(authority.device(7))
    client, server = (
        device(authority, identity=identity),
        MemoryServer(authority, tmp_path, clients=True),
    )
    connect(client, server)
    assert server.device == "urn:dev:os:32473-sensor-7"


def test_new_keys_carry_on(authority: Authority, tmp_path: Path) -> None:
    client, server = device(authority), MemoryServer(authority, tmp_path)
    connect(client, server)
    server.exchange(client.update_keys(request_peer=True))
    server.exchange(client.write(b"with new keys"))
    assert server.read() == b"with new keys"
    client.receive(server.write(b"here too"))
    client.to_send()
    assert client.read() == b"here too"


def test_an_address_can_be_asked_for(authority: Authority, tmp_path: Path) -> None:
    client = device(authority, host=ip_address(ADDRESS))
    connect(client, MemoryServer(authority, tmp_path))
    assert client.connected


def test_the_first_failure_is_raised_by_name(authority: Authority, tmp_path: Path) -> None:
    client, server = device(authority, host="other.example.test"), MemoryServer(authority, tmp_path)
    connect(client, server)
    with pytest.raises(Refused, match="another host name") as refused:
        client.raise_for_status()
    assert refused.value.status == "ERR_X509_NAME"
    assert "BAD_CERTIFICATE" in server.error


def test_an_end_in_the_middle_is_a_failure_of_its_own(authority: Authority, tmp_path: Path) -> None:
    client, server = device(authority), MemoryServer(authority, tmp_path)
    connect(client, server)
    client.receive_end()
    assert client.closed
    assert status_name(client.status) == "ERR_TLS_TRUNCATED"


def test_an_alert_is_told_by_number(authority: Authority) -> None:
    client = device(authority)
    client.to_send()
    client.receive(bytes.fromhex("15030300020228"))
    assert status_name(client.status) == "ERR_TLS_ALERT_RECEIVED"
    assert client.alert_received == 40


def test_the_same_random_bytes_make_the_same_hello(authority: Authority) -> None:
    random = bytes(range(RANDOM_BYTES))
    hello = device(authority, random=random).to_send()
    assert hello == device(authority, random=random).to_send()
    assert random[:32] in hello
    assert device(authority).to_send() != device(authority).to_send()


def test_the_hello_offers_what_the_buffer_takes(authority: Authority) -> None:
    small = device(authority).to_send()
    assert bytes.fromhex("001c00020201") in small  # record_size_limit 513
    assert bytes.fromhex("0001000101") in small  # max_fragment_length code 1
    large = device(authority, in_bytes=RECORD_BYTES + 4096 - 512).to_send()
    assert bytes.fromhex("001c00021001") in large
    assert bytes.fromhex("0001000104") in large


def test_writing_before_the_handshake_is_misuse(authority: Authority) -> None:
    with pytest.raises(Misuse, match="no data now"):
        device(authority).write(b"too early")


def test_after_wiping_nothing_happens(authority: Authority) -> None:
    client = device(authority)
    client.wipe()
    assert client.closed
    assert client.to_send() == b""
    assert client.receive(b"\x16\x03\x03") == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"random": bytes(RANDOM_BYTES - 1)}, "random is"),
        ({"identity": Identity((b"der",), bytes(31))}, "private key is 31 bytes"),
        ({"host": "bücher.example"}, "not ASCII"),
        ({"earliest": 5, "latest": 4}, "is not one"),
        ({"earliest": -1}, "is not one"),
        ({"latest": 2**64}, "is not one"),
    ],
)
def test_wrong_arguments_are_misuse(
    change: dict[str, object], words: str, authority: Authority
) -> None:
    with pytest.raises(Misuse, match=words):
        device(authority, **change)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"in_bytes": RECORD_BYTES - 1}, "ERR_BUFFER_TOO_SMALL"),
        ({"out_bytes": 10}, "ERR_BUFFER_TOO_SMALL"),
        ({"handshake_bytes": 10}, "ERR_BUFFER_TOO_SMALL"),
        ({"host": "not a name"}, "ERR_X509_CONFIGURED_NAME"),
        ({"host": ""}, "ERR_X509_CONFIGURED_NAME"),
        ({"anchors": []}, "ERR_MISUSE"),
        ({"alpn": b""}, "ERR_MISUSE"),
        ({"alpn": b"p" * 33}, "ERR_MISUSE"),
    ],
)
def test_what_the_library_does_not_take_is_refused_at_the_start(
    change: dict[str, object], status: str, authority: Authority
) -> None:
    with pytest.raises(Refused) as refused:
        device(authority, **change)
    assert refused.value.status == status
