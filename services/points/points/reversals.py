"""Reversal by the caller's own id: what arrived is undone, what did not is closed for good.

A till that gives up after a time-out sends this until it gets 200, whatever became of its first request, and starts
anew with a new id.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from points import awards, holds, packing, undoing
from points.balances import ACCOUNT
from points.model import Reverse, ReverseAnswer
from points.purchases import reverse_without_member
from points.rules import BUDGET, Giving
from points.store import programme
from points.undoing import Undoing
from shared import chain, keys
from shared.chain import Entry
from shared.clock import from_ms
from shared.errors import Conflict, Forbidden, Invalid
from shared.http import Call
from shared.ledger import Ledger
from shared.naming import Naming, Verb
from shared.table import Item

TILL_WINDOW = timedelta(hours=24)
_SCOPE = {"purchase": "purchases:write", "award": "awards:write", "spend": "points:spend", "hold": "points:spend"}


def _never_named(_: Any) -> Any:
    raise TypeError("a reversal has no name of its own")


UNDO = Verb(ACCOUNT, _never_named, _never_named, undoing.undo)
CLOSE_AWARD = Verb(BUDGET, _never_named, _never_named, undoing.close_award)


def reverse(call: Call[Reverse]) -> ReverseAnswer:
    """Undo the caller's operation of this id, or close the id if it never arrived."""
    call.who.require(_SCOPE[call.body.kind])
    if call.who.kind == "pos" and call.body.source == "ec":
        raise Forbidden("forbidden")  # a till records no web purchases, so it has none to close
    naming = _naming(call)
    old = call.world.ledger.name(naming)
    if old is None or old.get("state") == "reversed":
        old = call.world.ledger.close(naming)
    if old is None:
        return _answer(call, "not_arrived", None)
    _check_till(call, old)
    if "acc" not in old:
        return _answer(call, reverse_without_member(call.world.ledger, old), None)
    if call.body.kind == "award":
        return _answer(call, _reverse_award(call, old), None)
    ref = (call.body.kind, _ref_id(call))
    zone = programme(call.world).zone
    mark = chain.operation(old["pk"]) if call.body.kind == "hold" else b""
    done, was_there = call.world.ledger.undo(UNDO, old, old["acc"], lambda entries: Undoing(ref, zone, entries, mark))
    if mark:
        done = holds.undo_end(call.world, old, UNDO, ref, zone) or done
    return _answer(call, "reversed" if was_there else "not_arrived", done.item["b"])


def _naming(call: Call[Reverse]) -> Naming:
    kind, source = call.body.kind, call.body.source
    if (kind == "purchase") is (source is None):
        raise Invalid.at("/source", "source", "a purchase is of a source, and nothing else is")
    return call.naming(f"purchase.{source}" if source else kind, call.path_id("operation_id"))


def _ref_id(call: Call[Reverse]) -> str:
    operation_id = call.path_id("operation_id")
    return f"{call.body.source}/{operation_id}" if call.body.source else operation_id


def _check_till(call: Call[Reverse], old: Item) -> None:
    """A till undoes what its own store did, within a day."""
    if call.who.kind != "pos":
        return
    packed = old["op"]
    if packed.get("m", {}).get("store_id", packed.get("s")) != call.who.store_id:
        raise Forbidden("wrong_store")
    if call.now - from_ms(old["t"]) > TILL_WINDOW:
        raise Conflict("reverse_window_over")


def _reverse_award(call: Call[Reverse], old: Item) -> str:
    """First the member's chain, so that the award can't be accepted any more; then the budget, and its points back."""
    ledger: Ledger = call.world.ledger
    giving: Giving = packing.unpack_giving(old["op"])
    member = {**old, "seen": giving.member_seen}
    ref, zone = ("award", giving.award_id), giving.programme.zone
    account = keys.account(keys.MEMBER_POINTS, giving.member_id)
    ledger.undo(UNDO, member, account, lambda entries: Undoing(ref, zone, entries))
    taken: list[Entry] = []

    def closing(entries: tuple[Entry, ...]) -> Giving:
        taken[:] = entries
        return giving

    ledger.undo(CLOSE_AWARD, old, old["acc"], closing)
    if not taken:
        return "not_arrived"
    awards.give_back(call.world, giving, taken[-1])
    return "reversed"


def _answer(call: Call[Reverse], state: str, balance: int | None) -> ReverseAnswer:
    return ReverseAnswer.model_validate(
        {
            "reverse_id": call.body.reverse_id,
            "kind": call.body.kind,
            "id": call.path_id("operation_id"),
            "state": state,
            "balance": balance,
        }
    )
