"""One operation in several books at once, after its name: all or nothing, in one transaction.

Capture and void of a redemption have no name of their own, they belong to the redemption's; so this writes no name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared import chain
from shared.chain import Head, Part
from shared.errors import Conflict, Refused, Unavailable
from shared.ledger import ATTEMPTS_MAX, GIVE_UP_SECONDS, Ledger, backoff_seconds
from shared.naming import Done, Pending, Verb
from shared.table import Collision, Item, PutNew


@dataclass(frozen=True, slots=True)
class Entering:
    """An operation on its way into one account. `head` spares a read when the caller has one."""

    verb: Verb[Any, Any]
    account: str
    pending: Pending[Any]
    head: Head[Any] | None = None


@dataclass(frozen=True, slots=True)
class _Composed:
    """The item that holds an operation, and whether it was there already."""

    item: Item
    is_there: bool


def enter_all(ledger: Ledger, wanted: Sequence[Entering]) -> list[Done[Any]]:
    """Append to each account what it does not have yet; raises what one of them refuses."""
    started = ledger.clock.elapsed()
    for attempt in range(ATTEMPTS_MAX):
        try:
            composed = [_compose(ledger, one, is_first=attempt == 0) for one in wanted]
        except Refused:  # never said on a stale read
            composed = [_compose(ledger, one, is_first=False) for one in wanted]
        try:
            writes = [PutNew(one.item) for one in composed if not one.is_there]
            if writes:
                ledger.table.transact(writes)
            return [_done(one, made) for one, made in zip(wanted, composed, strict=True)]
        except Collision:
            pass
        if ledger.clock.elapsed() - started > GIVE_UP_SECONDS:
            break
        ledger.clock.sleep(backoff_seconds(attempt))
    raise Unavailable


def _compose(ledger: Ledger, entering: Entering, *, is_first: bool) -> _Composed:
    """The item that holds the operation: the one that is there, or the one to append."""
    verb, account, pending = entering.verb, entering.account, entering.pending
    head = entering.head if is_first else None
    if head is None:
        head = chain.head_of(verb.kind, account, ledger.table.newest(account, consistent=not is_first))
    found = ledger.find(head, pending)
    if found is not None:
        if found.mark != pending.mark:
            raise Conflict("reversed")
        return _Composed(found.item, is_there=True)
    at = max(head.recorded_at, ledger.clock.now(), pending.at)
    decided = verb.decide(head.state, pending.operation, at)
    parts = [Part(pending.mark, decided.steps)]
    return _Composed(chain.next_item(verb.kind, head, parts, decided.state, at), is_there=False)


def _done(entering: Entering, made: _Composed) -> Done[Any]:
    pending = entering.pending
    own = tuple(entry for entry in chain.entries_of(made.item) if entry.operation == pending.mark)
    return Done(pending.operation, entering.account, made.item, own, made.is_there)
