"""Failure budgets as a rule of times: never more than so many in any ten minutes, and never a wait without need."""

import pytest
from hypothesis import given, strategies as st

from shared.auth import Principal
from shared.guessing import (
    OF_A_KEY,
    OF_A_MEMBER,
    OF_AN_ADDRESS,
    WINDOW_SECONDS,
    budgets,
    prefix,
    recent,
    standing,
    wait_ms,
)
from tests.kit import EC, TILL, member

WINDOW = WINDOW_SECONDS * 1000


def test_the_budgets_are_those_of_the_contract():
    assert (OF_A_KEY, OF_A_MEMBER, OF_AN_ADDRESS, WINDOW_SECONDS) == (60, 10, 100, 600)


def test_a_budget_of_two_waits_for_the_older_of_two_failures():
    assert wait_ms((), 0, 2) == 0
    assert wait_ms((1000,), 5000, 2) == 0
    assert wait_ms((1000, 4000), 5000, 2) == WINDOW - 4000
    assert wait_ms((1000, 4000), 5000, 2, more=2) == WINDOW - 1000
    assert wait_ms((1000, 4000), 1000 + WINDOW, 2) == 0
    assert wait_ms((1000, 4000), 1000 + WINDOW - 1, 2) == 1


def test_what_is_left_grows_when_the_oldest_failure_is_forgotten():
    assert standing((), 9, 2) == (2, 0)
    assert standing((1000, 4000), 5000, 2) == (0, WINDOW - 4000)
    assert standing((1000, 4000), 1000 + WINDOW, 2) == (1, 3000)


GAPS = st.lists(st.tuples(st.integers(0, WINDOW // 2), st.integers(1, 3)), max_size=60)


@given(gaps=GAPS, quota=st.integers(3, 7))
def test_in_no_ten_minutes_is_more_admitted_than_the_budget_has(gaps, quota):
    now, times, admitted = 0, (), []
    for gap, more in gaps:
        now += gap
        if wait_ms(times, now, quota, more) == 0:
            times = (*recent(times, now), *[now] * more)
            admitted += [now] * more
        assert len(times) <= quota
    for start in admitted:
        assert sum(start <= at < start + WINDOW for at in admitted) <= quota


@given(gaps=GAPS, quota=st.integers(3, 7))
def test_who_waits_as_told_is_let_in_and_a_millisecond_before_is_not(gaps, quota):
    now, times = 0, ()
    for gap, more in gaps:
        now += gap
        wait = wait_ms(times, now, quota, more)
        if wait:
            assert wait_ms(times, now + wait - 1, quota, more) == 1
            now += wait
        assert wait_ms(times, now, quota, more) == 0
        times = (*recent(times, now), *[now] * more)


@given(times=st.lists(st.integers(0, 3 * WINDOW)).map(sorted), now=st.integers(0, 3 * WINDOW), quota=st.integers(1, 9))
def test_something_is_left_exactly_when_nobody_waits(times, now, quota):
    there = standing(times, now, quota)
    assert (there.left > 0) is (wait_ms(times, now, quota) == 0)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.200", "203.0.113.0/24"),
        ("203.0.114.7", "203.0.114.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2ab::1", "2001:db8:1:200::/56"),
        ("2001:db8:1:2ff:9::", "2001:db8:1:200::/56"),
        ("2001:db8:1:300::1", "2001:db8:1:300::/56"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_neighbour_in_the_same_prefix_is_the_same_guesser(address, expected):
    assert prefix(address) == expected


def test_a_key_answers_for_itself_and_a_login_for_its_address_too():
    here, there = "203.0.113.7", "198.51.100.1"
    assert budgets(TILL, here) == budgets(TILL, there)
    assert budgets(TILL, here) != budgets(EC, here)
    assert [one.quota for one in budgets(TILL, here)] == [60]
    assert [one.quota for one in budgets(member("taro"), here)] == [10, 100]
    assert budgets(member("taro"), here)[1] == budgets(member("hanako"), "203.0.113.9")[1]
    assert budgets(member("taro"), here)[0] == budgets(member("taro"), there)[0]
    (of_nobody,) = budgets(None, here)
    assert of_nobody.quota == 100
    assert of_nobody.subject not in {one.subject for one in budgets(member("taro"), here)}


def test_no_login_can_be_taken_for_a_key():
    named = Principal("member", frozenset(), issuer="key:", subject=str(TILL.key_id))
    assert budgets(named, "")[0].subject != budgets(TILL, "")[0].subject
