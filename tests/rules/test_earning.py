"""What purchases and actions earn: golden numbers, one example for each rule, and what holds for all of them."""

import json
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st

from points.earning import (
    Given,
    Occasion,
    Sold,
    capped,
    earned,
    explain,
    given_of,
    lots_for,
    relevant,
    remaining,
)
from points.lots import NEVER
from points.programme import Programme
from points.reckoning import PRODUCT_MAX
from points.words import explained
from shared.units import spread

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)  # in Tokyo
BASE = {"rule_id": "base", "kind": "base", "points": 1, "per_amount": 100}
TILL = Occasion("pos", "shibuya", NOON)


def programme(*rules, **settings):
    return Programme.model_validate_json(json.dumps({"earning": rules or [BASE], **settings}))


def times(factor, rule_id="times", **more):
    return {"rule_id": rule_id, "kind": "multiplier", "factor": factor, **more}


def bonus(points, rule_id="bonus", **more):
    return {"rule_id": rule_id, "kind": "bonus", "points": points, **more}


def sold(*amounts, **more):
    return [Sold(amount, **more) for amount in amounts]


def points(found):
    return [one.points for one in found]


def total(found):
    return sum(points(found))


# ---- golden numbers -------------------------------------------------------------------------------------------------


def test_half_the_rate_of_a_2280_yen_order_is_ten_points_not_eleven():
    """Rakuten's example: 1,800 + 380 + 100 yen at half the rate, each line rounded down: 9 + 1 + 0."""
    half = programme(BASE, times("5/10"))
    assert total(earned(half, TILL, sold(1800, 380, 100), {})) == 10
    assert points(earned(half, TILL, sold(1800, 380, 100), {})) == [22, -12]
    over_the_order = programme(BASE, times("5/10"), rounding={"mode": "floor", "scope": "order"})
    assert total(earned(over_the_order, TILL, sold(1800, 380, 100), {})) == 11


def test_one_per_200_without_tax():
    rate = programme(BASE | {"per_amount": 200})
    assert points(earned(rate, TILL, [Sold(1990, tax=199)], {})) == [9]


def test_one_per_54_with_tax():
    rate = programme(BASE | {"per_amount": 54}, basis={"tax": "incl"})
    assert points(earned(rate, TILL, [Sold(491, tax=49)], {})) == [10]
    assert points(earned(rate, TILL, [Sold(490, tax=49)], {})) == [9]


def test_points_used_are_deducted_by_their_shares_or_not_at_all():
    """EC-CUBE#1233: 100 points on lines of 600 and 300 yen are 67 and 33, so that 5 + 2 points are earned, not 6 + 3."""
    shares = spread(100, [600, 300])
    lines = [Sold(amount, share=share) for amount, share in zip((600, 300), shares, strict=True)]
    assert shares == [67, 33]
    assert points(earned(programme(), TILL, lines, {})) == [7]
    assert points(earned(programme(basis={"deduct_points_used": False}), TILL, lines, {})) == [9]
    assert points(earned(programme(), TILL, [Sold(100, share=101)], {})) == [0]


@pytest.mark.parametrize(("mode", "expected"), [("floor", 1), ("half_up", 2), ("ceil", 2)])
def test_a_fraction_is_rounded_as_the_programme_says(mode, expected):
    rounds = programme(rounding={"mode": mode})
    assert points(earned(rounds, TILL, sold(150), {})) == [expected]
    assert points(earned(rounds, TILL, sold(100), {})) == [1]
    assert points(earned(rounds, TILL, sold(149), {})) == [{"floor": 1, "half_up": 1, "ceil": 2}[mode]]


def test_over_the_order_the_exact_sum_is_rounded_once():
    assert points(earned(programme(rounding={"scope": "order"}), TILL, sold(199, 199), {})) == [3]


# ---- rules ----------------------------------------------------------------------------------------------------------


