"""Every promise of a chain fires on an item that breaks it, though all hashes fit, and is silent on the real thing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from infra import invariants
from infra.invariants import Watch
from points.lots import Lot, pack_lots
from shared.clock import to_ms
from shared.coupon_book import Status, pack_coupons, unpack_coupons
from shared.item_hash import hash_of
from tests.infra.books import ZONE, busy, doctored, first_faults
from tests.kit import NOON

LATER = NOON + timedelta(days=100)
DAY = (NOON + timedelta(days=300)).date().toordinal()


def test_books_in_which_everything_has_happened_have_no_fault():
    assert invariants.faults(busy(), LATER, ZONE) == []
    assert invariants.faults(busy(), LATER) == []


def test_chains_may_interleave():
    items = sorted(busy(), key=lambda item: (item["sk"], item["pk"]))
    assert invariants.faults(items, LATER, ZONE) == []


def lots(*rows):
    return pack_lots([Lot(False, day, points) for day, points in rows])


def more_points(item, raw):
    raw["p"] += 1


def more_points_and_balance(item, raw):
    raw["p"] += 1
    item["b"] += 1


def set_(where, **values):
    """Change the item, its state, or the entry's data."""
    return lambda item, raw: {"item": item, "s": item["s"], "e": raw, "x": raw.setdefault("x", {})}[where].update(
        values
    )


def used_up(item):
    """The state of a book in which no coupon has expired."""
    there = unpack_coupons(item["s"]["c"])
    coupons = [replace(one, status=Status.VOIDED) if one.status is Status.EXPIRED else one for one in there]
    return item["s"] | {"c": pack_coupons(coupons)}


CHAIN = [
    ("earned", set_("item", sk=999), "follows entry"),
    ("earned", set_("item", h=b"x" * 32), "the hash of the item before it"),
    ("earned", set_("item", t=1), "dated before"),
    ("earned", more_points, "the sum of the points"),
    ("earned", set_("item", r=b"12345678\0"), "the ring does not follow"),
    ("earned", set_("item", f=7), "from where on it knows"),
    ("earned", set_("item", z=7), "from where on it knows"),
    ("earned", set_("item", c=[[1, "hanako", 3, 5]]), "the closings do not follow"),
]
POINTS = [
    ("earned", more_points_and_balance, "points in lots of"),
    ("earned", set_("s", d=5), "the debt is 5"),
    ("earned", set_("s", l=lots((DAY, 10))), "the lots add up to 10"),
    ("spent", set_("x", lots=lots((DAY, 35))), "more of a lot than there is"),
    ("spent", set_("x", lots=lots((DAY, 34))), "points in lots of 34"),
    ("spent", set_("x", lots=lots((NOON.date().toordinal(), 35))), "that have expired"),
    ("expired", set_("x", lots=lots((DAY, 4))), "before their time"),
    ("held", set_("e", r="hold:another"), "the holds are not what the entries make"),
    ("held", set_("x", ends=5), "the holds are not what the entries make"),
    ("captured", set_("x", captured=2), "captured, released and remaining"),
    ("captured", set_("x", released=0), "captured, released and remaining"),
    ("released", set_("e", r="hold:another"), "a hold lapsed that did not stand so"),
    ("pending", set_("x", pending=1), "points in lots of"),
    ("activated", set_("x", lots=lots((DAY, 20))), "did not wait"),
    ("returned", set_("x", debt=3), "the debt is"),
    ("reversed", set_("x", debt=3), "the debt is"),
    ("adjusted", set_("x", consideration="paid"), "of the other sort"),
    ("merged", set_("x", lots=lots((DAY, 1))), "merged other points"),
    ("earned", set_("e", k="borrowed"), "unknown kind"),
]
OTHERS = [
    ("P", "reversed", set_("x", taken=99), "gives back what was not taken"),
    ("P", "reversed", set_("x", points=-14), "gives back what was not taken"),
    ("P", "taken", set_("x", left=-1), "more than the budget has"),
    ("P", "taken", set_("s", n=91), "at most 90"),
    ("P", "taken", set_("s", t=500), "what is used is not"),
    ("L", "taken", set_("s", n=1), "1 taken, by the entries 2"),
    ("L", "taken", lambda item, raw: item["e"].extend([raw | {"r": "coupon:a"}, raw | {"r": "coupon:b"}]), "4 coupons"),
    ("L", "made", set_("x", first=5), "makes codes from"),
    ("L", "made", set_("x", locator=1), "makes codes from"),
    ("L", "made", set_("x", count=4), "another number of codes than the job's name says"),
    ("L", "made", set_("x", count=6), "12 coupons are taken of 11"),
    ("L", "made", set_("e", r="job:j-1"), "makes the codes of the same job twice"),
    ("L", "made", set_("x", edition=3), "not those that its entries have made"),
    ("L", "made", set_("s", m=10), "not those that its entries have made"),
    ("V", "accepted", set_("x", store_id="shibuya", business_day="2026-12-05"), "a second visit"),
    ("V", "accepted", set_("x", business_day="2026-12-01"), "of the business day"),
    ("V", "accepted", set_("s", taken=""), "the store-day is not taken"),
    ("B", "issued", lambda item, raw: raw["x"].update(coupon_id="none"), "is issued, and not to be used"),
    ("B", "redeemed", lambda item, raw: raw.update(k="issued"), "is issued twice"),
    ("B", "voided", lambda item, raw: raw.update(k="redeemed"), "was used before"),
    ("B", "expiring", lambda item, raw: item["e"].append(raw), "is reminded of twice"),
    ("B", "expired", lambda item, raw: raw.update(k="expiring", x=raw["x"] | {"days_left": 0}), "and not to be used"),
    ("B", "expired", lambda item, raw: item["e"].append(raw) or item.update(s=used_up(item)), "has not expired after"),
    ("B", "expired", set_("item", t=to_ms(NOON)), "before its last day is over"),
    ("B", "expiring", lambda item, raw: raw.update(k="expired"), "before its last day is over"),
    ("S", "counted", set_("x", issued=5), "the figures are"),
    ("S", "counted", lambda item, raw: raw.update(k="guessed"), "unknown kind"),
    ("R", "lifted", set_("e", k="refused"), "is borne twice"),
    ("R", "absorbed", set_("x", amount=7), "by the entries [20000, 7]"),
    ("R", "refused", set_("x", amount=7), "refused of 20000, by the entries [7]"),
    ("R", "refused", set_("e", k="absorbed"), "by the entries [20000, 20000, 20000]"),
    ("R", "allowed", set_("x", max_value=7), "the limits of"),
    ("R", "synced", set_("x", last=99), "not among those heard"),
    ("R", "synced", set_("e", k="borrowed"), "unknown kind"),
    ("B", "lost", set_("e", k="redeemed"), "was used before"),
    ("N", "completed", set_("s", s="placed"), "it is placed, by its entries completed"),
    ("N", "returned", set_("x", amount=7), "not by the amount that it tells"),
    ("N", "returned", set_("x", used=lots((DAY, 9))), "more points came back"),
    ("N", "returned", lambda item, raw: raw.update(k="cancelled"), "cancelled after it was completed"),
]


