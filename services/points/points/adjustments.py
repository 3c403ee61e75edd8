"""Adjustments: points given or taken by hand; above the programme's threshold only when a second person approves."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from points import adjusting, packing
from points.adjusting import Adjusting, Adjustment, AdjustmentAnswer
from points.balances import ACCOUNT, Account
from points.store import programme
from points.verbs import member_verb
from shared import keys
from shared.errors import Conflict, Forbidden, NotFound
from shared.http import Call, Reply
from shared.member_ref import require_member, resolve
from shared.naming import Done, Verb, check_same, named
from shared.table import Item
from shared.world import World

ADJUST = member_verb(adjusting.adjust, packing.pack_adjusting, packing.unpack_adjusting)
"""One that takes points may be refused, and one that waits for approval may not enter by itself: people finish them."""
GIVE = replace(ADJUST, carried_by="points")
"""One that gives can't be refused, so the stream finishes it."""


def adjust(call: Call[Adjustment]) -> Reply:
    """Give or take a member's points, or ask for the approval that it needs."""
    wanted, ledger = call.body, call.world.ledger
    naming = call.naming("adjustment", wanted.adjustment_id)._replace(request_id=call.request_id)
    asked = _adjusting(call)

    def found(consistent: bool) -> tuple[str, Adjusting]:
        return resolve(call.world, call.who, wanted.member, consistent=consistent).member_id, asked

    name, pending, head = ledger.put_name(_verb(asked), naming, found, partial(require_member, call.world))
    if pending is None:  # what its name keeps counts, not what would be asked today
        check_same(name, naming)
        asked = packing.unpack_adjusting(name["op"])
    if asked.needs_approval:
        answer = AdjustmentAnswer(adjustment_id=asked.adjustment_id, state="awaiting_approval")
        return Reply(answer, 202, is_replay=pending is None)
    if pending is None:
        return _reply(ledger.carry_on(_verb(asked), name, call.world.clock.now(), head))
    return _reply(ledger.enter_one(_verb(asked), name["acc"], pending, head))


def approve(call: Call[Any]) -> Reply:
    """Approve an adjustment that somebody else has asked for; from then on the points are there, or gone."""
    name = _name(call.world, keys.name("adjustment", call.who.shop, call.path_id("adjustment_id")))
    wanted = named(ADJUST, name)
    asked = wanted.operation
    may = asked.may_approve(call.who.owner)
    wanted = wanted._replace(operation=replace(asked, approved_by=call.who.key_id), is_replay=False)
    head = call.world.ledger.head(ACCOUNT, keys.holder(name["acc"]))
    # However long ago it was asked for: its name is no request under way that died, it waits. And who may not approve
    # still learns what became of it.
    try:
        return _reply(call.world.ledger.enter_one(ADJUST, name["acc"], wanted, head, may_append=may))
    except Conflict:
        if may:
            raise
        raise (Forbidden("approval_required") if asked.needs_approval else NotFound("adjustment_not_found")) from None


def finish(world: World, name: Item) -> None:
    """Bring points that were given into their account, whose process died."""
    if "carry" in name:
        world.ledger.carry_on(GIVE, name, world.clock.now())


def _adjusting(call: Call[Adjustment]) -> Adjusting:
    """What is asked for, with the settings it is judged by; rules of earning have no say in it."""
    wanted = call.body
    return Adjusting(
        adjustment_id=wanted.adjustment_id,
        points=wanted.points,
        reason=wanted.reason,
        is_paid=wanted.consideration == "paid",
        maker=call.who.owner or "",
        programme=programme(call.world).model_copy(update={"earning": ()}),
    )


def _verb(asked: Adjusting) -> Verb[Account, Adjusting]:
    return GIVE if asked.points > 0 and not asked.needs_approval else ADJUST


def _name(world: World, partition: str) -> Item:
    """The name of an adjustment; `adjustment_not_found` if it never came."""
    for consistent in (False, True):
        name = world.ledger.table.get(partition, 0, consistent=consistent)
        if name is not None:
            return name
    raise NotFound("adjustment_not_found")


def _reply(done: Done[Adjusting]) -> Reply:
    answer = AdjustmentAnswer(
        adjustment_id=done.operation.adjustment_id,
        state="adjusted",
        points=done.operation.points,
        balance=done.item["b"],
    )
    return Reply(answer, 201, is_replay=done.is_replay)
