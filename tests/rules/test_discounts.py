"""What coupons take off a basket: the documented order, exact sums, clear refusals, and the best set for a member."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from coupons.campaign import Campaign, Terms, Trigger
from coupons.model import Basket
from coupons.rules import (
    SEARCHED_MAX,
    Candidate,
    Outcome,
    Place,
    Validity,
    best_set,
    discount,
    is_triggered,
    validity,
)

_TODAY = date(2026, 3, 1)
_SHOP = Place(channel="pos", store_id="shibuya", business_day=_TODAY)


def _basket(*amounts: int, **columns: list[str]) -> Basket:
    lines = []
    for place, amount in enumerate(amounts):
        line: dict[str, Any] = {"line_id": str(place + 1), "quantity": 1, "amount": amount}
        line.update({name: values[place] for name, values in columns.items()})
        lines.append(line)
    return Basket.model_validate({"lines": lines})


def _coupon(code: str, type_: str, value: int, **terms: Any) -> Candidate:
    """A coupon of a campaign of its own, good today; `max_discount`, `skus` and `categories` belong to its offer."""
    offer = {"type": type_, "value": value}
    offer |= {name: terms.pop(name) for name in ("max_discount", "skus", "categories") if name in terms}
    campaign_id = terms.pop("campaign_id", f"campaign-{code}")
    limit_reached = terms.pop("limit_reached", False)
    days = terms.pop("validity", Validity(_TODAY))
    return Candidate(
        code=code,
        coupon_id=f"coupon-{code}",
        campaign_id=campaign_id,
        terms=Terms.model_validate({"offer": offer, "valid_from": "2026-01-01", **terms}),
        validity=days,
        limit_reached=limit_reached,
    )


def _apply(basket: Basket, *candidates: Candidate, place: Place = _SHOP) -> Outcome:
    return discount(basket, candidates, place)


def _refusals(outcome: Outcome) -> dict[str, str]:
    return {refused.code: refused.reason for refused in outcome.refused}


def _discounts(outcome: Outcome) -> dict[str, int]:
    return {applied.code: applied.discount for applied in outcome.applied}


# ---- one coupon ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amounts", "type_", "value", "offer", "taken"),
    [
        ([1000], "amount_off", 300, {}, 300),
        ([200], "amount_off", 300, {}, 200),  # never below 0
        ([1000], "amount_off", 300, {"max_discount": 250}, 250),
        ([1999], "percent_off", 10, {}, 199),  # rounds down
        ([999, 999], "percent_off", 10, {}, 199),  # once, over the sum: by line it would be 198
        ([1000], "percent_off", 100, {}, 1000),
        ([1000], "percent_off", 50, {"max_discount": 120}, 120),
        ([9], "percent_off", 10, {}, 0),
    ],
)
def test_one_coupon(amounts: list[int], type_: str, value: int, offer: dict[str, int], taken: int) -> None:
    assert _apply(_basket(*amounts), _coupon("a", type_, value, **offer)).discount_total == taken


def test_the_discount_is_spread_over_the_eligible_lines_alone() -> None:
    basket = _basket(300, 1000, 300, 300, sku=["apple", "wine", "pear", "apple"], category=["x", "x", "y", "x"])
    [applied] = _apply(basket, _coupon("a", "amount_off", 100, skus=["apple"], categories=["y"])).applied
    assert [(line.line_id, line.discount) for line in applied.lines] == [("1", 34), ("3", 33), ("4", 33)]


def test_a_discount_explains_itself() -> None:
    [applied] = _apply(_basket(700, 500), _coupon("a", "percent_off", 50, max_discount=100)).applied
    assert [step.model_dump() for step in applied.explain] == [
        {"rule": "percent_off", "amount": 600, "detail": "1200 × 50 %"},
        {"rule": "max_discount", "amount": -500, "detail": "≤ 100"},
    ]


def test_what_is_more_than_is_left_is_explained_too() -> None:
    [applied] = _apply(_basket(80), _coupon("a", "amount_off", 300)).applied
    assert [(step.rule, step.amount) for step in applied.explain] == [("amount_off", 300), ("nothing_left", -220)]


def test_bonus_points_take_nothing_off_and_say_how_many_they_are() -> None:
    (applied,) = _apply(_basket(80), _coupon("a", "bonus_points", 300)).applied
    assert (applied.discount, applied.lines) == (0, ())
    assert [(one.rule, one.amount, one.detail) for one in applied.explain] == [("bonus_points", 0, "+300")]


def _free(count: int, *lines: tuple[int, int], **offer: Any) -> list[int]:
    """What each line of (amount, quantity) loses when so many items are free."""
    basket = Basket.model_validate(
        {"lines": [{"line_id": str(n), "amount": amount, "quantity": many} for n, (amount, many) in enumerate(lines)]}
    )
    (applied,) = _apply(basket, _coupon("a", "item_free", count, **offer)).applied
    taken = {line.line_id: line.discount for line in applied.lines}
    return [taken.get(str(n), 0) for n in range(len(lines))]


@pytest.mark.parametrize(
    ("count", "lines", "taken"),
    [
        (1, [(300, 1), (500, 1)], [0, 500]),
        (1, [(1000, 2), (400, 1)], [500, 0]),
        (1, [(500, 1), (500, 1)], [500, 0]),
        (2, [(500, 1), (300, 3)], [500, 100]),
        (3, [(100, 3)], [100]),
        (1, [(100, 3)], [33]),
        (2, [(100, 3)], [66]),
        (9, [(100, 3), (50, 1)], [100, 50]),
        (1, [(100, 0)], [100]),
        (1, [(0, 5), (10, 1)], [0, 10]),
    ],
)
def test_the_dearest_items_are_free(count: int, lines: list[tuple[int, int]], taken: list[int]) -> None:
    assert _free(count, *lines) == taken


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 9)), min_size=1, max_size=8), st.integers(1, 20))
def test_no_more_items_are_free_than_there_are_and_never_more_than_a_line(lines: list[Any], count: int) -> None:
    if not any(amount for amount, _ in lines):
        return
    taken = _free(count, *lines)
    assert all(0 <= one <= amount for one, (amount, _) in zip(taken, lines, strict=True))
    if count >= sum(max(1, many) for _, many in lines):
        assert taken == [amount for amount, _ in lines]


def test_a_free_item_is_worth_no_more_than_its_limit() -> None:
    assert _free(1, (900, 1), max_discount=600) == [600]


# ---- several ---------------------------------------------------------------------------------------------------------

_FIVE_POUNDS = _coupon("five", "amount_off", 500)
_TEN = _coupon("ten", "percent_off", 10)
_THIRTY = _coupon("thirty", "percent_off", 30)


@pytest.mark.parametrize("sent", list(itertools.permutations([_FIVE_POUNDS, _TEN, _THIRTY])))
def test_five_pounds_ten_and_thirty_percent_off_a_hundred_pounds_leave_58_00(sent: tuple[Candidate, ...]) -> None:
    """The puzzle of a well-known cart (cubecart/v6#1997): other orders leave other sums, some a pound more."""
    assert 10_000 - _apply(_basket(10_000), *sent).discount_total == 5_800


def test_a_small_priority_goes_first() -> None:
    early = _coupon("five", "amount_off", 500, stacking={"priority": 1})
    outcome = _apply(_basket(10_000), _TEN, _THIRTY, early)
    assert list(_discounts(outcome)) == ["five", "ten", "thirty"]
    assert 10_000 - outcome.discount_total == 5_985


def test_equal_coupons_are_applied_as_they_were_sent() -> None:
    assert list(_discounts(_apply(_basket(101), _THIRTY, _TEN))) == ["thirty", "ten"]
    assert list(_discounts(_apply(_basket(101), _TEN, _THIRTY))) == ["ten", "thirty"]


def test_each_takes_from_what_is_left() -> None:
    outcome = _apply(_basket(1000), _coupon("a", "amount_off", 700), _coupon("b", "amount_off", 700))
    assert _discounts(outcome) == {"a": 700, "b": 300}


def test_a_coupon_that_finds_nothing_left_takes_nothing() -> None:
    outcome = _apply(_basket(1000), _coupon("a", "percent_off", 100), _coupon("b", "amount_off", 1))
    assert _discounts(outcome) == {"a": 1000, "b": 0}
    assert outcome.applied[1].lines == ()


def test_the_minimum_looks_at_the_basket_as_sent() -> None:
    first = _coupon("a", "percent_off", 90)
    second = _coupon("b", "amount_off", 50, min_purchase=1000, skus=["apple"])
    assert not _apply(_basket(400, 600, sku=["apple", "wine"]), first, second).refused


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"min_purchase": 1001}, "minimum_not_met"),
        ({"stores": ["ginza"]}, "wrong_store"),
        ({"channels": ["ec"]}, "wrong_channel"),
        ({"skus": ["wine"]}, "no_eligible_item"),
        ({"categories": ["wine"]}, "no_eligible_item"),
        ({"validity": Validity(_TODAY + timedelta(days=1))}, "not_yet_valid"),
        ({"limit_reached": True}, "limit_reached"),
    ],
)
def test_a_coupon_that_does_not_fit_says_why(terms: dict[str, Any], reason: str) -> None:
    outcome = _apply(_basket(1000, sku=["apple"]), _coupon("a", "amount_off", 100, **terms))
    assert _refusals(outcome) == {"a": reason}
    assert outcome.discount_total == 0


