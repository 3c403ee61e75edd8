"""Spreading an amount over lines: exact, proportional, and never more than a line holds."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from shared.units import spread

_weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [300, 300, 300], [34, 33, 33]),  # the first of equals takes the remainder
        (100, [1, 2, 4], [14, 28, 58]),
        (10, [500, 1000, 1000], [2, 4, 4]),
        (11, [500, 1000, 1000], [2, 5, 4]),
        (0, [5, 5], [0, 0]),
        (7, [7], [7]),
        (10, [0, 10, 0], [0, 10, 0]),
        (2, [1, 1, 1], [1, 1, 0]),  # a line of 1 can't carry 2
        (5, [2, 2, 2], [2, 2, 1]),
        (9, [2, 2, 2], [3, 3, 3]),  # more than there is
        (10, [2, 2, 2], [4, 3, 3]),
        (4, [0, 0], [4, 0]),
        (0, [], []),
    ],
)
def test_examples(total: int, weights: list[int], shares: list[int]) -> None:
    assert spread(total, weights) == shares


@given(st.integers(0, 10**13), _weights)
def test_the_shares_add_up_to_the_total(total: int, weights: list[int]) -> None:
    assert sum(spread(total, weights)) == total


@given(_weights, st.data())
def test_no_line_goes_below_zero(weights: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(weights)))
    assert all(0 <= share <= weight for share, weight in zip(spread(total, weights), weights, strict=True))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.data())
def test_no_tiny_line_goes_below_zero(weights: list[int], data: st.DataObject) -> None:
    """Small weights are where the remainder is larger than the largest line."""
    total = data.draw(st.integers(0, sum(weights)))
    assert all(0 <= share <= weight for share, weight in zip(spread(total, weights), weights, strict=True))


@given(st.integers(0, 10**12), st.lists(st.integers(41, 10**6), min_size=1, max_size=40))
def test_only_the_first_of_the_largest_lines_gets_more_than_its_floor(total: int, weights: list[int]) -> None:
    total %= sum(weights) - len(weights) * 40  # room enough for every remainder
    floors = [total * weight // sum(weights) for weight in weights]
    first = weights.index(max(weights))
    if floors[first] + total - sum(floors) <= weights[first]:
        floors[first] += total - sum(floors)
        assert spread(total, weights) == floors


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [-1, 3]), (1, [])])
def test_nonsense_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"negative|no line"):
        spread(total, weights)
