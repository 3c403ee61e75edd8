"""Writing exactly once: retries, other content, twins, crashes, late events, stale reads, two chains at once."""

from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from infra import invariants
from infra.engine import new_table
from shared.errors import Conflict, Invalid, NotFound, Unavailable
from shared.memory import MemoryTable
from shared.patience import ATTEMPTS_MAX
from shared.together import Share, perform_all
from tests.chain.toy import MOVE, MOVE_SURELY, PURSE, Move, naming, put
from tests.kit import NOON, FakeClock, make_world


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=["memory", "moto", "ministack"])
def world(clock, request):
    """The same proofs over every store; moto in one thread, as it must be."""
    if request.param == "memory":
        yield make_world(clock)
    elif request.param == "moto":
        with mock_aws():
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "aws_session_token": "test"}
            client = boto3.client("dynamodb", region_name="ap-northeast-1", **keys)
            yield make_world(clock, [new_table(client) for _ in range(3)])
    else:
        yield make_world(clock, request.getfixturevalue("real_tables"))


@pytest.fixture(params=["memory", "ministack"])
def charged(clock, request):
    """Stores whose units are to be believed: moto reports none for transactions."""
    return make_world(clock) if request.param == "memory" else make_world(clock, request.getfixturevalue("real_tables"))


def balance(world, holder):
    return world.ledger.head(PURSE, holder, consistent=True).state


def is_whole(world, holder):
    return invariants.faults(world.ledger.table.items(PURSE.partition(holder))) == []


def test_an_operation_costs_two_writes_and_half_a_read(charged):
    put(charged, "a", 5, "warm")
    charged.ledger.table.usage.reset()
    put(charged, "a", 5, "x")
    assert charged.ledger.table.usage == type(charged.ledger.table.usage)(2, 0.5, 3)


def test_the_same_request_again_has_one_effect_and_the_same_entries(world):
    first = put(world, "a", 5, "x")
    again = put(world, "a", 5, "x")
    assert balance(world, "a") == 5
    assert (first.entries, first.is_replay, again.is_replay) == (again.entries, False, True)


def test_a_retry_costs_a_failed_condition_and_at_most_one_and_a_half_reads(charged):
    put(charged, "a", 5, "x")
    for n in range(10):
        put(charged, "a", 1, f"later{n}")
    charged.ledger.table.usage.reset()
    put(charged, "a", 5, "x")
    usage = charged.ledger.table.usage
    assert usage.write_units == 1
    assert usage.read_units <= 1.5
    assert usage.round_trips <= 3


def test_a_retry_is_answered_after_the_ring_has_forgotten_it(world):
    first = put(world, "a", 5, "x")
    for n in range(50):
        put(world, "a", 1, f"later{n}")
    assert put(world, "a", 5, "x").entries == first.entries
    assert balance(world, "a") == 55


def test_the_same_id_with_other_content_is_refused_and_changes_nothing(world):
    put(world, "a", 5, "x")
    with pytest.raises(Invalid, match="id_reused"):
        put(world, "a", 6, "x")
    assert balance(world, "a") == 5


def test_an_id_is_unique_over_all_accounts(world):
    """The cashier scans card B after a time-out on card A: B must not pay for A's id."""
    put(world, "a", 5, "x")
    put(world, "b", 9, "y")
    with pytest.raises(Invalid, match="id_reused"):
        put(world, "b", 5, "x")
    assert balance(world, "b") == 9


def test_a_refusal_leaves_nothing_and_may_be_asked_again(world):
    with pytest.raises(Conflict, match="insufficient_points"):
        put(world, "a", -5, "x")
    assert world.ledger.name(naming("x")) is None
    assert world.ledger.head(PURSE, "a").sequence == 0
    put(world, "a", 10, "y")
    assert put(world, "a", -5, "x").last.balance_after == 5


def test_a_retry_is_answered_even_where_a_new_request_would_be_refused(world):
    put(world, "a", 5, "y")
    first = put(world, "a", -5, "x")
    assert put(world, "a", -5, "x").entries == first.entries


