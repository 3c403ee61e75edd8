"""A member's account as the audit plays it: lots, debt, holds, and points that wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from infra.invariants_lots import (
    Days,
    Lots,
    first_days,
    free_after,
    is_in_order,
    lots_of,
    of_free,
    of_paid,
    put,
    regular_day,
    slid,
    take,
    total,
)

Raw = Mapping[str, Any]
Hold = tuple[int, Lots]  # when it lapses, its lots
NONE: Lots = {}


class Account:
    """A member's account as the entries so far have made it.

    A return and a reversal tell their sums and not their lots, so after them the account does not know those: what it
    `knows` must be as it says, and of the rest the sums.
    """

    __slots__ = (
        "at",
        "days",
        "debt",
        "found",
        "held",
        "holds",
        "knows_lots",
        "knows_rest",
        "knows_waits",
        "lapsed",
        "lots",
        "pending",
        "slid",
        "slides",
        "waiting",
        "waits",
    )

    def __init__(self, days: Days) -> None:
        self.days = days
        self.lots: Lots = {}
        self.debt = 0
        self.holds: dict[str, Hold] = {}
        self.held = 0
        self.lapsed: dict[str, int] = {}  # what holds held that have lapsed, for the end that may come yet
        self.pending = 0  # of orders
        self.waiting: dict[tuple[int, int, int], int] = {}  # by the day on which they come, sort and last day
        self.waits = 0  # both together
        self.slides = 0
        self.begin([], 0, 0)

    def begin(self, found: list[str], at: int, slides: int) -> None:
        """The next item: where to say what is wrong, its time, and the day to which earning moves all regular lots."""
        self.slid = self.slides  # the day that the items before have moved them to
        self.found, self.at, self.slides = found, at, slides
        self.knows_lots = self.knows_rest = self.knows_waits = True

    @property
    def has_rest(self) -> bool:
        """Whether there is more than lots: holds, a debt, or points that wait."""
        return bool(self.debt or self.held or self.holds or self.waits or self.pending or self.waiting)

    def of(self, raw: Raw, data: Raw, points: int) -> Lots:
        """The lots that an entry tells, which add up to what it moves."""
        lots = lots_of(data["lots"]) if "lots" in data else NONE
        if total(lots) != points:
            self.found.append(f"{raw['k']} {points} points in lots of {total(lots)}")
        return lots

    def empty(self) -> None:
        """Nothing is there any more, and that is known."""
        self.lots, self.debt, self.holds, self.held = {}, 0, {}, 0
        self.pending, self.waiting, self.waits = 0, {}, 0
        self.knows_lots = self.knows_rest = self.knows_waits = True

    def add(self, lots: Lots) -> None:
        if self.debt:
            left = free_after(lots, self.debt)
            self.debt -= total(lots) - total(left)
            lots = left
        self.put(lots)

    def put(self, lots: Lots) -> None:
        """Points come in, or back: regular ones last as long as the latest earning has made all others last."""
        put(self.lots, slid(lots, self.slid) if self.slid else lots)

    def slide(self, lots: Lots) -> None:
        """Where points last from the latest earning on, it moves all regular lots."""
        day = regular_day(lots) if self.slides else 0
        if 0 < day <= self.slides:
            self.lots, self.slid = slid(self.lots, day), day

    def take(self, raw: Raw, lots: Lots) -> None:
        if not take(self.lots, lots) and self.knows_lots:
            self.found.append(f"{raw['k']} more of a lot than there is")

    def spend(self, raw: Raw, data: Raw, points: int, of: Callable[[Lots], Lots] | None = None) -> Lots:
        """Out of what is usable, in the fixed order, nothing that has expired; of one sort only, or of both."""
        taken = self.of(raw, data, points)
        if any(self.days.ends(day)[1] <= self.at for day in first_days(taken)):
            self.found.append(f"{raw['k']} points that have expired")
        if of and of(taken) != taken:
            self.found.append(f"{raw['k']} points of the other sort")
        self.take(raw, taken)
        if not self.knows_lots:
            return taken
        left = total(of_free(self.lots)) if self.debt else 0
        if self.debt and left < min(self.debt, left + total(of_free(taken))):
            self.found.append(f"{raw['k']} points that a debt waits for")
        sorts = (of,) if of else (of_free, of_paid) if self.debt else (_both_sorts,)
        if not all(is_in_order(one(taken), one(self.lots)) for one in sorts):
            self.found.append(f"{raw['k']} not in the order of spending")
        return taken


def _both_sorts(lots: Lots) -> Lots:
    return lots