def test_the_first_base_rule_that_fits_a_line_is_its_rate():
    books = BASE | {"rule_id": "books", "points": 3, "when": {"categories": ["book"]}}
    cards = BASE | {"rule_id": "gift_cards", "points": 0, "when": {"categories": ["gift_card"]}}
    lines = [*sold(1000, category="book"), *sold(5000, category="gift_card"), *sold(200)]
    found = earned(programme(books, cards, BASE), TILL, lines, {})
    assert found == (Given("books", 30), Given("gift_cards", 0), Given("base", 2))
    assert earned(programme(BASE, books), TILL, lines, {}) == (Given("base", 62),)
    assert earned(programme(books), TILL, sold(1000), {}) == ()


def test_multipliers_multiply_one_another_and_tell_their_differences():
    found = earned(programme(BASE, times("2/1", "a"), times("3/2", "b")), TILL, sold(1990), {})
    assert points(found) == [19, 20, 20]  # 19.9, 39.8, 59.7


def test_a_multiplier_for_a_category_leaves_the_other_lines():
    double = times("2/1", when={"categories": ["tea"]})
    assert points(earned(programme(BASE, double), TILL, [*sold(500, category="tea"), *sold(700)], {})) == [12, 5]
    assert points(earned(programme(BASE, double), TILL, sold(700), {})) == [7]


def test_a_bonus_comes_once_or_at_a_rate_of_its_own():
    extra = bonus(1, "extra", per_amount=50, when={"categories": ["tea"]})
    found = earned(programme(BASE, bonus(30), extra), TILL, [*sold(149, category="tea"), *sold(1)], {})
    assert found == (Given("base", 1), Given("bonus", 30), Given("extra", 2))


@pytest.mark.parametrize(
    ("when", "occasion", "applies"),
    [
        ({"channels": ["ec"]}, {}, False),
        ({"channels": ["ec", "pos"]}, {}, True),
        ({"channels": ["pos"]}, {"channel": None}, False),
        ({"store_ids": ["umeda"]}, {}, False),
        ({"store_ids": ["umeda", "shibuya"]}, {}, True),
        ({"tiers": ["gold"]}, {}, False),
        ({"tiers": ["gold"]}, {"tier": "gold"}, True),
        ({"first_purchase": True}, {}, False),
        ({"first_purchase": True}, {"is_first": True}, True),
        ({"first_purchase": False}, {}, True),
        ({"from": "2026-11-20"}, {"at": datetime(2026, 11, 19, 14, 59, 59, tzinfo=UTC)}, False),
        ({"from": "2026-11-20"}, {"at": datetime(2026, 11, 19, 15, tzinfo=UTC)}, True),
        ({"until": "2026-11-20"}, {"at": datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC)}, True),
        ({"until": "2026-11-20"}, {"at": datetime(2026, 11, 20, 15, tzinfo=UTC)}, False),
        ({"from": "2026-11-20T03:00:00Z"}, {}, True),
        ({"until": "2026-11-20T12:00:00+09:00"}, {}, False),
        ({"actions": ["review"]}, {}, False),
        ({}, {"action": "review"}, False),
        ({"actions": ["bag", "review"]}, {"action": "review"}, True),
        ({"actions": ["bag"]}, {"action": "review"}, False),
    ],
)
def test_a_rule_applies_when_all_that_it_asks_for_is_so(when, occasion, applies):
    levels = [{"name": "base", "from": 0}, {"name": "gold", "from": 100}]
    rules = programme(bonus(10, when=when), tiers={"levels": levels})
    said = {"channel": "pos", "store_id": "shibuya", "at": NOON} | occasion
    assert total(earned(rules, Occasion(**said), sold(100), {})) == 10 * applies


def test_an_action_earns_without_a_line():
    review = bonus(20, when={"actions": ["review"]}, cap={"per_day": 30})
    action = Occasion("ec", None, NOON, action="review")
    assert earned(programme(BASE, review), action, [], {}) == (Given("bonus", 20),)
    assert earned(programme(BASE, review), action, [], {"bonus": 10}) == (Given("bonus", 10, is_capped=True),)


def test_a_slip_of_the_pen_does_not_multiply_without_end():
    many = programme(BASE, *(times("100/1", f"m{n}") for n in range(50)))
    assert total(earned(many, TILL, sold(100), {})) == PRODUCT_MAX


