"""Merges under random schedules: each operation enters once, wherever its account has led; and controls that break it.

`OMO_SEEDS=20000` asks for more schedules; a failure names its seed.
"""

import os

import pytest

from shared import closings, finding
from tests.chain.story import told

SEEDS = int(os.environ.get("OMO_SEEDS", "80"))
CONTROL_SEEDS = 1500  # the first that shows the fault ends the search


def test_each_operation_enters_once_wherever_its_account_has_led():
    broken = {seed: faults for seed in range(SEEDS) if (faults := told(seed))}
    assert not broken


def only_while_closed(closings_, after, since):
    return closings_[-1] if closings.is_closed(closings_) else None


def the_last(closings_, after, since, first=closings.first):
    return first(closings_, after, since) and closings_[-1]


def events_only_while_closed(closings_, after, since, first=closings.first):
    return first(closings_, after, None) if since is None else only_while_closed(closings_, after, since)


@pytest.mark.parametrize("rule", [only_while_closed, the_last, events_only_while_closed])
def test_control_another_rule_than_the_first_closing_counts_twice(monkeypatch, rule):
    """Shows that the schedules above meet what the rule is for."""
    monkeypatch.setattr(closings, "first", rule)
    assert any(told(seed) for seed in range(CONTROL_SEEDS))


def test_control_without_a_second_look_at_the_closed_account_events_count_twice(monkeypatch):
    monkeypatch.setattr(finding, "is_way_open", lambda *_: True)
    assert any(told(seed) for seed in range(CONTROL_SEEDS))


def test_control_what_is_not_looked_for_before_the_closing_counts_twice(monkeypatch):
    look = finding.look
    monkeypatch.setattr(finding, "look", lambda table, stop, marks: None if stop.closing else look(table, stop, marks))
    assert any(told(seed) for seed in range(CONTROL_SEEDS))
