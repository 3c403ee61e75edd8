"""Tiers: named levels by the points earned in a window, not by the balance. Pure.

What was earned is counted by month of the programme's zone, net of returns. A month is a number: year * 12 + month - 1.
The window is the calendar year, or the running month and those before it, `rolling_months` in all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from shared.shapes import Amount, Problem, Shape, refuse, word_or
from shared.units import Points

MONTHS_MAX = 24
LEVELS_MAX = 20

Earned = Mapping[int, Points]
"""Points earned by month."""


class Rolling(Shape):
    rolling_months: Annotated[int, Field(ge=1, le=MONTHS_MAX)]


class Level(Shape):
    """A tier's name, and from how many points in the window on a member has it."""

    model_config = ConfigDict(serialize_by_alias=True)

    name: Annotated[str, Field(min_length=1, max_length=64)]
    from_: Amount = Field(alias="from")


Window = Annotated[Literal["calendar_year"] | Rolling, word_or("calendar_year", Rolling)]


class Tiers(Shape):
    """The levels, from 0 upwards."""

    window: Window = "calendar_year"
    levels: Annotated[tuple[Level, ...], Field(strict=False, min_length=1, max_length=LEVELS_MAX)] = (
        Level.model_validate({"name": "base", "from": 0}),
    )

    @model_validator(mode="after")
    def _rise_from_nothing(self) -> Tiers:
        refuse(self._faults())
        return self

    def _faults(self) -> Iterator[Problem]:
        if self.levels[0].from_ != 0:
            yield ("levels", 0, "from"), "not_zero", "the first level begins at 0"
        names: set[str] = set()
        for n, level in enumerate(self.levels):
            if n and level.from_ <= self.levels[n - 1].from_:
                yield ("levels", n, "from"), "not_increasing", "each level begins above the one before"
            if level.name in names:
                yield ("levels", n, "name"), "duplicate", "each level has a name of its own"
            names.add(level.name)

    def at(self, earned_in_window: Points) -> str:
        """The name of the level for so many points."""
        return next(level.name for level in reversed(self.levels) if level.from_ <= max(0, earned_in_window))

    def following(self, earned_in_window: Points) -> tuple[str, Points] | None:
        """The next level's name and how many points are missing to it; None at the top."""
        above = (level for level in self.levels if level.from_ > max(0, earned_in_window))
        level = next(above, None)
        return None if level is None else (level.name, level.from_ - earned_in_window)


def month_of(day: date) -> int:
    """The number of a day's month."""
    return day.year * 12 + day.month - 1


def window_of(tiers: Tiers, month: int) -> range:
    """The months that count in a month."""
    if isinstance(tiers.window, Rolling):
        return range(month - tiers.window.rolling_months + 1, month + 1)
    return range(month - month % 12, month + 1)


def earned_in_window(tiers: Tiers, earned: Earned, month: int) -> Points:
    """What counts in a month, of points earned by month."""
    return sum(earned.get(one, 0) for one in window_of(tiers, month))


def downgrade(tiers: Tiers, earned: Earned, month: int) -> tuple[date, str] | None:
    """The day on which the level falls if nothing more is earned, and to which; None if it lasts."""
    names = [level.name for level in tiers.levels]
    now = names.index(tiers.at(earned_in_window(tiers, earned, month)))
    if not now:
        return None
    for ahead in range(month + 1, month + MONTHS_MAX + 1):
        then = tiers.at(earned_in_window(tiers, earned, ahead))
        if names.index(then) < now:
            return date(ahead // 12, ahead % 12 + 1, 1), then
    return None
