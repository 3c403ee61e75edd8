"""A campaign's pool: coupons one by one, codes by the range, one total for both."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, strategies as st

from coupons import pool
from coupons.campaign import Campaign, CodeSettings
from coupons.giving import Drawing, Issuing
from coupons.pool import EDITIONS_MAX, INDEXES, POOL, Making, Pool
from shared.coupon_book import Coupon
from shared.errors import Conflict, Invalid
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import NOON

TODAY = date(2026, 11, 20)


def issuing(total: int) -> Issuing:
    return Issuing(Coupon(7, 1, 1, TODAY, None, "s-1"), "spring", "shop", TODAY, drawing=Drawing(total, 0, "taro", 4))


def making(
    count: int = 10, job_id: str = "j-1", total: int | None = None, edition: int = 1, locator: int = 9
) -> Making:
    return Making(job_id, "spring", count, edition, locator, b"k" * 8, total)


def campaign(**changes: object) -> Campaign:
    return Campaign.model_validate_json(json.dumps(CAMPAIGN)).model_copy(update=changes)


def test_a_pool_gives_to_the_last_one_and_tells() -> None:
    first = pool.take(Pool(), issuing(2), NOON)
    last = pool.take(first.state, issuing(2), NOON)
    assert [step.kind for step in first.steps] == ["taken"]
    assert [step.kind for step in last.steps] == ["taken", "exhausted"]
    with pytest.raises(Conflict) as refused:
        pool.take(last.state, issuing(2), NOON)
    assert refused.value.code == "campaign_exhausted"
    assert pool.give_back(last.state, issuing(2), NOON).state.taken == 1


def test_jobs_get_ranges_one_behind_the_other() -> None:
    first = pool.make(Pool(), making(10), NOON)
    second = pool.make(first.state, making(5, "j-2", locator=11), NOON)
    assert [step.data["first"] for step in (*first.steps, *second.steps)] == [0, 10]
    assert second.state == Pool(taken=15, made=15, locator=9, editions=((0, 1),))
    assert second.steps[0].data["locator"] == 9  # the first job's is kept, whatever a later one has drawn


def test_an_edition_is_noted_where_it_changes() -> None:
    state = Pool()
    for edition in (1, 1, 2, 1):
        state = pool.make(state, making(10, edition=edition), NOON).state
    assert state.editions == ((0, 1), (20, 2), (30, 1))


def test_more_changes_of_terms_than_can_be_noted_are_refused() -> None:
    state = Pool()
    for edition in range(1, EDITIONS_MAX + 1):
        state = pool.make(state, making(1, edition=edition), NOON).state
    assert pool.make(state, making(1, edition=EDITIONS_MAX), NOON).state.made == EDITIONS_MAX + 1
    with pytest.raises(Conflict):
        pool.make(state, making(1, edition=EDITIONS_MAX + 1), NOON)
    assert POOL.unpack(POOL.pack(state)) == state


def test_codes_and_coupons_share_one_total() -> None:
    state = pool.take(Pool(), issuing(10), NOON).state
    with pytest.raises(Conflict) as refused:
        pool.make(state, making(10, total=10), NOON)
    assert (refused.value.code, refused.value.fields) == ("campaign_exhausted", {"left": 9})
    made = pool.make(state, making(9, total=10), NOON)
    assert [step.kind for step in made.steps] == ["made", "exhausted"]
    with pytest.raises(Conflict):
        pool.take(made.state, issuing(10), NOON)


def test_an_index_counts_so_far_and_no_further() -> None:
    almost = Pool(taken=INDEXES - 10, made=INDEXES - 10, locator=9, editions=((0, 1),))
    assert pool.make(almost, making(10), NOON).state.made == INDEXES
    with pytest.raises(Conflict) as refused:
        pool.make(almost, making(11), NOON)
    assert refused.value.fields == {"left": 10}


@pytest.mark.parametrize("mode", ["imported", "shared"])
def test_no_codes_are_made_where_they_come_from_elsewhere(mode: Any) -> None:
    with pytest.raises(Invalid) as refused:
        pool.check_makes_codes(campaign(code=CodeSettings(mode=mode)), TODAY)
    assert refused.value.fields["errors"][0]["code"] == "not_made_here"


def test_codes_are_printed_before_a_campaign_begins_and_not_when_it_is_over() -> None:
    for state in ("draft", "active", "paused"):
        pool.check_makes_codes(campaign(state=state), TODAY)
    pool.check_makes_codes(campaign(), date(2026, 12, 31))
    for over, day in ((campaign(state="ended"), TODAY), (campaign(), date(2027, 1, 1))):
        with pytest.raises(Conflict) as refused:
            pool.check_makes_codes(over, day)
        assert refused.value.code == "campaign_not_active"


@given(
    st.integers(1, 500), st.lists(st.tuples(st.sampled_from(["take", "back", "make"]), st.integers(1, 60)), max_size=40)
)
def test_a_pool_never_gives_more_than_its_total_and_no_index_twice(total: int, moves: list[tuple[str, int]]) -> None:
    state, out, given_out = Pool(), 0, 0
    for what, number in moves:
        try:
            if what == "take":
                state, out = pool.take(state, issuing(total), NOON).state, out + 1
            elif what == "back" and out:
                state, out = pool.give_back(state, issuing(total), NOON).state, out - 1
            elif what == "make":
                done = pool.make(state, making(number, total=total, edition=number % 3 + 1), NOON)
                assert done.steps[0].data["first"] == given_out
                state, given_out = done.state, given_out + number
        except Conflict:
            assert state.taken + (number if what == "make" else 1) > total
        assert state.taken == out + given_out <= total
        assert state.made == given_out
        assert POOL.unpack(POOL.pack(state)) == state


@given(st.integers(1, 10**6), st.none() | st.integers(1, 10**9))
def test_a_job_is_kept_by_its_name_as_it_was_asked_for(count: int, total: int | None) -> None:
    wanted = making(count, total=total)
    assert pool.unpack_making(pool.pack_making(wanted)) == wanted
