"""Reversal by the caller's own id: what arrived is undone, what did not is closed for good.

A till that gives up after a time-out sends this until it gets 200, whatever became of its first request, and starts
anew with a new id.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from points import afterwards, awards, holds
from points.balances import ACCOUNT
from points.effects import UNDO
from points.model import Reverse, ReverseAnswer
from points.purchase import REVERSED
from points.store import programme
from points.undoing import Undoing, Undone, undoing_of
from shared import chain, keys
from shared.chain import Entry
from shared.clock import from_ms
from shared.errors import Conflict, Forbidden, Invalid
from shared.http import Call, Reply
from shared.naming import Naming, Pending
from shared.table import Item

TILL_WINDOW = timedelta(hours=24)
_SCOPE = {"purchase": "purchases:write", "award": "awards:write", "spend": "points:spend", "hold": "points:spend"}


def reverse(call: Call[Reverse]) -> Reply:
    """Undo the caller's operation of this id, or close the id if it never arrived."""
    call.who.require(_SCOPE[call.body.kind])
    if call.who.kind == "pos" and call.body.source == "ec":
        raise Forbidden("forbidden")  # a till records no web purchases, so it has none to close
    naming = _naming(call)
    if call.body.kind == "purchase":
        return _reply(call, afterwards.reverse(call, naming, partial(_check_till, call)))
    old, was_closed = call.world.ledger.table.get(naming.partition, 0), False  # a name never changes, and whether
    if old is None:  # there is none, the closing decides
        old, was_closed = call.world.ledger.close(naming)
    if old is None or old.get("state") == "reversed":
        return _reply(call, Undone(was_there=False, is_replay=was_closed or old is not None))
    _check_till(call, old)
    if call.body.kind == "award":
        return _reply(call, awards.reverse(call.world, old))
    settings, ref = programme(call.world), (call.body.kind, call.path_id("operation_id"))
    mark = b""
    if call.body.kind == "hold":
        holds.check_unused(call.world, old)
        mark = chain.operation(old["pk"])

    def undoing(did: tuple[Entry, ...]) -> Undoing:
        return undoing_of(ref, settings, (*did, *holds.captured(call.world, old)) if mark else did, mark)

    done, was_there = call.world.ledger.undo(UNDO, old, old["acc"], undoing)
    return _reply(call, Undone(was_there, done.item["b"], done.is_replay))


def _naming(call: Call[Reverse]) -> Naming:
    kind, operation_id = call.body.kind, call.path_id("operation_id")
    if kind != "purchase":
        return call.naming(kind, operation_id)._replace(request_id=call.request_id)
    source = call.body.source or ("pos" if call.who.kind == "pos" else None)
    if source is None:
        raise Invalid.at("/source", "source", "a purchase is of a source")
    return call.naming(f"purchase.{source}", operation_id)._replace(request_id=call.request_id)


def _check_till(call: Call[Reverse], old: Item) -> None:
    """A till undoes what its own store did, within a day."""
    if call.who.kind != "pos":
        return
    packed = old["op"]
    store_id = packed.get("m", {}).get("store_id") if call.body.kind == "purchase" else packed.get("s")
    if store_id != call.who.store_id:
        raise Forbidden("wrong_store")
    if call.now - from_ms(old["t"]) > TILL_WINDOW and not _is_reversed(call, old):
        raise Conflict("reverse_window_over")


def _is_reversed(call: Call[Reverse], old: Item) -> bool:
    """Whether it was reversed in time: who asks again is told so, however late."""
    if call.body.kind == "purchase":
        newest = call.world.ledger.table.newest(old["pk"], consistent=True)
        return newest is not None and newest["sk"] > 0 and newest["s"]["s"] == REVERSED
    mark, reversal = chain.operation(old["pk"]), chain.operation(old["pk"], is_reversal=True)
    head = call.world.ledger.head(ACCOUNT, keys.holder(old["acc"]), consistent=True)
    undone = Pending(None, reversal, reversal, from_ms(old["t"]), old["seen"], of=mark)
    return call.world.ledger.mark_of(head, undone) is not None


def _reply(call: Call[Reverse], undone: Undone) -> Reply:
    answer = ReverseAnswer.model_validate(
        {
            "reverse_id": call.body.reverse_id,
            "kind": call.body.kind,
            "id": call.path_id("operation_id"),
            "state": "reversed" if undone.was_there else "not_arrived",
            "balance": undone.balance,
        }
    )
    return Reply(answer, is_replay=undone.is_replay)
