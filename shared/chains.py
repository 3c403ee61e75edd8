"""Reading and appending: the chains of one table, against other writers, as often as it takes.

An operation enters its account once; where a merge has closed that, the account that it leads to. Names, which make
this exactly once for requests, are a floor above: `shared.ledger`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from shared import chain, closings, finding, keys
from shared.chain import Also, Head, Kind, Part, Step
from shared.clock import Clock
from shared.errors import Conflict, Refused, Unavailable
from shared.naming import Done, Found, Pending, Verb, done_of, slice_of
from shared.patience import attempts
from shared.table import Item, Table

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741 - the operation

_HOPS_MAX = 32


class Chains:
    """The chains of one table."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.table = table
        self.clock = clock

    # ---- reading ----------------------------------------------------------------------------------------------------

    def head(self, kind: Kind[S], holder: str, *, consistent: bool = False) -> Head[S]:
        """The newest state of an account; an empty one if nobody has used it."""
        account = kind.partition(holder)
        return chain.head_of(kind, account, self.table.newest(account, consistent=consistent))

    def open_head(self, kind: Kind[S], holder: str, *, consistent: bool = False) -> Head[S]:
        """The newest state of the account that takes a holder's operations now: after a merge, another one.

        Nobody is sent on by a stale read, so what a closing shows is read again.
        """
        head = self.head(kind, holder, consistent=consistent)
        if head.is_closed and not consistent:
            head = self.head(kind, holder, consistent=True)
        for _ in range(_HOPS_MAX):
            if not head.is_closed:
                return head
            head = finding.newest(self.table, kind, head.closings[-1].account)
        raise Unavailable  # merged and unmerged faster than it can be read

    def last_head(self, kind: Kind[S], account: str, seen: int) -> Head[S]:
        """The newest state of the account that an operation belongs into which was named in this one."""
        head = finding.newest(self.table, kind, account)
        *_, last = finding.way(self.table, kind, head, seen, None)
        return last.head

    # ---- finding ----------------------------------------------------------------------------------------------------

    def find(self, head: Head[Any], pending: Pending[Any]) -> Found | None:
        """The item of an operation or of its reversal, from the account of this head on."""
        return finding.find(self.table, head, pending)

    def mark_of(self, head: Head[Any], pending: Pending[Any]) -> bytes | None:
        """Which of an operation and its reversal has entered, if either; no item is read where the ring knows."""
        return finding.mark_of(self.table, head, pending)

    def trace(self, account: str, mark: bytes, seen: int) -> Found | None:
        """The item of an operation that is known to have come soon after `seen`, however long ago."""
        return finding.trace(self.table, account, mark, seen)

    # ---- the append -------------------------------------------------------------------------------------------------

    def put(self, item: Item) -> Item | None:
        """Append an item; if that can't be, what is in its way. What must come with it comes in the same write."""
        return self.table.put_new(item)

    def enter(
        self,
        verb: Verb[S, O],
        account: str,
        wanted: Sequence[Pending[O]],
        head: Head[S] | None = None,
        *,
        may_append: bool = True,
    ) -> list[Done[O] | Refused]:
        """Append what is not in the chain yet, all in one item; against other writers, as often as it takes.

        What follows a closing goes on by itself, to the account that it leads to.
        """
        if head is not None and any(one.seen > head.sequence for one in wanted):
            head = None  # older than what its operation has seen: nothing can be said of it
        is_given = head is not None
        for _ in attempts(self.clock):
            head = head or finding.newest(self.table, verb.kind, account)
            results, item = self.compose(verb, head, wanted, may_append=may_append)
            if is_given and any(result is None or isinstance(result, Refused) for result in results):
                # A "no" is never said, and nobody sent on, by a head that may be stale.
                head = finding.newest(self.table, verb.kind, account)
                results, item = self.compose(verb, head, wanted, may_append=may_append)
            if item is None or self.put(item) is None:
                return [
                    self._follow(verb, head, one, may_append=may_append) if result is None else read_back(result, item)
                    for one, result in zip(wanted, results, strict=True)
                ]
            # Entries never change: what this head does not show can be only behind it, so none is read twice.
            wanted = [
                one._replace(seen=max(one.seen, head.sequence)) if result is one else one
                for one, result in zip(wanted, results, strict=True)
            ]
            head, is_given = None, False
        raise Unavailable

    def enter_one(
        self,
        verb: Verb[S, O],
        account: str,
        wanted: Pending[O],
        head: Head[S] | None = None,
        *,
        may_append: bool = True,
    ) -> Done[O]:
        """As `enter`, for one operation; raises its refusal."""
        (done,) = self.enter(verb, account, [wanted], head, may_append=may_append)
        return or_raise(done)

    def _follow(self, verb: Verb[S, O], closed: Head[S], pending: Pending[O], *, may_append: bool) -> Done[O] | Refused:
        """Enter an operation that a merge has led on from its account: it stands somewhere, or there is a place for it."""
        for attempt in attempts(self.clock):
            head = finding.newest(self.table, verb.kind, closed.account) if attempt else closed
            place = finding.place(self.table, verb.kind, head, pending)
            if place.found is not None:
                return _done_or_refused(pending, place.found)
            if not place.is_fresh(self.table):
                continue
            is_elsewhere = place.head.account != closed.account
            asked_of = keys.holder(closed.account) if is_elsewhere else None
            moved = pending._replace(seen=place.seen, asked_of=asked_of, of=None)
            (result,), item = self.compose(verb, place.head, [moved], may_append=may_append)
            assert result is not None
            if item is None or self.put(item) is None:
                return read_back(result, item)
        raise Unavailable

    def compose(
        self, verb: Verb[S, O], head: Head[S], wanted: Sequence[Pending[O]], *, may_append: bool
    ) -> tuple[list[Done[O] | Refused | Pending[O] | None], Item | None]:
        """What became of each operation so far, and the item that would bring the rest in; None for what goes on."""
        results: list[Done[O] | Refused | Pending[O] | None] = []
        parts: list[Part] = []
        state = head.state
        now = self.clock.now()
        at = max(head.recorded_at, *(one.at if one.is_effect else max(now, one.at) for one in wanted))
        for pending in wanted:
            if closings.first(head.closings, pending.seen, pending.since) or (pending.of and head.closings):
                results.append(None)
                continue
            try:
                found = self.find(head, pending)
                if found is not None:
                    results.append(done_of(pending, found))
                    continue
                if not may_append:
                    raise Conflict("reversed")
                decided = verb.decided(state, pending.operation, at)
                also = [self._part_of(head, one) for one in decided.also]
            except Unavailable:
                raise  # nothing was decided: taken for a "no", it would end what must be tried again
            except Refused as refused:
                results.append(refused)
                continue
            state = decided.state
            parts += also
            parts.append(Part(pending.mark, _told(decided.steps, pending)))
            results.append(pending)
        return results, chain.next_item(verb.kind, head, parts, state, at) if parts else None

    def _part_of(self, head: Head[Any], also: Also) -> Part:
        """Another operation's share of the item, if it may enter here and has not."""
        if also.seen is not None:
            is_here = also.account in (None, head.account)
            start = head if is_here else finding.raw_head(self.table, str(also.account), consistent=True)
            *_, reversal = also.operation, *also.unless
            looking = Pending(None, also.operation, reversal, start.recorded_at, also.seen, of=also.of)
            place = finding.place(self.table, finding.AS_PACKED, start, looking)
            if place.found is not None or place.head.account != head.account:
                raise Conflict(also.refusal)
            if not place.is_fresh(self.table):
                raise Unavailable
        return Part(also.operation, also.steps)


def _told(steps: tuple[Step, ...], pending: Pending[Any]) -> tuple[Step, ...]:
    """What was decided; of a named operation that a merge has led elsewhere, its entries tell whose it was."""
    if pending.asked_of is None or pending.is_event:
        return steps
    return tuple(
        step if step.is_due else step._replace(data={**step.data, "asked_of": pending.asked_of}) for step in steps
    )


def _done_or_refused(pending: Pending[O], found: Found) -> Done[O] | Refused:
    try:
        return done_of(pending, found)
    except Refused as reversed_:
        return reversed_


def read_back(result: Done[O] | Refused | Pending[O], item: Item | None) -> Done[O] | Refused:
    """The result of an operation, of what is in its chain now."""
    if not isinstance(result, Pending):
        return result
    assert item is not None
    return slice_of(result, item, is_replay=result.is_replay)


def or_raise(done: Done[O] | Refused) -> Done[O]:
    """What was done; raises what was refused."""
    if isinstance(done, Refused):
        raise done
    return done