def test_what_just_fits_is_taken() -> None:
    coupon = _coupon("a", "amount_off", 100, min_purchase=1000, stores=["shibuya"], channels=["pos"], skus=["apple"])
    assert _discounts(_apply(_basket(1000, sku=["apple"]), coupon)) == {"a": 100}


def test_a_coupon_of_some_stores_does_not_fit_where_there_is_no_store() -> None:
    web = Place(channel="ec", store_id=None, business_day=_TODAY)
    assert _refusals(_apply(_basket(1000), _coupon("a", "amount_off", 1, stores=["ginza"]), place=web)) == {
        "a": "wrong_store"
    }


def test_lines_that_cost_nothing_are_no_reason_for_a_coupon() -> None:
    assert _refusals(_apply(_basket(0, 0), _coupon("a", "amount_off", 1))) == {"a": "no_eligible_item"}


def test_one_coupon_of_a_campaign_in_a_basket() -> None:
    one, two = (_coupon(code, "amount_off", 100, campaign_id="same") for code in "ab")
    outcome = _apply(_basket(1000), one, two)
    assert (_discounts(outcome), _refusals(outcome)) == ({"a": 100}, {"b": "not_stackable"})


def test_coupons_of_a_group_do_not_combine_but_others_do() -> None:
    a = _coupon("a", "amount_off", 100, stacking={"group": "spring"})
    b = _coupon("b", "percent_off", 10, stacking={"group": "spring"})
    c = _coupon("c", "amount_off", 100, stacking={"group": "summer"})
    outcome = _apply(_basket(1000), a, b, c)
    assert (_discounts(outcome), _refusals(outcome)) == ({"b": 100, "c": 100}, {"a": "not_stackable"})


