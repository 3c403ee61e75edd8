"""A process may die before or after any call to the store, and any answer may be lost: the retry puts it right."""

import itertools

import pytest

from infra import invariants
from shared.errors import Unavailable
from shared.memory import MemoryTable
from tests.chain.toy import MOVE_SURELY, PURSE, Move, merge, naming, put, unmerge
from tests.kit import FakeClock, make_world


class Dies(BaseException):
    """Not an Exception, so that nothing can swallow it."""


class FaultyTable(MemoryTable):
    """Fails at the n-th write: before it, after it, or after it with an answer that says "try again"."""

    def __init__(self):
        super().__init__()
        self.fail_at, self.how, self.writes = 0, "", 0

    def arm(self, fail_at, how):
        self.fail_at, self.how, self.writes = fail_at, how, 0

    def put_new(self, item):
        return self._faulty(super().put_new, item)

    def transact(self, writes):
        return self._faulty(super().transact, writes)

    def _faulty(self, write, argument):
        self.writes += 1
        fails = self.writes == self.fail_at
        if fails and self.how == "dies before":
            raise Dies
        result = write(argument)
        if fails and self.how == "dies after":
            raise Dies
        if fails and self.how == "answer lost":
            raise Unavailable
        return result


HOW = ["dies before", "dies after", "answer lost"]


@pytest.fixture
def world():
    return make_world(FakeClock(), (FaultyTable(), MemoryTable(), MemoryTable()))


@pytest.mark.parametrize(("fail_at", "how"), list(itertools.product([1, 2], HOW)))
def test_a_spend_is_taken_once_wherever_its_process_died(world, fail_at, how):
    put(world, "a", 100, "before")
    world.ledger.table.arm(fail_at, how)
    try:
        put(world, "a", -30, "x")
    except (Dies, Unavailable):
        world.ledger.table.arm(0, "")
    for _ in range(2):
        assert put(world, "a", -30, "x").last.balance_after == 70
    assert invariants.faults(world.ledger.table.items("T#a")) == []


@pytest.mark.parametrize(("fail_at", "how"), list(itertools.product([1, 3, 5], HOW)))
def test_a_batch_is_whole_wherever_its_process_died(world, fail_at, how):
    requests = [(naming(f"n{n}"), Move(1)) for n in range(4)]
    world.ledger.table.arm(fail_at, how)
    try:
        world.ledger.perform_many(MOVE_SURELY, "a", requests)
    except (Dies, Unavailable):
        world.ledger.table.arm(0, "")
    world.ledger.perform_many(MOVE_SURELY, "a", requests)
    assert world.ledger.head(PURSE, "a").state == 4


@pytest.mark.parametrize("how", HOW)
def test_two_chains_are_moved_once_wherever_the_process_died(world, how):
    from shared.together import Share, perform_all

    def plan(_):
        return [Share(MOVE_SURELY, "a", Move(4)), Share(MOVE_SURELY, "b", Move(5))]

    world.ledger.table.arm(1, how)
    with pytest.raises((Dies, Unavailable)):
        perform_all(world.ledger, naming("x"), plan)
    world.ledger.table.arm(0, "")
    for _ in range(2):
        perform_all(world.ledger, naming("x"), plan)
    assert [world.ledger.head(PURSE, one).state for one in "ab"] == [4, 5]


@pytest.mark.parametrize("how", HOW)
def test_members_are_merged_and_parted_once_wherever_the_process_died(world, how):
    put(world, "a", 4, "x")
    put(world, "b", 5, "y")
    for act, wanted in ((lambda: merge(world, "m", "a", "b"), [0, 9]), (lambda: unmerge(world, "m", "a"), [4, 5])):
        world.ledger.table.arm(1, how)
        with pytest.raises((Dies, Unavailable)):
            act()
        world.ledger.table.arm(0, "")
        for _ in range(2):
            act()
        assert [world.ledger.head(PURSE, one).state for one in "ab"] == wanted
