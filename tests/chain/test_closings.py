"""Where operations go that come late, twice or early, while an account is merged into another and after that."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from infra import invariants
from shared import chain, closings, finding, relay
from shared.chain import Part, Step, operation
from shared.closings import CLOSINGS_MAX, Closing, Into, Reopened
from shared.errors import Conflict, NotFound
from shared.memory import MemoryTable
from shared.naming import Pending
from tests.chain.test_ledger import balance, crash_after_name, is_whole
from tests.chain.toy import MOVE, MOVE_SURELY, PURSE, UNDO, Move, merge, naming, put, unmerge
from tests.kit import NOON, FakeClock, make_world


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=["memory", "ministack"])
def world(clock, request):
    """Two purses: a has 10, b has 5."""
    if request.param == "memory":
        world = make_world(clock)
    else:
        world = make_world(clock, request.getfixturevalue("real_tables"))
    put(world, "a", 10, "first of a")
    put(world, "b", 5, "first of b")
    return world


def entered(done):
    return done.account, done.last.sequence


def hear(world, event, holder, points, at):
    (done,) = world.ledger.obey(MOVE, holder, [(event, at, Move(points))])
    return done


def test_a_merge_moves_all_and_costs_six_writes_and_its_end_too(world):
    usage = world.ledger.table.usage
    usage.reset()
    merge(world, "m", "a", "b")
    assert (usage.write_units, usage.read_units, usage.round_trips) == (6, 1, 3)
    assert (balance(world, "a"), balance(world, "b")) == (0, 15)
    usage.reset()
    unmerge(world, "m", "a")
    assert (usage.write_units, usage.read_units, usage.round_trips) == (6, 1, 3)
    assert (balance(world, "a"), balance(world, "b")) == (10, 5)
    assert is_whole(world, "a")
    assert is_whole(world, "b")


def test_a_merge_sent_again_is_answered_by_its_first_entries(world):
    first, _ = merge(world, "m", "a", "b")
    again, _ = merge(world, "m", "a", "b")
    unmerge(world, "m", "a")
    late, _ = merge(world, "m", "a", "b")
    assert [one.entries for one in first] == [one.entries for one in again] == [one.entries for one in late]
    assert balance(world, "a") == 10


def test_a_request_for_a_closed_account_enters_where_it_leads(world):
    merge(world, "m", "a", "b")
    usage = world.ledger.table.usage
    usage.reset()
    done = put(world, "a", -12, "x")
    assert (usage.write_units, usage.read_units) == (2, 2.5)
    assert (done.account, done.last.balance_after) == ("T#b", 3)
    assert put(world, "a", -12, "x").entries == done.entries
    with pytest.raises(Conflict, match="insufficient_points"):
        put(world, "a", -4, "y")
    assert balance(world, "a") == 0


def test_after_the_end_of_a_merge_requests_enter_their_own_account_again(world):
    merge(world, "m", "a", "b")
    unmerge(world, "m", "a")
    assert entered(put(world, "a", 1, "x"))[0] == "T#a"


def test_a_request_of_before_the_merge_is_answered_from_the_closed_account(world):
    first = put(world, "a", 3, "x")
    for n in range(20):
        put(world, "a", 1, f"later{n}")
    merge(world, "m", "a", "b")
    assert put(world, "a", 3, "x").entries == first.entries
    unmerge(world, "m", "a")
    for n in range(20):
        put(world, "a", 1, f"latest{n}")
    assert put(world, "a", 3, "x").entries == first.entries


def test_a_request_that_the_merge_overtook_enters_the_other_account_and_stays_there(world):
    """Its retry after the account has been opened again must not enter once more."""
    crash_after_name(world, "a", 7, "x")
    merge(world, "m", "a", "b")
    first = put(world, "a", 7, "x")
    assert first.account == "T#b"
    unmerge(world, "m", "a")
    put(world, "a", 1, "y")
    assert put(world, "a", 7, "x").entries == first.entries
    assert balance(world, "a") + balance(world, "b") == 10 + 5 + 7 + 1


def test_it_does_so_also_if_the_account_is_open_again_by_then(world):
    crash_after_name(world, "a", 7, "x")
    merge(world, "m", "a", "b")
    unmerge(world, "m", "a")
    name = world.ledger.table.get(naming("x").partition, 0)
    for _ in range(2):
        assert world.ledger.carry_on(MOVE_SURELY, name, NOON).account == "T#b"


def test_a_chain_of_merges_is_followed_to_its_end(world):
    put(world, "c", 1, "first of c")
    crash_after_name(world, "a", 7, "x")
    merge(world, "m1", "a", "b")
    merge(world, "m2", "b", "c")
    assert put(world, "a", 7, "x").account == "T#c"
    assert put(world, "a", 1, "y").account == "T#c"
    assert put(world, "b", 1, "z").account == "T#c"
    with pytest.raises(Conflict, match="already_merged"):
        unmerge(world, "m1", "a")
    unmerge(world, "m2", "b")
    unmerge(world, "m1", "a")
    assert put(world, "a", 7, "x").account == "T#c"
    assert put(world, "a", 1, "v").account == "T#a"
    assert sum(balance(world, one) for one in "abc") == 10 + 5 + 1 + 7 + 1 + 1 + 1


@pytest.mark.parametrize(("leaver", "host"), [("b", "a"), ("a", "c"), ("c", "a")])
def test_a_closed_account_is_neither_merged_nor_merged_into(world, leaver, host):
    merge(world, "m", "a", "b")
    with pytest.raises(Conflict, match="already_merged"):
        merge(world, "m2", leaver, host)


def test_only_the_merge_in_force_can_be_ended(world):
    with pytest.raises(Conflict, match="not_merged"):
        unmerge(world, "m", "a")
    merge(world, "m", "a", "b")
    with pytest.raises(NotFound, match="merge_not_found"):
        unmerge(world, "other", "a")
    unmerge(world, "m", "a")
    with pytest.raises(Conflict, match="not_merged"):
        unmerge(world, "other", "a")


def test_an_account_is_merged_away_so_often_and_no_more(world):
    for n in range(CLOSINGS_MAX):
        merge(world, f"m{n}", "a", "b")
        unmerge(world, f"m{n}", "a")
    with pytest.raises(Conflict, match="too_many_merges"):
        merge(world, "one more", "a", "b")


def test_what_was_reversed_after_the_merge_is_undone_where_it_led(world):
    put(world, "a", -4, "x")
    crash_after_name(world, "a", -2, "y")
    merge(world, "m", "a", "b")
    for name in ("x", "y"):
        old, _ = world.ledger.close(naming(name))
        for _ in range(2):
            done, was_there = world.ledger.undo(
                UNDO, old, old["acc"], lambda said: Move(-sum(one.points for one in said))
            )
            assert (done.account, was_there) == ("T#b", name == "x")
    unmerge(world, "m", "a")
    for name, points in (("x", -4), ("y", -2)):
        with pytest.raises(Conflict, match="reversed"):
            put(world, "a", points, name)
    assert balance(world, "a") + balance(world, "b") == 15


def test_a_batch_enters_where_the_account_leads_each_operation_once(world):
    requests = [(naming(f"n{n}"), Move(1)) for n in range(4)]
    world.ledger.perform_many(MOVE_SURELY, "a", requests[:2])
    merge(world, "m", "a", "b")
    done = world.ledger.perform_many(MOVE_SURELY, "a", requests)
    assert [one.account for one in done] == ["T#a", "T#a", "T#b", "T#b"]
    unmerge(world, "m", "a")
    again = world.ledger.perform_many(MOVE_SURELY, "a", [*requests, (naming("n4"), Move(1))])
    assert [one.account for one in again] == ["T#a", "T#a", "T#b", "T#b", "T#a"]
    assert [one.is_replay for one in again] == [True] * 4 + [False]
    assert balance(world, "a") + balance(world, "b") == 15 + 5


# ---- events ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def days(world, clock):
    """Merged on the second day, opened again on the fourth; it is the fifth now."""
    clock.forward(days=1)
    merge(world, "m", "a", "b", clock.now())
    clock.forward(days=2)
    unmerge(world, "m", "a", clock.now())
    clock.forward(days=1)
    return world


@pytest.mark.parametrize(
    ("day", "account"), [(0, "T#b"), (0.5, "T#b"), (1, "T#b"), (2, "T#b"), (3, "T#b"), (3.5, "T#a")]
)
def test_an_event_follows_the_closing_of_its_time_or_the_first_one_after_it(days, day, account):
    for _ in range(2):
        assert hear(days, "e", "a", 1, NOON + timedelta(days=day)).account == account


def test_an_event_that_came_in_time_is_found_in_the_closed_account_and_in_the_open_one(world, clock):
    at = clock.forward(hours=1)
    first = hear(world, "e", "a", 1, at)
    assert first.account == "T#a"
    clock.forward(hours=1)
    merge(world, "m", "a", "b", clock.now())
    assert hear(world, "e", "a", 1, at).entries == first.entries
    clock.forward(hours=1)
    unmerge(world, "m", "a", clock.now())
    assert hear(world, "e", "a", 1, at).entries == first.entries


def test_an_event_dated_ahead_of_all_clocks_enters_once(world, clock):
    """A server whose clock is ahead dates an event after the end of the merge during which it is heard of."""
    ahead = NOON + timedelta(hours=9)
    merge(world, "m", "a", "b")
    first = hear(world, "e", "a", 1, ahead)
    assert first.account == "T#b"
    clock.forward(minutes=1)
    unmerge(world, "m", "a", clock.now())
    assert hear(world, "e", "a", 1, ahead).entries == first.entries
    assert world.ledger.head(PURSE, "a").recorded_at == ahead


class Interrupted(MemoryTable):
    """Runs something just before the next read of the other account."""

    def __init__(self):
        super().__init__()
        self.before: Callable[[], object] | None = None

    def newest(self, pk, *, upto=None, consistent=False):
        before = self.before
        if pk == "T#b" and before is not None:
            self.before = None
            before()
        return super().newest(pk, upto=upto, consistent=consistent)


def overtaken(clock):
    """An event dated ahead is on its way through the closing while the account is opened again."""
    table = Interrupted()
    world = make_world(clock, (table, MemoryTable(), MemoryTable()))
    put(world, "a", 10, "first of a")
    put(world, "b", 5, "first of b")
    merge(world, "m", "a", "b")
    clock.forward(minutes=1)
    table.before = lambda: unmerge(world, "m", "a", clock.now())
    for _ in range(2):
        hear(world, "e", "a", 1, NOON + timedelta(hours=9))
    return balance(world, "a") + balance(world, "b")


def test_an_event_that_the_end_of_the_merge_overtakes_enters_once(clock):
    assert overtaken(clock) == 16


def test_control_without_a_second_look_at_the_closed_account_it_enters_twice(clock, monkeypatch):
    monkeypatch.setattr(finding, "is_way_open", lambda *_: True)
    assert overtaken(clock) == 17


# ---- the head's closings --------------------------------------------------------------------------------------------

MOMENTS = st.integers(0, 100).map(lambda n: NOON + timedelta(seconds=n))


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9), st.booleans()), max_size=5), MOMENTS)
def test_closings_come_back_from_their_packed_form(rows, until):
    made = tuple(
        Closing(10 * n + gap, f"T#h{seen}", seen, until if over else None) for n, (gap, seen, over) in enumerate(rows)
    )
    assert closings.unpack(closings.pack(made), "T#a") == made


def closed_chain():
    """Items of a purse that was merged away and has come back."""
    head, items = chain.head_of(PURSE, "T#a", None), []
    for n, (points, turn) in enumerate([(5, None), (-5, Into("T#b", 3)), (5, Reopened()), (1, None)]):
        part = Part(operation(f"o{n}"), (Step("moved", points),))
        items.append(chain.next_item(PURSE, head, [part], head.state + points, NOON, turn))
        head = chain.head_of(PURSE, "T#a", items[-1])
    return items, head


def test_the_head_keeps_where_the_account_led_and_until_when():
    items, head = closed_chain()
    assert head.closings == (Closing(2, "T#b", 3, NOON),)
    assert chain.head_of(PURSE, "T#a", items[1]).is_closed
    assert not head.is_closed
    assert invariants.faults(items) == []


@pytest.mark.parametrize("turn", [None, Into("T#c", 1)])
def test_nothing_enters_a_closed_account_but_its_opening(turn):
    items, _ = closed_chain()
    head = chain.head_of(PURSE, "T#a", items[1])
    with pytest.raises(AssertionError):
        chain.next_item(PURSE, head, [Part(b"", (Step("moved", 1),))], 1, NOON, turn)


@pytest.mark.parametrize("kept", [[], [[2, "b", 4, 1]], [[2, "b", 3]], [[2, "b", 3, 1], [4, "c", 9]]])
def test_an_audit_finds_closings_that_were_changed(kept):
    items, _ = closed_chain()
    items[-1] = {**items[-1], "c": kept}
    assert any("closings" in fault for fault in invariants.faults(items))


# ---- looking --------------------------------------------------------------------------------------------------------


def test_an_old_operation_is_traced_forward_through_closings(world):
    seen = world.ledger.head(PURSE, "a").sequence
    crash_after_name(world, "a", 7, "x")
    for n in range(9):
        put(world, "a", 1, f"n{n}")
    merge(world, "m", "a", "b")
    mark = operation(naming("x").partition)
    assert world.ledger.trace("T#a", mark, seen) is None
    done = put(world, "a", 7, "x")
    unmerge(world, "m", "a")
    put(world, "a", 1, "y")
    found = world.ledger.trace("T#a", mark, seen)
    assert found is not None
    assert found.item == done.item
    closed = world.ledger.head(PURSE, "a").closings[0].number
    assert world.ledger.trace("T#a", mark, closed) is not None


def test_the_relay_sees_a_name_in_the_account_that_it_was_led_to(world):
    crash_after_name(world, "a", 7, "x")
    name = world.ledger.table.get(naming("x").partition, 0)
    merge(world, "m", "a", "b")
    assert not relay.has_entered(world, name["pk"], name["acc"], name["seen"])
    put(world, "a", 7, "x")
    assert relay.has_entered(world, name["pk"], name["acc"], name["seen"])


def test_who_has_read_the_closed_head_is_led_on_by_it(world):
    """Numbers of a closed account are none to enter after: its last one is the closing's own."""
    merge(world, "m", "a", "b")
    head = world.ledger.head(PURSE, "a", consistent=True)
    wanted = Pending(Move(2), operation("x"), operation("x", is_reversal=True), NOON, head.sequence)
    for given_head in (head, None):
        (done,) = world.ledger.enter(MOVE, "T#a", [wanted], given_head)
        assert done.account == "T#b"
    assert world.ledger.mark_of(head, wanted) == operation("x")
    assert balance(world, "b") == 17
