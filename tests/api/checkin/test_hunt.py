"""The hunt of 2018 at its real size: what it is worth against the rules of today, and what honest guests notice of it."""

from __future__ import annotations

import os

import pytest

from checkin.rules import STORES_PER_DAY
from tests.hunt import ACCOUNTS, POINTS_EACH, STORES, play


@pytest.mark.slow
def test_a_day_of_the_hunt_is_worth_next_to_nothing_and_honest_guests_are_not_refused():
    """`OMO_HUNT_DAYS=42` plays all of it."""
    days = int(os.environ.get("OMO_HUNT_DAYS", "1"))
    town = play(days, plan="same", has_devices=True, honest=10_000)
    assert town.tried == STORES * ACCOUNTS * days
    assert 0 < town.points < town.tried * POINTS_EACH / 100
    assert town.paused() == STORES
    assert town.counted < town.tried / 2  # what comes while a store is paused is not counted
    refused = sum(n for (outcome, _), n in town.seen.items() if outcome == "recorded_no_award")
    assert sum(town.seen.values()) == 10_000
    assert refused < 100
    assert {outcome for outcome, is_paused in town.seen if is_paused} <= {"pending_review", "recorded_no_award"}


@pytest.mark.slow
def test_without_a_device_and_spread_over_the_day_it_is_seen_by_what_it_tries_in_vain():
    """No store sees enough of it for a pause, and people resume every store each morning: its first day is all it has."""
    first = play(1, plan="spread", has_devices=False, accounts=90)
    assert first.points > first.tried * POINTS_EACH / 100
    town = play(5, plan="spread", has_devices=False, accounts=90, resumes=True)
    assert town.points == first.points < town.tried * POINTS_EACH / 100


def test_who_comes_no_oftener_than_a_guest_gets_three_stores_a_day_and_account_at_most():
    """No limit tells such a hunter from guests. What it is worth is bounded by the accounts that somebody can make."""
    town = play(2, plan="patient", has_devices=False, accounts=6)
    assert town.tried == 2 * STORES_PER_DAY * 6
    assert town.points <= town.tried * POINTS_EACH
    more = play(2, plan="spread", has_devices=False, accounts=6)  # and who tries more gets less
    assert more.tried > town.tried
    assert more.points < town.points


@pytest.mark.parametrize("plan", ["patient", "spread"])
def test_where_the_reward_asks_for_more_than_a_place_nobody_far_away_gets_any(plan):
    town = play(1, plan=plan, has_devices=False, accounts=6, min_level=2)
    assert (town.points, set(town.outcomes)) == (0, {"recorded_no_award"})


@pytest.mark.slow
def test_ten_thousand_honest_guests_alone_are_all_paid_at_once():
    town = play(1, plan="same", has_devices=True, accounts=0, honest=10_000)
    assert town.seen == {("awarded", False): 10_000}
    assert town.paused() == 0
