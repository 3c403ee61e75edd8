"""The pure chain: numbers, balances, ring and horizon, hashes, and what an audit finds."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from infra import invariants
from shared import chain
from shared.chain import Part, Step
from shared.clock import EPOCH, to_ms
from shared.memory import size
from shared.ring import RING_SIZE
from tests.chain.toy import PURSE
from tests.kit import NOON

POINTS = st.lists(st.lists(st.integers(-5, 50), min_size=1, max_size=4), min_size=1, max_size=60)


def grow(groups, start=NOON):
    """A chain of one item for each group of points; each point is an operation of its own."""
    items, head, at, count = [], chain.head_of(PURSE, "T#a", None), start, 0
    for group in groups:
        parts, state = [], head.state
        for points in group:
            parts.append(Part(chain.operation(f"op{count}"), (Step("moved", points),)))
            state, count = state + points, count + 1
        items.append(chain.next_item(PURSE, head, parts, state, at))
        head, at = chain.head_of(PURSE, "T#a", items[-1]), at + timedelta(seconds=1)
    return items, head


@given(POINTS)
def test_entries_are_numbered_without_a_gap_and_their_sum_is_the_balance(groups):
    items, head = grow(groups)
    entries = [entry for item in items for entry in chain.entries_of(item)]
    assert [entry.sequence for entry in entries] == list(range(1, head.sequence + 1))
    total = 0
    for entry in entries:
        total += entry.points
        assert entry.balance_after == total
    assert head.state == total


@given(POINTS)
def test_the_ring_knows_the_last_sixteen_operations_and_admits_what_it_forgot(groups):
    _, head = grow(groups)
    last = head.sequence
    known = {slot.operation for slot in head.ring}
    for n in range(last):
        is_known = chain.operation(f"op{n}") in known
        assert is_known == (n >= last - RING_SIZE)
        assert is_known or n + 1 <= head.floor
    assert head.floor == max(0, last - RING_SIZE)


@given(POINTS)
def test_everything_dated_after_the_horizon_is_in_the_ring(groups):
    items, head = grow(groups)
    known = {slot.operation for slot in head.ring}
    for item in items:
        for entry in chain.entries_of(item):
            assert entry.recorded_at <= head.horizon or entry.operation in known


@given(POINTS)
def test_a_whole_chain_has_no_faults(groups):
    assert invariants.faults(grow(groups)[0]) == []


@given(POINTS.filter(lambda groups: len(groups) > 2), st.data())
def test_any_changed_item_is_found(groups, data):
    items, _ = grow(groups)
    n = data.draw(st.integers(0, len(items) - 2))
    items[n] = (
        items[n] | {"t": items[n]["t"] + 1}
        if n == 0
        else items[n] | {"e": [*items[n]["e"][:-1], {"k": "moved", "p": 999}]}
    )
    assert invariants.faults(items)


def test_a_missing_item_is_found_by_number_and_hash():
    items, _ = grow([[5], [6], [7]])
    found = invariants.faults([items[0], items[2]])
    assert any("follows entry 1" in fault for fault in found)
    assert any("hash" in fault for fault in found)


def test_an_entry_is_never_dated_before_the_entry_ahead_of_it():
    _, head = grow([[5]])
    with pytest.raises(AssertionError):
        chain.next_item(PURSE, head, [Part(b"", (Step("moved", 1),))], 6, NOON - timedelta(seconds=1))


def test_points_that_do_not_add_up_to_the_state_are_never_written():
    _, head = grow([[5]])
    with pytest.raises(AssertionError):
        chain.next_item(PURSE, head, [Part(b"", (Step("moved", 1),))], 7, NOON)


def test_what_fell_due_by_itself_carries_no_operation():
    head = chain.head_of(PURSE, "T#a", None)
    steps = (Step("expired", 0, is_due=True), Step("moved", 3))
    item = chain.next_item(PURSE, head, [Part(chain.operation("x"), steps)], 3, NOON)
    assert [entry.operation for entry in chain.entries_of(item)] == [b"", chain.operation("x")]


def test_an_unused_account_is_an_empty_head():
    head = chain.head_of(PURSE, "T#a", None)
    assert (head.sequence, head.state, head.recorded_at) == (0, 0, EPOCH)


def test_a_reversal_has_another_mark_than_what_it_reverses():
    assert chain.operation("x") != chain.operation("x", is_reversal=True)


def test_an_item_of_the_smallest_account_stays_small():
    items, _ = grow([[1]] * 40)
    assert size(items[-1]) < 450
    assert items[-1]["t"] == to_ms(NOON + timedelta(seconds=39))