@pytest.mark.parametrize(("priority", "stays"), [(1, "alone"), (200, "other")])
def test_an_exclusive_coupon_stays_alone_or_away(priority: int, stays: str) -> None:
    alone = _coupon("alone", "amount_off", 100, stacking={"exclusive": True, "priority": priority})
    assert list(_discounts(_apply(_basket(1000), alone, _coupon("other", "amount_off", 100)))) == [stays]


def test_a_refused_coupon_stands_in_nobodys_way() -> None:
    late = _coupon("a", "percent_off", 10, stacking={"exclusive": True}, min_purchase=10**6)
    assert _discounts(_apply(_basket(1000), late, _coupon("b", "amount_off", 100))) == {"b": 100}


# ---- properties ------------------------------------------------------------------------------------------------------

_SKUS = ["apple", "wine", "pear"]


@st.composite
def _baskets(draw: st.DrawFn) -> Basket:
    amounts = draw(st.lists(st.integers(0, 3000) | st.integers(0, 5), min_size=1, max_size=12))
    skus = draw(st.lists(st.sampled_from(_SKUS), min_size=len(amounts), max_size=len(amounts)))
    return _basket(*amounts, sku=skus)


@st.composite
def _sets(draw: st.DrawFn, size_max: int = 6) -> list[Candidate]:
    coupons = []
    for number in range(draw(st.integers(0, size_max))):
        terms: dict[str, Any] = {"campaign_id": draw(st.sampled_from([f"c{number}"] * 4 + ["shared"]))}
        if draw(st.booleans()):
            terms["skus"] = draw(st.lists(st.sampled_from(_SKUS), min_size=1, max_size=2))
        if draw(st.booleans()):
            terms["max_discount"] = draw(st.integers(1, 800))
        terms["stacking"] = {
            "priority": draw(st.integers(0, 2)),
            "group": draw(st.sampled_from([None, None, None, "g", "h"])),
            "exclusive": draw(st.sampled_from([False] * 5 + [True])),
        }
        type_ = draw(st.sampled_from(["amount_off", "percent_off"]))
        value = draw(st.integers(1, 100 if type_ == "percent_off" else 2000))
        coupons.append(_coupon(str(number), type_, value, **terms))
    return coupons


