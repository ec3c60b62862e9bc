"""The device's measurement over several servers, in a network of the test's own."""

from __future__ import annotations

from types import ModuleType

import pytest

from support.measuring import END, Network, TimeServer

ROOM = 8_000
HOUR = 3600


def garbage(answer: bytes) -> tuple[bytes, ...]:
    return (answer[:-1] + bytes([answer[-1] ^ 1]),)


def right(network: Network, earliest: int, latest: int, *, width: float = 10) -> bool:
    return earliest <= network.now <= latest and latest - earliest <= width


def three(*changed: TimeServer) -> list[TimeServer]:
    return [*changed, *(TimeServer() for _ in range(3 - len(changed)))]


def test_three_that_agree(policy: ModuleType) -> None:
    network = Network(policy, three())
    found = network.measure(room=ROOM)
    assert (found.status, found.asked, found.answered, found.agreed) == ("OK", 3, 3, 3)
    assert right(network, found.earliest, found.latest)
    assert not found.contradiction
    assert sorted(network.order) == [0, 1, 2]


@pytest.mark.parametrize("ahead", [-HOUR, HOUR, -100 * 365 * 24 * HOUR // 3, 10**12])
@pytest.mark.parametrize("seed", range(6))
def test_one_of_three_lies(policy: ModuleType, ahead: int, seed: int) -> None:
    """Whenever it is asked; and the proof is there, by a second round if need be."""
    network = Network(policy, three(TimeServer(ahead=ahead)), seed=seed)
    found = network.measure(room=ROOM)
    assert (found.status, found.answered, found.agreed) == ("OK", 3, 2)
    assert right(network, found.earliest, found.latest)
    assert found.contradiction


def test_without_room_for_evidence_one_round_is_enough(policy: ModuleType) -> None:
    network = Network(policy, three(TimeServer(ahead=HOUR)))
    found = network.measure()
    assert (found.status, found.agreed) == ("OK", 2)
    assert sorted(network.order) == [0, 1, 2]


def test_two_of_three_lie_differently(policy: ModuleType) -> None:
    network = Network(policy, three(TimeServer(ahead=HOUR), TimeServer(ahead=-HOUR)))
    found = network.measure()
    assert (found.status, found.latest) == ("ERR_ROUGHTIME_INCONSISTENT", END)


def test_two_of_five_lie(policy: ModuleType) -> None:
    liars = [TimeServer(ahead=HOUR), TimeServer(ahead=HOUR, radius=2**32 - 1)]
    network = Network(policy, [*liars, *three()])
    found = network.measure()
    assert (found.status, found.asked) == ("OK", 5)
    assert right(network, found.earliest, found.latest)


@pytest.mark.parametrize(
    "faulty",
    [
        TimeServer(silent=99),
        TimeServer(spoil=garbage),
        TimeServer(spoil=lambda answer: (answer[:100],)),
        TimeServer(spoil=lambda _answer: (b"",)),
        TimeServer(delay_ms=1500),
    ],
    ids=["silent", "spoiled", "cut", "empty", "slow"],
)
def test_one_of_three_fails(policy: ModuleType, faulty: TimeServer) -> None:
    network = Network(policy, three(faulty))
    found = network.measure(room=ROOM)
    assert (found.status, found.answered, found.agreed) == ("OK", 2, 2)
    assert right(network, found.earliest, found.latest)
    assert faulty.asked == 1
    assert network.milliseconds - network.began >= 1000, "it was waited for"


def test_who_is_silent_once_is_asked_again_when_it_is_needed(policy: ModuleType) -> None:
    servers = three(TimeServer(silent=1), TimeServer(silent=1))
    network = Network(policy, servers)
    started = network.milliseconds
    found = network.measure()
    assert (found.status, found.answered, found.agreed) == ("OK", 3, 3)
    assert right(network, found.earliest, found.latest)
    assert [server.asked for server in servers] == [2, 2, 1]
    assert network.milliseconds - started >= 3000


def test_two_that_are_gone_are_a_delay(policy: ModuleType) -> None:
    network = Network(policy, three(TimeServer(silent=99), TimeServer(silent=99)))
    found = network.measure()
    assert (found.status, found.answered, found.latest) == ("ERR_ROUGHTIME_DELAY", 1, END)


def test_one_server_is_believed(policy: ModuleType) -> None:
    for ahead in (0, HOUR):
        network = Network(policy, [TimeServer(ahead=ahead)])
        found = network.measure()
        assert (found.status, found.asked, found.agreed) == ("OK", 1, 1)
        assert found.earliest <= network.now + ahead <= found.latest


def test_one_server_that_spoils_an_answer_is_asked_again(policy: ModuleType) -> None:
    """RFC 10049 section 7: servers grease."""
    server = TimeServer()
    server.spoil = lambda answer: garbage(answer) if server.asked == 1 else (answer,)
    network = Network(policy, [server])
    found = network.measure(room=ROOM)
    assert found.status == "OK"
    assert right(network, found.earliest, found.latest)


def test_two_servers_have_to_agree(policy: ModuleType) -> None:
    assert Network(policy, [TimeServer(), TimeServer()]).measure().status == "OK"
    network = Network(policy, [TimeServer(), TimeServer(ahead=HOUR)])
    assert network.measure().status == "ERR_ROUGHTIME_INCONSISTENT"
    network = Network(policy, [TimeServer(), TimeServer(silent=99)])
    assert network.measure().status == "ERR_ROUGHTIME_DELAY"


def test_no_server_no_time(policy: ModuleType) -> None:
    found = Network(policy, []).measure(room=ROOM)
    assert (found.status, found.asked, found.latest) == ("ERR_ROUGHTIME_DELAY", 0, END)


def test_someone_elses_packets_do_not_end_the_wait(policy: ModuleType) -> None:
    def flooded(answer: bytes) -> tuple[bytes, ...]:
        return (bytes(1036), b"ROUGHTIM", *garbage(answer), answer[::-1], answer)

    network = Network(policy, [TimeServer(spoil=flooded) for _ in range(3)])
    found = network.measure(room=ROOM)
    assert (found.status, found.agreed) == ("OK", 3)


def test_an_answer_held_back_is_not_taken_for_a_later_question(policy: ModuleType) -> None:
    """Each question has a nonce of its own, the repeated one too."""
    held: list[bytes] = []

    def hold(answer: bytes) -> tuple[bytes, ...]:
        held.append(answer)
        return () if len(held) == 1 else (held[0],)

    network = Network(policy, [TimeServer(spoil=hold)])
    assert network.measure().status == "ERR_ROUGHTIME_NONCE"


def test_servers_are_asked_in_another_order_each_time(policy: ModuleType) -> None:
    orders = set()
    for seed in range(60):
        network = Network(policy, three(), seed=seed)
        network.measure()
        orders.add(tuple(network.order))
    assert len(orders) == 6


def test_of_many_servers_five_are_asked(policy: ModuleType) -> None:
    chosen: set[int] = set()
    for seed in range(40):
        network = Network(policy, [TimeServer() for _ in range(12)], seed=seed)
        assert network.measure().asked == 5
        assert len(set(network.order)) == 5
        chosen.update(network.order)
    assert chosen == set(range(12))


def test_failures_are_counted_and_waited_for(policy: ModuleType) -> None:
    server = TimeServer(silent=6)
    network = Network(policy, [server])
    waits = []
    for _ in range(3):
        assert network.measure().status == "ERR_ROUGHTIME_DELAY"
        ended = network.milliseconds
        waits.append(network.lib.device_clock_wait(network.clock, ended % 2**32))
    assert waits == [1000, 1500, 2250]
    found = network.measure()
    assert found.status == "OK"
    assert network.milliseconds - ended >= 2250
    assert right(network, found.earliest, found.latest)


def test_a_second_measurement_does_not_go_back(policy: ModuleType) -> None:
    server = TimeServer()
    network = Network(policy, [server])
    first = network.measure()
    server.ahead = -HOUR
    second = network.measure()
    assert second.status == "ERR_ROUGHTIME_INCONSISTENT"
    assert second.earliest >= first.earliest
    assert right(network, second.earliest, second.latest)


def test_a_slow_answer_widens_the_interval_by_its_delay(policy: ModuleType) -> None:
    network = Network(policy, [TimeServer(delay_ms=2900, radius=3)])
    found = network.measure(timeout_ms=3000)
    assert found.status == "OK"
    assert right(network, found.earliest, found.latest)


def test_later_than_the_longest_delay_is_too_late(policy: ModuleType) -> None:
    network = Network(policy, [TimeServer(delay_ms=5500)])
    assert network.measure(timeout_ms=9000).status == "ERR_ROUGHTIME_DELAY"


def test_radii_and_times_at_their_ends(policy: ModuleType) -> None:
    far = 2**64 - 1 - 1_800_000_000
    for odd in (TimeServer(radius=2**32 - 1), TimeServer(ahead=far, radius=2**32 - 1)):
        network = Network(policy, three(odd))
        found = network.measure(room=ROOM)
        assert found.status == "OK"
        assert right(network, found.earliest, found.latest)
