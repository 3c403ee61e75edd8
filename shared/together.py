"""Several chains at once: one transaction of a name and one append to each, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared import chain
from shared.chain import Head, Part
from shared.clock import to_ms
from shared.closings import Turn
from shared.errors import Refused, Unavailable
from shared.ledger import Ledger
from shared.naming import Done, Naming, Verb, check_same
from shared.patience import attempts
from shared.table import Collision, Item, PutNew

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741 - the operation


@dataclass(frozen=True)
class Share(Generic[S, O]):
    """One chain's part in a transaction. `head` spares a read when the planner has one.

    `turn` closes the chain or opens it again; then `head` must be there, and for a closing that of the other chain too.
    """

    verb: Verb[S, O]
    holder: str
    operation: O
    head: Head[S] | None = None
    turn: Turn | None = None


def perform_all(
    ledger: Ledger, naming: Naming, plan: Callable[[bool], list[Share[Any, Any]]]
) -> tuple[list[Done[Any]], Item]:
    """One transaction of a name and one append to each of several chains: all or nothing.

    `plan` finds the chains and their operations (called with True it must read consistently; raises `Refused`).
    Returns what each chain took, in the plan's order, and the name.
    """
    for attempt in attempts(ledger.clock):
        try:
            shares, items = _planned(ledger, naming, plan, consistent=attempt > 0)
        except Refused:
            old = ledger.name(naming)
            if old is not None:
                return resume_all(ledger, old, naming)
            shares, items = _planned(ledger, naming, plan, consistent=True)
        name = _name_item(naming, shares, items)
        try:
            ledger.table.transact([PutNew(name), *(PutNew(item) for item in items)])
            return [_own(share.operation, item, naming) for share, item in zip(shares, items, strict=True)], name
        except Collision as collision:
            if old := collision.olds.get(0):
                return resume_all(ledger, old, naming)
    raise Unavailable


def resume_all(ledger: Ledger, old: Item, naming: Naming) -> tuple[list[Done[Any]], Item]:
    """The entries that a transaction's name stands for: a name that exists has all of them."""
    check_same(old, naming)
    return [_own(share["op"], _item_of(ledger, share), naming, is_replay=True) for share in old["shares"]], old


def _item_of(ledger: Ledger, share: Item) -> Item:
    """An item that a name lists. Reads may show the name a moment before it: of a transaction they see any part first."""
    for attempt in attempts(ledger.clock):
        item = ledger.table.newest(share["acc"], upto=share["seq"], consistent=attempt > 0)
        if item is not None and item["sk"] == share["seq"]:
            return item
    raise Unavailable


def _planned(
    ledger: Ledger, naming: Naming, plan: Callable[[bool], list[Share[Any, Any]]], *, consistent: bool
) -> tuple[list[Share[Any, Any]], list[Item]]:
    """The shares of a plan and the item of each. What happens together happens at one time, in all of the chains."""
    shares = plan(consistent)
    heads = [one.head or ledger.open_head(one.verb.kind, one.holder, consistent=consistent) for one in shares]
    at = max(ledger.clock.now(), naming.at, *(head.recorded_at for head in heads))
    mark = chain.operation(naming.partition)
    return shares, [_share_item(share, head, mark, at) for share, head in zip(shares, heads, strict=True)]


def _share_item(share: Share[S, O], head: Head[S], mark: bytes, at: datetime) -> Item:
    decided = share.verb.decided(head.state, share.operation, at)
    return chain.next_item(share.verb.kind, head, [Part(mark, decided.steps)], decided.state, at, share.turn)


def _name_item(naming: Naming, shares: Sequence[Share[Any, Any]], items: Sequence[Item]) -> Item:
    """The name of a transaction: it exists only together with the entries it lists."""
    return {
        "pk": naming.partition,
        "sk": 0,
        "fp": naming.fingerprint,
        "shares": [
            {"acc": item["pk"], "seq": item["sk"], "op": share.verb.pack(share.operation)}
            for share, item in zip(shares, items, strict=True)
        ],
        "t": to_ms(naming.at),
        "v": 1,
    }


def _own(operation: Any, item: Item, naming: Naming, *, is_replay: bool = False) -> Done[Any]:
    mark = chain.operation(naming.partition)
    own = tuple(entry for entry in chain.entries_of(item) if entry.operation == mark)
    return Done(operation, item["pk"], item, own, is_replay)
