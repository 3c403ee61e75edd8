"""What was bought, and what is left of it after returns. Pure.

A line's share of the points used = floor(points_used * amount / sum of amounts), the remainder with the first of the
largest lines (`shared.units.spread`). A quantity returns its line's amount, tax and share in proportion, rounded
down; the last of it takes the rest. So the parts of a line always add up to the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from points.earning import Sold
from points.holding import Holding
from points.model import Line, Source
from points.programme import Programme
from shared import varint
from shared.errors import Invalid
from shared.units import Money, Points, spread

UNTIL_COMPLETE = -1
"""Instead of a day: the points wait until their order is completed."""


class Left(NamedTuple):
    """What is left of a line: how many, its amount and tax, and its share of the points used."""

    quantity: int
    amount: Money
    tax: Money
    share: Points

    @property
    def is_gone(self) -> bool:
        return not (self.quantity or self.amount or self.tax or self.share)


GONE = Left(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class HoldUsed:
    """The hold that a purchase is paid from, and after which number of which account the hold's end can be.

    It was the member's account when the hold was made; a merge may lead on from there.
    """

    holding: Holding
    seen: int
    account: str


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase, with the programme it is judged by."""

    source: Source
    purchase_id: str
    occurred_at: datetime
    lines: tuple[Line, ...]
    points_used: Points
    programme: Programme
    is_placed: bool = False  # ordered, and not handed over or shipped yet
    hold: HoldUsed | None = None
    left: tuple[Left, ...] | None = None  # None: all of it
    in_force: Programme | None = None  # the rules of now, if it enters much later than it was bought
    completed_at: datetime | None = None  # if that was later than it was recorded, and nobody's then
    more: dict[str, Any] = field(default_factory=dict)  # what the receipt said besides: store, terminal, staff …

    @property
    def ref(self) -> tuple[str, str]:
        return "purchase", f"{self.source}/{self.purchase_id}"

    @property
    def zone(self) -> str:
        return self.programme.zone

    @property
    def day(self) -> int:
        """The programme's day (ordinal) on which it was bought."""
        return self.programme.day(self.occurred_at).toordinal()

    @property
    def earned_at(self) -> datetime:
        """Since when its points are earned, as far as the purchase itself knows."""
        return self.completed_at or self.occurred_at

    @property
    def total(self) -> Money:
        """What is on the receipt, with tax."""
        taxes: Money = sum(amount for _, amount in self.more.get("taxes", ()))
        return sum(line.amount + line.tax for line in self.lines) + taxes

    @property
    def store_id(self) -> str | None:
        store_id: str | None = self.more.get("store_id")
        return store_id

    def waits(self, completed_at: datetime) -> int:
        """The programme's day (ordinal) on which points become available, if it is completed then; 0 for at once."""
        return self.programme.available_from(self.source, self.more.get("payment"), completed_at) or 0


@dataclass(frozen=True, slots=True)
class Returned:
    """What comes back of a line: a quantity, or an amount, or all that is left of it."""

    line_id: str
    quantity: int | None = None
    amount: Money | None = None


def whole(bought: Bought) -> tuple[Left, ...]:
    """All lines as they were bought."""
    amounts = [line.amount for line in bought.lines]
    shares = spread(bought.points_used, amounts)
    taxes = _taxes(bought)
    rows = zip(bought.lines, taxes, shares, strict=True)
    return tuple(Left(line.quantity, line.amount, tax, share) for line, tax, share in rows)


def _taxes(bought: Bought) -> list[Money]:
    """Each line's tax: its own, or its part of what the till knows per rate only (remainder to the largest line)."""
    taxes = [line.tax for line in bought.lines]
    for rate, amount in bought.more.get("taxes", ()):
        of_rate = [n for n, line in enumerate(bought.lines) if line.tax_rate_bp == rate]
        for n, tax in zip(of_rate, spread(amount, [bought.lines[n].amount for n in of_rate]), strict=True):
            taxes[n] = tax
    return taxes


