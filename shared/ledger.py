"""Writing to chains, exactly once: names, appends, retries, effects of events, reversals.

A request from outside first puts its name and then appends. An operation can be only in entries after its `seen`; an
event's only in entries that are not older than it. `docs/protocols.md` tells why each step is where it is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from shared import chain
from shared.chain import Entry, Head, Kind, Part
from shared.clock import Clock, from_ms, to_ms
from shared.errors import Conflict, Refused, Unavailable
from shared.naming import (
    OPEN_NAME_LIFE,
    Done,
    Found,
    Naming,
    Pending,
    Verb,
    check_same,
    done_of,
    name_item,
    named,
    pending_of,
    seen_of,
    slice_of,
)
from shared.table import Item, Table

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741 - the operation

ATTEMPTS_MAX = 16
GIVE_UP_SECONDS = 2.5


Resolve = Callable[[bool], tuple[str, O]]
"""Finds the account's holder and the operation; called with True it reads consistently. Raises `Refused`."""


class Ledger:
    """The chains of one table."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.table = table
        self.clock = clock

    # ---- reading ----------------------------------------------------------------------------------------------------

    def head(self, kind: Kind[S], holder: str, *, consistent: bool = False) -> Head[S]:
        """The newest state of an account; an empty one if nobody has used it."""
        account = kind.partition(holder)
        return chain.head_of(kind, account, self.table.newest(account, consistent=consistent))

    def name(self, naming: Naming) -> Item | None:
        """The name that a request put, if it got that far."""
        return self.table.get(naming.partition, 0, consistent=True)

    # ---- one operation ----------------------------------------------------------------------------------------------

    def perform(
        self, verb: Verb[S, O], naming: Naming, resolve: Resolve[O], unused: Callable[[str], None] = lambda _: None
    ) -> Done[O]:
        """Name, then append. The same request again gets its first entries; other content is `id_reused`.

        A "no" leaves nothing behind and is never said on a stale read or to a retry of something done.
        `unused` is asked about the holder of a chain without entries, and raises if there is no such holder.
        """
        try:
            operation, head = self._look(verb, naming, resolve, unused, consistent=False)
        except Refused:
            old = self.name(naming)
            if old is not None:
                return self.resume(verb, old, naming)
            operation, head = self._look(verb, naming, resolve, unused, consistent=True)
        item = name_item(naming, verb, head.account, head.sequence, operation)
        old = self.table.put_new(item)
        if old is not None:
            return self.resume(verb, old, naming, head)
        (done,) = self.enter(verb, head.account, [pending_of(naming, operation, head.sequence)], head)
        return _or_raise(done)

    def _look(
        self,
        verb: Verb[S, O],
        naming: Naming,
        resolve: Resolve[O],
        unused: Callable[[str], None],
        *,
        consistent: bool,
    ) -> tuple[O, Head[S]]:
        """The operation and the head that it is judged by; raises the refusal."""
        holder, operation = resolve(consistent)
        head = self.head(verb.kind, holder, consistent=consistent)
        if head.sequence == 0:
            unused(holder)
        verb.decide(head.state, operation, max(naming.at, head.recorded_at))
        return operation, head

    def resume(self, verb: Verb[S, O], old: Item, naming: Naming, head: Head[S] | None = None) -> Done[O]:
        """What a name that is already there became; finished now if its process died."""
        check_same(old, naming)
        return self.carry_on(verb, old, self.clock.now(), head)

    def carry_on(self, verb: Verb[S, O], old: Item, now: datetime, head: Head[S] | None = None) -> Done[O]:
        """Bring a name into its account if it is not there yet."""
        pending = named(verb, old)
        if head is not None and head.account == old["acc"]:
            found = self.find(head, pending)
            if found is not None:  # what a stale head shows is true; what it does not show proves nothing
                return done_of(pending, found)
        is_dead = verb.carried_by is None and now - pending.at > OPEN_NAME_LIFE
        (done,) = self.enter(verb, old["acc"], [pending], may_append=not is_dead)
        return _or_raise(done)

    # ---- many operations of one account -----------------------------------------------------------------------------

    def perform_many(
        self,
        verb: Verb[S, O],
        holder: str,
        requests: Sequence[tuple[Naming, O]],
        unused: Callable[[str], None] = lambda _: None,
    ) -> list[Done[O] | Refused]:
        """As `perform`, for several operations that can't be refused, in one append. Results in the same order."""
        head: Head[S] | None = self.head(verb.kind, holder)
        assert head is not None
        if head.sequence == 0:
            unused(holder)
        account, seen = head.account, head.sequence
        results: dict[int, Done[O] | Refused] = {}
        wanted: dict[int, Pending[O]] = {}
        for n, (naming, operation) in enumerate(requests):
            old = self.table.put_new(name_item(naming, verb, account, seen, operation))
            if old is None:
                wanted[n] = pending_of(naming, operation, seen)
                continue
            head = None  # a name that was there may have entries that a head read before does not show
            try:
                check_same(old, naming)
                if old["acc"] == account:
                    wanted[n] = named(verb, old)
                else:
                    results[n] = self.carry_on(verb, old, self.clock.now())
            except Refused as refused:
                results[n] = refused
        if wanted:
            results |= zip(wanted, self.enter(verb, account, list(wanted.values()), head), strict=True)
        return [results[n] for n in range(len(requests))]

    def obey(
        self,
        verb: Verb[S, O],
        holder: str,
        events: Sequence[tuple[str, datetime, O]],
        unused: Callable[[str], None] = lambda _: None,
    ) -> list[Done[O] | Refused]:
        """Apply effects of events, `(id, time, operation)`, once each however often and late they come.

        The head may be stale: what it shows is true, and what it does not show yet makes the append fail.
        """
        head = self.head(verb.kind, holder)
        if head.sequence == 0:
            unused(holder)
        pending = [
            Pending(
                operation, chain.operation(event), chain.operation(event, is_reversal=True), at, None, is_effect=True
            )
            for event, at, operation in events
        ]
        return self.enter(verb, head.account, pending, head)

    # ---- the append -------------------------------------------------------------------------------------------------

    def enter(
        self,
        verb: Verb[S, O],
        account: str,
        wanted: Sequence[Pending[O]],
        head: Head[S] | None = None,
        *,
        may_append: bool = True,
    ) -> list[Done[O] | Refused]:
        """Append what is not in the chain yet, all in one item; against other writers, as often as it takes."""
        started, is_given = self.clock.elapsed(), head is not None
        for attempt in range(ATTEMPTS_MAX):
            if head is None:
                head = chain.head_of(verb.kind, account, self.table.newest(account, consistent=True))
            results, item = self._compose(verb, head, wanted, may_append=may_append)
            if attempt == 0 and is_given and any(isinstance(result, Refused) for result in results):
                head = None  # a "no" is never said on a head that may be stale
                continue
            if item is None or self.table.put_new(item) is None:
                return [_read_back(result, item) for result in results]
            head = None
            if self.clock.elapsed() - started > GIVE_UP_SECONDS:
                break
            self.clock.sleep(backoff_seconds(attempt))
        raise Unavailable

    def _compose(
        self, verb: Verb[S, O], head: Head[S], wanted: Sequence[Pending[O]], *, may_append: bool
    ) -> tuple[list[Done[O] | Refused | Pending[O]], Item | None]:
        """What became of each operation so far, and the item that would bring the rest in."""
        results: list[Done[O] | Refused | Pending[O]] = []
        parts: list[Part] = []
        state = head.state
        now = self.clock.now()
        at = max(head.recorded_at, *(one.at if one.is_effect else max(now, one.at) for one in wanted))
        for pending in wanted:
            try:
                found = self.find(head, pending)
                if found is not None:
                    results.append(done_of(pending, found))
                    continue
                if not may_append:
                    raise Conflict("reversed")
                decided = verb.decide(state, pending.operation, at)
            except Refused as refused:
                results.append(refused)
                continue
            state = decided.state
            parts.append(Part(pending.mark, decided.steps))
            results.append(pending)
        return results, chain.next_item(verb.kind, head, parts, state, at) if parts else None

    def find(self, head: Head[Any], pending: Pending[Any]) -> Found | None:
        """The item of an operation or of its reversal: from the ring if it reaches back that far, else from entries."""
        if head.sequence == (0 if pending.seen is None else pending.seen):
            return None
        if not _ring_reaches(head, pending):
            return self._walk(head, pending, (pending.reversal, pending.mark))
        slot = _slot(head, pending)
        return None if slot is None else self._at(head, slot)

    def mark_of(self, head: Head[Any], pending: Pending[Any]) -> bytes | None:
        """Which of an operation and its reversal is in a chain, if either; no item is read where the ring knows."""
        if _ring_reaches(head, pending):
            slot = _slot(head, pending)
            return None if slot is None else slot.operation
        found = self.find(head, pending)
        return None if found is None else found.mark

    def _at(self, head: Head[Any], slot: chain.Slot) -> Found:
        assert head.item is not None
        item: Item | None = head.item
        if slot.sequence < head.item["sk"]:
            item = self.table.newest(head.account, upto=slot.sequence)
            if item is None or chain.last_sequence(item) < slot.sequence:  # a stale read: entries never change
                item = self.table.newest(head.account, upto=slot.sequence, consistent=True)
        assert item is not None
        return Found(slot.operation, item)

    def _walk(self, head: Head[Any], pending: Pending[Any], marks: Sequence[bytes]) -> Found | None:
        """Back from the head to `seen`, or to the first item older than the event."""
        upto = head.sequence
        while upto > (pending.seen or 0):
            for item in self.table.items(head.account, upto=upto, newest_first=True, limit=50, consistent=True):
                if chain.last_sequence(item) <= (pending.seen or 0):
                    return None
                if pending.seen is None and from_ms(item["t"]) < pending.at:
                    return None
                present = {raw.get("o") for raw in item["e"]}
                for mark in marks:
                    if mark in present:
                        return Found(mark, item)
                upto = item["sk"] - 1
        return None

    def trace(self, account: str, mark: bytes, seen: int) -> Found | None:
        """The item of an operation that is known to have come soon after `seen`: forward from there, however long ago."""
        while items := self.table.items(account, after=seen, limit=4, consistent=True):
            for item in items:
                if any(raw.get("o") == mark for raw in item["e"]):
                    return Found(mark, item)
            seen = items[-1]["sk"]
        return None

    # ---- reversal ---------------------------------------------------------------------------------------------------

    def close(self, naming: Naming) -> Item | None:
        """Put a name as reversed if it is new, so that it can never be used; else answer the name that is there."""
        item = {"pk": naming.partition, "sk": 0, "state": "reversed", "t": to_ms(naming.at), "v": 1}
        old = self.table.put_new(item)
        return None if old is None or old.get("state") == "reversed" else old

    def undo(
        self, verb: Verb[S, O], old: Item, account: str, make: Callable[[tuple[Entry, ...]], O]
    ) -> tuple[Done[O], bool]:
        """Append "X reversed" to a chain that the named X enters or would enter; after that X can't enter any more.

        `make` gives the reversal of what X did there: its entries, none if it never came. Also answers whether X did.
        """
        mark, reversal = chain.operation(old["pk"]), chain.operation(old["pk"], is_reversal=True)
        at, seen = self.clock.now(), seen_of(old, account)
        started = self.clock.elapsed()
        for attempt in range(ATTEMPTS_MAX):
            head = chain.head_of(verb.kind, account, self.table.newest(account, consistent=True))
            found = self.find(head, Pending(None, mark, mark, at, seen))
            entries = done_of(Pending(None, mark, mark, at, seen), found).entries if found else ()
            wanted = Pending(make(entries), reversal, reversal, at, seen)
            (result,), item = self._compose(verb, head, [wanted], may_append=True)
            if item is None or self.table.put_new(item) is None:
                return _or_raise(_read_back(result, item)), bool(entries)
            if self.clock.elapsed() - started > GIVE_UP_SECONDS:
                break
            self.clock.sleep(backoff_seconds(attempt))
        raise Unavailable


def backoff_seconds(attempt: int) -> float:
    """Full jitter under `10 ms * 2^attempt`, at most 400 ms: 64 writers at once need about five writes each."""
    return random.uniform(0, min(0.4, 0.01 * 2**attempt))  # noqa: S311 - not a secret


def _ring_reaches(head: Head[Any], pending: Pending[Any]) -> bool:
    """Whether the ring knows all operations since `seen`, or since the event."""
    return head.floor <= pending.seen if pending.seen is not None else pending.at > head.horizon


def _slot(head: Head[Any], pending: Pending[Any]) -> chain.Slot | None:
    return chain.in_ring(head, (pending.reversal, pending.mark), after=pending.seen or 0)


def _read_back(result: Done[O] | Refused | Pending[O], item: Item | None) -> Done[O] | Refused:
    if not isinstance(result, Pending):
        return result
    assert item is not None
    return slice_of(result, item, is_replay=result.is_replay)


def _or_raise(done: Done[O] | Refused) -> Done[O]:
    if isinstance(done, Refused):
        raise done
    return done
