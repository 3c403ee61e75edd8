"""The programme's settings: defaults, what is refused and where, days of expiry and activation, tiers, packed form."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from points import shorthand
from points.earning import relevant
from points.lots import NEVER
from points.programme import (
    CAPPED_MAX,
    RULES_MAX,
    Basis,
    Pending,
    Programme,
    RefundExpired,
    Rounding,
    Spending,
)
from points.rule import Cap, Expiry, LotTerms, Rule, When
from points.tiers import Tiers, downgrade, earned_in_window, month_of, window_of
from shared.retention import Retention
from shared.shapes import pointer

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)  # in Tokyo
BASE = {"rule_id": "base", "kind": "base", "points": 1, "per_amount": 100}
DOUBLE = {"rule_id": "double", "kind": "multiplier", "factor": "2/1"}
GIFT = {"rule_id": "gift", "kind": "bonus", "points": 100}


def programme(**settings):
    return Programme.model_validate_json(json.dumps(settings))


def faults(**settings):
    with pytest.raises(ValidationError) as caught:
        programme(**settings)
    return {(pointer(one["loc"]), one["type"]) for one in caught.value.errors()}


RETENTION = {"deliveries_days": 14, "sales_days": 731, "guard_days": 40, "parked_days": 90}
GUARD = {
    "same_member": {"outcome": "alert", "per_day": 6},
    "unusual_amount": {"outcome": "alert", "times": 5, "at_least": 20_000, "without_past": 1_000_000},
    "own_card": {"outcome": "alert"},
    "after_hours": {"outcome": "alert", "grace_minutes": 30},
    "not_in_journal": {"outcome": "alert"},
}


def test_the_default_is_that_of_the_contract():
    assert Programme().model_dump(mode="json", exclude_none=True) == {
        "version": 1,
        "zone": "Asia/Tokyo",
        "currency": "JPY",
        "earning": [BASE],
        "basis": {"tax": "excl", "deduct_points_used": True},
        "rounding": {"mode": "floor", "scope": "line"},
        "expiry": {"kind": "fixed_days", "n": 365},
        "refund_expired": {"kind": "forfeit"},
        "clawback": "debt",
        "spending": {"min": 1, "step": 1, "max_share_bp": 10000},
        "pending": {"ec": "complete", "pos": "complete"},
        "tiers": {"window": "calendar_year", "levels": [{"name": "base", "from": 0}]},
        "approval_above": 10000,
        "pos_spend_needs_presence": True,
        "receipt_claim_days": 30,
        "member_code_prefix": "29",
        "premium_class": "self_discount",
        "guard": GUARD,
        "erasure_grace_days": 14,
        "retention": RETENTION,
    }


WHOLE = {
    "guard": GUARD,
    "erasure_grace_days": 14,
    "retention": RETENTION,
    "version": 12,
    "zone": "Europe/London",
    "currency": "GBP",
    "earning": [
        {
            **BASE,
            "rule_id": "books",
            "when": {"categories": ["book"], "channels": ["ec"], "tiers": ["gold"], "first_purchase": True},
        },
        BASE,
        {**DOUBLE, "when": {"from": "2026-10-01", "until": "2026-11-01T00:00:00Z", "store_ids": ["s1"]}},
        {**GIFT, "cap": {"per_day": 5, "per_member": 9}, "when": {"actions": ["review"]}},
        {**GIFT, "rule_id": "soon", "lot": {"kind": "limited", "expiry": {"kind": "end_of_month", "n": 1}}},
    ],
    "basis": {"tax": "incl", "deduct_points_used": False},
    "rounding": {"mode": "half_up", "scope": "order"},
    "expiry": {"kind": "none"},
    "refund_expired": {"kind": "grace", "days": 30},
    "clawback": "refuse",
    "spending": {"min": 100, "step": 50, "max_share_bp": 5000},
    "pending": {"ec": {"days": 14}, "pos": "complete", "payments": {"cash on delivery": {"days": 21}}},
    "tiers": {"window": {"rolling_months": 12}, "levels": [{"name": "base", "from": 0}, {"name": "gold", "from": 9}]},
    "approval_above": 0,
    "pos_spend_needs_presence": False,
    "receipt_claim_days": 7,
    "member_code_prefix": "20",
    "premium_class": "self_discount",
}


def test_all_settings_are_told_as_they_were_said():
    assert programme(**WHOLE).model_dump(mode="json", exclude_none=True) == WHOLE


def test_a_programme_comes_back_from_its_packed_form():
    assert Programme().to_rule() == [1]
    assert Programme.from_rule([7]) == Programme(version=7)
    assert Programme.from_rule(programme(**WHOLE).to_rule()) == programme(**WHOLE)
    assert len(programme(**WHOLE).to_rule()[1]) < 400


def test_a_purchase_keeps_nothing_of_the_guard_nor_of_who_leaves_nor_of_what_goes():
    kept = {**RETENTION, "sales_days": 400}
    watched = programme(guard={**GUARD, "own_card": {"outcome": "block"}}, erasure_grace_days=3, retention=kept)
    assert watched.to_rule() == Programme().to_rule()
    assert Programme.of(1, watched.differences) == watched


def test_three_rules_that_apply_are_kept_in_less_than_200_bytes():
    rules = [
        {**BASE, "per_amount": 54},
        {
            **DOUBLE,
            "rule_id": "autumn-2026-double-points",
            "when": {"categories": ["beverages", "confectionery"], "from": "2026-10-01", "until": "2026-12-31"},
            "cap": {"per_day": 2000, "per_member": 10000},
        },
        {
            **GIFT,
            "rule_id": "welcome-to-the-app",
            "when": {"first_purchase": True, "store_ids": [f"store-{n}" for n in range(300)]},
            "lot": {"kind": "limited", "expiry": {"kind": "fixed_days", "n": 30}},
        },
        {**GIFT, "rule_id": "elsewhere", "when": {"store_ids": ["umeda"]}},
    ]
    kept = relevant(programme(earning=rules, basis={"tax": "incl"}), "pos", "store-7", NOON, {"beverages", None})
    assert [rule.rule_id for rule in kept.earning] == ["base", "autumn-2026-double-points", "welcome-to-the-app"]
    assert len(kept.to_rule()[1]) < 200


def test_names_of_ten_years_are_still_read():
    """The dictionary must never change: this was packed with it."""
    packed = bytes.fromhex(PACKED)
    assert shorthand.unpack(packed) == programme(earning=[{**BASE, "per_amount": 54}, DOUBLE]).differences
    assert Programme.from_rule([3, packed]).earning[0].per_amount == 54


PACKED = "01a38649a626a84140824f626b01"


@given(st.text(max_size=300))
def test_any_text_comes_back_from_shorthand(text):
    assert shorthand.unpack(shorthand.pack(text)) == text


# ---- what is refused, and where -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "where", "code"),
    [
        ({"per_amount": 0}, "/per_amount", "greater_than_equal"),
        ({"per_amount": None}, "/per_amount", "missing"),
        ({"points": None}, "/points", "missing"),
        ({"points": -1}, "/points", "greater_than_equal"),
        ({"points": 1.5}, "/points", "int_type"),
        ({"points": 10**6 + 1}, "/points", "less_than_equal"),
        ({"factor": "1/2"}, "/factor", "not_for_kind"),
        ({"kind": "gift"}, "/kind", "literal_error"),
        ({"rule_id": "a b"}, "/rule_id", "string_pattern_mismatch"),
        ({"rule_id": "premium"}, "/rule_id", "reserved"),
        ({"colour": "red"}, "/colour", "extra_forbidden"),
        (DOUBLE | {"factor": "1/0"}, "/factor", "value_error"),
        (DOUBLE | {"factor": "201/2"}, "/factor", "value_error"),
        (DOUBLE | {"factor": "0.5"}, "/factor", "string_pattern_mismatch"),
        (DOUBLE | {"factor": None}, "/factor", "missing"),
        (DOUBLE | {"points": 1}, "/points", "not_for_kind"),
        (DOUBLE | {"factor": "1/2", "cap": {"per_day": 5}}, "/cap", "factor_below_one"),
        (
            DOUBLE | {"factor": "1/2", "lot": {"kind": "regular", "expiry": {"kind": "none"}}},
            "/lot",
            "factor_below_one",
        ),
        (DOUBLE | {"when": {"actions": ["review"]}}, "/when/actions", "not_for_kind"),
        (GIFT | {"points": 0}, "/points", "greater_than_equal"),
        (GIFT | {"per_amount": 9, "when": {"actions": ["review"]}}, "/per_amount", "not_for_kind"),
        (GIFT | {"when": {"actions": ["review"], "categories": ["tea"]}}, "/when/categories", "not_for_kind"),
        (GIFT | {"when": {"actions": ["review"], "first_purchase": True}}, "/when/first_purchase", "not_for_kind"),
        (GIFT | {"when": {"from": "yesterday"}}, "/when/from", "value_error"),
        (GIFT | {"when": {"from": "2026-13-01"}}, "/when/from", "value_error"),
        (GIFT | {"when": {"from": "2026-11-20T03:00:00"}}, "/when/from", "timezone_aware"),
        (GIFT | {"when": {"from": 20261120}}, "/when/from", "datetime_type"),
        (GIFT | {"when": {"from_": "2026-11-20"}}, "/when/from_", "extra_forbidden"),
        (GIFT | {"when": {"from": "2026-11-20", "until": "2026-11-19"}}, "/when/until", "window_empty"),
        (
            GIFT | {"when": {"from": "2026-11-20T00:00:00Z", "until": "2026-11-20T00:00:00Z"}},
            "/when/until",
            "window_empty",
        ),
        (GIFT | {"when": {"from": "2026-11-20", "until": "2026-11-18T00:00:00Z"}}, "/when/until", "window_empty"),
        (GIFT | {"when": {"tiers": ["base", "platinum"]}}, "/when/tiers/1", "unknown_tier"),
        (GIFT | {"when": {"channels": []}}, "/when/channels", "too_short"),
        (GIFT | {"when": {"channels": ["fax"]}}, "/when/channels/0", "literal_error"),
        (GIFT | {"cap": {}}, "/cap/per_day", "missing"),
        (GIFT | {"cap": {"per_day": 0}}, "/cap/per_day", "greater_than_equal"),
        (GIFT | {"lot": {"kind": "limited"}}, "/lot/expiry", "missing"),
        (
            GIFT | {"lot": {"kind": "limited", "expiry": {"kind": "sliding", "n": 9}}},
            "/lot/expiry/kind",
            "not_for_lots",
        ),
    ],
)
def test_a_bad_rule_is_refused_with_its_place(rule, where, code):
    assert (f"/earning/1{where}", code) in faults(earning=[BASE | {"rule_id": "other"}, BASE | rule | _without(rule)])


def _without(rule):
    """A rule of another kind has none of a base rule's numbers but its own."""
    if rule.get("kind") in (None, "gift"):
        return {}
    return {name: rule.get(name) for name in ("points", "per_amount")}