# ---- caps -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("room", "expected"), [({}, 15), ({"times": 100}, 15), ({"times": 4}, 4), ({"times": 0}, 0)])
def test_a_cap_cuts_what_its_rule_gives_and_nothing_else(room, expected):
    double = programme(BASE, times("2/1", cap={"per_day": 15, "per_member": 100}))
    assert points(earned(double, TILL, sold(2000), room)) == [20, expected]


def test_a_cap_that_does_not_bite_changes_no_number():
    for rules in ([BASE, times("2/1"), times("3/2", "b")], [BASE | {"points": 7}, times("1/2"), times("3/2", "b")]):
        capped_ones = [rule | {"cap": {"per_day": 10**6}} if rule.get("factor") != "1/2" else rule for rule in rules]
        lines = sold(1990, 55, 310)
        assert total(earned(programme(*rules), TILL, lines, {})) == total(
            earned(programme(*capped_ones), TILL, lines, {})
        )


def test_a_multiplier_with_a_cap_is_reckoned_behind_one_without():
    rules = programme(BASE, times("2/1", "capped", cap={"per_day": 150}), times("2/1", "free"))
    assert earned(rules, TILL, sold(10_000), {}) == (
        Given("base", 100),
        Given("free", 100),
        Given("capped", 150, is_capped=True),
    )


def test_a_base_rate_with_a_cap_leaves_a_multiplier_its_own_points():
    rules = programme(BASE | {"cap": {"per_day": 100}}, times("2/1"))
    assert points(earned(rules, TILL, sold(30_000), {})) == [100, 300]
    less = programme(BASE | {"cap": {"per_day": 100}}, times("1/2"))
    assert points(earned(less, TILL, sold(30_000), {})) == [100, 0]
    assert points(earned(less, TILL, sold(15_000), {})) == [100, -25]


def test_caps_that_did_not_bite_take_nothing_back():
    """Two capped multipliers that give a point together and none alone: 0.4, 0.8 and 1.2 points."""
    rules = programme(BASE, times("2/1", "a", cap={"per_day": 100}), times("3/2", "b", cap={"per_day": 100}))
    first = earned(rules, TILL, sold(40), {})
    assert points(first) == [0, 0, 1]
    assert remaining(rules, first, sold(40)) == first


def test_a_rule_that_was_cut_never_gives_more_than_it_gave():
    double = programme(BASE, times("2/1", cap={"per_day": 15}))
    first = earned(double, TILL, sold(1000, 1000), {"times": 4})
    assert points(first) == [20, 4]
    assert points(remaining(double, first, sold(1000, 0))) == [10, 4]
    assert points(remaining(double, first, sold(300, 0))) == [3, 3]
    assert points(remaining(double, first, sold(0, 0))) == [0, 0]


def test_a_bonus_stays_while_anything_is_left_to_which_it_belongs():
    tea = programme(BASE, bonus(30, when={"categories": ["tea"]}))
    lines = [Sold(500, category="tea"), Sold(100)]
    first = earned(tea, TILL, lines, {})
    assert points(remaining(tea, first, [Sold(0, category="tea", quantity=1), Sold(100)])) == [1, 30]
    assert points(remaining(tea, first, [Sold(0, category="tea", quantity=0), Sold(100)])) == [1, 0]


def test_rules_with_a_cap_are_those_that_are_counted():
    assert [rule.rule_id for rule in capped(programme(BASE, bonus(5, cap={"per_day": 5}), times("2/1")))] == ["bonus"]


# ---- what a name keeps ----------------------------------------------------------------------------------------------


def kept(rules, categories=(None,), action=None):
    return {
        rule.rule_id: rule.when and rule.when.model_dump(mode="json", exclude_none=True)
        for rule in relevant(rules, "pos", "shibuya", NOON, categories, action).earning
    }


