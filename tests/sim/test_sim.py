"""The simulator in the daily tests: two thousand seeds, and that it is what it says: deterministic, wide, and deadly."""

import gc
import itertools
import json
import subprocess
import sys
import time
import weakref
from collections import Counter
from unittest import mock

import pytest

from infra import audit_lines
from shared import events
from shared.item_hash import text_of
from tests import catalogue
from tests.sim import campaign, mutants
from tests.sim.mutants import MUTANTS
from tests.sim.story import CROWDED, Story, told
from tests.sim.weather import OF_CALLS, OF_EVENTS

SEEDS = 2000
CLOCKED = (2_300_018, 2_300_039, 2_300_086)
QUICK = ("append without its condition", "fingerprint ignored", "a code that works twice")


def test_two_thousand_seeds_break_no_promise():
    parts: list[campaign.Part] = []
    firsts = range(0, SEEDS, campaign.PART)
    campaign.run(firsts, time.monotonic() + 3600, campaign.processors(), parts.append)
    whole = campaign.summed(parts)
    assert whole.faulty == {}, "again with: omo sim --seed N"
    assert whole.seeds == SEEDS
    assert whole.deliveries > 100 * SEEDS
    assert whole.most_at_once >= 8


def digest_in_a_process_of_its_own(seed, hash_seed):
    code = f"from tests.sim.story import told; print(told({seed}).digest.hex())"
    environment = mutants.ENVIRONMENT | {"PYTHONHASHSEED": hash_seed}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.mark.parametrize("seed", [7, 2_400_017])  # in the latter a set was gone through in any order
def test_a_seed_makes_the_same_books_in_every_process(seed):
    story = told(seed)
    assert story.digest == told(seed).digest
    assert {digest_in_a_process_of_its_own(seed, one) for one in ("1", "2")} == {story.digest.hex()}
    assert story.digest != told(seed + 1).digest


CROWDS = (
    ("buys_with_points", "buys_with_points", "gives", "buys"),
    ("holds", "gives", "buys_with_points", "spends"),
    ("sells_without_a_line", "draws_a_coupon"),
)
"""Kinds of stories that lead to what is rare: points used that come back, holds that lapse, tills that are heard late."""


OF_LETTERS = {
    "M": "earned pending activated spent held captured released expired returned restored adjusted reversed merged",
    "N": "completed cancelled returned claimed reversed",
    "B": "issued reserved released redeemed held voided expiring expired lost erased",
    "R": "absorbed refused lifted synced",
    "V": "accepted flagged approved rejected limited erased",
    "D": "bound unbound",
    "G": "counted anomaly",
    "A": "approached noted erased",
    "E": "exposed visited bought noted",
    "S": "counted",
    "Y": "counted",
    "P": "taken reversed",
    "L": "taken made",
}
KINDS = {f"{letter} {kind}" for letter, kinds in OF_LETTERS.items() for kind in kinds.split()}


def crowds():
    """Runs that are full of a few kinds."""
    return (Story(seed, CROWDED, only) for only in CROWDS for seed in range(20))


def test_the_same_books_whatever_time_it_really_is():
    """Two runs of a job that wrote in one millisecond of the real clock took each other's write for their own."""
    as_it_is = [told(seed).digest for seed in CLOCKED]
    with mock.patch("time.time_ns", itertools.count(0, 1_000_000).__next__):  # a millisecond from glance to glance
        assert [told(seed).digest for seed in CLOCKED] == as_it_is


def test_nothing_of_a_run_is_kept():
    """A campaign of ten thousand seeds would else need the memory of ten thousand."""
    story = Story(7)
    story.tell()
    turns = weakref.ref(story.turns)
    del story
    gc.collect()
    assert turns() is None


def test_the_stories_reach_what_they_are_to_prove():
    """All faults strike, all kinds of chains and nearly all kinds of entries come about, by answers of every kind.

    And whatever comes about can be exported: an item with bytes where the export knows none would be refused. And what
    it tells the world is as the catalogue of events says.
    """
    faults: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    codes: Counter[str | int] = Counter()
    at_once = 0
    for story in (*map(Story, range(90)), *crowds()):
        faults.update(story.weather.rates)
        assert story.tell().faults == []
        for item in (item for items in story.books.chains.values() for item in items):
            assert audit_lines.read(json.loads(text_of(item))) == item, "an export would be refused"
        told_of = (event for entry in story.books.all for event in events.of_entry(entry))
        assert [fault for event in told_of for fault in catalogue.faults(event)] == []
        kinds.update(f"{entry.account[0]} {entry.kind}" for entry in story.books.all)
        codes.update(one.code or 500 for ask in story.people.asks for one in ask.said if one.status >= 400)
        at_once = max(at_once, story.turns.most_at_once)
    assert set(faults) == {*OF_CALLS, *OF_EVENTS}
    assert at_once >= 8
    assert set(kinds) >= KINDS
    expected = ("insufficient_points", "id_reused", "reversed", "hold_closed", "return_exceeds_purchase")
    assert {*expected, "receipt_claimed", "campaign_exhausted", "code_not_usable", "budget_exceeded"} <= set(codes)
    assert not {500, "internal_error"} & set(codes)


def test_every_mutant_is_one_line_of_the_code_as_it_is():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25
    for mutant in MUTANTS:
        compile(mutant.source(), str(mutant.path), "exec")


@pytest.mark.parametrize("mutant", [one for one in MUTANTS if one.name in QUICK], ids=lambda one: one.name)
def test_a_bug_is_found(mutant):
    run = mutants.look_for(mutant)
    assert (run.returncode, run.stdout[:5]) == (0, "seed "), run.stderr


@pytest.mark.slow
def test_every_bug_is_found():
    """The gate: whoever weakens the simulator lets one of them live. It tells at which seed each of them was found."""
    runs = mutants.look_for_all(campaign.processors())
    for name, run in runs.items():
        print(f"{name}: {run.stdout.strip()[:120]}")
    survivors = {name: run.stdout + run.stderr for name, run in runs.items() if run.returncode}
    assert survivors == {}, f"not found within {mutants.SEEDS} seeds"
