"""What past purchases would have earned under other rules. Pure.

Each member's purchases are judged anew, in their order, from the account as it was before the first of them: tier, first
purchase and caps go on from there. They are judged twice, by the rules in force and by the proposed ones, so that both
sums leave out the same: what was earned otherwise, and what came back later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import Field

from points.balances import Account
from points.bought import Bought
from points.earning import Given, relevant
from points.programme import Programme
from points.rules import judge
from points.settings import Settings
from points.standing import tallied
from shared.shapes import Day, Shape
from shared.units import Money, Points

DAYS_MAX = 92


class Simulation(Shape):
    """A programme as `PUT /v1/programme` takes it (its version is not looked at), and which days' purchases to judge.

    By when they were made (`occurred_at`), both days included, at most 92; and where to go on.
    """

    programme: Settings
    since: Day
    until: Day
    cursor: Annotated[str, Field(max_length=4096)] | None = None


class RuleCost(Shape):
    """What one rule gives; of a rule that one of the two programmes does not have, 0 there."""

    rule_id: str
    in_force: Points
    proposed: Points


class SimulationAnswer(Shape):
    """What the members of this page of the list would have been given: sums of one page, to be added up over all.

    The list is in an order of its own that has nothing to do with who the members are, so the first pages are a fair
    sample. `left_out`: members with more than 1,000 entries since the first of these days.
    """

    version: int
    members: int
    left_out: int
    purchases: int
    amount: Money
    in_force: Points
    proposed: Points
    rules: list[RuleCost]
    next_cursor: str | None


class Days(NamedTuple):
    """From a moment until before another."""

    start: datetime
    end: datetime

    def have(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass
class Bill:
    """What purchases would have earned, by rule."""

    members: int = 0
    purchases: int = 0
    amount: Money = 0
    in_force: Counter[str] = field(default_factory=Counter)
    proposed: Counter[str] = field(default_factory=Counter)

    def add(self, account: Account, bought: Sequence[Bought], days: Days, rules: tuple[Programme, Programme]) -> None:
        """Count one member's purchases of these days. `bought` are all since `account`, in the order of the account."""
        counted = [one for one in bought if days.have(one.occurred_at)]
        if not counted:
            return
        self.members += 1
        self.purchases += len(counted)
        self.amount += sum(line.amount for one in counted for line in one.lines)
        for sums, programme in zip((self.in_force, self.proposed), rules, strict=True):
            for one, given in _judged(account, bought, programme):
                if days.have(one.occurred_at):
                    for rule in given:
                        sums[rule.rule_id] += rule.points

    @property
    def rules(self) -> list[RuleCost]:
        """What each rule that gave anything gives on both sides."""
        names = [*self.in_force, *(name for name in self.proposed if name not in self.in_force)]
        return [RuleCost(rule_id=name, in_force=self.in_force[name], proposed=self.proposed[name]) for name in names]


def _judged(
    account: Account, purchases: Iterable[Bought], programme: Programme
) -> Iterator[tuple[Bought, tuple[Given, ...]]]:
    """What each purchase is given under a programme, one after another."""
    for bought in purchases:
        categories = {line.category for line in bought.lines}
        fitting = relevant(programme, bought.source, bought.store_id, bought.occurred_at, categories)
        account, given = judge(account, replace(bought, programme=fitting, in_force=programme), bought.occurred_at)
        points = sum(one.points for one in given)
        account = tallied(account, programme, bought.earned_at, points) if points else account
        yield bought, given