@pytest.mark.parametrize(
    ("settings", "where", "code"),
    [
        ({"zone": "Mars/Olympus"}, "/zone", "value_error"),
        ({"currency": "yen"}, "/currency", "string_pattern_mismatch"),
        ({"earning": [BASE, GIFT | {"rule_id": "base"}]}, "/earning/1/rule_id", "duplicate"),
        ({"earning": [BASE] * (RULES_MAX + 1)}, "/earning", "too_long"),
        (
            {"earning": [DOUBLE | {"rule_id": f"d{n}", "cap": {"per_day": 1}} for n in range(CAPPED_MAX + 1)]},
            f"/earning/{CAPPED_MAX}/cap",
            "too_many_caps",
        ),
        ({"basis": {"tax": "some"}}, "/basis/tax", "literal_error"),
        ({"rounding": {"mode": "round"}}, "/rounding/mode", "literal_error"),
        ({"expiry": {"kind": "fixed_days"}}, "/expiry/n", "missing"),
        ({"expiry": {"kind": "calendar_year", "n": 101}}, "/expiry/n", "less_than_equal"),
        ({"expiry": {"kind": "fixed_days", "n": -1}}, "/expiry/n", "greater_than_equal"),
        ({"refund_expired": {"kind": "grace"}}, "/refund_expired/days", "missing"),
        ({"refund_expired": {"kind": "reissue", "days": 3}}, "/refund_expired/days", "not_for_kind"),
        ({"clawback": "forgive"}, "/clawback", "literal_error"),
        ({"spending": {"step": 0}}, "/spending/step", "greater_than_equal"),
        ({"spending": {"max_share_bp": 10001}}, "/spending/max_share_bp", "less_than_equal"),
        ({"retention": {"sales_days": 31}}, "/retention/sales_days", "greater_than_equal"),
        ({"retention": {"deliveries_days": 91}}, "/retention/deliveries_days", "less_than_equal"),
        ({"retention": {"guard_days": 6}}, "/retention/guard_days", "greater_than_equal"),
        ({"retention": {"parked_days": 13}}, "/retention/parked_days", "greater_than_equal"),
        ({"retention": {"names_days": 30}}, "/retention/names_days", "extra_forbidden"),
        ({"pending": {"ec": "never"}}, "/pending/ec", "literal_error"),
        ({"pending": {"pos": {"days": 366}}}, "/pending/pos/days", "less_than_equal"),
        ({"pending": {"payments": {"cod": {"weeks": 2}}}}, "/pending/payments/cod/weeks", "extra_forbidden"),
        ({"tiers": {"window": {"rolling_months": 25}}}, "/tiers/window/rolling_months", "less_than_equal"),
        ({"tiers": {"window": "decade"}}, "/tiers/window", "literal_error"),
        ({"tiers": {"levels": []}}, "/tiers/levels", "too_short"),
        ({"tiers": {"levels": [{"name": "a", "from": 1}]}}, "/tiers/levels/0/from", "not_zero"),
        (
            {"tiers": {"levels": [{"name": "a", "from": 0}, {"name": "b", "from": 0}]}},
            "/tiers/levels/1/from",
            "not_increasing",
        ),
        (
            {"tiers": {"levels": [{"name": "a", "from": 0}, {"name": "a", "from": 5}]}},
            "/tiers/levels/1/name",
            "duplicate",
        ),
        ({"approval_above": -1}, "/approval_above", "greater_than_equal"),
        ({"pos_spend_needs_presence": 1}, "/pos_spend_needs_presence", "bool_type"),
        ({"currency": "USD", "premium_class": "premium"}, "/premium_class", "needs_yen"),
        ({"version": 0}, "/version", "greater_than_equal"),
    ],
)
def test_a_bad_setting_is_refused_with_its_place(settings, where, code):
    assert (where, code) in faults(**settings)


