"""Reading a server's chain out of recorded bytes, whatever the server sent."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.device.transcript import records, server_chain
from support.authority import Authority
from support.conversation import device
from support.memory_server import MemoryServer

RANDOM = bytes(range(1, 97))
PRIVATE_KEY = RANDOM[32:64]


@pytest.fixture(scope="module")
def server(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> MemoryServer:
    return MemoryServer(authority, tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def recorded(authority: Authority, server: MemoryServer) -> tuple[bytes, bytes]:
    """(sent, received) of a first flight."""
    sent = device(authority, random=RANDOM).to_send()
    return sent, server.exchange(sent)


def test_the_chain_is_found(recorded: tuple[bytes, bytes], server: MemoryServer) -> None:
    sent, received = recorded
    assert server_chain(sent, received, PRIVATE_KEY) == server.chain
    assert server_chain(sent, received + b"\x17\x03\x03\x00\x02ab", PRIVATE_KEY) == server.chain


def test_without_the_private_key_nothing_is_found(recorded: tuple[bytes, bytes]) -> None:
    sent, received = recorded
    assert server_chain(sent, received, bytes(31) + b"\x40") == []


def test_what_was_cut_off_gives_all_or_nothing(
    recorded: tuple[bytes, bytes], server: MemoryServer
) -> None:
    sent, received = recorded
    for length in range(0, len(received), 7):
        assert server_chain(sent, received[:length], PRIVATE_KEY) in ([], server.chain)
    assert server_chain(b"", received, PRIVATE_KEY) == []
    assert server_chain(sent[:-1], received, PRIVATE_KEY) == []


def test_a_share_of_low_order_gives_nothing(recorded: tuple[bytes, bytes]) -> None:
    sent, received = recorded
    _, hello = records(received)[0]
    at = hello.index(bytes.fromhex("00330024001d0020")) + 8
    zero = hello[:at] + bytes(32) + hello[at + 32 :]
    assert server_chain(sent, zero + received[len(hello) :], PRIVATE_KEY) == []


def test_two_hellos_to_one_request_give_nothing(recorded: tuple[bytes, bytes]) -> None:
    sent, received = recorded
    _, hello = records(received)[0]
    retry = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")
    first = hello[:11] + retry + hello[43:]
    assert server_chain(sent, first + received, PRIVATE_KEY) == []


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_change_is_survived(data: st.DataObject, recorded: tuple[bytes, bytes]) -> None:
    sent, received = recorded
    at = data.draw(st.integers(0, len(received) - 1))
    with_what = data.draw(st.binary(min_size=0, max_size=4))
    server_chain(sent, received[:at] + with_what + received[at + 1 :], PRIVATE_KEY)


@given(stream=st.binary(max_size=200))
def test_records_are_whole_and_in_order(stream: bytes) -> None:
    found = records(stream)
    joined = b"".join(whole for _, whole in found)
    assert stream.startswith(joined)
    for kind, whole in found:
        assert whole[0] == kind
        assert len(whole) == 5 + int.from_bytes(whole[3:5])
