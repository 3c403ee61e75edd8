"""What moved the sum of all balances in a time, as the members' chains tell it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from points.balances import ACCOUNT, Account, settle
from shared import chain
from shared.chain import Entry, Head, Step, head_of
from shared.clock import from_ms
from shared.shapes import Day, Shape
from shared.table import Item
from shared.units import Points

DAYS_MAX = 92


class MovementsQuery(Shape):
    """From one day of the programme to another, both included, at most 92; and where to go on."""

    since: Day
    until: Day
    cursor: Annotated[str, Field(max_length=4096)] | None = None


class DayMoved(Shape):
    """What moved on a day. `returned`: taken back and given back; `held`: into holds, less what came out of them."""

    day: date
    issued: Points
    spent: Points
    expired: Points
    returned: Points
    adjusted: Points
    held: Points
    moved: Points


class MovementsAnswer(Shape):
    """What moved the balances of the members of this page of the list: sums of one page, to be added up over all.

    opening + issued + returned + adjusted + moved - spent - expired - held = closing. The list is in an order of its own
    that has nothing to do with who the members are. `left_out`: members with more than 1,000 entries since the first day.
    """

    members: int
    left_out: int
    opening: Points
    closing: Points
    days: list[DayMoved]
    next_cursor: str | None


@dataclass
class Movements:
    """What moved the sum of all balances in a time: opening + all between = closing, exactly.

    `returned` is what returns, cancellations and reversals moved; `held` what holds took out of balances, less what they
    gave back; `moved` what merges took from one chain and had not yet brought into the other, 0 when all has arrived.
    """

    opening: Points = 0
    issued: Points = 0
    spent: Points = 0
    expired: Points = 0
    returned: Points = 0
    adjusted: Points = 0
    held: Points = 0
    moved: Points = 0
    closing: Points = 0

    def add(self, other: Movements) -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def count(self, steps: Iterable[Entry | Step], sign: int = 1) -> None:
        """Count entries, or what has fallen due and has no entry yet."""
        for step in steps:
            name, points = _moved(step)
            setattr(self, name, getattr(self, name) + sign * points)
            if "captured" in step.data:
                captured = sign * step.data["captured"]
                self.spent += captured
                self.held -= captured

    @property
    def is_whole(self) -> bool:
        came = self.issued + self.returned + self.adjusted + self.moved
        return self.opening + came - self.spent - self.expired - self.held == self.closing


_KINDS = {
    "earned": ("issued", 1), "activated": ("issued", 1), "spent": ("spent", -1), "expired": ("expired", -1),
    "returned": ("returned", 1), "restored": ("returned", 1), "reversed": ("returned", 1), "adjusted": ("adjusted", 1),
    "held": ("held", -1), "captured": ("held", -1), "released": ("held", -1),
}  # fmt: skip


def _moved(step: Entry | Step) -> tuple[str, Points]:
    name, sign = _KINDS.get(step.kind, ("moved", 1))
    return name, sign * step.points


def movements(items: Sequence[Item], bounds: Sequence[datetime], account: str, zone: str) -> list[Movements]:
    """What moved a member's balance between each bound and the next, as the books stood at each.

    What falls due counts on its day, whenever its entry was written: at each bound the account is settled.
    """
    found = []
    heads = [_before(items, at, account) for at in bounds]
    settled = [settle(head.state, at, zone) for head, at in zip(heads, bounds, strict=True)]
    for n, (before, after) in enumerate(pairwise(heads)):
        (opened, due_before), (closed, due_after) = settled[n : n + 2]
        moved = Movements(opening=opened.available, closing=closed.available)
        for item in items:
            if before.sequence < item["sk"] <= after.sequence:
                moved.count(chain.entries_of(item))
        moved.count(due_before, -1)
        moved.count(due_after)
        assert moved.is_whole, account
        found.append(moved)
    return found


def _before(items: Sequence[Item], at: datetime, account: str) -> Head[Account]:
    return head_of(ACCOUNT, account, next((item for item in reversed(items) if from_ms(item["t"]) <= at), None))
