"""What most servers agree on, against the definition counted out moment by moment."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from hypothesis import given, settings
from hypothesis import strategies as st

from support.measuring import END

Interval = tuple[int, int]
FEW = 12
intervals = st.lists(st.tuples(st.integers(0, FEW), st.integers(0, FEW)), max_size=6)


def agree(policy: ModuleType, among: Sequence[Interval], quorum: int) -> Interval | None:
    agreed = policy.ffi.new("rootlet_time *", (7, 7))
    given_ones = policy.ffi.new("rootlet_time[]", max(1, len(among)))
    for place, interval in enumerate(among):
        given_ones[place] = interval
    found = policy.lib.agreement(agreed, given_ones, len(among), quorum)
    result = (agreed.earliest, agreed.latest)
    assert found or result == (7, 7)
    return result if found else None


@settings(max_examples=400)
@given(among=intervals, quorum=st.integers(1, 6))
def test_every_moment_that_a_quorum_allows(
    policy: ModuleType, among: list[Interval], quorum: int
) -> None:
    moments = [
        moment
        for moment in range(FEW + 1)
        if sum(earliest <= moment <= latest for earliest, latest in among) >= quorum
    ]
    expected = (moments[0], moments[-1]) if moments else None
    assert agree(policy, among, quorum) == expected


def test_one_liar_of_three_neither_moves_nor_widens_it_beyond_the_others(
    policy: ModuleType,
) -> None:
    true = [(100, 106), (102, 108)]
    for lie in [(0, END), (0, 0), (END, END), (104, END), (0, 103), (1000, 1001)]:
        found = agree(policy, [*true, lie], 2)
        assert found is not None
        assert 100 <= found[0] <= 102
        assert 106 <= found[1] <= 108


def test_two_that_overlap_with_a_third_only_are_both_allowed(policy: ModuleType) -> None:
    """One of the three is wrong, and nobody can say which."""
    assert agree(policy, [(100, 101), (200, 201), (0, 1000)], 2) == (100, 201)


def test_the_ends_of_time(policy: ModuleType) -> None:
    assert agree(policy, [(0, END)], 1) == (0, END)
    assert agree(policy, [(END, END), (END, END)], 2) == (END, END)
    assert agree(policy, [(0, 0), (0, 0)], 2) == (0, 0)
    assert agree(policy, [], 1) is None