def test_no_base_rule_is_a_programme_too():
    assert programme(earning=[]).earning == ()


PAGE = (Path(__file__).parents[2] / "docs" / "programme.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_documentation_are_taken(example):
    programme(**json.loads(example))


def test_the_documentation_names_every_setting():
    shapes = (Programme, Rule, When, Cap, LotTerms, Spending, Rounding, Basis, RefundExpired, Pending, Tiers, Retention)
    said = {field.alias or name for shape in shapes for name, field in shape.model_fields.items()}
    assert len(EXAMPLES) >= 4
    assert {name for name in said if not re.search(rf"\b{name}\b", PAGE)} == set()


# ---- days -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expiry", "last"),
    [
        ({"kind": "fixed_days", "n": 365}, date(2027, 11, 20)),
        ({"kind": "fixed_days", "n": 0}, date(2026, 11, 20)),
        ({"kind": "sliding", "n": 365}, date(2027, 11, 20)),
        ({"kind": "end_of_month", "n": 0}, date(2026, 11, 30)),
        ({"kind": "end_of_month", "n": 1}, date(2026, 12, 31)),
        ({"kind": "end_of_month", "n": 15}, date(2028, 2, 29)),
        ({"kind": "calendar_year", "n": 0}, date(2026, 12, 31)),
        ({"kind": "calendar_year", "n": 2}, date(2028, 12, 31)),
    ],
)
def test_the_last_day_of_points(expiry, last):
    assert programme(expiry=expiry).last_day(NOON) == last.toordinal()


