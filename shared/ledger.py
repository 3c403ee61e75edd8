"""Writing to chains, exactly once: names, appends, retries, effects of events, reversals, several chains at once.

A request from outside first puts its *name* (kind, caller's owner, client's id) and then appends. The name holds the
fingerprint of what was sent, the account, `seen` (the number of the head read before) and the operation itself, so a
retry or the stream can finish what a dead process began. An operation can be only in entries after its `seen`; an
event's only in entries that are not older than it. `docs/protocols.md` tells why each step is where it is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from shared import chain, keys
from shared.chain import Decided, Entry, Head, Kind, Packed, Part
from shared.clock import Clock, from_ms, to_ms
from shared.errors import Conflict, Invalid, Refused, Unavailable
from shared.table import Collision, Item, PutNew, Table

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741 - the operation

ATTEMPTS_MAX = 16
GIVE_UP_SECONDS = 2.5
OPEN_NAME_LIFE = timedelta(hours=24)


@dataclass(frozen=True)
class Verb(Generic[S, O]):
    """One operation on one kind of chain: how it is kept in its name, and the rule that decides it.

    `carried_by` names the service whose inbox finishes it after a crash; only what can't be refused has one.
    """

    kind: Kind[S]
    pack: Callable[[O], Packed]
    unpack: Callable[[Packed], O]
    decide: Callable[[S, O, datetime], Decided[S]]
    carried_by: str | None = None


@dataclass(frozen=True, slots=True)
class Naming:
    """How a request names itself, and what it said (a keyed hash)."""

    kind: str
    owner: str
    client_id: str
    fingerprint: bytes
    at: datetime

    @property
    def partition(self) -> str:
        return keys.name(self.kind, self.owner, self.client_id)


@dataclass(frozen=True, slots=True)
class Done(Generic[O]):
    """An operation that is in its chain: what it was, its entries, and the state of the chain after its item."""

    operation: O
    account: str
    item: Item
    entries: tuple[Entry, ...]
    is_replay: bool

    @property
    def last(self) -> Entry:
        return self.entries[-1]


@dataclass(frozen=True, slots=True)
class Pending(Generic[O]):
    """An operation on its way into a chain. `seen` bounds where it can be; an event has its time instead."""

    operation: O
    mark: bytes
    reversal: bytes
    at: datetime
    seen: int | None
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Where an operation, or its reversal, stands in its chain."""

    mark: bytes
    item: Item


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
        (done,) = self.enter(verb, head.account, [_pending(naming, operation, head.sequence)], head)
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
                return _done(pending, found)
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
                wanted[n] = _pending(naming, operation, seen)
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
            Pending(operation, chain.operation(event), chain.operation(event, is_reversal=True), at, None)
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
        at = max(head.recorded_at, self.clock.now(), *(pending.at for pending in wanted))
        for pending in wanted:
            try:
                found = self.find(head, pending)
                if found is not None:
                    results.append(_done(pending, found))
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
        marks = (pending.reversal, pending.mark)
        if head.sequence == (0 if pending.seen is None else pending.seen):
            return None
        if head.floor <= pending.seen if pending.seen is not None else pending.at > head.horizon:
            slot = chain.in_ring(head, marks, after=pending.seen or 0)
            return None if slot is None else self._at(head, slot)
        return self._walk(head, pending, marks)

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

    # ---- several chains at once -------------------------------------------------------------------------------------

    def perform_all(
        self, naming: Naming, plan: Callable[[bool], list[Share[Any, Any]]]
    ) -> tuple[list[Done[Any]], Item]:
        """One transaction of a name and one append to each of several chains: all or nothing.

        `plan` finds the chains and their operations (called with True it must read consistently; raises `Refused`).
        Returns what each chain took, in the plan's order, and the name.
        """
        started = self.clock.elapsed()
        for attempt in range(ATTEMPTS_MAX):
            consistent = attempt > 0
            try:
                shares = plan(consistent)
                items = [self._share_item(share, naming, consistent=consistent) for share in shares]
            except Refused:
                old = self.name(naming)
                if old is not None:
                    return self.resume_all(old, naming)
                shares = plan(True)
                items = [self._share_item(share, naming, consistent=True) for share in shares]
            name = shared_name_item(naming, shares, items)
            try:
                self.table.transact([PutNew(name), *(PutNew(item) for item in items)])
                return [_own(share.operation, item, naming) for share, item in zip(shares, items, strict=True)], name
            except Collision as collision:
                if old := collision.olds.get(0):
                    return self.resume_all(old, naming)
            if self.clock.elapsed() - started > GIVE_UP_SECONDS:
                break
            self.clock.sleep(backoff_seconds(attempt))
        raise Unavailable

    def resume_all(self, old: Item, naming: Naming) -> tuple[list[Done[Any]], Item]:
        """The entries that a transaction's name stands for: a name that exists has all of them."""
        check_same(old, naming)
        done = []
        for share in old["shares"]:
            item = self.table.newest(share["acc"], upto=share["seq"])
            if item is None or item["sk"] != share["seq"]:
                item = self.table.newest(share["acc"], upto=share["seq"], consistent=True)
            assert item is not None
            done.append(_own(share["op"], item, naming, is_replay=True))
        return done, old

    def _share_item(self, share: Share[S, O], naming: Naming, *, consistent: bool) -> Item:
        kind = share.verb.kind
        head = share.head if share.head and not consistent else self.head(kind, share.holder, consistent=consistent)
        at = max(head.recorded_at, self.clock.now(), naming.at)
        decided = share.verb.decide(head.state, share.operation, at)
        return chain.next_item(kind, head, [Part(chain.operation(naming.partition), decided.steps)], decided.state, at)

    # ---- reversal ---------------------------------------------------------------------------------------------------

    def close(self, naming: Naming) -> Item | None:
        """Put a name as reversed if it is new, so that it can never be used; else answer the name that is there."""
        item = {"pk": naming.partition, "sk": 0, "state": "reversed", "t": to_ms(naming.at), "v": 1}
        old = self.table.put_new(item)
        return None if old is None or old.get("state") == "reversed" else old

    def undo(self, verb: Verb[S, O], old: Item, account: str, operation: O, at: datetime) -> Done[O]:
        """Append "X reversed" to a chain that the named X enters or would enter; after that X can't enter any more."""
        mark = chain.operation(old["pk"], is_reversal=True)
        pending = Pending(operation, mark, mark, at, seen_of(old, account))
        (done,) = self.enter(verb, account, [pending])
        if not isinstance(done, Refused):
            return done
        raise done


