"""Holds: points kept for an order, then captured in whole or part, or let go."""

from __future__ import annotations

from functools import partial
from typing import Any

from points import holding, packing
from points.balances import ACCOUNT, Account
from points.holding import Ending, Extending, Holding
from points.model import Capture, Extend, Hold, HoldAnswer
from points.paying import Payer
from points.purchase import CANCELLED, REVERSED
from points.store import programme
from points.verbs import member_verb
from shared import chain, keys
from shared.chain import Entry, Head
from shared.clock import from_ms, to_ms
from shared.errors import Conflict, Invalid, NotFound
from shared.http import Call, Reply
from shared.member_ref import require_member
from shared.naming import Done, Pending, named
from shared.table import Item
from shared.world import World

HOLD = member_verb(holding.hold, packing.pack_holding, packing.unpack_holding)
END, EXTEND = member_verb(holding.end), member_verb(holding.extend)


def hold(call: Call[Hold]) -> Reply:
    """Take points out of a member's account for a while."""
    wanted = call.body
    naming = call.naming("hold", wanted.hold_id)
    payer = Payer(call, naming)

    def found(consistent: bool) -> tuple[str, Holding]:
        who = payer.find(wanted.member, wanted.points, "/points", consistent=consistent)
        kept = (wanted.hold_id, wanted.points, wanted.order_ref, wanted.ttl_seconds)
        return who.member_id, Holding(*kept, programme(call.world).zone, call.who.store_id)

    done = call.world.ledger.perform(HOLD, naming, found, partial(require_member, call.world), payer.use_code)
    answer = HoldAnswer(
        hold_id=wanted.hold_id,
        state="held",
        points=done.operation.points,
        captured=0,
        released=0,
        expires_at=from_ms(done.last.data["ends"]),
        balance=done.item["b"],
    )
    return Reply(answer, is_replay=done.is_replay)


def capture(call: Call[Capture]) -> Reply:
    """Use the held points, or some of them; the rest comes back."""
    name, held, head = _known(call)
    points = held.points if call.body.points is None else call.body.points
    if points > held.points:
        raise Invalid("exceeds_hold", held=held.points)
    return _ended(call, name, Ending(held, points), head)


def release(call: Call[Any]) -> Reply:
    """Let the held points go."""
    name, held, head = _known(call)
    return _ended(call, name, Ending(held, 0), head)


def extend(call: Call[Extend]) -> Reply:
    """Keep an open hold for longer."""
    name, held, head = _known(call)
    if end_of(call.world, name, head) is not None:
        raise Conflict("hold_closed")
    mark = chain.operation(f"{name['pk']}/extend/{to_ms(call.now)}/{call.body.ttl_seconds}")
    extending = Extending(held, call.body.ttl_seconds)
    wanted = Pending(extending, mark, _reversal(name), call.now, name["seen"], of=held.mark)
    done = call.world.ledger.enter_one(EXTEND, name["acc"], wanted, head)
    answer = HoldAnswer(
        hold_id=held.hold_id,
        state="held",
        points=held.points,
        captured=0,
        released=0,
        expires_at=from_ms(done.last.data["ends"]),
        balance=done.item["b"],
    )
    return Reply(answer, is_replay=done.is_replay)


def captured(world: World, name: Item) -> tuple[Entry, ...]:
    """What a hold has captured, for its reversal to give back in the same item. Read after the head that it follows.

    What a purchase has captured belongs to the purchase: it comes back when that is returned or reversed.
    """
    end = end_of(world, name, world.ledger.head(ACCOUNT, keys.holder(name["acc"]), consistent=True))
    if end is None or not end.last.data["captured"] or "by" in end.last.data:
        return ()
    return end.entries


def check_unused(world: World, name: Item) -> None:
    """Raise `hold_closed` for a hold that a purchase has used and keeps: it comes back with that."""
    end = end_of(world, name, world.ledger.head(ACCOUNT, keys.holder(name["acc"]), consistent=True))
    if end is None or "by" not in end.last.data:
        return
    source, _, purchase_id = end.last.data["by"].partition("/")
    shop = name["pk"].split("#")[2]
    newest = world.ledger.table.newest(keys.name(f"purchase.{source}", shop, purchase_id), consistent=True)
    if newest is None or newest["sk"] == 0 or newest["s"]["s"] not in (CANCELLED, REVERSED):
        raise Conflict("hold_closed")


def _known(call: Call[Any]) -> tuple[Item, Holding, Head[Account]]:
    return known(call.world, call.who.shop, call.path_id("hold_id"))


def known(world: World, shop: str, hold_id: str, *, consistent: bool = False) -> tuple[Item, Holding, Head[Account]]:
    """A hold's name, what was asked for, and a head in which it is found; `hold_not_found` for one that never came."""
    ledger, partition = world.ledger, keys.name("hold", shop, hold_id)
    for is_consistent in (True,) if consistent else (False, True):
        name = ledger.table.get(partition, 0, consistent=is_consistent)
        if name is None:
            continue
        if name.get("state") == "reversed":
            raise Conflict("reversed")
        head = ledger.head(ACCOUNT, keys.holder(name["acc"]), consistent=is_consistent)
        wanted = named(HOLD, name)
        entered = ledger.mark_of(head, wanted)
        if entered == wanted.reversal:
            raise Conflict("reversed")
        if entered is not None:
            return name, wanted.operation, head
    raise NotFound("hold_not_found")


def _ended(call: Call[Any], name: Item, ending: Ending, head: Head[Account]) -> Reply:
    """The one end of a hold: this one, or the same asked again; `hold_closed` if it was another."""
    mark = chain.operation(holding.end_name(name["pk"]))
    wanted = Pending(ending, mark, _reversal(name), call.now, name["seen"], of=ending.holding.mark)
    done = call.world.ledger.enter_one(END, name["acc"], wanted, head)
    said = done.last.data
    if said["captured"] != ending.points:
        raise Conflict("hold_closed")
    answer = HoldAnswer(
        hold_id=ending.holding.hold_id,
        state="captured" if said["captured"] else "released",
        points=ending.holding.points,
        captured=said["captured"],
        released=said["released"],
        balance=done.item["b"],
    )
    return Reply(answer, is_replay=done.is_replay)


def ending(name: Item) -> Pending[None]:
    """The end of a hold, which is wherever the hold has been: a capture, a release, or a purchase that used it."""
    mark = chain.operation(holding.end_name(name["pk"]))
    return Pending(None, mark, mark, from_ms(name["t"]), name["seen"], of=chain.operation(name["pk"]))


def end_of(world: World, name: Item, head: Head[Account]) -> Done[None] | None:
    """The end of a hold, if it had one."""
    wanted = ending(name)
    found = world.ledger.find(head, wanted)
    if found is None:
        return None
    own = tuple(entry for entry in chain.entries_of(found.item) if entry.operation == wanted.mark)
    return Done(None, name["acc"], found.item, own, is_replay=True)


def _reversal(name: Item) -> bytes:
    return chain.operation(name["pk"], is_reversal=True)