def test_points_may_last_for_ever():
    assert programme(expiry={"kind": "none"}).last_day(NOON) == NEVER


def test_a_lot_has_an_expiry_of_its_own():
    lot = LotTerms(kind="limited", expiry=Expiry(kind="fixed_days", n=3))
    assert Programme().last_day(NOON, lot) == date(2026, 11, 23).toordinal()


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(0, 1200))
def test_the_end_of_a_month_is_the_day_before_a_first(day, n):
    last = date.fromordinal(Expiry(kind="end_of_month", n=n).last_day(day))
    assert date.fromordinal(last.toordinal() + 1).day == 1
    assert month_of(last) == month_of(day) + n


def test_the_programmes_day_is_that_of_its_zone():
    late = datetime(2026, 11, 20, 15, tzinfo=UTC)  # midnight in Tokyo
    assert Programme().day(late) == date(2026, 11, 21)
    assert programme(zone="Europe/London").day(late) == date(2026, 11, 20)


def test_points_wait_as_the_channel_or_the_payment_says():
    waits = programme(pending={"ec": {"days": 14}, "payments": {"cod": {"days": 21}, "card": "complete"}})
    on = date(2026, 11, 20).toordinal()
    assert waits.available_from("ec", None, NOON) == on + 14
    assert waits.available_from("ec", "transfer", NOON) == on + 14
    assert waits.available_from("pos", "cod", NOON) == on + 21
    assert waits.available_from("ec", "card", NOON) is None
    assert waits.available_from("pos", None, NOON) is None
    assert programme(pending={"pos": {"days": 0}}).available_from("pos", None, NOON) is None


