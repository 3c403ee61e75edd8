"""What happens to a recorded purchase, said in any channel: completed, cancelled, returned, reversed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

from points import purchase, recorded
from points.balances import ACCOUNT, Account
from points.bought import Returned
from points.effects import effect
from points.facts import Facts
from points.found import Recorded, find, find_or_close
from points.purchase import Change, ClaimedMeanwhile, Completing, Returning
from points.purchase_answers import purchase_answer, return_answer
from points.purchase_chain import PURCHASE
from points.recorded import came_in, carrying, look_up, obey
from points.returned import Complete, Return
from points.store import programme
from points.undoing import Undone
from shared import finding, keys
from shared.chain import Head
from shared.errors import Conflict, Forbidden, Invalid, Refused
from shared.http import Call, Reply
from shared.naming import Done, Naming, Pending, Verb, done_of, slice_of
from shared.patience import attempts
from shared.table import Collision, Item, PutNew

R = TypeVar("R")


def _anew(act: Callable[..., R]) -> Callable[..., R]:
    """If a receipt was claimed while something happened to its purchase: once more, with what is known now."""

    @wraps(act)
    def twice(*args: Any) -> R:
        try:
            return act(*args)
        except ClaimedMeanwhile:
            return act(*args, consistent=True)

    return twice


def _decided(call: Call[Any], found: Recorded, verb: Verb[Any, Any], change: Change, what: str) -> Done[Any]:
    """What the purchase's chain decides. A stale read may have hidden a claim from a retry of what is done already."""
    done = recorded.decide(call.world, found, verb, change, what)
    if found.home is None and "member_id" in done.last.data:
        raise ClaimedMeanwhile
    return done


# ---- completed, cancelled -------------------------------------------------------------------------------------------


@_anew
def complete(call: Call[Complete], *, consistent: bool = False) -> Reply:
    """A placed purchase was handed over or shipped: its points are earned now."""
    found = _found(call, consistent=consistent)
    if "held_by" in found.bought.more and "points:admin" not in call.who.scopes:
        raise Forbidden("approval_required")  # the guard has made it wait, for somebody else than who has sold it
    _check_past(call)
    completed_at = max(call.body.occurred_at or call.now, found.bought.occurred_at)  # clocks differ: never before it
    facts, head = look_up(call.world, found)
    waits = found.bought.waits(completed_at)
    kept = carrying(found, "complete", head)
    change = Completing(found.bought, found.home, facts, kept, completed_at=completed_at, waits=waits)
    try:
        return _changed(call, found, recorded.COMPLETE, change, head)
    except Conflict as refused:
        if refused.code != "purchase_completed":
            raise
        return _as_recorded(call, found)  # it was completed when it was recorded


def _check_past(call: Call[Complete]) -> None:
    """Refuse a completion from the future, but no retry of one that is there: its now may be earlier than the first."""
    try:
        call.check_past(call.body.occurred_at)
    except Invalid:
        if _found(call, consistent=True).head.state.state == purchase.PLACED:
            raise


@_anew
def cancel(call: Call[Any], *, consistent: bool = False) -> Reply:
    """A placed purchase will never be completed: nothing of it stands."""
    found = _found(call, consistent=consistent)
    facts, head = look_up(call.world, found)
    change = Change(found.bought, found.home, facts, carrying(found, "cancel", head))
    return _changed(call, found, recorded.CANCEL, change, head)


def _changed(
    call: Call[Any], found: Recorded, verb: Verb[Any, Any], change: Change, head: Head[Account] | None
) -> Reply:
    what = "complete" if verb is recorded.COMPLETE else "cancel"
    done = _decided(call, found, verb, change, what)
    own = obey(call.world, found, done, head)
    entries, balance = (own.entries, own.item["b"]) if own else ((), None)
    decided = done.last
    answer = purchase_answer(call, found.bought, decided.kind, decided.data.get("member_id"), balance, entries)
    return Reply(answer, 200, is_replay=done.is_replay)


def _as_recorded(call: Call[Any], found: Recorded) -> Reply:
    """The purchase as it was when it was recorded; who claimed it later is none of the caller's business."""
    home = found.home if found.home and found.home.name == found.partition else None
    came = came_in(call.world, found, home) if home else None
    if home is None or came is None:
        return Reply(purchase_answer(call, found.bought, purchase.COMPLETED), 200, is_replay=True)
    balance = came.item["b"]
    answer = purchase_answer(call, found.bought, purchase.COMPLETED, found.member_id, balance, came.entries)
    return Reply(answer, 200, is_replay=True)


def _found(call: Call[Any], *, consistent: bool = False) -> Recorded:
    who, source = call.who, call.path_id("source")
    return find(call.world, who.shop, source, call.path_id("purchase_id"), consistent=consistent)


# ---- returned -------------------------------------------------------------------------------------------------------


