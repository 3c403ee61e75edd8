"""Closings: where an account led to while a merge had closed it. The head of a chain keeps all of them, for ever.

An operation follows the *first* closing that was not over when it was named, or when its event happened, also after
the account has been opened again: whatever is still under way enters there and nowhere else. A name knows that by
its `seen`, an event by its time. `docs/decisions/0013-a-name-follows-the-first-closing.md` tells why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared import keys
from shared.clock import from_ms, to_ms

CLOSINGS_MAX = 16
"""So often an account may be merged away: a closing is never forgotten, and the head carries them all."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The entry `number` closed the account: from then on it leads into another, to what comes after number `seen`.

    `until` is when an unmerge opened it again; None while it is closed.
    """

    number: int
    account: str
    seen: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Into:
    """An item closes its account, which leads into another from now on, to what comes after that one's `seen`."""

    account: str
    seen: int


@dataclass(frozen=True, slots=True)
class Reopened:
    """An item opens its account again."""


Turn = Into | Reopened


def is_closed(closings: Sequence[Closing]) -> bool:
    """Whether an account with these closings is closed now."""
    return bool(closings) and closings[-1].until is None


def first(closings: Sequence[Closing], after: int, since: datetime | None) -> Closing | None:
    """The closing that an operation follows: the first at or after a number that was not over before `since`.

    A name has no `since`: nothing can have been numbered between the head that it has seen and the closing. An event
    has no number: that it enters an account no sooner than it happened does the same for it.
    """
    found = (one for one in closings if one.number >= after)
    return next((one for one in found if since is None or one.until is None or one.until >= since), None)


def turned(closings: tuple[Closing, ...], turn: Turn | None, number: int, at: datetime) -> tuple[Closing, ...]:
    """The closings after an item whose last number and time these are."""
    assert is_closed(closings) is isinstance(turn, Reopened), "a closed account takes nothing but its opening"
    if isinstance(turn, Into):
        return (*closings, Closing(number, turn.account, turn.seen))
    return (*closings[:-1], replace(closings[-1], until=at)) if isinstance(turn, Reopened) else closings


def follows(before: tuple[Closing, ...], after: tuple[Closing, ...], number: int, at: datetime) -> bool:
    """Whether an item may have these closings after an item with those: all kept, one made, or the last one ended."""
    if is_closed(before):
        return after == turned(before, Reopened(), number, at)
    new = after[len(before) :]
    return after == before or (after[:-1] == before and (new[0].number, new[0].until) == (number, None))


# ---- packed form ----------------------------------------------------------------------------------------------------


def pack(closings: Sequence[Closing]) -> list[list[Any]]:
    """The rows `[number, holder, seen, until]`, the last one missing while the account is closed."""
    return [
        [one.number, keys.holder(one.account), one.seen, *([to_ms(one.until)] if one.until else [])] for one in closings
    ]


def unpack(packed: Sequence[Sequence[Any]], account: str) -> tuple[Closing, ...]:
    """The closings of `pack`. An account leads into another of its own kind."""
    return tuple(
        Closing(number, keys.account(account[0], holder), seen, from_ms(until[0]) if until else None)
        for number, holder, seen, *until in packed
    )