def test_nobody_is_asked_about_an_account_that_is_in_use(world):
    def unused(_):
        raise NotFound("member_not_found")

    put(world, "a", 5, "x")
    world.ledger.perform(MOVE, naming("y"), lambda _: ("a", Move(1)), unused)
    with pytest.raises(NotFound):
        world.ledger.perform(MOVE, naming("z"), lambda _: ("b", Move(1)), unused)


def test_a_name_without_its_entry_is_finished_by_the_retry(world):
    put(world, "a", 5, "w")
    crash_after_name(world, "a", 7, "x")
    assert balance(world, "a") == 5
    assert put(world, "a", 7, "x", NOON + timedelta(seconds=2)).is_replay
    assert balance(world, "a") == 12


def crash_after_name(world, holder, points, name):
    """A process that dies between the name and the entry."""
    ledger, enter = world.ledger, world.ledger.enter

    def die(*_, **__):
        raise KeyboardInterrupt

    ledger.enter = die
    try:
        with pytest.raises(KeyboardInterrupt):
            put(world, holder, points, name)
    finally:
        ledger.enter = enter


def test_an_open_name_that_may_be_refused_dies_after_a_day(world, clock):
    put(world, "a", 9, "w")
    crash_after_name(world, "a", -7, "x")
    clock.forward(hours=25)
    with pytest.raises(Conflict, match="reversed"):
        put(world, "a", -7, "x", clock.now())
    assert balance(world, "a") == 9


def test_an_open_name_that_cannot_be_refused_is_finished_in_a_year_too(world, clock):
    crash_after_name(world, "a", 7, "x")
    name = world.ledger.table.get(naming("x").partition, 0)
    clock.forward(days=365)
    for _ in range(3):
        world.ledger.carry_on(MOVE_SURELY, name, clock.now())
    assert balance(world, "a") == 7