def test_a_name_keeps_the_rules_that_can_apply_and_what_is_still_open():
    here = {"channels": ["pos"], "store_ids": ["shibuya"], "from": "2026-11-01", "until": "2026-11-30"}
    rules = programme(
        BASE | {"rule_id": "tea", "when": {"categories": ["cocoa", "tea", "book"], **here}},
        BASE | {"rule_id": "cocoa", "when": {"categories": ["cocoa"]}},
        BASE | {"rule_id": "new", "when": {"first_purchase": True}},
        BASE | {"rule_id": "here", "when": here | {"first_purchase": False}},
        BASE,
        times("2/1", "gold", when={"tiers": ["gold"]}),
        bonus(5, "elsewhere", when={"store_ids": ["umeda"]}),
        bonus(5, "over", when={"until": "2026-11-19"}),
        bonus(5, "web", when={"channels": ["ec"]}),
        bonus(5, "review", when={"actions": ["review", "bag"]}),
        tiers={"levels": [{"name": "base", "from": 0}, {"name": "gold", "from": 1}]},
    )
    assert kept(rules, {"tea", "book", None}) == {
        "tea": {"categories": ["tea", "book"]},
        "new": {"first_purchase": True},
        "here": None,
        "gold": {"tiers": ["gold"]},
    }
    assert kept(rules, action="bag") == {"review": {"actions": ["review", "bag"]}}


# ---- lots and explanation -------------------------------------------------------------------------------------------


def test_the_points_of_a_rule_go_into_its_own_lot():
    soon = {"kind": "limited", "expiry": {"kind": "fixed_days", "n": 10}}
    for_ever = {"kind": "regular", "expiry": {"kind": "none"}}
    rules = programme(times("1/2"), bonus(30, lot=soon), bonus(5, "kept", lot=for_ever), BASE)
    found = earned(rules, TILL, sold(1000), {})
    today = date(2026, 11, 20).toordinal()
    assert lots_for(rules, found, NOON) == [(False, today + 365, 5), (True, today + 10, 30), (False, NEVER, 5)]


def test_what_a_factor_takes_away_is_taken_from_the_bases_lots_first():
    soon = {"kind": "limited", "expiry": {"kind": "fixed_days", "n": 10}}
    rules = programme(BASE | {"lot": soon}, times("0/1"), bonus(3))
    assert lots_for(rules, earned(rules, TILL, sold(1000), {}), NOON) == [(False, date(2027, 11, 20).toordinal(), 3)]


def test_the_default_reads_as_one_sentence():
    told = explain(Programme(), earned(Programme(), TILL, sold(1000), {}))
    assert told == "base 10 1 100"
    assert explained(told, "en")[0]["detail"] == "1 for each 100 without tax, rounded down line by line"
    assert explained(told, "ja")[0]["detail"] == "税抜100円ごとに1ポイント(明細ごとに切り捨て)"
    assert explained("", "en") == []
    assert explained("checkin 10", "ja")[0]["detail"] == "ご来店"


def test_every_rule_is_explained_in_both_languages():
    rules = programme(
        BASE,
        times("5/10", "half"),
        times("4/3", "third", cap={"per_member": 2}),
        bonus(30, cap={"per_day": 20, "per_member": 90}),
        bonus(1, "extra", per_amount=7),
        basis={"tax": "incl"},
        rounding={"mode": "half_up", "scope": "order"},
    )
    told = explain(rules, earned(rules, TILL, sold(1000), {}))
    assert told == (
        "base 10 1 100 incl half_up order|half -5 x5/10|third 2 x4/3 <2m|"
        "bonus 20 +30 <20d <90m cut|extra 143 +1/7 incl half_up order"
    )
    assert [one["detail"] for one in explained(told, "en")] == [
        "1 for each 100 with tax, rounded half up over the order",
        "0.5 times the base points",
        "4/3 times the base points, at most 2 a member",
        "a bonus of 30 points, at most 20 a day, at most 90 a member, cut there",
        "a bonus of 1 for each 7 with tax, rounded half up over the order",
    ]
    assert [one["detail"] for one in explained(told, "ja")] == [
        "税込100円ごとに1ポイント(注文ごとに四捨五入)",
        "基本ポイントの0.5倍",
        "基本ポイントの4/3倍、お一人2ポイントまで",
        "ボーナス30ポイント、1日20ポイントまで、お一人90ポイントまで、上限に到達",
        "ボーナス: 税込7円ごとに1ポイント(注文ごとに四捨五入)",
    ]
    dollars = explain(programme(currency="USD"), (Given("base", 3),))
    assert explained(dollars, "ja")[0]["detail"] == "税抜USD 100ごとに1ポイント(明細ごとに切り捨て)"