@pytest.mark.parametrize(("kind", "change", "said"), CHAIN + POINTS)
def test_an_item_that_breaks_a_promise_of_points_is_found(kind, change, said):
    items = busy()
    chosen = doctored(items, kind, change)
    found = first_faults(items)
    assert any(said in fault for fault in found), found
    assert all(fault.startswith(f"{chosen['pk']} entry {chosen['sk']}: ") for fault in found)


@pytest.mark.parametrize(("letter", "kind", "change", "said"), OTHERS)
def test_an_item_that_breaks_a_promise_of_its_kind_is_found(letter, kind, change, said):
    items = sorted(busy(), key=lambda item: item["sk"])  # names come first, as in a ledger that grows
    doctored(items, kind, change, letter)
    found = first_faults(items)
    assert any(said in fault for fault in found), found


def between(items):
    watch = Watch(ZONE)
    for item in items:
        watch.see(item)
    return list(watch.end(LATER))


def test_what_no_figures_have_counted_is_found():
    items = busy()
    assert between(items) == []
    lost = next(item for item in items if item["pk"].startswith("S#"))
    found = between([item for item in items if item["pk"] != lost["pk"]])
    assert found
    assert all(fault.startswith("B#jiro entry ") for fault in found)
    assert all(fault.endswith(": no figures have counted it") for fault in found)


def test_what_is_counted_with_another_discount_or_for_no_coupon_is_found():
    items = busy()
    doctored(items, "counted", lambda _, raw: raw["x"].update(discount=7), "S")
    assert any("has counted 7 instead of" in fault for fault in between(items))
    found = between([item for item in busy() if not item["pk"].startswith("B#")])
    assert sum("counted, and nobody says so" in fault for fault in found) >= 5


