"""The chain, pure: each stored item says what happened to an account and what the account looks like after it.

    item   = {pk: account, sk: number of its first entry, t: recorded at (ms), e: entries, s: state, b: balance,
              r: ring, f: floor, z: horizon, c: closings (where there are any), h: hash of the item before, v: 1}
    entry  = {k: kind, p: points, o: operation, t: occurred at (ms), r: reference, x: what else it keeps}

`e` may hold several entries, numbered on from `sk`: what fell due first, and the operations themselves. The sum of
all points is the balance. Nothing here knows a clock, an id generator or a database; `shared.ledger` does the writing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from shared import closings, keys, ring
from shared.clock import EPOCH, from_ms, to_ms
from shared.closings import Closing, Turn
from shared.item_hash import hash_of
from shared.ring import RING_SIZE, Slot
from shared.table import Item

S = TypeVar("S")
Packed = dict[str, Any]


@dataclass(frozen=True)
class Kind(Generic[S]):
    """A kind of account: its letter in the key, its empty state, and how a state is packed."""

    letter: str
    empty: S
    pack: Callable[[S], Packed]
    unpack: Callable[[Packed], S]
    balance: Callable[[S], int] = field(default=lambda _: 0)
    opened: Callable[[Item], S] | None = None  # the state that a name stands for, where the name is number 0 of a chain
    is_erased: Callable[[S], bool] = field(default=lambda _: False)  # its holder is erased: nothing stays in it
    erase: Callable[[S], Decided[S]] | None = (
        None  # what lets go of all that is in it, and says nothing if that is nothing
    )

    def partition(self, holder: str) -> str:
        return keys.account(self.letter, holder)

    def is_nobodys(self, head: Head[S]) -> bool:
        """Whether it must be asked if there is such a holder: nobody has used the account, or its holder is erased."""
        return head.sequence == 0 or self.is_erased(head.state)


class Step(NamedTuple):  # each operation makes some: a tuple is made five times as fast as a frozen dataclass
    """What a rule decided: an entry that has no number yet. `data` is kept as it is (text, integers, bytes)."""

    kind: str
    points: int = 0
    occurred_at: datetime | None = None
    ref: tuple[str, str] | None = None
    data: Mapping[str, Any] = MappingProxyType({})
    is_due: bool = False  # fell due by itself (expiry, activation): not part of the operation that settled it


@dataclass(frozen=True, slots=True)
class Also:
    """Another operation that a rule performs in the same item, such as the end of the hold that a purchase uses.

    If `seen` is given, it must not have entered yet after that number of the account where it was named (None: of
    this one), and it must belong into this one, by what it follows from if it is `of` something; else the rule is
    refused with `refusal`.
    """

    operation: bytes
    steps: tuple[Step, ...]
    seen: int | None
    refusal: str
    account: str | None = None
    unless: tuple[bytes, ...] = ()  # nor may any of these have entered: its reversal
    of: bytes | None = None


class Decided(NamedTuple, Generic[S]):
    """The answer of a rule: the entries and the state after them. A rule says no by raising `Refused`."""

    state: S
    steps: tuple[Step, ...]
    also: tuple[Also, ...] = ()


class Entry(NamedTuple):
    """One numbered entry as read back from its item."""

    account: str
    sequence: int
    kind: str
    points: int
    balance_after: int
    occurred_at: datetime
    recorded_at: datetime
    operation: bytes
    ref: tuple[str, str] | None
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Head(Generic[S]):
    """The last item of a chain: its state, and what is needed to append the next."""

    account: str
    sequence: int
    recorded_at: datetime
    state: S
    floor: int = 0  # the highest number that the ring has forgotten
    horizon: datetime = EPOCH  # the time of that entry
    closings: tuple[Closing, ...] = ()
    item: Item | None = None

    # Only an append needs these, and most heads are but looked at.

    @cached_property
    def ring(self) -> tuple[Slot, ...]:
        """Where its latest operations entered."""
        return ring.unpack(self.item["r"], self.sequence) if self.item else ()

    @cached_property
    def item_hash(self) -> bytes:
        """What the next item keeps of the last one."""
        return hash_of(self.item) if self.item else b""

    @property
    def is_closed(self) -> bool:
        """Whether a merge has closed the account, so that what comes now goes elsewhere."""
        return closings.is_closed(self.closings)


def operation(name: str, *, is_reversal: bool = False) -> bytes:
    """The eight bytes by which a chain knows an operation, or the reversal of that operation."""
    return hashlib.sha256((("~" if is_reversal else "") + name).encode()).digest()[:8]


def head_of(kind: Kind[S], account: str, item: Item | None) -> Head[S]:
    """The head that an account's last item describes; without an item, that of an account nobody has used."""
    if item is None:
        return Head(account, 0, EPOCH, kind.empty)
    if item["sk"] == 0:
        assert kind.opened is not None, "no name opens a chain of this kind"
        return Head(account, 0, from_ms(item["t"]), kind.opened(item))
    return Head(
        account=account,
        sequence=last_sequence(item),
        recorded_at=from_ms(item["t"]),
        state=kind.unpack(item["s"]),
        floor=item["f"],
        horizon=from_ms(item["z"]),
        closings=closings.unpack(item.get("c", ()), account),
        item=item,
    )