# ---- what holds for all ---------------------------------------------------------------------------------------------

CATEGORIES = ["tea", "book", None]
WHENS = st.fixed_dictionaries(
    {},
    optional={
        "categories": st.lists(st.sampled_from(["tea", "book"]), min_size=1, max_size=2, unique=True),
        "channels": st.sampled_from([["ec"], ["pos"], ["ec", "pos"]]),
        "store_ids": st.sampled_from([["shibuya"], ["umeda"]]),
        "from": st.sampled_from(["2026-11-20", "2026-11-21", "2026-11-20T02:00:00Z"]),
        "first_purchase": st.booleans(),
        "tiers": st.sampled_from([["base"], ["gold"]]),
    },
)
CAPS = st.fixed_dictionaries({"per_day": st.integers(1, 60)}, optional={"per_member": st.integers(1, 60)})
LOTS = st.sampled_from(
    [
        {"kind": "limited", "expiry": {"kind": "fixed_days", "n": 9}},
        {"kind": "regular", "expiry": {"kind": "none"}},
        {"kind": "limited", "expiry": {"kind": "end_of_month", "n": 0}},
    ]
)
MORE = st.fixed_dictionaries({}, optional={"when": WHENS, "cap": CAPS, "lot": LOTS})
RATES = st.tuples(st.integers(0, 7), st.integers(1, 200))


@st.composite
def rules(draw):
    kind, more = draw(st.sampled_from(["base", "multiplier", "bonus"])), draw(MORE)
    if kind == "multiplier":
        above, below = draw(st.integers(0, 12)), draw(st.integers(1, 9))
        more = more if above >= below else {name: more[name] for name in more if name == "when"}
        return {"kind": kind, "factor": f"{above}/{below}", **more}
    points_, per_amount = draw(RATES)
    if kind == "bonus" and draw(st.booleans()):
        return {"kind": kind, "points": points_ + 1, **more}
    return {"kind": kind, "points": points_ + (kind == "bonus"), "per_amount": per_amount, **more}


@st.composite
def programmes(draw):
    drawn = [{"rule_id": f"r{n}", **rule} for n, rule in enumerate(draw(st.lists(rules(), max_size=6)))]
    return programme(
        *drawn,
        basis={"tax": draw(st.sampled_from(["excl", "incl"])), "deduct_points_used": draw(st.booleans())},
        rounding={
            "mode": draw(st.sampled_from(["floor", "half_up", "ceil"])),
            "scope": draw(st.sampled_from(["line", "order"])),
        },
        tiers={"levels": [{"name": "base", "from": 0}, {"name": "gold", "from": 10}]},
    )


LINES = st.lists(
    st.builds(
        Sold,
        amount=st.integers(0, 3000),
        tax=st.integers(0, 300),
        share=st.integers(0, 500),
        category=st.sampled_from(CATEGORIES),
        quantity=st.integers(0, 3),
    ),
    max_size=4,
)
OCCASIONS = st.builds(
    Occasion,
    st.sampled_from(["ec", "pos"]),
    st.sampled_from(["shibuya", None]),
    st.just(NOON),
    st.sampled_from(["base", "gold"]),
    st.booleans(),
)
ROOMS = st.dictionaries(st.sampled_from([f"r{n}" for n in range(6)]), st.integers(0, 80))


