"""Visits of members who turn out to be one: the day's limits hold for the one, and each has its own again after."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checkin.devices import Bound
from checkin.evidence import STAFF_SCAN
from checkin.merging import MERGER
from checkin.rules import AWARD_GAP
from checkin.visits import VISITS, Visits
from shared.moves import MOVED, Merge, Move
from tests.rules.test_checkin_rules import NOON, check_in, decided, store
from tests.rules.test_ruling import decided as ruled, waiting

MERGE = Merge("m-1", "taro", "hanako")


def been(*names, at=NOON):
    """The visits of somebody who was awarded at these stores, one after another."""
    visits = Visits()
    for n, name in enumerate(names):
        visits = decided(visits, STAFF_SCAN, store(name), at=at + n * AWARD_GAP, name=f"{name}-{at:%H%M}").visits
    return visits


def merged(one, other):
    move = Move(MERGE, one, other)
    return MERGER.leave(one, move, NOON), MERGER.join(other, move, NOON).state


def parted(brought, there):
    move = Move(MERGE, brought, there)
    return MERGER.come_back(Visits(), move, NOON).state, MERGER.part(there, move, NOON).state


def test_a_merge_that_is_ended_at_once_gives_each_its_own_visits():
    one, other = been("s-1", "s-2"), been("s-3", at=NOON - timedelta(hours=3))
    left, there = merged(one, other)
    assert left.state == Visits()
    brought = VISITS.unpack(left.steps[0].data[MOVED])
    back, rest = parted(brought, there)
    assert back == one
    assert rest.taken == other.taken


def test_a_store_that_both_visited_on_a_day_is_visited_once():
    one, other = been("s-1", "s-2"), been("s-1", at=NOON - timedelta(hours=3))
    _, there = merged(one, other)
    assert there.taken == (*other.taken, *one.taken)
    assert there.count(there.taken[0].day) == 2
    again = check_in(there, store("s-1"), at=NOON + timedelta(hours=5), name="again")
    assert (again.already, again.checkin_id) == (True, other.taken[0].checkin_id)
    assert parted(one, there)[1].taken == other.taken


def test_a_day_that_one_was_paid_for_stays_taken_when_the_other_s_visit_is_rejected():
    one, other = been("s-1"), Visits(taken=(waiting("c-2", "s-1"),))
    _, there = merged(one, other)
    there = ruled(there, is_approved=False, checkin_id="c-2", store_id="s-1").state
    again = check_in(there, store("s-1"), at=NOON + timedelta(hours=5), name="again")
    assert (again.already, again.checkin_id) == (True, one.taken[0].checkin_id)


@pytest.mark.parametrize("first", [0, 1])
def test_who_was_paid_for_a_day_that_both_waited_for_is_not_paid_again_after_they_are_parted(first):
    one, other = (Visits(taken=(waiting(name, "s-1"),)) for name in ("c-1", "c-2"))
    _, there = merged(one, other)
    for name in ("c-1", "c-2")[:: 1 if first == 0 else -1]:
        there = ruled(there, is_approved=True, checkin_id=name, store_id="s-1").state
    _, rest = parted(one, there)
    assert check_in(rest, store("s-1"), at=NOON + timedelta(hours=5), name="again").already


@pytest.mark.parametrize("who", [0, 1])
def test_three_stores_a_day_are_three_of_the_merged_member(who):
    each = [been("s-1", "s-2"), been("s-3", at=NOON - timedelta(hours=3))]
    _, there = merged(each[who], each[1 - who])
    later = NOON + timedelta(hours=5)
    assert check_in(there, store("s-4"), at=later).reason == "too_many_stores"
    for one in each:
        assert check_in(one, store("s-4"), at=later).outcome == "awarded"


@pytest.mark.parametrize("who", [0, 1])
def test_the_later_award_of_both_is_the_last(who):
    each = [been("s-1"), been("s-2", at=NOON - timedelta(hours=3))]
    _, there = merged(each[who], each[1 - who])
    soon = NOON + AWARD_GAP - timedelta(seconds=1)
    assert check_in(there, store("s-3"), at=soon).reason == "too_soon"
    assert check_in(there, store("s-3"), at=NOON + AWARD_GAP).outcome == "awarded"
    _, rest = parted(each[who], there)
    assert check_in(rest, store("s-3"), at=soon).reason == "too_soon"


def test_somebody_who_was_never_anywhere_is_merged_too():
    one = been("s-1")
    assert merged(Visits(), one)[1] == one
    assert merged(one, Visits())[1] == one


def test_each_has_its_own_devices_again_after_the_end_of_a_merge():
    """A device that the other brought has a place for the other alone, and takes none of one's own five."""
    mine, shared, his, new = (Bound(name, NOON + timedelta(hours=n)) for n, name in enumerate(("a", "b", "c", "d")))
    one, other = Visits(devices=(shared, his)), Visits(devices=(mine, shared._replace(at=NOON)))
    left, there = merged(one, other)
    for name in "abc":
        assert there.knows(name, NOON)
    there = VISITS.unpack(VISITS.pack(replace(there, devices=(*there.devices, new))))
    back, rest = parted(VISITS.unpack(left.steps[0].data[MOVED]), there)
    assert back.devices == one.devices
    assert rest.devices == (*other.devices, new)