def test_points_are_spent_in_the_fixed_order():
    items = two_lots()

    def later(item, raw):
        raw["x"]["lots"], item["s"]["l"] = item["s"]["l"], raw["x"]["lots"]
        raw["p"], item["b"] = -item["b"], -raw["p"]

    later(items[-1], items[-1]["e"][0])
    assert any("not in the order of spending" in fault for fault in first_faults(items))


def two_lots():
    """An account that has earned two lots and spent the first."""
    early, late = lots((DAY, 5)), lots((DAY + 9, 5))
    rows = [("earned", 5, early, early), ("earned", 5, late, lots((DAY, 5), (DAY + 9, 5))), ("spent", -5, early, late)]
    items, before, balance, ring = [], b"", 0, b""
    for number, (kind, points, moved, state) in enumerate(rows, 1):
        mark, balance = bytes([number]) * 8, balance + points
        ring = b"".join(bytes([one]) * 8 + bytes([number - one]) for one in range(1, number + 1))
        entry = {"k": kind, "p": points, "o": mark, "r": "purchase:p", "x": {"lots": moved}}
        item = {"pk": "M#two", "sk": number, "t": number, "e": [entry], "s": {"l": state}, "b": balance}
        items.append(item | {"r": ring, "f": 0, "z": 0, "h": before, "v": 1})
        before = hash_of(items[-1])
    return items


def test_two_lots_spent_in_order_are_fine():
    assert first_faults(two_lots()) == []


def test_an_operation_enters_once():
    items = two_lots()
    items[2]["e"][0]["o"] = items[0]["e"][0]["o"]
    assert any("has entered before" in fault for fault in first_faults(items))


def test_nothing_enters_after_its_reversal():
    watch, items = Watch(), sorted(busy(), key=lambda item: item["sk"])
    for item in items:
        assert watch.see(item) == []
    undone = next(item for item in items if item["pk"] == "M#taro" and any(raw["k"] == "reversed" for raw in item["e"]))
    again: dict[str, Any] = {
        "pk": "M#late",
        "sk": 1,
        "t": undone["t"] + 1,
        "e": [{"k": "refused"}],
        "s": {"l": b"\0"},
        "b": 0,
        "r": b"",
        "f": 0,
        "z": 0,
    }
    mark = next(raw["o"] for raw in undone["e"] if raw["k"] == "reversed")
    again["e"][0]["o"] = watch._names.reversed_by(mark)
    assert any("after it was reversed" in fault for fault in watch.see(again | {"h": b"", "v": 1}))


def test_a_name_comes_once():
    name = next(item for item in busy() if item["sk"] == 0)
    assert invariants.faults([name, name]) == [f"{name['pk']}: the name comes twice"]


# ---- between chains --------------------------------------------------------------------------------------------------


def without(letter, kind):
    """What is found when the last item with such an entry is missing, with all that follows it."""
    items = busy()
    lost = next(
        one for one in reversed(items) if one["pk"][0] == letter and any(e["k"] == kind for e in one.get("e", ()))
    )
    left = [one for one in items if one["pk"] != lost["pk"] or one["sk"] < lost["sk"]]
    return invariants.faults(left, LATER, ZONE)


@pytest.mark.parametrize(
    ("letter", "kind", "said"),
    [
        ("V", "accepted", "points for no check-in"),
        ("P", "reversed", "it was refused or reversed, and nothing came back"),
        ("P", "taken", "nothing was taken for it"),
        ("L", "taken", "nothing was taken for it"),
        ("B", "issued", "nobody has accepted it"),
        ("N", "reversed", "no purchase decided it"),
        ("R", "absorbed", "no till bears it"),
        ("B", "lost", "a till bears what nobody has lost"),
        ("M", "merged", "a merge of 1 entries"),
        ("M", "pending", "no account has it"),
    ],
)
def test_a_half_that_is_missing_is_found(letter, kind, said):
    found = without(letter, kind)
    assert any(said in fault for fault in found), found


def test_a_reward_that_nobody_got_is_found_once_it_is_not_on_its_way_any_more():
    items = [item for item in busy() if item["pk"] != "M#jiro"]
    found = invariants.faults(items, LATER, ZONE)
    assert sum("no account has its 10 points" in fault for fault in found) == 2
    assert not any("no account has its" in fault for fault in invariants.faults(items, NOON, ZONE))
