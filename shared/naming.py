"""An operation on its way into a chain: its verb, its name, and what became of it.

The name is an item that is put before the entry. It holds the fingerprint of what was sent, the account, `seen` (the
number of the head read before) and the operation itself, so that a retry or the stream can finish what a dead process
began. `shared.ledger` does the writing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from shared import chain, keys
from shared.chain import Decided, Entry, Kind, Packed
from shared.clock import from_ms, to_ms
from shared.errors import Conflict, Invalid
from shared.table import Item

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741 - the operation

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

    def decided(self, state: S, operation: O, at: datetime) -> Decided[S]:
        """What the rule decides. Where the account's holder is erased, what comes in is let go of in the same item."""
        decided = self.decide(state, operation, at)
        if not self.kind.is_erased(state):
            return decided
        assert self.kind.erase is not None
        left = self.kind.erase(decided.state)
        return Decided(left.state, (*decided.steps, *left.steps), decided.also)


def unnamed(_: Any) -> Any:
    """In place of packing, for what enters a chain without a name: an effect, or what follows from an entry."""
    raise AssertionError("no name keeps this operation")


class Naming(NamedTuple):
    """How a request names itself, and what it said (a keyed hash)."""

    kind: str
    owner: str
    client_id: str
    fingerprint: bytes
    at: datetime
    request_id: str | None = None  # kept where nothing but the name tells this request's write from a twin's

    @property
    def partition(self) -> str:
        return keys.name(self.kind, self.owner, self.client_id)


class Done(NamedTuple, Generic[O]):
    """An operation that is in its chain: what it was, its entries, and the state of the chain after its item."""

    operation: O
    account: str
    item: Item
    entries: tuple[Entry, ...]
    is_replay: bool

    @property
    def last(self) -> Entry:
        return self.entries[-1]


class Pending(NamedTuple, Generic[O]):
    """An operation on its way into a chain. `seen` bounds where it can be; an event is bounded by its time as well."""

    operation: O
    mark: bytes
    reversal: bytes
    at: datetime
    seen: int
    is_replay: bool = False
    is_effect: bool = False  # of a decision elsewhere: dated by that, not by the clock of whoever appends it
    is_event: bool = False  # has no name, and so no `seen` of its own: its time never changes, and bounds it
    begun: datetime | None = None  # of an event that may be undone: an earlier time that its undoing knows, too
    asked_of: str | None = None  # whose it was when it was named, if a merge has led it elsewhere
    of: bytes | None = None  # the mark of what it follows from, such as the hold that it ends: it goes where that is

    @property
    def marks(self) -> tuple[bytes, bytes]:
        """What it can be found by: its reversal, or itself."""
        return self.reversal, self.mark

    @property
    def since(self) -> datetime | None:
        """The time before which it can't be in a chain; None if its `seen` says all."""
        return (self.begun or self.at) if self.is_event else None


class Found(NamedTuple):
    """Where an operation, or its reversal, stands in its chain."""

    mark: bytes
    item: Item


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


def pending_of(naming: Naming, operation: O, seen: int) -> Pending[O]:
    partition = naming.partition
    return Pending(
        operation=operation,
        mark=chain.operation(partition),
        reversal=chain.operation(partition, is_reversal=True),
        at=naming.at,
        seen=seen,
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
    item |= {"carry": verb.carried_by} if verb.carried_by else {}
    return item | ({"q": naming.request_id} if naming.request_id else {})


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


def done_of(pending: Pending[O], found: Found) -> Done[O]:
    if found.mark != pending.mark:
        raise Conflict("reversed")
    return slice_of(pending, found.item, is_replay=True)


def slice_of(pending: Pending[O], item: Item, *, is_replay: bool) -> Done[O]:
    own = tuple(entry for entry in chain.entries_of(item) if entry.operation == pending.mark)
    return Done(pending.operation, item["pk"], item, own, is_replay)
