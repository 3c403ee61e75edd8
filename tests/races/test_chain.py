"""Many writers on one account, on the engine and in memory; and a control that loses points without the condition."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra import invariants
from shared.clock import Clock
from shared.errors import Conflict, Refused, Unavailable
from shared.memory import MemoryTable
from tests.chain.toy import PURSE, merge, put, unmerge
from tests.kit import make_world

THREADS = 16


TRIES = 10
"""As often as a caller sends the same request again; a slow machine needs some of them."""


def all_at_once(count, work):
    """Run `work(n)` in so many threads that start together, again while "not now" is said; refusals are results."""
    barrier = threading.Barrier(count)

    def one(n):
        barrier.wait()
        for _ in range(TRIES):
            try:
                return work(n)
            except Unavailable:
                continue
            except Refused as refused:
                return refused
        raise AssertionError("never answered")

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def real(tables):
    """A world whose waiting is real."""
    return make_world(Clock(), tables)


@pytest.fixture(params=["memory", "ministack"])
def world(request):
    if request.param == "memory":
        return real((MemoryTable(), MemoryTable(), MemoryTable()))
    return real(request.getfixturevalue("real_tables"))


@pytest.fixture(autouse=True)
def _switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_every_writer_of_one_account_gets_in(world):
    results = all_at_once(THREADS, lambda n: put(world, "a", 1, f"n{n}"))
    assert sorted(one.last.balance_after for one in results) == list(range(1, THREADS + 1))
    assert invariants.faults(world.ledger.table.items("T#a", consistent=True)) == []


def test_twins_of_one_request_have_one_effect_and_one_answer(world):
    results = all_at_once(THREADS, lambda _: put(world, "a", 5, "x"))
    assert all(one.entries == results[0].entries for one in results)
    assert world.ledger.head(PURSE, "a", consistent=True).state == 5


def test_points_are_spent_once_by_exactly_one_of_many_tills(world):
    put(world, "a", 100, "earned")
    results = all_at_once(THREADS, lambda n: put(world, "a", -100, f"till{n}"))
    assert sum(not isinstance(one, Refused) for one in results) == 1
    assert all(isinstance(one, Conflict) for one in results if isinstance(one, Refused))
    assert world.ledger.head(PURSE, "a", consistent=True).state == 0


def test_sixty_four_writers_need_at_most_eight_writes_each():
    world = real((MemoryTable(), MemoryTable(), MemoryTable()))
    results = all_at_once(64, lambda n: put(world, "a", 1, f"n{n}"))
    assert not [one for one in results if isinstance(one, Refused)]
    names = 64
    assert (world.ledger.table.usage.write_units - names) / 64 <= 8


def test_of_merges_in_opposite_directions_one_comes_first(world):
    put(world, "a", 10, "a")
    put(world, "b", 5, "b")
    results = all_at_once(2, lambda n: merge(world, f"m{n}", "ab"[n], "ba"[n]))
    assert sorted(getattr(one, "code", "done") for one in results) == ["already_merged", "done"]
    assert sorted(world.ledger.head(PURSE, one, consistent=True).state for one in "ab") == [0, 15]


def test_writers_meet_merges_and_every_one_gets_in_once(world):
    put(world, "a", 10, "a")
    put(world, "b", 5, "b")

    def work(n):
        if n % 4:
            return put(world, "ab"[n % 2], 1, f"n{n // 8}.{n % 2}")
        merge(world, f"m{n}", "a", "b")
        return unmerge(world, f"m{n}", "a")

    all_at_once(THREADS, work)
    for n in range(THREADS):
        if n % 4:
            put(world, "ab"[n % 2], 1, f"n{n // 8}.{n % 2}")
    assert sum(world.ledger.head(PURSE, one, consistent=True).state for one in "ab") == 15 + 4
    for one in "ab":
        assert invariants.faults(world.ledger.table.items(f"T#{one}", consistent=True)) == []


class Careless(MemoryTable):
    """The control: an append without its condition."""

    def put_new(self, item):
        if item["pk"].startswith("T#"):
            self.put(item)
            return None
        return super().put_new(item)


def test_control_without_the_condition_points_are_lost():
    """This shows that the races above are races: the same threads on a store that does not refuse."""
    lost = 0
    for _ in range(20):
        world = real((Careless(), MemoryTable(), MemoryTable()))
        all_at_once(THREADS, lambda n, world=world: put(world, "a", 1, f"n{n}"))
        lost += world.ledger.head(PURSE, "a", consistent=True).state != THREADS
    assert lost > 0
