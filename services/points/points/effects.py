"""What a purchase's chain has decided, as the member's chain obeys it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from points import obeying, purchase, rules, undoing
from points.arriving import Arrival
from points.balances import Account
from points.bought import Bought, left_of, unpack_touched
from points.caps import Void
from points.earning import given_of
from points.facts import facts_of, when
from points.lots import unpack_lots
from points.obeying import Activating, TakingBack
from points.programme import Programme
from points.store import programme
from points.undoing import Undoing
from points.verbs import member_verb
from shared import chain
from shared.chain import Entry, Head, Step
from shared.clock import from_ms
from shared.naming import Done, Pending, Verb
from shared.world import World

ACTIVATE, TAKE_BACK = member_verb(obeying.activate), member_verb(obeying.take_back)
EARN, UNDO = member_verb(rules.buy), member_verb(undoing.undo)


def enter(world: World, bought: Bought, decided: Entry, head: Head[Account] | None) -> Done[Any]:
    """Bring one decision into the member's chain, if it is not there."""
    _, name, account, seen = decided.data["carry"]
    verb, operation = effect(bought, decided, programme(world))
    mark, reversal = chain.operation(name), chain.operation(name, is_reversal=True)
    wanted = Pending(operation, mark, reversal, decided.recorded_at, seen, is_effect=True)
    return world.ledger.enter_one(verb, account, wanted, head if head and head.account == account else None)


def effect(bought: Bought, decided: Entry | Step, in_force: Programme | None = None) -> tuple[Verb[Account, Any], Any]:
    """What the member's chain does when the purchase's chain has decided.

    The purchase is judged by its own rules. Tiers and sliding expiry are the account's, by the rules in force now.
    """
    data = decided.data
    if decided.kind == "claimed":
        return EARN, replace(_claimed(bought, data), in_force=in_force)
    lots, (earned_at, waits) = unpack_lots(data["lots"]), when(data)
    if decided.kind == purchase.COMPLETED:
        told = {"explain": data["explain"], "v": bought.programme.version}
        return ACTIVATE, Activating(Arrival(bought.ref, in_force or bought.programme, lots, earned_at, waits, told))
    void = Void(given_of(data["explain"]), bought.day) if decided.kind == purchase.CANCELLED else None
    used = unpack_lots(data["used"])
    ref = decided.ref or bought.ref
    return TAKE_BACK, TakingBack(ref, bought.programme, used, lots, earned_at, waits, void, in_force)


def _claimed(bought: Bought, data: Mapping[str, Any]) -> Bought:
    """What there is to earn from when a receipt is claimed."""
    return replace(
        bought,
        left=left_of(bought, unpack_touched(data["left"])) if "left" in data else None,
        is_placed=data["state"] == purchase.PLACED,
        completed_at=from_ms(data["completed"]) if "completed" in data else None,
    )


def undoing_of(bought: Bought, decided: Entry, entries: Sequence[Entry], in_force: Programme | None = None) -> Undoing:
    """What of a purchase stands, by its own chain if that knows, else by what it did: nothing has happened to it since."""
    facts, data = facts_of(entries), decided.data
    if facts is None:
        return Undoing(bought.ref, bought.programme, in_force=in_force)
    if "lots" not in data:
        void = Void(facts.given, bought.day)
        stands = (facts.used, facts.lots, facts.earned_at, facts.waits)
        return Undoing(bought.ref, bought.programme, *stands, void=void, in_force=in_force)
    void_once = None if "void" in data else Void(given_of(data["explain"]), bought.day)
    used, lots = unpack_lots(data["used"]), unpack_lots(data["lots"])
    stands = (used, lots, *when(data))
    return Undoing(bought.ref, bought.programme, *stands, void=void_once, in_force=in_force)