def test_many_operations_of_one_account_are_one_append(charged):
    put(charged, "a", 1, "w")
    charged.ledger.table.usage.reset()
    requests = [(naming(f"n{n}"), Move(n)) for n in range(10)]
    done = charged.ledger.perform_many(MOVE_SURELY, "a", requests)
    assert charged.ledger.table.usage.write_units <= 10 + 2
    assert [one.last.balance_after for one in done] == [1 + n * (n + 1) // 2 for n in range(10)]
    assert is_whole(charged, "a")


def test_a_batch_again_and_overlapping_has_each_operation_once(world):
    requests = [(naming(f"n{n}"), Move(1)) for n in range(30)]
    world.ledger.perform_many(MOVE_SURELY, "a", requests[:20])
    again = world.ledger.perform_many(MOVE_SURELY, "a", requests)
    assert balance(world, "a") == 30
    assert [one.is_replay for one in again] == [True] * 20 + [False] * 10


def test_one_reused_id_of_a_batch_harms_no_other(world):
    put(world, "b", 5, "n1")
    done = world.ledger.perform_many(MOVE_SURELY, "a", [(naming(f"n{n}"), Move(1)) for n in range(3)])
    assert isinstance(done[1], Invalid)
    assert balance(world, "a") == 2


def test_an_event_is_applied_once_however_often_and_late_it_comes(world, clock):
    for _ in range(3):
        world.ledger.obey(MOVE, "a", [("event-1", NOON, Move(5))])
    for n in range(40):
        clock.forward(minutes=1)
        put(world, "a", 1, f"later{n}", clock.now())
    world.ledger.obey(MOVE, "a", [("event-1", NOON, Move(5))])
    assert balance(world, "a") == 45


def test_an_event_that_is_older_than_the_ring_but_new_is_applied(world, clock):
    for n in range(40):
        clock.forward(minutes=1)
        put(world, "a", 1, f"early{n}", clock.now())
    world.ledger.obey(MOVE, "a", [("late", NOON + timedelta(minutes=3), Move(5))])
    world.ledger.obey(MOVE, "a", [("late", NOON + timedelta(minutes=3), Move(5))])
    assert balance(world, "a") == 45


def test_an_entry_is_never_dated_before_its_event(world):
    ahead = NOON + timedelta(days=400)
    (done,) = world.ledger.obey(MOVE, "a", [("event-1", ahead, Move(5))])
    assert done.last.recorded_at == ahead


def test_an_effect_is_dated_by_its_decision_and_not_by_whoever_appends_it(world, clock):
    put(world, "a", 1, "before")
    clock.forward(days=7)
    (done,) = world.ledger.obey(MOVE, "a", [("late", NOON + timedelta(minutes=3), Move(5))])
    assert done.last.recorded_at == NOON + timedelta(minutes=3)


def test_a_closed_id_can_never_be_used(world):
    assert world.ledger.close(naming("x")) == (None, False)
    assert world.ledger.close(naming("x", at=NOON + timedelta(seconds=1))) == (None, True)
    with pytest.raises(Conflict, match="reversed"):
        put(world, "a", 5, "x")
    assert balance(world, "a") == 0


def test_what_was_reversed_while_under_way_cannot_enter_any_more(world):
    """The till reverses a spend whose process is still between name and entry."""
    put(world, "a", 9, "w")
    crash_after_name(world, "a", -7, "x")
    old, _ = world.ledger.close(naming("x"))
    world.ledger.undo(MOVE, old, old["acc"], lambda entries: Move(-sum(one.points for one in entries)))
    with pytest.raises(Conflict, match="reversed"):
        put(world, "a", -7, "x")
    assert balance(world, "a") == 9


class StaleTable(MemoryTable):
    """Eventually consistent reads show the account as it was before its last item."""

    def newest(self, pk, *, upto=None, consistent=False):
        if consistent or upto is not None:
            return super().newest(pk, upto=upto, consistent=consistent)
        last = super().newest(pk)
        return super().newest(pk, upto=last["sk"] - 1) if last else None


def test_no_is_never_said_on_a_stale_read():
    world = make_world(tables=(StaleTable(), MemoryTable(), MemoryTable()))
    put(world, "a", 10, "x")
    assert put(world, "a", -10, "y").last.balance_after == 0


def test_nor_is_it_said_to_an_event_on_a_stale_read():
    world = make_world(tables=(StaleTable(), MemoryTable(), MemoryTable()))
    put(world, "a", 10, "x")
    world.ledger.obey(MOVE, "a", [("e-1", NOON, Move(-10))])
    assert balance(world, "a") == 0


def test_a_stale_head_makes_the_condition_fail_and_the_append_goes_on():
    world = make_world(tables=(StaleTable(), MemoryTable(), MemoryTable()))
    for n in range(5):
        put(world, "a", 1, f"n{n}")
    assert balance(world, "a") == 5
    assert is_whole(world, "a")


class BusyTable(MemoryTable):
    """Somebody else is always faster on chains."""

    def put_new(self, item):
        return {"other": 1} if item["pk"].startswith("T#") else super().put_new(item)


def test_a_writer_that_always_loses_gives_up_and_may_try_again(clock):
    world = make_world(clock, (BusyTable(), MemoryTable(), MemoryTable()))
    with pytest.raises(Unavailable) as refused:
        put(world, "a", 5, "x")
    assert refused.value.is_retryable
    assert 0 < clock.slept <= 2.5 + 0.4 * ATTEMPTS_MAX


def test_two_chains_move_together_or_not_at_all(charged):
    put(charged, "a", 10, "w")

    def plan(_):
        return [Share(MOVE, "a", Move(-4)), Share(MOVE, "b", Move(4))]

    charged.ledger.table.usage.reset()
    done, _ = perform_all(charged.ledger, naming("x"), plan)
    assert charged.ledger.table.usage.write_units == 2 * (1 + 2)
    again, _ = perform_all(charged.ledger, naming("x"), plan)
    assert [one.entries for one in done] == [one.entries for one in again]
    assert (balance(charged, "a"), balance(charged, "b")) == (6, 4)


def test_if_one_chain_refuses_none_moves(world):
    put(world, "a", 3, "w")
    with pytest.raises(Conflict, match="insufficient_points"):
        perform_all(world.ledger, naming("x"), lambda _: [Share(MOVE, "b", Move(4)), Share(MOVE, "a", Move(-4))])
    assert (balance(world, "a"), balance(world, "b")) == (3, 0)
