"""The hunt of 2018 at its real size: what it is worth against the rules of today, and what honest guests notice of it."""

from __future__ import annotations

import os

import pytest

from tests.hunt import ACCOUNTS, POINTS_EACH, STORES, play


@pytest.mark.slow
def test_a_day_of_the_hunt_is_worth_next_to_nothing_and_honest_guests_are_not_refused():
    """`OMO_HUNT_DAYS=42` plays all of it."""
    days = int(os.environ.get("OMO_HUNT_DAYS", "1"))
    town = play(days, plan="same", has_devices=True, honest=10_000)
    assert town.tried == STORES * ACCOUNTS * days
    assert 0 < town.points < town.tried * POINTS_EACH / 100
    assert town.paused() > 0
    refused = sum(n for (outcome, _), n in town.seen.items() if outcome == "recorded_no_award")
    assert sum(town.seen.values()) == 10_000
    assert refused < 100
    assert {outcome for outcome, is_paused in town.seen if is_paused} <= {"pending_review", "recorded_no_award"}
