"""What falls due in a coupon book by itself: reminders, expiry and the one alarm, by example and by property."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from coupons import book as rules, dues, giving
from coupons.dues import Attending
from shared.business_day import DayRule, day_end, day_start
from shared.coupon_book import BOOK, Book, Coupon, Status, Use
from shared.errors import Conflict
from tests.rules.test_coupon_book import NOON, TODAY, coupon, issuing, redeeming

TOKYO = DayRule("Asia/Tokyo")
LOOK = Attending(TOKYO, {7: "spring"})
ALL = (Status.ISSUED, Status.HELD, Status.REDEEMED, Status.ASLEEP, Status.RESERVED, Status.VOIDED, Status.EXPIRED)


def morning(days: int) -> datetime:
    """Ten past midnight in Tokyo, so many days from today."""
    return day_start(TODAY + timedelta(days=days), "Asia/Tokyo", 0) + timedelta(minutes=10)


def until(days: int, index: int = 1, **changes: Any) -> Coupon:
    """A coupon whose last day is so many days from today."""
    return coupon(index, last=TODAY + timedelta(days=days), **changes)


def held(one: Coupon, ends: datetime) -> Coupon:
    return replace(one, status=Status.HELD, use=Use(b"redeemer", b"an order", ends))


def look(book: Book, days: int) -> tuple[list[tuple[str, Any]], Book]:
    """What a look on a day says, and the book after it."""
    try:
        decided = dues.attend(book, LOOK, morning(days))
    except Conflict:
        return [], book
    return [(step.kind, step.data.get("days_left")) for step in decided.steps], decided.state


def test_a_coupon_is_reminded_of_twice_and_then_said_to_have_expired_each_once() -> None:
    book, said = Book((until(20),)), {}
    for day in range(30):
        told, book = look(book, day)
        assert look(book, day)[0] == []
        if told:
            said[day] = told
    assert said == {13: [("expiring", 7)], 19: [("expiring", 1)], 22: [("expired", None)]}
    assert book.coupons[0].status is Status.EXPIRED
    assert book.coupons[0].state(morning(30), TODAY + timedelta(days=30)) == "expired"


def test_an_entry_tells_which_coupon_of_which_campaign() -> None:
    one = until(7)
    one = replace(one, first=TODAY - timedelta(days=9))
    (step,) = dues.attend(Book((one,)), LOOK, morning(0)).steps
    said = {"coupon_id": one.coupon_id, "campaign_id": "spring"}
    assert (step.ref, step.data) == (
        ("coupon", one.coupon_id),
        said | {"valid_until": "2026-11-27", "days_left": 7},
    )
    (step,) = dues.attend(Book((one,)), LOOK, morning(9)).steps
    assert (step.kind, step.data) == ("expired", said)


def test_after_a_standstill_only_the_latest_reminder_is_said() -> None:
    told, book = look(Book((until(20),)), 20)
    assert told == [("expiring", 0)]
    assert look(book, 20)[0] == []


def test_nobody_is_reminded_of_a_coupon_that_has_just_come() -> None:
    assert look(Book((until(7),)), 0)[0] == []
    told, _ = look(Book((until(6, 1), until(20, 2))), 5)
    assert told == [("expiring", 1)]


@pytest.mark.parametrize("status", [Status.REDEEMED, Status.RESERVED, Status.VOIDED, Status.EXPIRED])
def test_what_can_not_be_used_any_more_neither_ends_soon_nor_expires(status: Status) -> None:
    use = Use(b"redeemer", b"an order", NOON) if status is Status.REDEEMED else None
    book = Book((until(20, status=status, use=use),))
    assert [look(book, day)[0] for day in range(40)] == [[]] * 40
    assert dues.next_day(book, TODAY.toordinal()) is None


def test_a_coupon_asleep_expires_without_a_reminder() -> None:
    book = Book((until(20, status=Status.ASLEEP),))
    assert [day for day in range(30) if look(book, day)[0]] == list(range(22, 30))
    assert dues.next_day(book, TODAY.toordinal()) == TODAY.toordinal() + 22


def test_a_hold_protects_a_coupon_and_is_looked_at_again_the_next_day() -> None:
    book = Book((held(until(0), morning(2) + timedelta(minutes=5)),))
    assert look(book, 2)[0] == []
    assert dues.alarm_for(book, LOOK, morning(2)) == TODAY.toordinal() + 3
    told, book = look(book, 3)
    assert (told, book.coupons[0].use) == ([("expired", None)], None)


def test_a_coupon_without_a_last_day_asks_for_nothing() -> None:
    decided = dues.asking(giving.issue(Book(), issuing(coupon=coupon(last=None)), NOON), NOON)
    assert (decided.state.alarm, "alarm" in decided.steps[-1].data) == (0, False)


@given(st.integers(0, 23), st.integers(0, 71))
def test_no_store_of_the_programmes_zone_takes_what_is_said_to_have_expired(cutoff: int, hours: int) -> None:
    """Nor is it in a hold that a store made in the last minute."""
    at = morning(0) + timedelta(hours=hours)
    is_told = dues._has_expired(until(0), TOKYO.day(at).toordinal(), at)
    assert not is_told or at >= day_end(TODAY, "Asia/Tokyo", cutoff) + timedelta(hours=1)


def test_a_store_far_behind_that_still_has_its_last_day_takes_it_all_the_same() -> None:
    _, book = look(Book((until(0),)), 2)
    at = morning(2) + timedelta(hours=2)
    honolulu = DayRule("Pacific/Honolulu", 23)
    assert honolulu.day(at) == TODAY
    asked = replace(redeeming(book.coupons[0]), days=honolulu)
    assert rules.redeem(book, asked, at).state.coupons[0].status is Status.REDEEMED


def test_a_full_book_lets_go_first_what_has_nothing_more_to_tell() -> None:
    first = TODAY - timedelta(days=30)
    coupons = [coupon(n, last=None) for n in range(giving.COUPONS_MAX)]
    coupons[3] = coupon(3, first=first, last=TODAY - timedelta(days=1))
    coupons[8] = coupon(8, first=first, last=TODAY - timedelta(days=20), status=Status.EXPIRED)
    book = giving.issue(Book(tuple(coupons)), issuing(1000), NOON).state
    assert (book.get((7, 8)), book.get((7, 3))) == (None, coupons[3])
    assert giving.issue(book, issuing(1001), NOON).state.get((7, 3)) is None


# ---- properties -----------------------------------------------------------------------------------------------------

_coupons = st.builds(
    lambda n, status, first, length: (
        held(coupon(n), NOON)
        if status is Status.HELD
        else coupon(
            n,
            status=status,
            use=Use(b"redeemer", b"an order", NOON) if status is Status.REDEEMED else None,
            first=TODAY + timedelta(days=first),
            last=TODAY + timedelta(days=first + length),
        )
    ),
    st.integers(0, 10_000),
    st.sampled_from(ALL),
    st.integers(-5, 5),
    st.integers(0, 30),
)
_books = st.lists(_coupons, max_size=8, unique_by=lambda one: one.index).map(lambda some: Book(tuple(some)))


@given(_books, st.integers(0, 2**20), st.integers(0, 2**20))
def test_a_book_with_its_alarm_survives_packing(book: Book, alarm: int, told: int) -> None:
    book = replace(book, alarm=alarm, told=told)
    assert BOOK.unpack(BOOK.pack(book)) == book


@given(_books, st.sets(st.integers(0, 45)))
def test_the_job_may_miss_days_and_says_each_thing_once(book: Book, days: set[int]) -> None:
    said: list[tuple[str, int]] = []
    for day in sorted(days | {50}):
        if look(book, day)[0]:
            decided = dues.attend(book, LOOK, morning(day))
            for step in decided.steps:
                stage = min((n for n in (7, 1) if step.data.get("days_left", 99) <= n), default=0)
                said.append((step.data["coupon_id"], stage))
            book = decided.state
    assert len(set(said)) == len(said)
    expired = {one.coupon_id for one in book.coupons if one.status is Status.EXPIRED}
    assert {coupon_id for coupon_id, stage in said if not stage} <= expired
    assert not any(dues.is_open(one) for one in book.coupons)


@given(_books)
def test_who_follows_the_alarms_says_all_that_looking_every_day_would_say(book: Book) -> None:
    """The same on the same days, from the first day on for which an alarm can be there."""
    today = TODAY.toordinal()
    _, begun = look(book, 2)
    daily: dict[int, Any] = {}
    followed: dict[int, Any] = {}
    every, state = begun, begun
    for day in range(3, 50):
        told, every = look(every, day)
        daily |= {day: told} if told else {}
    alarm_day = dues.alarm_for(replace(begun, alarm=0), LOOK, morning(2))
    while alarm_day is not None:
        day = alarm_day - today
        told, state = look(state, day)
        followed |= {day: told} if told else {}
        alarm_day = dues.alarm_for(replace(state, alarm=0), LOOK, morning(day))
    assert followed == daily


@given(_books, st.integers(0, 2**20))
def test_an_alarm_that_is_on_its_way_in_time_is_asked_for_once(book: Book, alarm: int) -> None:
    book = replace(book, alarm=alarm)
    decided = giving.issue(book, issuing(20_000, coupon=until(400, 20_000)), NOON)
    asked = dues.asking(decided, NOON)
    assert dues.asking(asked, NOON) == asked
    day = asked.state.alarm
    assert day > TODAY.toordinal() + 1
    assert day <= max(dues.next_day(asked.state, TODAY.toordinal()) or 0, TODAY.toordinal() + 2)