def last_sequence(item: Item) -> int:
    """The number of an item's last entry."""
    return int(item["sk"]) + len(item["e"]) - 1


class Part(NamedTuple):
    """One operation's share of the next item."""

    operation: bytes
    steps: tuple[Step, ...]


def next_item(
    kind: Kind[S], head: Head[S], parts: Sequence[Part], state: S, at: datetime, turn: Turn | None = None
) -> Item:
    """The item that follows `head`, and is no older: entries never run back in time. A merge closes or opens by `turn`."""
    assert at >= head.recorded_at, "an entry is never dated before the entry ahead of it"
    entries, slots, number = [], list(head.ring), head.sequence
    for part in parts:
        slots.append(Slot(part.operation, number + len(part.steps)))
        for step in part.steps:
            number += 1
            entries.append(_pack_entry(step, b"" if step.is_due else part.operation, at))
    assert entries, "an item holds at least one entry"
    points = sum(entry.get("p", 0) for entry in entries)
    assert kind.balance(state) == kind.balance(head.state) + points, "the sum of the points is the balance"
    forgotten, slots = slots[:-RING_SIZE], slots[-RING_SIZE:]
    horizon = head.recorded_at if forgotten else head.horizon  # not a slot's own time: too late costs but a read
    if forgotten and forgotten[-1].sequence > head.sequence:
        horizon = at
    kept = closings.turned(head.closings, turn, number, at)
    return {
        "pk": head.account,
        "sk": head.sequence + 1,
        "t": to_ms(at),
        "e": entries,
        "s": kind.pack(state),
        "b": kind.balance(state),
        "r": ring.pack(slots, number),
        "f": forgotten[-1].sequence if forgotten else head.floor,
        "z": to_ms(horizon),
        "h": head.item_hash,
        "v": 1,
        **({"c": closings.pack(kept)} if kept else {}),
    }


def entries_of(item: Item) -> list[Entry]:
    """The numbered entries of an item, oldest first, each with the balance after it."""
    balance = item["b"] - sum([raw.get("p", 0) for raw in item["e"]])
    recorded_at = from_ms(item["t"])
    found = []
    for offset, raw in enumerate(item["e"]):
        balance += raw.get("p", 0)
        ref = raw.get("r")
        found.append(
            Entry(
                account=item["pk"],
                sequence=item["sk"] + offset,
                kind=raw["k"],
                points=raw.get("p", 0),
                balance_after=balance,
                occurred_at=from_ms(raw["t"]) if "t" in raw else recorded_at,
                recorded_at=recorded_at,
                operation=raw.get("o", b""),
                ref=tuple(ref.split(":", 1)) if ref else None,
                data=raw.get("x", {}),
            )
        )
    return found


def _pack_entry(step: Step, of: bytes, at: datetime) -> Packed:
    raw: Packed = {"k": step.kind}
    if step.points:
        raw["p"] = step.points
    if of:
        raw["o"] = of
    if step.occurred_at is not None and step.occurred_at != at:
        raw["t"] = to_ms(step.occurred_at)
    if step.ref is not None:
        raw["r"] = ":".join(step.ref)
    if step.data:
        raw["x"] = dict(step.data)
    return raw