@dataclass(frozen=True)
class Share(Generic[S, O]):
    """One chain's part in a transaction. `head` spares a read when the planner has one."""

    verb: Verb[S, O]
    holder: str
    operation: O
    head: Head[S] | None = None


def backoff_seconds(attempt: int) -> float:
    """Full jitter under `10 ms * 2^attempt`, at most 400 ms: 64 writers at once need about five writes each."""
    return random.uniform(0, min(0.4, 0.01 * 2**attempt))  # noqa: S311 - not a secret


def named(verb: Verb[S, O], old: Item) -> Pending[O]:
    """The operation that a name stands for."""
    return Pending(
        operation=verb.unpack(old["op"]),
        mark=chain.operation(old["pk"]),
        reversal=chain.operation(old["pk"], is_reversal=True),
        at=from_ms(old["t"]),
        seen=old["seen"],
        is_replay=True,
    )


def name_item(naming: Naming, verb: Verb[Any, O], account: str, seen: int, operation: O) -> Item:
    """The item that makes an id unique over all members and tells where it goes."""
    item = {
        "pk": naming.partition,
        "sk": 0,
        "fp": naming.fingerprint,
        "acc": account,
        "seen": seen,
        "op": verb.pack(operation),
        "t": to_ms(naming.at),
        "v": 1,
    }
    return item | ({"carry": verb.carried_by} if verb.carried_by else {})


def shared_name_item(naming: Naming, shares: Sequence[Share[Any, Any]], items: Sequence[Item]) -> Item:
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


def seen_of(name: Item, account: str) -> int:
    """The number after which the named operation can be in this account."""
    for share in name.get("shares", ()):
        if share["acc"] == account:
            return int(share["seq"]) - 1
    return int(name["seen"])


def check_same(old: Item, naming: Naming) -> None:
    """Refuse an id that was reversed, or that came with other content."""
    if old.get("state") == "reversed":
        raise Conflict("reversed")
    if old["fp"] != naming.fingerprint:
        raise Invalid("id_reused")


def _pending(naming: Naming, operation: O, seen: int) -> Pending[O]:
    partition = naming.partition
    return Pending(
        operation=operation,
        mark=chain.operation(partition),
        reversal=chain.operation(partition, is_reversal=True),
        at=naming.at,
        seen=seen,
    )


def _done(pending: Pending[O], found: Found) -> Done[O]:
    if found.mark != pending.mark:
        raise Conflict("reversed")
    return _slice(pending, found.item, is_replay=True)


def _slice(pending: Pending[O], item: Item, *, is_replay: bool) -> Done[O]:
    own = tuple(entry for entry in chain.entries_of(item) if entry.operation == pending.mark)
    return Done(pending.operation, item["pk"], item, own, is_replay)


def _own(operation: Any, item: Item, naming: Naming, *, is_replay: bool = False) -> Done[Any]:
    mark = chain.operation(naming.partition)
    own = tuple(entry for entry in chain.entries_of(item) if entry.operation == mark)
    return Done(operation, item["pk"], item, own, is_replay)


def _read_back(result: Done[O] | Refused | Pending[O], item: Item | None) -> Done[O] | Refused:
    if not isinstance(result, Pending):
        return result
    assert item is not None
    return _slice(result, item, is_replay=result.is_replay)


def _or_raise(done: Done[O] | Refused) -> Done[O]:
    if isinstance(done, Refused):
        raise done
    return done
