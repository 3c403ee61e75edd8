"""What the insider guard finds in a sale at a till: pure rules over what the sale, its day and its store say.

A till is trusted with what its key may do. So nobody is stopped by these rules; what they find is looked at by people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from points.guard_model import COUNTED_MAX, Guard, Outcome, RuleName, UnusualAmount
from shared.business_day import zone
from shared.opening import Hours, is_open
from shared.units import Money

_LOOK = timedelta(minutes=15)
PAST_DAYS = 14
PAST_SALES = 200
"""A store has a past after so many sales in so many days."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A member's purchase at a till; `amount` is its total with tax."""

    purchase_id: str
    store_id: str
    member_id: str
    amount: Money
    at: datetime
    terminal_id: str | None = None
    staff_id: str | None = None


class Counted(NamedTuple):
    """What is kept of a sale: also the number of its entry in the member's account, 0 if nobody has looked it up."""

    purchase_id: str
    amount: Money
    at_ms: int
    sequence: int
    staff_id: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What one member bought at one till on one business day, each purchase once, in the order it was heard of."""

    sales: tuple[Counted, ...] = ()

    @property
    def amount(self) -> Money:
        return sum(sale.amount for sale in self.sales)

    def knows(self, purchase_id: str) -> bool:
        return any(sale.purchase_id == purchase_id for sale in self.sales)

    def with_(self, sale: Counted) -> Tally:
        """The tally with a sale more; itself if it has that already, or is full."""
        if self.knows(sale.purchase_id) or len(self.sales) >= COUNTED_MAX:
            return self
        return replace(self, sales=(*self.sales, sale))


class Past(NamedTuple):
    """How many sales a store had in the days before, and the amount that one in a hundred of them exceeds."""

    sales: int
    high: Money


def past_of(amounts: Sequence[Money]) -> Past:
    """The past of a store with these sales: the 99th percentile is the nearest rank, so it is one of them."""
    ordered = sorted(amounts)
    rank = -(-99 * len(ordered) // 100)
    return Past(len(ordered), ordered[rank - 1] if ordered else 0)


def limit(settings: UnusualAmount, past: Past) -> Money:
    """More than this is unusual."""
    if past.sales < PAST_SALES:
        return max(settings.at_least, settings.without_past)
    return max(settings.at_least, settings.times * past.high)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a sale is held against: its day's tally with it, the store's hours and zone, its past if that matters."""

    tally: Tally
    hours: Hours | None = None
    zone: str = "UTC"
    past: Past | None = None
    is_own_card: bool = False

    def bought(self, sale: Sale) -> Money:
        """What the member has bought at the till that day, this sale included."""
        return self.tally.amount + (0 if self.tally.knows(sale.purchase_id) else sale.amount)


def needs_past(guard: Guard, sale: Sale, around: Circumstances) -> bool:
    """Whether the store's past can make a difference: to read it costs more than everything else here."""
    watch = guard.unusual_amount
    return watch.outcome != "off" and around.bought(sale) > watch.at_least


def found(guard: Guard, sale: Sale, around: Circumstances) -> Iterator[tuple[RuleName, Outcome]]:
    """The rules that find something in a sale and are not off, each with what follows."""
    grace = timedelta(minutes=guard.after_hours.grace_minutes)
    finds: dict[RuleName, bool] = {
        "same_member": len(around.tally.sales) >= guard.same_member.per_day,
        "unusual_amount": around.past is not None and around.bought(sale) > limit(guard.unusual_amount, around.past),
        "own_card": around.is_own_card,
        "after_hours": is_after_hours(around.hours, sale.at.astimezone(zone(around.zone)), grace),
    }
    for rule, finds_it in finds.items():
        outcome = guard.outcome(rule)
        if finds_it and outcome != "off":
            yield rule, outcome


def is_after_hours(hours: Hours | None, local: datetime, grace: timedelta) -> bool:
    """Whether a store is closed at a local time, and at every quarter of an hour within the grace around it."""
    steps = range(-int(grace / _LOOK), int(grace / _LOOK) + 1)
    moments = (local - grace, local + grace, *(local + n * _LOOK for n in steps))
    return not any(is_open(hours, moment) for moment in moments)
