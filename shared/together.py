"""Several chains at once: one transaction of a name and one append to each, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shared import chain
from shared.chain import Head, Part
from shared.clock import to_ms
from shared.errors import Refused, Unavailable
from shared.ledger import ATTEMPTS_MAX, GIVE_UP_SECONDS, Ledger, backoff_seconds
from shared.naming import Done, Naming, Verb, check_same
from shared.table import Collision, Item, PutNew

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741 - the operation


@dataclass(frozen=True)
class Share(Generic[S, O]):
    """One chain's part in a transaction. `head` spares a read when the planner has one."""

    verb: Verb[S, O]
    holder: str
    operation: O
    head: Head[S] | None = None


def perform_all(
    ledger: Ledger, naming: Naming, plan: Callable[[bool], list[Share[Any, Any]]]
) -> tuple[list[Done[Any]], Item]:
    """One transaction of a name and one append to each of several chains: all or nothing.

    `plan` finds the chains and their operations (called with True it must read consistently; raises `Refused`).
    Returns what each chain took, in the plan's order, and the name.
    """
    started = ledger.clock.elapsed()
    for attempt in range(ATTEMPTS_MAX):
        consistent = attempt > 0
        try:
            shares = plan(consistent)
            items = [_share_item(ledger, share, naming, consistent=consistent) for share in shares]
        except Refused:
            old = ledger.name(naming)
            if old is not None:
                return resume_all(ledger, old, naming)
            shares = plan(True)
            items = [_share_item(ledger, share, naming, consistent=True) for share in shares]
        name = _name_item(naming, shares, items)
        try:
            ledger.table.transact([PutNew(name), *(PutNew(item) for item in items)])
            return [_own(share.operation, item, naming) for share, item in zip(shares, items, strict=True)], name
        except Collision as collision:
            if old := collision.olds.get(0):
                return resume_all(ledger, old, naming)
        if ledger.clock.elapsed() - started > GIVE_UP_SECONDS:
            break
        ledger.clock.sleep(backoff_seconds(attempt))
    raise Unavailable


def resume_all(ledger: Ledger, old: Item, naming: Naming) -> tuple[list[Done[Any]], Item]:
    """The entries that a transaction's name stands for: a name that exists has all of them."""
    check_same(old, naming)
    done = []
    for share in old["shares"]:
        item = ledger.table.newest(share["acc"], upto=share["seq"])
        if item is None or item["sk"] != share["seq"]:
            item = ledger.table.newest(share["acc"], upto=share["seq"], consistent=True)
        assert item is not None
        done.append(_own(share["op"], item, naming, is_replay=True))
    return done, old


def _share_item(ledger: Ledger, share: Share[S, O], naming: Naming, *, consistent: bool) -> Item:
    kind = share.verb.kind
    head = share.head if share.head and not consistent else ledger.head(kind, share.holder, consistent=consistent)
    at = max(head.recorded_at, ledger.clock.now(), naming.at)
    decided = share.verb.decide(head.state, share.operation, at)
    return chain.next_item(kind, head, [Part(chain.operation(naming.partition), decided.steps)], decided.state, at)


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