@given(_baskets(), _sets())
def test_sums_are_exact_and_no_line_goes_below_zero(basket: Basket, coupons: list[Candidate]) -> None:
    outcome = _apply(basket, *coupons)
    left = {line.line_id: line.amount for line in basket.lines}
    for applied in outcome.applied:
        assert applied.discount == sum(line.discount for line in applied.lines)
        assert applied.discount == sum(step.amount for step in applied.explain)
        for line in applied.lines:
            assert line.discount > 0
            left[line.line_id] -= line.discount
    assert all(amount >= 0 for amount in left.values())
    assert outcome.discount_total == basket.amount - sum(left.values())
    assert {one.code for one in outcome.applied} | set(_refusals(outcome)) == {coupon.code for coupon in coupons}


@given(_baskets(), _sets(), st.data())
def test_the_order_of_sending_decides_only_between_equals(
    basket: Basket, coupons: list[Candidate], data: st.DataObject
) -> None:
    ranks: dict[tuple[int, str], Candidate] = {}
    for coupon in coupons:
        ranks[coupon.terms.stacking.priority, coupon.terms.offer.type] = coupon
    different = list(ranks.values())
    assert _apply(basket, *data.draw(st.permutations(different))) == _apply(basket, *different)


@given(_baskets(), _sets())
def test_a_basket_without_refused_coupons_gives_the_same(basket: Basket, coupons: list[Candidate]) -> None:
    """What a till redeems after dropping what the dry run refused is what the dry run said."""
    first = _apply(basket, *coupons)
    kept = [coupon for coupon in coupons if coupon.code not in _refusals(first)]
    assert _apply(basket, *kept) == Outcome(first.applied, ())


# ---- the best set ----------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(_baskets(), _sets(size_max=5))
def test_no_other_set_of_coupons_takes_off_more(basket: Basket, coupons: list[Candidate]) -> None:
    """Compared with every subset, but for two coupons of one campaign of which only the better is looked at."""
    campaigns = {coupon.campaign_id: coupon for coupon in coupons}
    coupons = list(campaigns.values())
    best = best_set(basket, coupons, _SHOP)
    subsets = itertools.chain.from_iterable(itertools.combinations(coupons, size) for size in range(len(coupons) + 1))
    outcomes = [_apply(basket, *subset) for subset in subsets]
    most = max(outcome.discount_total for outcome in outcomes)
    assert best.discount_total == most
    assert len(best.applied) == min(len(one.applied) for one in outcomes if one.discount_total == most)
    assert not best.refused


