"""One operation in several books at once, after its name: all or nothing, in one transaction.

Capture and void of a redemption have no name of their own, they belong to the redemption's; so this writes no name.
Books that have been merged since take their parts together, in one item.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared import chain, finding
from shared.chain import Head, Part
from shared.errors import Conflict, Refused, Unavailable
from shared.ledger import Ledger
from shared.naming import Done, Pending, Verb, slice_of
from shared.patience import attempts
from shared.table import Collision, Item, PutNew

Join = Callable[[Sequence[Any]], Any]
"""Makes one operation of those that ended up in the same account."""
Plan = Callable[[bool], "Sequence[Entering]"]
"""What must enter where, by the heads of this moment; called with True it reads consistently. Raises `Refused`."""


@dataclass(frozen=True, slots=True)
class Entering:
    """An operation on its way into one account. `head` spares a read when the caller has one."""

    verb: Verb[Any, Any]
    account: str
    pending: Pending[Any]
    head: Head[Any] | None = None


@dataclass(frozen=True, slots=True)
class _Arrived:
    """Where an operation is, or belongs: the item that holds it, else the head that it follows."""

    entering: Entering
    item: Item | None
    head: Head[Any]

    @property
    def place(self) -> tuple[str, int]:
        """The same for all that are in one item, or will be."""
        return (self.item["pk"], self.item["sk"]) if self.item else (self.head.account, 0)


def enter_all(ledger: Ledger, plan: Plan, join: Join) -> list[Done[Any]]:
    """Append to each account what it does not have yet; raises what one of them refuses.

    It is planned anew at each attempt: what one account must do may depend on what another one shows.
    """
    for attempt in attempts(ledger.clock):
        try:
            done, items = _composed(ledger, plan(attempt > 0), join, is_first=attempt == 0)
        except Refused:  # never said on a stale read
            done, items = _composed(ledger, plan(True), join, is_first=False)
        try:
            if items:
                ledger.table.transact([PutNew(item) for item in items])
            return done
        except Collision:
            pass
    raise Unavailable


def _composed(
    ledger: Ledger, wanted: Sequence[Entering], join: Join, *, is_first: bool
) -> tuple[list[Done[Any]], list[Item]]:
    """What each account has then, and the items that must be appended for it."""
    places: dict[tuple[str, int], list[_Arrived]] = {}
    for entering in wanted:
        arrived = _arrived(ledger, entering, is_first=is_first)
        places.setdefault(arrived.place, []).append(arrived)
    done, items = [], []
    for together in places.values():
        first = together[0]
        operations = [one.entering.pending.operation for one in together]
        operation = join(operations) if len(operations) > 1 else operations[0]
        pending = first.entering.pending._replace(operation=operation)
        item = first.item or _item(ledger, first.entering.verb, first.head, pending)
        if first.item is None:
            items.append(item)
        done.append(slice_of(pending, item, is_replay=first.item is not None))
    return done, items


def _arrived(ledger: Ledger, entering: Entering, *, is_first: bool) -> _Arrived:
    """Looks for an operation wherever its account has led; `reversed` if that is what is found."""
    kind, pending = entering.verb.kind, entering.pending
    head = entering.head
    if head is None:
        head = chain.head_of(kind, entering.account, ledger.table.newest(entering.account, consistent=not is_first))
    stops = list(finding.way(ledger.table, kind, head, pending.seen, None))
    found = finding.latest_of(ledger.table, stops, pending.marks)
    if found is not None and found.mark != pending.mark:
        raise Conflict("reversed")
    return _Arrived(entering, found.item if found else None, stops[-1].head)


def _item(ledger: Ledger, verb: Verb[Any, Any], head: Head[Any], pending: Pending[Any]) -> Item:
    at = max(head.recorded_at, ledger.clock.now(), pending.at)
    decided = verb.decided(head.state, pending.operation, at)
    return chain.next_item(verb.kind, head, [Part(pending.mark, decided.steps)], decided.state, at)
