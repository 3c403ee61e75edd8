"""A recorded purchase and the two chains that it lives in: how something that happens to it is brought into both.

1. The purchase: its name, and its chain behind it, in one query (`find`).
2. What its account got, unless its chain knows that already: its entries in the member's chain (`look_up`).
3. One append to the purchase's chain, which decides; the entry keeps all that the member must obey (`decide`).
4. One append to the member's chain (`obey`). If we die before it, the stream brings it (`finish`).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from points import packing, purchase, rules, whereabouts
from points.balances import ACCOUNT, Account
from points.effects import UNDO, enter, undoing_of
from points.facts import Facts, facts_of
from points.found import Recorded, of_items
from points.purchase import Change, Home, Progress
from points.purchase_chain import PURCHASE
from points.store import programme
from points.undoing import Undoing
from points.verbs import member_verb
from shared import chain, keys
from shared.chain import Entry, Head
from shared.errors import Conflict, NotFound
from shared.naming import Done, Pending, Verb, unnamed
from shared.table import Item
from shared.world import World

REVERSAL = "reverse"
"""Under which name a purchase's chain is closed."""
_FEW = 2  # items: so many may have come between a purchase's name and its entry


def _verb(decide: Any) -> Verb[Progress, Any]:
    return Verb(PURCHASE, unnamed, unnamed, decide)


BUY = member_verb(rules.buy, packing.pack_bought, packing.unpack_bought)
"""A purchase that uses points may be refused, so only its caller finishes it."""
BUY_SURELY = replace(BUY, carried_by="points")
"""A purchase that only earns can't be refused, so the stream finishes it."""

COMPLETE, CANCEL, GIVE_BACK = _verb(purchase.complete), _verb(purchase.cancel), _verb(purchase.give_back)
REVERSE, CLAIM = _verb(purchase.reverse), _verb(purchase.claim)


# ---- looking up ----------------------------------------------------------------------------------------------------


def look_up(world: World, found: Recorded) -> tuple[Facts | None, Head[Account] | None]:
    """What the member's chain says of a purchase, if its own chain does not know it; and a head of the member's chain.

    A purchase that has not come in yet is brought in. `purchase_not_found` for one with points that nobody finished,
    `reversed` for one to which nothing can happen any more.
    """
    if found.head.state.state == purchase.REVERSED:
        raise Conflict("reversed")
    home = found.home
    if home is None:
        return None, None
    head = world.ledger.head(ACCOUNT, keys.holder(home.account))
    if head.sequence < home.seen:  # older than what the purchase has seen: a merge, and its end, may lie between
        head = world.ledger.head(ACCOUNT, keys.holder(home.account), consistent=True)
    if head.closings:
        head = _where_it_is(world, found, home)
    if found.head.state.facts is not None:
        return None, head
    came = came_in(world, found, home, head)
    if came is None:
        raise NotFound("purchase_not_found")
    return facts_of(came.entries), head


def _where_it_is(world: World, found: Recorded, home: Home) -> Head[Account]:
    """The account in which the purchase's points are, by the latest thing that happened to it there."""
    carried = [entry.data["carry"][1:] for entry in found.latest if "carry" in entry.data]
    name, account, seen = carried[-1] if carried else (home.name, home.account, home.seen)
    item = _item_of(world, name, account, seen, None)
    return whereabouts.find(world, account, seen, item, is_placed=found.head.state.state == purchase.PLACED)


def came_in(world: World, found: Recorded, home: Home, head: Head[Account] | None = None) -> Done[Any] | None:
    """A purchase in its member's chain, brought there if need be; None if only its caller may do that."""
    item = _item_of(world, home.name, home.account, home.seen, head)
    if item is not None:
        return Done(None, item["pk"], item, _own(item, home.name), is_replay=True)
    if home.name != found.partition:
        (claimed,) = found.latest
        return enter(world, found.bought, claimed, head)
    if "carry" not in found.name:
        return None
    return world.ledger.carry_on(BUY_SURELY, found.name, world.clock.now())


def _item_of(world: World, name: str, account: str, seen: int, head: Head[Account] | None) -> Item | None:
    """The item of an operation in a member's chain, if it has entered: often the newest, or the one behind `seen`."""
    mark, table = chain.operation(name), world.ledger.table
    if head is not None and head.item is not None and _own(head.item, name):
        return head.item
    for item in table.items(account, after=seen, limit=_FEW):
        if _own(item, name):
            return item
    place = world.ledger.trace(account, mark, seen)
    return place.item if place is not None else None


