"""Finding an operation: in its account after its `seen`, and from there wherever a closing leads.

The ring knows if it reaches back that far; else the entries themselves are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from shared import chain, closings, ring
from shared.chain import Head, Kind
from shared.clock import from_ms
from shared.closings import Closing
from shared.naming import Found, Pending
from shared.ring import Slot
from shared.table import Item, Table

S = TypeVar("S")
_PAGE = 50
AS_PACKED: Kind[dict[str, Any]] = Kind("", {}, dict, dict, opened=lambda _: {})


class Stop(NamedTuple, Generic[S]):
    """One account on an operation's way: it can be there after a number, up to the closing that leads on, if any."""

    head: Head[S]
    after: int
    since: datetime | None
    closing: Closing | None


def newest(table: Table, kind: Kind[S], account: str) -> Head[S]:
    """The newest state of an account, read consistently."""
    return chain.head_of(kind, account, table.newest(account, consistent=True))


def raw_head(table: Table, account: str, *, consistent: bool = False) -> Head[dict[str, Any]]:
    """The head of an account of whatever kind."""
    return chain.head_of(AS_PACKED, account, table.newest(account, consistent=consistent))


def way(table: Table, kind: Kind[S], head: Head[S], seen: int, since: datetime | None) -> Iterator[Stop[S]]:
    """The accounts that an operation can be in, in order. If it is in none of them, it belongs into the last."""
    while True:
        closing = closings.first(head.closings, seen, since)
        yield Stop(head, seen, since, closing)
        if closing is None:
            return
        head, seen = newest(table, kind, closing.account), closing.seen


def is_way_open(table: Table, stops: Sequence[Stop[Any]]) -> bool:
    """Whether an event may still enter where these stops led, asked after the last head was read.

    What a name follows is settled by numbers. An event follows a closing that lasts, and if the account is opened
    meanwhile, it may be too late: the event may be of a later time. Whoever opens the account appends where it led,
    so what is appended on a head that was read before the account was last seen closed comes before the opening.
    """
    lasting = [stop for stop in stops if stop.since and stop.closing and stop.closing.until is None]
    return all(stop.closing in raw_head(table, stop.head.account, consistent=True).closings for stop in lasting)


def find(table: Table, head: Head[Any], pending: Pending[Any]) -> Found | None:
    """The item of an operation or of its reversal, wherever it entered."""
    return latest_of(table, way(table, AS_PACKED, head, pending.seen, pending.since), pending.marks)


def mark_of(table: Table, head: Head[Any], pending: Pending[Any]) -> bytes | None:
    """Which of an operation and its reversal has entered, if either; no item is read where the ring knows."""
    entered = (_mark(table, stop, pending.marks) for stop in way(table, AS_PACKED, head, pending.seen, pending.since))
    return next((mark for mark in reversed(list(entered)) if mark is not None), None)


def _mark(table: Table, stop: Stop[Any], marks: Sequence[bytes]) -> bytes | None:
    if _ring_reaches(stop):
        slot = ring.latest(stop.head.ring, marks, after=stop.after)
        return None if slot is None else slot.operation
    found = _walk(table, stop, marks)
    return None if found is None else found.mark


def latest_of(table: Table, stops: Iterable[Stop[Any]], marks: Sequence[bytes]) -> Found | None:
    """The item of one of these operations in the last account that has any: a reversal may have come after a merge."""
    found = [item for stop in stops if (item := look(table, stop, marks))]
    return found[-1] if found else None


def look(table: Table, stop: Stop[Any], marks: Sequence[bytes]) -> Found | None:
    """The latest item of one of these operations in one account."""
    if stop.head.sequence == stop.after:
        return None
    if not _ring_reaches(stop):
        return _walk(table, stop, marks)
    slot = ring.latest(stop.head.ring, marks, after=stop.after)
    return None if slot is None else _at(table, stop.head, slot)


def trace(table: Table, account: str, mark: bytes, seen: int) -> Found | None:
    """The item of an operation that is known to have come soon after `seen`: forward from there, however long ago."""
    while True:
        items = table.items(account, after=seen, limit=4, consistent=True)
        for item in items:
            if any(raw.get("o") == mark for raw in item["e"]):
                return Found(mark, item)
        last = chain.head_of(AS_PACKED, account, items[-1]) if items else raw_head(table, account, consistent=True)
        closing = closings.first(last.closings, seen, None)
        if closing is not None:
            account, seen = closing.account, closing.seen
        elif items:
            seen = last.sequence
        else:
            return None


def _ring_reaches(stop: Stop[Any]) -> bool:
    """Whether the ring knows all operations after the number, or since the event."""
    return stop.head.floor <= stop.after or (stop.since is not None and stop.since > stop.head.horizon)


def _at(table: Table, head: Head[Any], slot: Slot) -> Found:
    assert head.item is not None
    item: Item | None = head.item
    if slot.sequence < head.item["sk"]:
        item = table.newest(head.account, upto=slot.sequence)
        # A stale read shows an older item, or the name that a purchase's chain begins with. Entries never change.
        if item is None or item["sk"] == 0 or chain.last_sequence(item) < slot.sequence:
            item = table.newest(head.account, upto=slot.sequence, consistent=True)
    assert item is not None
    return Found(slot.operation, item)


def _walk(table: Table, stop: Stop[Any], marks: Sequence[bytes]) -> Found | None:
    """Back from the head or the closing to the number, or to the first item older than the event."""
    upto = stop.closing.number if stop.closing else stop.head.sequence
    while upto > stop.after:
        for item in table.items(stop.head.account, upto=upto, newest_first=True, limit=_PAGE, consistent=True):
            if item["sk"] <= stop.after:
                return None
            if stop.since is not None and from_ms(item["t"]) < stop.since:
                return None
            present = {raw.get("o") for raw in item["e"]}
            for mark in marks:
                if mark in present:
                    return Found(mark, item)
            upto = item["sk"] - 1
    return None
