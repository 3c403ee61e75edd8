"""The promise of one rewarded visit a person, store and business day, on books made by hand."""

from datetime import timedelta

from shared import keys
from shared.chain import Entry
from tests.kit import NOON
from tests.sim import store_days
from tests.sim.books import Books


def entry(who, kind, of="c1", after=timedelta(0), ref=None):
    data = {"from": "guest", "into": "host"} if kind == "merged" else {"checkin_id": of, "store_id": "shibuya"}
    at = NOON + after
    return Entry(keys.account(keys.VISITS, who), 1, kind, 0, 0, at, at, b"", ref, data)


def merge():
    return [entry(who, "merged", ref=("merge", "m")) for who in ("guest", "host")]


def end():
    return [entry(who, "merged", ref=("unmerge", "m")) for who in ("guest", "host")]


def faults(*entries):
    books = Books()
    books.all = list(entries)
    return list(store_days.faults(books))


def test_a_second_visit_of_a_store_day_is_a_fault():
    once, again = entry("host", "accepted"), entry("host", "accepted", "c2")
    assert faults(once) == []
    assert len(faults(once, again)) == 1
    assert faults(once, entry("guest", "accepted", "c2")) == []


def test_the_day_is_the_stores_own():
    first = entry("host", "accepted")
    before_four = entry("host", "accepted", "c2", timedelta(hours=15, minutes=59))  # after noon in Tokyo
    at_four = entry("host", "accepted", "c2", timedelta(hours=16))
    assert (len(faults(first, before_four)), faults(first, at_four)) == (1, [])


def test_whoever_was_merged_is_the_same_person():
    first, second = entry("guest", "accepted"), entry("host", "accepted", "c2")
    assert len(faults(first, *merge(), second)) == 1
    assert faults(first, *merge(), *end(), second) == []


def test_once_they_are_parted_each_has_their_own():
    both = [entry("guest", "flagged"), entry("host", "flagged", "c2"), *merge()]
    paid = [entry("host", "approved"), entry("host", "approved", "c2"), *end()]
    assert faults(*both, *paid) == []
    assert len(faults(*both, *paid, entry("guest", "accepted", "c3"))) == 1
    assert len(faults(*both, *paid, entry("host", "accepted", "c3"))) == 1


def test_what_was_rejected_takes_no_store_day():
    waiting, rejected = entry("host", "flagged"), entry("host", "rejected")
    assert faults(waiting, rejected, entry("host", "accepted", "c2")) == []
    assert len(faults(waiting, entry("host", "accepted", "c2"))) == 1
    assert len(faults(waiting, rejected, entry("host", "approved"))) == 1
