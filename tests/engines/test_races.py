"""Threads at one item: nothing that was acknowledged is lost, one key has one winner. Each question has a control.

A control asks the same of a table whose condition is checked by the client: it shows that the question can fail.
"""

import itertools
import time

import pytest

from shared.table import Collision, PutNew, Replace
from tests.races.test_chain import all_at_once

pytestmark = pytest.mark.usefixtures("switching_often")

THREADS = 16
WRITERS, TIMES = 8, 6
MOMENT_SECONDS = 1e-4


class CheckedByTheClient:
    """For controls: reads first and then writes, a moment later, as if there were no conditions."""

    def __init__(self, table):
        self._table = table
        self.get, self.put, self.items = table.get, table.put, table.items

    def put_new(self, item):
        old = self.get(item["pk"], item["sk"], consistent=True)
        time.sleep(MOMENT_SECONDS)
        if old is None:
            self.put(item)
        return old

    def replace(self, item, version):
        old = self.get(item["pk"], item["sk"], consistent=True)
        if old is None or old["version"] != version:
            return False
        time.sleep(MOMENT_SECONDS)
        self.put(item)
        return True

    def transact(self, writes):
        for number, write in enumerate(writes):
            is_done = self.put_new(write.item) is None if isinstance(write, PutNew) else self.replace(*_parts(write))
            if not is_done:
                raise Collision({number: {}})


def _parts(write):
    assert isinstance(write, Replace)
    return write.item, write.version


def count_by_versions(table):
    """Each thread adds one, so many times, to what it reads; how many acknowledged additions are missing."""
    table.put({"pk": "a", "sk": 0, "version": 1, "n": 0})

    def add(n):
        for _ in range(TIMES):
            while True:
                old = table.get("a", 0, consistent=True)
                mine = {
                    "n": old["n"] + 1,
                    "version": old["version"] + 1,
                    "by": n,
                }  # the very same item would count as done
                if table.replace({**old, **mine}, old["version"]):
                    break

    all_at_once(WRITERS, add)
    return WRITERS * TIMES - table.get("a", 0, consistent=True)["n"]


def append_to_a_chain(table):
    """Each thread appends, so many times, under the next number; how many acknowledged entries are missing."""

    def append(n):
        for number in range(TIMES):
            mine = f"{n}.{number}"
            while True:
                newest = table.items("chain", newest_first=True, limit=1, consistent=True)
                place = newest[0]["sk"] + 1 if newest else 1
                if table.put_new({"pk": "chain", "sk": place, "by": mine}) is None:
                    break

    all_at_once(WRITERS, append)
    found = table.items("chain", consistent=True)
    assert [item["sk"] for item in found] == list(range(1, len(found) + 1))
    return WRITERS * TIMES - len({item["by"] for item in found})


def race_for_a_key(table, key):
    """All put their own under one key; how many were told that it is theirs, and whether what stays is one of these."""

    def put(n):
        return table.put_new({"pk": key, "sk": 1, "by": n})

    told = all_at_once(THREADS, put)
    winners = [n for n, old in enumerate(told) if old is None]
    kept = table.get(key, 1, consistent=True)["by"]
    shown = {old["by"] for old in told if old is not None}
    return len(winners), kept in winners and shown <= {kept}


def race_for_a_version(table, key):
    table.put({"pk": key, "sk": 1, "version": 1})
    told = all_at_once(THREADS, lambda n: table.replace({"pk": key, "sk": 1, "version": 2, "by": n}, 1))
    return sum(told), told[table.get(key, 1, consistent=True)["by"]]


def answers(ask, table, wanted, times):
    """What so many rounds answered, each with keys of its own; the first answer that is not the wanted one is the last."""
    found = []
    for round_ in range(times):
        found.append(ask(table, f"{ask.__name__}-{round_}-"))
        if found[-1] != wanted:
            break
    return set(found)


ONE_WINNER = (1, True)


def test_nothing_that_was_acknowledged_is_lost(table):
    assert count_by_versions(table) == 0
    assert append_to_a_chain(table) == 0


def test_of_all_who_put_under_one_key_one_wins_and_the_others_are_shown_its_item(table, rounds):
    assert answers(race_for_a_key, table, ONE_WINNER, rounds) == {ONE_WINNER}


def test_of_all_who_replace_one_version_one_wins(table, rounds):
    assert answers(race_for_a_version, table, ONE_WINNER, rounds) == {ONE_WINNER}


def test_what_was_acknowledged_is_seen_by_the_next_consistent_read_of_anybody(table):
    def write_and_read(n):
        for number in itertools.count(1):
            table.put({"pk": str(n), "sk": 1, "version": number})
            seen = [table.get(str(n), 1, consistent=True), table.newest(str(n), consistent=True)]
            if number == TIMES or [item["version"] for item in seen] != [number, number]:
                return [item["version"] for item in seen]
        raise AssertionError

    assert all_at_once(WRITERS, write_and_read) == [[TIMES, TIMES]] * WRITERS


def test_control_without_conditions_acknowledged_writes_are_lost(table, rounds):
    checked = CheckedByTheClient(table)
    assert any(count_by_versions(checked) for _ in range(20))
    assert answers(race_for_a_key, checked, ONE_WINNER, rounds) != {ONE_WINNER}
    assert answers(race_for_a_version, checked, ONE_WINNER, rounds) != {ONE_WINNER}
