"""Coupon books that become one, and two again: no coupon is lost or doubled, and what is used stays where it was used."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, strategies as st

from coupons import book as rules
from coupons.merging import BOOKS, coming_back
from shared.coupon_book import BOOK, Book, Status, Use
from shared.moves import MOVED, Merge, Move
from tests.rules.test_coupon_book import NOON, coupon, redeeming

MERGE = Merge("m-1", "taro", "hanako")


def merged(one, other, at=NOON):
    move = Move(MERGE, one, other)
    return BOOKS.leave(one, move, at), BOOKS.join(other, move, at)


def parted(brought, there, at=NOON):
    move = Move(MERGE, brought, there)
    return BOOKS.come_back(Book(), move, at).state, BOOKS.part(there, move, at).state


def used(one, status=Status.REDEEMED, at=NOON):
    return replace(one, status=status, use=Use(b"redeemer", b"an order", at))


@st.composite
def books(draw, first):
    """A book of coupons that can still be used, and counts of those that have left it."""
    count = draw(st.integers(0, 6))
    made = tuple(coupon(first + n, locator=draw(st.integers(1, 3))) for n in range(count))
    gone = draw(st.dictionaries(st.integers(1, 3), st.integers(1, 5), max_size=3))
    return Book(made, tuple(sorted(gone.items())))


@given(books(0), books(100))
def test_a_merge_that_is_ended_at_once_changes_nothing(one, other):
    left, joined = merged(one, other)
    assert left.state == Book()
    brought = BOOK.unpack(left.steps[0].data[MOVED])
    back, left = parted(brought, joined.state)
    assert (replace(back, alarm=0), replace(left, alarm=0)) == (one, other)


@given(books(0), books(100))
def test_the_merged_book_has_all_coupons_and_counts_of_both(one, other):
    _, joined = merged(one, other)
    assert Counter(joined.state.coupons) == Counter((*one.coupons, *other.coupons))
    for locator in range(1, 4):
        assert joined.state.count(locator) == one.count(locator) + other.count(locator)


@given(books(0), books(100), st.sets(st.integers(0, 5)), st.sampled_from([Status.HELD, Status.REDEEMED]))
def test_what_was_used_meanwhile_stays_and_still_counts_for_who_had_it(one, other, taken, status):
    _, joined = merged(one, other)
    there = joined.state
    for n in taken & set(range(len(one.coupons))):
        there = there.with_(used(one.coupons[n], status, NOON + timedelta(hours=1)))
    back, left = parted(one, there)
    spots = [each.spot for each in (*back.coupons, *left.coupons)]
    assert sorted(spots) == sorted(each.spot for each in (*one.coupons, *other.coupons))
    assert all(each.status is Status.ISSUED for each in back.coupons)
    for locator in range(1, 4):
        assert back.count(locator) == one.count(locator)
        assert left.count(locator) == other.count(locator)
    again = BOOK.unpack(BOOK.pack(merged(back, left)[1].state))
    for each in parted(back, again), (back, left):
        for locator in range(1, 4):
            assert again.count(locator) == one.count(locator) + other.count(locator)
            assert [book.count(locator) for book in each] == [one.count(locator), other.count(locator)]


def test_what_stays_counts_for_its_member_alone_also_when_it_leaves_the_book():
    mine = coupon(1)
    _, joined = merged(Book((mine,)), Book())
    back, left = parted(Book((mine,)), joined.state.with_(used(mine)))
    assert (left.get(mine.spot), left.count(mine.locator), back.count(mine.locator)) == (used(mine), 0, 1)
    assert left.without(used(mine)).count(mine.locator) == 0
    voiding = rules.Voiding(redeeming(used(mine)), "v")
    assert rules.void(left, voiding, NOON).state.count(mine.locator) == 0


def test_what_is_being_paid_for_counts_for_both_until_it_is_known_what_becomes_of_it():
    mine = replace(coupon(1), status=Status.RESERVED)
    _, joined = merged(Book((mine,)), Book())
    back, left = parted(Book((mine,)), joined.state)
    assert (back.count(mine.locator), left.count(mine.locator)) == (1, 1)


def test_a_hold_that_is_over_keeps_no_coupon():
    mine = coupon(1)
    there = Book((used(mine, Status.HELD, NOON),))
    assert coming_back(there, Book((mine,)), NOON - timedelta(seconds=1)) == ()
    assert coming_back(there, Book((mine,)), NOON) == (mine,)


def test_a_void_after_the_end_of_a_merge_finds_a_coupon_that_had_left_the_book():
    """Its count went back with the merge's end; the coupon comes back all the same."""
    mine = coupon(1)
    one = Book((), ((mine.locator, 1),))
    _, joined = merged(one, Book())
    _, left = parted(one, joined.state)
    voiding = rules.Voiding(redeeming(used(mine)), "v", lost=(used(mine),))
    after = rules.void(left, voiding, NOON).state
    assert (after.coupons, after.count(mine.locator)) == ((mine,), 0)


def test_reminders_are_said_by_one_of_two_books_and_what_has_expired_stays_so():
    """The book that has looked later speaks for both, so that nobody hears anything twice."""
    over = coupon(1, status=Status.EXPIRED)
    one, other = Book((over, coupon(2)), told=740_000, alarm=740_009), Book((coupon(101),), told=740_003, alarm=740_005)
    left, joined = merged(one, other)
    assert (joined.state.told, joined.state.get(over.spot)) == (740_003, over)
    back, _ = parted(BOOK.unpack(left.steps[0].data[MOVED]), joined.state)
    assert (back.told, back.get(over.spot)) == (740_003, over)


@given(books(0), books(100))
def test_both_ends_of_a_merge_ask_for_the_alarm_that_they_need(one, other):
    left, joined = merged(one, other)
    back, _ = parted(one, joined.state)
    for book in (joined.state, back):
        assert bool(book.alarm) == bool(book.coupons)
    assert left.state.alarm == 0