# ---- tiers ----------------------------------------------------------------------------------------------------------

LEVELS = [{"name": "base", "from": 0}, {"name": "silver", "from": 100}, {"name": "gold", "from": 500}]
NOVEMBER = month_of(date(2026, 11, 20))


def tiers(window="calendar_year"):
    return Tiers.model_validate_json(json.dumps({"window": window, "levels": LEVELS}))


@pytest.mark.parametrize(
    ("earned", "name", "following"),
    [
        (-5, "base", ("silver", 105)),
        (0, "base", ("silver", 100)),
        (99, "base", ("silver", 1)),
        (100, "silver", ("gold", 400)),
        (500, "gold", None),
    ],
)
def test_a_tier_goes_by_the_points_in_the_window(earned, name, following):
    assert tiers().at(earned) == name
    assert tiers().following(earned) == following


def test_the_window_is_the_calendar_year_or_the_last_months():
    assert window_of(tiers(), NOVEMBER) == range(month_of(date(2026, 1, 1)), NOVEMBER + 1)
    assert window_of(tiers({"rolling_months": 12}), NOVEMBER) == range(month_of(date(2025, 12, 1)), NOVEMBER + 1)
    earned = {month_of(date(2025, 12, 1)): 100, NOVEMBER: 50, NOVEMBER + 1: 7}
    assert earned_in_window(tiers(), earned, NOVEMBER) == 50
    assert earned_in_window(tiers({"rolling_months": 12}), earned, NOVEMBER) == 150


def test_a_downgrade_is_known_ahead():
    earned = {month_of(date(2026, 3, 1)): 450, NOVEMBER: 100}
    assert downgrade(tiers(), earned, NOVEMBER) == (date(2027, 1, 1), "base")
    assert downgrade(tiers({"rolling_months": 12}), earned, NOVEMBER) == (date(2027, 3, 1), "silver")
    assert downgrade(tiers(), {}, NOVEMBER) is None


@given(st.dictionaries(st.integers(NOVEMBER - 24, NOVEMBER), st.integers(0, 400)), st.integers(1, 24))
def test_until_its_downgrade_a_tier_lasts_and_then_it_is_lower(earned, months):
    rolling = tiers({"rolling_months": months})
    names = [level["name"] for level in LEVELS]

    def rank(month):
        return names.index(rolling.at(earned_in_window(rolling, earned, month)))

    found = downgrade(rolling, earned, NOVEMBER)
    falls = month_of(found[0]) if found else NOVEMBER + 25
    assert all(rank(month) == rank(NOVEMBER) for month in range(NOVEMBER, falls))
    assert found is None or (rank(falls) < rank(NOVEMBER) and names[rank(falls)] == found[1])