def _own(item: Item, name: str) -> tuple[Entry, ...]:
    mark = chain.operation(name)
    return tuple(entry for entry in chain.entries_of(item) if entry.operation == mark)


# ---- deciding -------------------------------------------------------------------------------------------------------


def decide(world: World, found: Recorded, verb: Verb[Progress, Any], change: Change, what: str) -> Done[Any]:
    """Append to the purchase's chain what happens to it, once under the name `what`; nothing after its reversal."""
    pending = pending_of(world, found, change, what)
    return world.ledger.enter_one(verb, found.partition, pending, found.head)


def pending_of(world: World, found: Recorded, change: Change, what: str) -> Pending[Change]:
    mark, reversal = (chain.operation(f"{found.partition}/{one}") for one in (what, REVERSAL))
    return Pending(change, mark, reversal, world.clock.now(), 0)


def carrying(found: Recorded, what: str, head: Head[Account] | None) -> dict[str, Any]:
    """What an entry of a member's purchase keeps: whose it is, and where the stream must bring it."""
    if found.home is None or head is None:
        return {}
    carry = ["points", f"{found.partition}/{what}", head.account, head.sequence]
    return {"carry": carry, "member_id": found.member_id}


# ---- obeying --------------------------------------------------------------------------------------------------------


def obey(world: World, found: Recorded, done: Done[Any], head: Head[Account] | None = None) -> Done[Any] | None:
    """Bring a decision into the member's chain; None if the purchase is nobody's."""
    decided = done.last
    if "carry" not in decided.data:
        return None
    if done.is_replay:
        _, name, account, seen = decided.data["carry"]
        item = _item_of(world, name, account, seen, head)
        if item is not None:
            return Done(None, item["pk"], item, _own(item, name), is_replay=True)
    bring_those_before(world, found, done, head)
    return enter(world, found.bought, decided, head)


def bring_those_before(world: World, found: Recorded, done: Done[Any], head: Head[Account] | None = None) -> None:
    """Bring what was decided before into the member's chain first, whose process may be slow, or dead.

    A return that came before its completion would find no points to take back; where a shop bears what is missing,
    they would be the member's for good. Whoever brings a decision brings those before it, so one look at the latest is
    enough if that has entered; if not, all of them are looked at, in their order.
    """
    follows = not done.is_replay and done.last.sequence == found.head.sequence + 1
    if follows and all(_has_entered(world, entry, head) for entry in found.latest if "carry" in entry.data):
        return
    for entry in _decided_before(world, found, done):
        if "carry" in entry.data and not _has_entered(world, entry, head):
            enter(world, found.bought, entry, head)


def _decided_before(world: World, found: Recorded, done: Done[Any]) -> tuple[Entry, ...]:
    items = world.ledger.table.items(found.partition, after=0, consistent=True)
    return tuple(entry for item in items if item["sk"] < done.item["sk"] for entry in chain.entries_of(item))


def _has_entered(world: World, decided: Entry, head: Head[Account] | None) -> bool:
    _, name, account, seen = decided.data["carry"]
    if head is not None and any(slot.operation == chain.operation(name) for slot in head.ring):
        return True
    return _item_of(world, name, account, seen, head) is not None


def undo(world: World, found: Recorded, decided: Entry) -> tuple[Done[Undoing] | None, bool]:
    """Undo a reversed purchase in its member's chain, whenever it came or comes. Also answers whether it was there."""
    home = found.home
    if home is None:
        return None, True
    old = {"pk": home.name, "acc": home.account, "seen": home.seen}
    in_force = programme(world)
    return world.ledger.undo(
        UNDO, old, home.account, lambda entries: undoing_of(found.bought, decided, entries, in_force)
    )


def finish(world: World, name: Item) -> None:
    """Bring a purchase into its member's chain, and all that happened to it since, whose processes died."""
    items = world.ledger.table.items(name["pk"], consistent=True)
    found = of_items(items)
    if "carry" in name:
        with suppress(Conflict):  # it was reversed, and what was decided before that must still enter
            world.ledger.carry_on(BUY_SURELY, name, world.clock.now())
    for entry in (entry for item in items[1:] for entry in chain.entries_of(item)):
        if entry.kind == purchase.REVERSED:
            undo(world, found, entry)
        elif "carry" in entry.data and not _has_entered(world, entry, None):
            with suppress(Conflict):  # it was reversed since these items were read
                enter(world, found.bought, entry, None)