def test_the_better_coupon_of_a_campaign_is_taken_and_of_equals_the_one_that_ends_first() -> None:
    def coupon(code: str, value: int, days: int) -> Candidate:
        ends = Validity(_TODAY, _TODAY + timedelta(days=days))
        return _coupon(code, "amount_off", value, campaign_id="same", validity=ends)

    outcome = best_set(_basket(1000), [coupon("a", 50, 1), coupon("b", 100, 9), coupon("c", 100, 2)], _SHOP)
    assert _discounts(outcome) == {"c": 100}


def test_the_best_set_of_many_coupons_is_found_without_trying_all_sets() -> None:
    """300 campaigns have 2**300 sets; the ten best are tried, and all of them fit together."""
    coupons = [_coupon(str(value), "amount_off", value) for value in range(1, 301)]
    outcome = best_set(_basket(*[10_000] * 500), coupons, _SHOP)
    assert outcome.discount_total == sum(range(291, 301))
    assert len(outcome.applied) == SEARCHED_MAX


def test_no_coupon_is_used_up_for_nothing() -> None:
    outcome = best_set(_basket(5), [_coupon("a", "percent_off", 10), _coupon("b", "amount_off", 9)], _SHOP)
    assert _discounts(outcome) == {"b": 5}


# ---- days and triggers -----------------------------------------------------------------------------------------------


def _campaign(**fields: Any) -> Campaign:
    offer = {"type": "amount_off", "value": 100}
    required = {"campaign_id": "c", "name": {"ja": "春", "en": "Spring"}, "offer": offer, "valid_from": "2026-03-01"}
    return Campaign.model_validate(required | fields)


@pytest.mark.parametrize(
    ("fields", "issued_on", "first", "last"),
    [
        ({}, None, date(2026, 3, 1), None),
        ({"valid_until": "2026-03-31", "valid_days": 7}, None, date(2026, 3, 1), date(2026, 3, 31)),
        ({}, date(2026, 3, 5), date(2026, 3, 5), None),
        ({}, date(2026, 2, 5), date(2026, 3, 1), None),
        ({"valid_days": 7}, date(2026, 3, 5), date(2026, 3, 5), date(2026, 3, 12)),
        ({"valid_days": 0}, date(2026, 3, 5), date(2026, 3, 5), date(2026, 3, 5)),
        ({"valid_until": "2026-03-31", "valid_days": 7}, date(2026, 3, 5), date(2026, 3, 5), date(2026, 3, 12)),
        ({"valid_until": "2026-03-31", "valid_days": 7}, date(2026, 3, 30), date(2026, 3, 30), date(2026, 3, 31)),
    ],
)
def test_the_days_of_a_coupon(fields: dict[str, Any], issued_on: date | None, first: date, last: date | None) -> None:
    days = validity(_campaign(**fields), issued_on)
    assert (days.first, days.last) == (first, last)
    assert days.is_ahead(first - timedelta(days=1))
    assert not days.is_ahead(first)
    assert not days.is_over(last or date.max)
    assert last is None or days.is_over(last + timedelta(days=1))


@pytest.mark.parametrize(
    ("filter_", "data", "issues"),
    [
        ({}, {}, True),
        ({"store_id": "ginza"}, {"store_id": "ginza", "level": 1}, True),
        ({"store_id": "ginza"}, {"store_id": "shibuya"}, False),
        ({"store_id": ["ginza", "shibuya"]}, {"store_id": "shibuya"}, True),
        ({"store_id": "ginza", "level": 2}, {"store_id": "ginza", "level": 1}, False),
        ({"store_id": "ginza"}, {}, False),
        ({"level": 1}, {"level": True}, False),
    ],
)
def test_a_trigger_looks_at_the_data_of_its_event(filter_: dict[str, Any], data: dict[str, Any], issues: bool) -> None:
    trigger = Trigger.model_validate({"event": "checkin.accepted", "filter": filter_})
    assert is_triggered(trigger, "checkin.accepted", data) is issues


def test_no_trigger_and_another_event_issue_nothing() -> None:
    assert not is_triggered(None, "checkin.accepted", {})
    assert not is_triggered(Trigger(event="checkin.accepted"), "checkin.flagged", {})