def sold(bought: Bought, left: Sequence[Left]) -> list[Sold]:
    """What is left, as the earning rules look at it."""
    return [
        Sold(now.amount, now.tax, now.share, line.category, now.quantity)
        for line, now in zip(bought.lines, left, strict=True)
    ]


def after_return(bought: Bought, left: Sequence[Left], returned: Sequence[Returned] | None) -> tuple[Left, ...]:
    """What is left after a return (None: of everything); `return_exceeds_purchase` for more than is left."""
    if returned is None:
        if all(now.is_gone for now in left):
            raise Invalid("return_exceeds_purchase")
        return tuple(GONE for _ in left)
    places = {line.line_id: n for n, line in enumerate(bought.lines)}
    full, after = whole(bought), list(left)
    for n, one in enumerate(returned):
        place = places.pop(one.line_id, None)
        if place is None:
            raise Invalid.at(f"/lines/{n}/line_id", "unknown_line", "a line of this purchase, named once")
        after[place] = _less(full[place], left[place], one)
    return tuple(after)


def _less(line: Left, left: Left, one: Returned) -> Left:
    exceeds = Invalid("return_exceeds_purchase", line_id=one.line_id)
    if one.quantity is not None:
        if one.quantity > left.quantity:
            raise exceeds
        if one.quantity == left.quantity:
            return GONE
        return _part(line, left, one.quantity, line.quantity, quantity=one.quantity)
    if one.amount is not None:
        if one.amount > left.amount:
            raise exceeds
        return GONE if one.amount == left.amount else _part(line, left, one.amount, line.amount)
    if left.is_gone:
        raise exceeds
    return GONE


def _part(line: Left, left: Left, part: int, of: int, *, quantity: int = 0) -> Left:
    """What is left after `part / of` of the line; never below what is left.

    Each number is rounded down by itself. So much of the points used stays that what earns, with tax or without, does
    not grow: else a return could give points.
    """
    amount = left.amount - min(left.amount, line.amount * part // of)
    tax = left.tax - min(left.tax, line.tax * part // of)
    share = left.share - min(left.share, line.share * part // of)
    earned, earned_with_tax = (max(0, basis - left.share) for basis in (left.amount, left.amount + left.tax))
    share = max(share, amount - earned, amount + tax - earned_with_tax)
    return Left(left.quantity - quantity, amount, tax, share)


# ---- what a purchase's chain keeps ----------------------------------------------------------------------------------

Touched = tuple[tuple[int, Left], ...]
"""The lines of which something came back, by their place, and what is left of them. All others are whole."""


def touched(bought: Bought, left: Sequence[Left]) -> Touched:
    """What to keep of what is left."""
    rows = enumerate(zip(whole(bought), left, strict=True))
    return tuple((place, now) for place, (first, now) in rows if now != first)


def left_of(bought: Bought, kept: Touched) -> tuple[Left, ...]:
    """What is left of every line."""
    left = list(whole(bought))
    for place, now in kept:
        left[place] = now
    return tuple(left)


def pack_touched(kept: Touched) -> bytes:
    """A line that is gone takes one byte, any other its four numbers more. Places are steps from the one before."""
    numbers, before = [], -1
    for place, now in kept:
        numbers.append((place - before) * 2 + (not now.is_gone))
        numbers += () if now.is_gone else (now.quantity, now.amount, now.tax, now.share)
        before = place
    return varint.pack(numbers)


def unpack_touched(packed: bytes) -> Touched:
    """What `pack_touched` packed."""
    kept, place, numbers = [], -1, varint.unpack(packed)
    for head in numbers:
        place += head // 2
        kept.append((place, Left(*islice(numbers, _NUMBERS)) if head % 2 else GONE))
    return tuple(kept)


_NUMBERS = 4  # of a line: quantity, amount, tax, share
