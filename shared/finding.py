"""Finding an operation: in its account after its `seen`, and from there wherever a closing leads.

What is on its way follows the first closing (`way`); what has entered is where its account leads now (`trail`).
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
from shared.errors import Unavailable
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


class Trail(NamedTuple, Generic[S]):
    """Where something that has entered an account was since, and where it is now.

    `stops` are all accounts in which what follows from it may stand; `path` are the heads on the way from its account to
    `head`, where it is now; every one of them but the last was closed.
    """

    stops: tuple[Stop[S], ...]
    path: tuple[Head[S], ...]

    @property
    def head(self) -> Head[S]:
        """The account that it is in now."""
        return self.path[-1]


def trail(table: Table, kind: Kind[S], head: Head[S], after: int) -> Trail[S]:
    """The trail of what entered the account of this head at a number after `after`; `Unavailable` if it can't be read.

    What has entered went with each merge and came back with its end, so unlike what is on its way it is where its
    account leads *now*. The account's head is read first and the others after it: what is missing in one of them then
    had not entered there before.
    """
    heads, froms = {head.account: head}, {head.account: after}
    open_ = [head.account]
    while open_:
        account = open_.pop()
        for closing in heads[account].closings:
            known = froms.get(closing.account)
            if closing.number >= froms[account] and (known is None or closing.seen < known):
                if known is None:
                    heads[closing.account] = newest(table, kind, closing.account)
                froms[closing.account] = closing.seen
                open_.append(closing.account)
    path = [head]
    while path[-1].is_closed:
        following = heads[path[-1].closings[-1].account]
        if following in path:
            raise Unavailable  # of moments that never were together
        path.append(following)
    return Trail(tuple(Stop(heads[account], seen, None, None) for account, seen in froms.items()), tuple(path))


def is_trail_fresh(table: Table, trail: Trail[Any]) -> bool:
    """Whether it is where the trail ends still, asked after the last head was read; nothing need be read if no merge led on.

    Whoever moves it on, or back, appends to the account that it is in. So if it was there after that head was read, and
    nothing has been appended since, it is there still.
    """
    return all(one.closings[-1] in raw_head(table, one.account, consistent=True).closings for one in trail.path[:-1])


class Place(NamedTuple, Generic[S]):
    """The account that takes an operation now, and from which number on it can be there.

    `found` is where it stands already; `original`, what it follows from, if a merge may have led that on.
    """

    head: Head[S]
    seen: int
    found: Found | None
    original: Found | None
    way: tuple[Stop[S], ...]
    trail: Trail[S] | None = None

    def is_fresh(self, table: Table) -> bool:
        """Whether it is the place still, asked after its head was read: then an append to that head is to the place."""
        return is_way_open(table, self.way) if self.trail is None else is_trail_fresh(table, self.trail)


def place(table: Table, kind: Kind[S], head: Head[S], pending: Pending[Any]) -> Place[S]:
    """Where an operation belongs by the head of the account where it was named.

    What follows from another belongs to where that is now; if that has not entered, to where it would.
    """
    stops = tuple(way(table, kind, head, pending.seen, pending.since))
    original = latest_of(table, stops, (pending.of,)) if pending.of and head.closings else None
    if original is None:
        return Place(stops[-1].head, stops[-1].after, _found(table, stops, pending), None, stops)
    since = trail(table, kind, _home(stops, original), original.item["sk"] - 1)
    found = latest_of(table, since.stops, pending.marks)
    return Place(since.head, since.head.sequence, found, original, stops, since)


def find(table: Table, head: Head[Any], pending: Pending[Any]) -> Found | None:
    """The item of an operation or of its reversal, wherever it entered."""
    if pending.of is not None and head.closings:
        return place(table, AS_PACKED, head, pending).found
    return _found(table, list(way(table, AS_PACKED, head, pending.seen, pending.since)), pending)


def _found(table: Table, stops: Sequence[Stop[Any]], pending: Pending[Any]) -> Found | None:
    """An operation at one of these stops; or its reversal, there or wherever it was led on to since."""
    found = latest_of(table, stops, pending.marks)
    if found is None or found.mark == pending.reversal or not (home := _home(stops, found)).closings:
        return found
    since = trail(table, AS_PACKED, home, found.item["sk"] - 1)
    return latest_of(table, since.stops, (pending.reversal,)) or found


def _home(stops: Iterable[Stop[S]], found: Found) -> Head[S]:
    """The head of the account that something was found in."""
    return next(stop.head for stop in stops if stop.head.account == found.item["pk"])


def mark_of(table: Table, head: Head[Any], pending: Pending[Any]) -> bytes | None:
    """Which of an operation and its reversal has entered, if either; no item is read where the ring knows."""
    if head.closings:
        found = find(table, head, pending)
        return None if found is None else found.mark
    return _mark(table, Stop(head, pending.seen, pending.since, None), pending.marks)


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
