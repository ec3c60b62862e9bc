"""The device's verdict on Roughtime replies, as Python asks for it."""

from __future__ import annotations

import pytest

from rootlet.device import TimeSample, check_time
from rootlet.errors import Misuse, Refused
from support.exchange import exchange

NOW = 1_800_000_000


@pytest.mark.parametrize("version", [1, 0x8000000C])
def test_an_accepted_reply_gives_the_time(version: int) -> None:
    told = exchange(NOW, radius=3, version=version)
    assert check_time(told.request, told.response, told.key) == TimeSample(NOW, 3, version)


def test_a_reply_to_another_request_is_refused() -> None:
    told, other = exchange(NOW), exchange(NOW)
    with pytest.raises(Refused) as refused:
        check_time(other.request, told.response, told.key)
    assert refused.value.status == "ERR_ROUGHTIME_NONCE"


def test_another_key_is_refused() -> None:
    told = exchange(NOW)
    with pytest.raises(Refused) as refused:
        check_time(told.request, told.response, bytes(32))
    assert refused.value.status == "ERR_ROUGHTIME_DELEGATION"


def test_the_drafts_contexts_are_accepted_only_when_asked_for() -> None:
    told = exchange(NOW, version=1)
    with pytest.raises(Refused) as refused:
        check_time(told.request, told.response, told.key, appendix_b=True)
    assert refused.value.status == "ERR_ROUGHTIME_DELEGATION"


@pytest.mark.parametrize(
    ("request_part", "response_part", "status"),
    [
        (slice(None), slice(0), "ERR_ROUGHTIME_PACKET"),
        (slice(None), slice(11), "ERR_ROUGHTIME_PACKET"),
        (slice(None), slice(-1), "ERR_ROUGHTIME_PACKET"),
        (slice(0), slice(None), "ERR_ROUGHTIME_REQUEST"),
        (slice(100), slice(None), "ERR_ROUGHTIME_REQUEST"),
    ],
)
def test_part_of_a_packet_is_refused(
    request_part: slice, response_part: slice, status: str
) -> None:
    told = exchange(NOW)
    with pytest.raises(Refused) as refused:
        check_time(told.request[request_part], told.response[response_part], told.key)
    assert refused.value.status == status


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_size_is_misuse(size: int) -> None:
    told = exchange(NOW)
    with pytest.raises(Misuse, match=f"is {size} bytes"):
        check_time(told.request, told.response, bytes(size))