@_anew
def give_back(call: Call[Return], *, consistent: bool = False) -> Reply:
    """Lines of a purchase come back, in whatever channel: earned points are taken back, used ones given back."""
    found, what = _returned(call, consistent=consistent), f"return/{call.body.return_id}"
    facts, head = look_up(call.world, found)
    print_ = call.naming("return", call.body.return_id).fingerprint
    told = {"channel": call.body.channel, "fp": print_} | ({"store_id": call.who.store_id} if call.who.store_id else {})
    change = _returning(call, found, facts, {**carrying(found, what, head), **told})
    if found.bought.programme.clawback == "refuse" and head is not None:
        done, own = _decided_together(call, found, change, what)
    else:
        done = _decided(call, found, recorded.GIVE_BACK, change, what)
        own = obey(call.world, found, done, head)
    if done.last.data["fp"] != print_:
        raise Invalid("id_reused")
    entries, balance = (own.entries, own.item["b"]) if own else ((), None)
    answer = return_answer(call, call.body.return_id, found.bought, done.last, entries, balance)
    return Reply(answer, 201, is_replay=done.is_replay)


def preview(call: Call[Return]) -> Reply:
    """What a return would do now. Nothing is entered, but for the purchase itself if its process died."""
    found = _returned(call, consistent=True)
    facts, head = look_up(call.world, found)
    what = f"return/{call.body.return_id}"
    change = _returning(call, found, facts, carrying(found, what, head))
    decided = purchase.give_back(found.head.state, change, call.now).steps[0]
    if head is None:
        return Reply(return_answer(call, call.body.return_id, found.bought, decided, (), None), 200)
    member = call.world.ledger.open_head(ACCOUNT, keys.holder(head.account), consistent=True)
    verb, operation = effect(found.bought, decided, programme(call.world))
    would = verb.decided(member.state, operation, max(call.now, member.recorded_at))
    own = [step for step in would.steps if not step.is_due]
    balance = would.state.available
    return Reply(return_answer(call, call.body.return_id, found.bought, decided, own, balance), 200)


def _returned(call: Call[Return], *, consistent: bool = False) -> Recorded:
    if call.who.kind == "pos" and call.body.channel != "pos":
        raise Forbidden("forbidden")
    return _found(call, consistent=consistent)


def _returning(call: Call[Return], found: Recorded, facts: Facts | None, data: dict[str, Any]) -> Returning:
    lines = call.body.lines
    wanted = None if lines is None else tuple(Returned(one.line_id, one.quantity, one.amount) for one in lines)
    return Returning(found.bought, found.home, facts, data, return_id=call.body.return_id, lines=wanted)


def _decided_together(
    call: Call[Return], found: Recorded, change: Returning, what: str
) -> tuple[Done[Any], Done[Any] | None]:
    """A return that the member's chain may refuse, too: both appends are one transaction."""
    world, ledger = call.world, call.world.ledger
    deciding = recorded.pending_of(world, found, change, what)
    assert found.home is not None
    for _ in attempts(world.clock):
        head = finding.newest(ledger.table, PURCHASE, found.partition)
        place = ledger.find(head, deciding)
        if place is not None:
            done = done_of(deciding, place)
            return done, obey(world, found, done)
        _, item = _composed(ledger, recorded.GIVE_BACK, head, deciding)
        recorded.bring_those_before(world, found, slice_of(deciding, item, is_replay=False))
        member = ledger.open_head(ACCOUNT, keys.holder(change.data["carry"][2]), consistent=True)
        # The stream must follow it to this very head: by an older one, a merge may have led elsewhere.
        there = replace(change, data={**change.data, **carrying(found, what, member)})
        _, item = _composed(ledger, recorded.GIVE_BACK, head, deciding._replace(operation=there))
        done = slice_of(deciding, item, is_replay=False)
        verb, operation = effect(found.bought, done.last, programme(call.world))
        at = done.last.recorded_at
        obeying = Pending(operation, deciding.mark, deciding.mark, at, member.sequence, is_effect=True)
        try:
            _, effected = _composed(ledger, verb, member, obeying)
            ledger.table.transact([PutNew(item), PutNew(effected)])
        except Collision:
            continue
        except Conflict:
            if finding.newest(ledger.table, PURCHASE, found.partition).sequence == head.sequence:
                raise
            continue  # the account may lack the points only because another return was quicker: that is another "no"
        return done, slice_of(obeying, effected, is_replay=False)
    raise AssertionError("attempts end by raising")


def _composed(ledger: Any, verb: Verb[Any, Any], head: Head[Any], pending: Pending[Any]) -> tuple[Any, Any]:
    (result,), item = ledger.compose(verb, head, [pending], may_append=True)
    if isinstance(result, Refused):
        raise result
    return result, item


# ---- reversed -------------------------------------------------------------------------------------------------------


@_anew
def reverse(call: Call[Any], naming: Naming, check: Callable[[Item], None], *, consistent: bool = False) -> Undone:
    """Reverse a purchase: first its own chain, so that nothing more can happen to it; then its member's.

    If it was there, `check` may refuse. If not, its id is closed for good.
    """
    found, was_closed = find_or_close(call.world, naming, consistent=consistent)
    if found is None:
        return Undone(was_there=False, is_replay=was_closed)
    check(found.name)
    kept = {} if found.home is None else {"carry": ["points", found.partition], "member_id": found.member_id}
    change = Change(found.bought, found.home, None, kept)
    done = _decided(call, found, recorded.REVERSE, change, recorded.REVERSAL)
    recorded.bring_those_before(call.world, found, done)
    undone, was_there = recorded.undo(call.world, found, done.last)
    return Undone(was_there, undone.item["b"] if undone else None, done.is_replay)
