"""The law on premiums: the examples of the authority's questions and answers, and where the limits bite.

The numbers of questions are those of the Consumer Affairs Agency's "景品に関するQ&A" (総付景品, Q109 to Q111).
"""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from points import premium
from points.earning import Given, Occasion, Sold, earned, explain, given_of, lots_for, remaining
from points.programme import Programme
from points.words import explained
from shared.errors import Conflict, Invalid

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)
BASE = {"rule_id": "base", "kind": "base", "points": 1, "per_amount": 100}
TILL = Occasion("pos", "shibuya", NOON)


def programme(*rules, premium_class="premium"):
    return Programme.model_validate_json(json.dumps({"earning": [BASE, *rules], "premium_class": premium_class}))


def bonus(points, **more):
    return {"rule_id": "bonus", "kind": "bonus", "points": points, **more}


@pytest.mark.parametrize(
    ("total_with_tax", "expected", "why"),
    [
        (0, 200, "Q111: for coming by, deemed to be a purchase of 100 yen"),
        (100, 200, "Q110: below 1,000 yen"),
        (999, 200, "Q110: below 1,000 yen"),
        (1000, 200, "Q110: two tenths from 1,000 yen on"),
        (1004, 200, "a fraction of a yen is not given"),
        (1005, 201, "two tenths"),
        (5000, 1000, "an article of 1,000 yen may come with one of 5,000 yen"),
        (1080, 216, "the value is what is paid, with tax"),
        (10000, 2000, "two tenths"),
    ],
)
def test_the_limit_of_a_purchase(total_with_tax, expected, why):
    assert premium.limit(total_with_tax) == expected, why


def test_a_purchase_gives_no_more_than_its_limit_and_says_so():
    found = earned(programme(bonus(500)), TILL, [Sold(2000, tax=200)], {})
    assert found == (Given("base", 20), Given("bonus", 500), Given("premium", -80))
    assert sum(one.points for one in found) == premium.limit(2200)
    told = explain(programme(bonus(500)), found)
    assert told == "base 20 1 100|bonus 500 +500|premium -80"
    assert given_of(told) == found
    assert explained(told, "en")[2] == {"rule": "premium", "points": -80, "detail": "the legal limit for premiums"}
    assert explained(told, "ja")[2]["detail"] == "景品表示法の上限"
    assert sum(points for _, _, points in lots_for(programme(bonus(500)), found, NOON)) == 440


def test_what_is_paid_with_points_is_paid_too():
    """The authority: who pays 2,000 yen in part with points makes a purchase of 2,000 yen."""
    found = earned(programme(bonus(500)), TILL, [Sold(2000, share=1900)], {})
    assert sum(one.points for one in found) == 400


def test_a_discount_of_ones_own_is_no_premium():
    own = programme(bonus(500), premium_class="self_discount")
    assert sum(one.points for one in earned(own, TILL, [Sold(100)], {})) == 501
    premium.check(own)
    premium.check_award(own, 10_000)
    assert premium.for_coming_by(own, 300) == 300


def test_an_action_or_a_visit_is_worth_200_yen_at_most():
    review = bonus(200, when={"actions": ["review"]})
    premium.check(programme(review))
    action = Occasion("ec", None, NOON, action="review")
    assert earned(programme(review), action, [], {}) == (Given("bonus", 200),)
    assert premium.for_coming_by(programme(), 300) == 200
    assert premium.for_coming_by(programme(), 20) == 20


def test_an_award_without_a_purchase_is_refused_above_200_yen():
    premium.check_award(programme(), 200)
    with pytest.raises(Conflict) as refused:
        premium.check_award(programme(), 201)
    assert (refused.value.code, refused.value.fields) == ("cap_exceeded", {"cap": "premium", "limit": 200})


@pytest.mark.parametrize(
    ("rule", "where", "limit"),
    [
        (bonus(201, when={"actions": ["review"]}), "/earning/1/points", 200),
        (bonus(201, when={"actions": ["review"]}, cap={"per_day": 300}), "/earning/1/points", 200),
        (BASE | {"rule_id": "rich", "points": 21}, "/earning/1/points", 20),
        (bonus(1, per_amount=4), "/earning/1/points", 20),
        ({"rule_id": "thirty", "kind": "multiplier", "factor": "30/1"}, "/earning/1/factor", 20),
    ],
)
def test_settings_that_always_exceed_the_limit_are_refused(rule, where, limit):
    with pytest.raises(Invalid) as refused:
        premium.check(programme(rule))
    assert refused.value.code == "premium_limit_exceeded"
    assert refused.value.fields["pointer"] == where == refused.value.fields["errors"][0]["pointer"]
    assert refused.value.fields["limit"] == limit


@pytest.mark.parametrize(
    "rule",
    [
        bonus(500),  # with a purchase: cut there if need be
        bonus(500, when={"actions": ["review"]}, cap={"per_day": 200}),
        BASE | {"rule_id": "twenty", "points": 20},
        {"rule_id": "twenty", "kind": "multiplier", "factor": "20/1"},
        bonus(1, per_amount=5),
    ],
)
def test_settings_within_the_limit_are_taken(rule):
    premium.check(programme(rule))


@given(
    st.integers(0, 900),
    st.lists(st.integers(0, 5000), min_size=1, max_size=4),
    st.data(),
)
def test_the_limit_holds_through_returns_and_takes_back_exactly(points, amounts, data):
    rules = programme(bonus(points + 1, cap={"per_day": 600}), BASE | {"rule_id": "b2"})
    lines = [Sold(amount) for amount in amounts]
    first = earned(rules, TILL, lines, {})
    assert remaining(rules, first, lines) == first
    fewer = [Sold(data.draw(st.integers(0, amount))) for amount in amounts]
    left = remaining(rules, first, fewer)
    assert 0 <= sum(one.points for one in left) <= sum(one.points for one in first)
    assert sum(one.points for one in left) <= premium.limit(sum(line.amount for line in fewer))
    nothing = [Sold(0, quantity=0) for _ in lines]
    assert sum(one.points for one in remaining(rules, first, nothing)) == 0