@st.composite
def less(draw, lines):
    """The same lines with something of them returned.

    The points used that go back with it are rounded down, so that what is left of a line never earns more.
    """
    left = []
    for line in lines:
        amount, tax = draw(st.integers(0, line.amount)), draw(st.integers(0, line.tax))
        share = -(-line.share * amount // line.amount) if amount else 0
        share = max(share, line.share - (line.amount - amount) - (line.tax - tax))
        left.append(Sold(amount, tax, share, line.category, draw(st.integers(0, line.quantity)) if amount else 0))
    return left


@settings(max_examples=250)
@given(programmes(), OCCASIONS, LINES, ROOMS)
def test_each_rule_keeps_within_its_room_and_the_whole_is_never_negative(rules, occasion, lines, rooms):
    found = earned(rules, occasion, lines, rooms)
    assert total(found) >= 0
    whole = {rule.rule_id: rule.cap.whole for rule in capped(rules) if rule.cap}
    room = {rule_id: min(most, rooms.get(rule_id, most)) for rule_id, most in whole.items()}
    for one in found:
        assert one.points <= room.get(one.rule_id, one.points)
        assert not one.is_capped or one.points == room[one.rule_id]
    free = rules.model_copy(update={"earning": tuple(rule.model_copy(update={"cap": None}) for rule in rules.earning)})
    assert total(found) <= total(earned(free, occasion, lines, {}))


@settings(max_examples=250)
@given(st.data(), programmes(), OCCASIONS, LINES, ROOMS)
def test_what_remains_shrinks_with_the_lines_and_ends_at_nothing(data, rules, occasion, lines, rooms):
    first = earned(rules, occasion, lines, rooms)
    assert remaining(rules, first, lines) == first  # nothing returned, nothing taken back
    some = data.draw(less(lines))
    fewer = data.draw(less(some))
    after_some, after_fewer = remaining(rules, first, some), remaining(rules, first, fewer)
    assert total(first) >= total(after_some) >= total(after_fewer) >= 0
    assert {one.rule_id for one in after_some} == {one.rule_id for one in first}
    nothing = [Sold(0, category=line.category, quantity=0) for line in lines]
    parts = [
        total(before) - total(after)
        for before, after in [
            (first, after_some),
            (after_some, after_fewer),
            (after_fewer, remaining(rules, first, nothing)),
        ]
    ]
    assert sum(parts) == total(first)  # all parts given back are what was given
    gave = {one.rule_id: one.points for one in first}
    for rule in capped(rules):
        left = {one.rule_id: one.points for one in after_some}
        assert left.get(rule.rule_id, 0) <= gave.get(rule.rule_id, 0)


@settings(max_examples=150)
@given(programmes(), OCCASIONS, LINES, ROOMS)
def test_a_name_keeps_enough_to_judge_by(rules, occasion, lines, rooms):
    kept = relevant(rules, occasion.channel, occasion.store_id, NOON, {line.category for line in lines})
    again = Programme.from_rule(kept.to_rule())
    assert again == kept
    assert earned(again, occasion, lines, rooms) == earned(rules, occasion, lines, rooms)


@settings(max_examples=150)
@given(programmes(), OCCASIONS, LINES, ROOMS)
def test_explanation_and_lots_add_up_to_the_points(rules, occasion, lines, rooms):
    found = earned(rules, occasion, lines, rooms)
    told = explain(rules, found)
    assert given_of(told) == found
    assert sum(one["points"] for one in explained(told, "ja")) == total(found)
    lots = lots_for(rules, found, NOON)
    assert sum(points_ for _, _, points_ in lots) == total(found)
    assert all(points_ > 0 for _, _, points_ in lots)


@given(programmes(), LINES)
def test_an_order_without_caps_is_base_times_factors_rounded_once(rules, lines):
    free = rules.model_copy(
        update={"earning": tuple(rule.model_copy(update={"cap": None, "when": None}) for rule in rules.earning)}
    )
    bases = [rule for rule in free.earning if rule.kind == "base"]
    rate = bases[0].rate if bases and lines else Fraction()
    product = Fraction(1)
    for rule in free.earning:
        product = min(product * rule.ratio, Fraction(PRODUCT_MAX)) if rule.kind == "multiplier" else product
    exact = [line.basis(free.basis) * rate * product for line in lines]
    exact = [sum(exact, Fraction())] if free.rounding.scope == "order" else exact
    up = {"floor": Fraction(), "half_up": Fraction(1, 2)}
    whole = sum(-(-one // 1) if free.rounding.mode == "ceil" else (one + up[free.rounding.mode]) // 1 for one in exact)
    found = earned(free, TILL, lines, {})
    kinds = {rule.rule_id: rule.kind for rule in free.earning}
    assert sum(one.points for one in found if kinds[one.rule_id] != "bonus") == whole
