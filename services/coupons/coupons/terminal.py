"""A till's own chain: what it may give away on a business day without a line, and what that cost when it went wrong.

The coupon's home decides whether a coupon was still free. What was not is a loss, and this chain decides whether it
is within the day's allowance. So the losses of a till and day are bounded in every prefix, whatever else happens.
Pure: the state, the operation and the time go in, the entries and the next state come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

from shared import varint
from shared.chain import Decided, Kind, Packed, Step
from shared.keys import TERMINAL
from shared.units import Money

DAYS_MAX = 31
"""So many days a head carries, the newest. What is heard of an older one later is a loss beyond its allowance."""
RUNS_MAX = 32
"""So many runs of sequence numbers a head tells apart. Beyond, the oldest gap counts as filled."""


class Spent(NamedTuple):
    """One business day: its limits, and the losses within them and beyond."""

    day: date
    max_redemptions: int
    max_value: Money
    absorbed: int = 0
    absorbed_value: Money = 0
    refused: int = 0
    refused_value: Money = 0


@dataclass(frozen=True, slots=True)
class Terminal:
    """A till: its latest days, the runs of sequence numbers that have come, and how many came twice for two things."""

    days: tuple[Spent, ...] = ()
    runs: tuple[tuple[int, int], ...] = ()
    repeated: int = 0

    def of(self, day: date) -> Spent | None:
        return next((one for one in self.days if one.day == day), None)

    def has_heard(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.runs)

    def with_(self, spent: Spent) -> Terminal:
        """The till with this day in place of the one of the same date."""
        days = sorted([*(one for one in self.days if one.day != spent.day), spent])
        return replace(self, days=tuple(days[-DAYS_MAX:]))

    @property
    def missing(self) -> list[tuple[int, int]]:
        """The numbers between those that have come."""
        return [(last + 1, first - 1) for (_, last), (first, _) in pairwise(self.runs)]


@dataclass(frozen=True, slots=True)
class Allowing:
    """An allowance that is asked for: one till, one business day, and the time in which the till may use it."""

    allowance_id: str
    store_id: str
    terminal_id: str
    day: date
    starts_at: datetime
    expires_at: datetime
    max_redemptions: int
    max_value: Money


def allow(terminal: Terminal, allowing: Allowing, _: datetime) -> Decided[Terminal]:
    """Give an allowance; a second one for the day is the first one's again, and doubles nothing."""
    there = terminal.of(allowing.day) or Spent(allowing.day, allowing.max_redemptions, allowing.max_value)
    data = {
        "business_day": allowing.day.isoformat(),
        "max_redemptions": there.max_redemptions,
        "max_value": there.max_value,
    }
    return Decided(terminal.with_(there), (Step("allowed", ref=("allowance", allowing.allowance_id), data=data),))


@dataclass(frozen=True, slots=True)
class Loss:
    """A discount that a till gave for a coupon which was used elsewhere."""

    redemption_id: str
    coupon_id: str
    day: date
    amount: Money

    def step(self, kind: str) -> Step:
        data = {"coupon_id": self.coupon_id, "business_day": self.day.isoformat(), "amount": self.amount}
        return Step(kind, ref=("redemption", self.redemption_id), data=data)


def bear(terminal: Terminal, loss: Loss, _: datetime) -> Decided[Terminal]:
    """Book a loss: absorbed within the day's allowance, refused beyond it. Both are entries, so that both are told."""
    spent = terminal.of(loss.day)
    if spent is None:
        return Decided(terminal, (loss.step("refused"),))
    count, value = spent.absorbed + 1, spent.absorbed_value + loss.amount
    if count > spent.max_redemptions or value > spent.max_value:
        beyond = spent._replace(refused=spent.refused + 1, refused_value=spent.refused_value + loss.amount)
        return Decided(terminal.with_(beyond), (loss.step("refused"),))
    within = spent._replace(absorbed=count, absorbed_value=value)
    return Decided(terminal.with_(within), (loss.step("absorbed"),))


@dataclass(frozen=True, slots=True)
class Lifting:
    """The end of a loss whose sale was voided; `was` is the entry it had, None if it had none yet."""

    loss: Loss
    was: str | None


def lift(terminal: Terminal, lifting: Lifting, _: datetime) -> Decided[Terminal]:
    """Take a loss out of the books again: the goods came back. After this entry it can't enter any more."""
    loss, spent = lifting.loss, terminal.of(lifting.loss.day)
    if spent is not None and lifting.was == "absorbed":
        spent = spent._replace(absorbed=spent.absorbed - 1, absorbed_value=spent.absorbed_value - loss.amount)
    elif spent is not None and lifting.was == "refused":
        refused, value = max(0, spent.refused - 1), max(0, spent.refused_value - loss.amount)
        spent = spent._replace(refused=refused, refused_value=value)
    return Decided(terminal if spent is None else terminal.with_(spent), (loss.step("lifted"),))


@dataclass(frozen=True, slots=True)
class Hearing:
    """The sequence numbers of a sync. `repeated`: so many are of new things and had been heard before it began."""

    numbers: tuple[int, ...]
    repeated: int = 0


def hear(terminal: Terminal, hearing: Hearing, _: datetime) -> Decided[Terminal]:
    """Remember which numbers have come, in whatever order and however often: what is missing then is a gap."""
    numbers = hearing.numbers
    data = {"first": min(numbers), "last": max(numbers), "count": len(numbers)}
    more = {"repeated": hearing.repeated} if hearing.repeated else {}
    runs = tuple(_joined([*terminal.runs, *((one, one) for one in numbers)]))
    while len(runs) > RUNS_MAX:
        runs = ((runs[0][0], runs[1][1]), *runs[2:])
    after = replace(terminal, runs=runs, repeated=terminal.repeated + hearing.repeated)
    return Decided(after, (Step("synced", data=data | more),))


def _joined(runs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same numbers in as few runs as possible, in their order."""
    begun: tuple[int, int] | None = None
    for first, last in sorted(runs):
        if begun is not None and first <= begun[1] + 1:
            begun = begun[0], max(begun[1], last)
            continue
        if begun is not None:
            yield begun
        begun = first, last
    if begun is not None:
        yield begun


# ---- packed form ----------------------------------------------------------------------------------------------------

_WIDTH = len(Spent._fields)


def _pack(terminal: Terminal) -> Packed:
    days = varint.pack(number for day, *counts in terminal.days for number in (day.toordinal(), *counts))
    runs = varint.pack(number for first, last in terminal.runs for number in (first, last - first))
    return {"d": days, "q": runs} | ({"n": terminal.repeated} if terminal.repeated else {})


def _unpack(packed: Packed) -> Terminal:
    days, runs = list(varint.unpack(packed["d"])), list(varint.unpack(packed["q"]))
    return Terminal(
        days=tuple(
            Spent(date.fromordinal(days[at]), *days[at + 1 : at + _WIDTH]) for at in range(0, len(days), _WIDTH)
        ),
        runs=tuple((first, first + more) for first, more in zip(runs[::2], runs[1::2], strict=True)),
        repeated=int(packed.get("n", 0)),
    )


TILL: Kind[Terminal] = Kind(TERMINAL, Terminal(), _pack, _unpack)
