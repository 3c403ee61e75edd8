"""What the replayed households do besides buying: what they bring back, and where they pay with points.

The data has no returns and no points. Both are thrown with dice that know nothing but a basket's id, so they are the
same in every slice, order and run. `docs/replay.md` says why nothing of it can be refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from infra.receipts import Basket, Line

_SEED = b"omotenashi replay"
RETURNED_PERCENT = 3
PAYING_SIDES = 100
PAYING_SIDES_RETURNED = 5
"""Where points are paid with, a die of so many sides shows 0 to 3; where something comes back, it is a smaller one."""
RECENT = timedelta(weeks=26)
"""Points that pay are of the last half-year, so that a stack may be half a year old before they expire."""

SPENT, USED, HELD = "spent", "used", "held"
_PAYS = {0: SPENT, 1: SPENT, 2: USED, 3: HELD}
"""By what is thrown: a spend beside the basket, points used in it at once, or used in it through a hold."""


class Back(NamedTuple):
    """What comes back of a line, by its place in the basket: a quantity, or an amount, or all that is left of it."""

    place: int
    quantity: int | None = None
    amount: int | None = None


@dataclass(frozen=True)
class Return:
    """A return of a basket; `lines` is None for all that is left."""

    return_id: str
    channel: str
    lines: tuple[Back, ...] | None


class Payment(NamedTuple):
    """Points that a household pays with at a basket; through a hold, `held` are kept at first."""

    kind: str
    points: int
    held: int = 0


@dataclass(frozen=True)
class Habits:
    """Where points are paid with and what comes back, by basket; and the lines of all those baskets."""

    payments: Mapping[int, Payment] = field(default_factory=dict)
    returns: Mapping[int, tuple[Return, ...]] = field(default_factory=dict)
    lines: Mapping[int, tuple[Line, ...]] = field(default_factory=dict)


LinesOf = Callable[[Sequence[int]], Mapping[int, tuple[Line, ...]]]


def habits_of(baskets: Sequence[Basket], last: datetime, lines_of: LinesOf) -> Habits:
    """All habits of some households, whose baskets come by household and time; `last` is when the data end."""
    paid = payments(baskets, last)
    lines = lines_of([one.basket_id for one in baskets if one.basket_id in paid or is_returned(one.basket_id)])
    returns = {basket_id: back for basket_id, some in lines.items() if (back := returns_of(basket_id, some))}
    return Habits(paid, returns, lines)


def throw(sides: int, name: int | str, *what: object) -> int:
    """A die with so many sides: for a basket, or what else has a name, and a question always the same."""
    text = ":".join(map(str, (name, *what)))
    return int.from_bytes(hashlib.blake2b(text.encode(), key=_SEED, digest_size=8).digest(), "big") % sides


# ---- returns ---------------------------------------------------------------------------------------------------------


def is_returned(basket_id: int) -> bool:
    """Whether anything of a basket comes back."""
    return throw(100, basket_id, "returned") < RETURNED_PERCENT


def returns_of(basket_id: int, lines: Sequence[Line]) -> tuple[Return, ...]:
    """The returns of a basket, one after another: all of it, some of it, or twice some of it and perhaps the rest.

    A third of the lines comes back, two thirds if some come twice: a line by quantity, by amount, or whole.
    """
    if not is_returned(basket_id):
        return ()
    way = throw(5, basket_id, "way")  # 0: all; 1, 2: some of it; 3: twice; 4: twice, then the rest
    times = (0, 1, 1, 2, 2)[way]
    turns = _turns(basket_id, lines, times)
    some = [part for part in turns if part]
    rest = [None] if way in (0, 4) and _is_anything_left(lines, some) else []
    channels = [("pos", "ec")[throw(2, basket_id, "channel", turn)] for turn in range(3)]
    brought = enumerate(zip(channels, [*some, *rest], strict=False), 1)
    return tuple(Return(f"{basket_id}-{n}", channel, part) for n, (channel, part) in brought)


def _turns(basket_id: int, lines: Sequence[Line], times: int) -> list[tuple[Back, ...]]:
    """What comes back each time; what counts nothing and costs nothing never does."""
    real = [place for place, line in enumerate(lines) if any(line)]
    places = [place for place in real if throw(3, basket_id, "line", place) < times] or real[:1]
    turns = [[_part(basket_id, place, lines[place], turn, times) for place in places] for turn in range(times)]
    return [tuple(back for back in turn if back) for turn in turns]


def _part(basket_id: int, place: int, line: Line, turn: int, times: int) -> Back | None:
    """What comes back of a line, the first or the second time."""
    form = throw(3, basket_id, "form", place)
    if form < 2 and line.quantity > 1:
        first = 1 + throw(line.quantity - 1, basket_id, "quantity", place)
        return Back(place, quantity=(first, line.quantity - first)[turn])
    if form == 2 and line.amount > 2:
        return Back(place, amount=line.amount // 3)
    return Back(place) if throw(times, basket_id, "turn", place) == turn else None


def _is_anything_left(lines: Sequence[Line], parts: Iterable[Iterable[Back]]) -> bool:
    left = {place: line.quantity for place, line in enumerate(lines) if any(line)}
    for back in (back for part in parts for back in part):
        left[back.place] -= back.quantity or 0
        if back.amount is None and (back.quantity is None or not left[back.place]):
            del left[back.place]
    return bool(left)


# ---- paying with points ----------------------------------------------------------------------------------------------


def payments(baskets: Iterable[Basket], last: datetime) -> Mapping[int, Payment]:
    """Where households pay with points, by basket.

    Going back from a household's newest basket, `room` are points that are there whenever this basket is replayed, for
    the later ones come with it in every slice: what they earn, unless they come back, less what was paid since. A
    payment is a tenth of it, at a basket that comes back a half.
    """
    found: dict[int, Payment] = {}
    for _, own in groupby(baskets, key=lambda basket: basket.household_id):
        room = 0
        for basket in reversed(list(own)):
            if basket.at <= last - RECENT:
                break
            payment = _payment(basket, room)
            if payment is not None:
                found[basket.basket_id] = payment
                room -= max(payment.points, payment.held)
            if not is_returned(basket.basket_id) and (payment is None or payment.kind == SPENT):
                room += basket.points
    return found


def _payment(basket: Basket, room: int) -> Payment | None:
    """At a basket that comes back it is thrown more often: what was paid must then come back, or is owed."""
    sides, share = (PAYING_SIDES_RETURNED, 2) if is_returned(basket.basket_id) else (PAYING_SIDES, 10)
    kind = _PAYS.get(throw(sides, basket.basket_id, "pays"))
    there = room + basket.points if kind == SPENT else room
    points = max(1, there // share)
    if kind is None or there < 1:
        return None
    if kind == SPENT:
        return Payment(kind, points)
    points = min(points, basket.amount)
    if not points:
        return None
    return Payment(kind, points) if kind == USED else Payment(kind, points, min(there, points * 2))
