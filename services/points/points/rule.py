"""One rule of earning, as an operator writes it: what it gives, when, at most how much, and in which lots. Pure.

`base`: so many `points` for each `per_amount` of money. It works like a price list: the first base rule that fits a
line is the line's rate, so special ones stand above general ones; 0 points are a rate too.
`multiplier`: multiplies what the base gives by `factor`, a fraction such as "5/10". Those that fit multiply one another.
`bonus`: `points` once for the whole purchase or action; with `per_amount`, a rate of its own beside the base.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from points.lots import NEVER
from shared.business_day import business_day
from shared.shapes import Id, Problem, Ref, Shape, Some, SomePoints, TimeOrDay, Words, refuse
from shared.units import Points

FACTOR_MAX = 100
_GIVEN_MAX = 10**6
_N_MAX = {"none": 0, "fixed_days": 36_500, "end_of_month": 1_200, "calendar_year": 100, "sliding": 36_500}

Channel = Literal["ec", "pos"]


def _is_factor(text: str) -> str:
    above, below = (int(number) for number in text.split("/"))
    if not below or above > FACTOR_MAX * below:
        raise ValueError(f"a factor is a fraction between 0/1 and {FACTOR_MAX}/1")
    return text


Factor = Annotated[str, Field(pattern=r"^[0-9]{1,6}/[0-9]{1,6}$"), AfterValidator(_is_factor)]


class When(Shape):
    """When a rule applies; what is not said does not matter.

    `categories` are judged line by line, everything else for the whole purchase. `from` is the first moment or day,
    `until` the last day (of the programme's zone, included) or the moment at which it is over. `first_purchase`: only
    a member's first one. A rule with `actions` applies to these actions and never to a purchase; one without never to
    an action.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    channels: Annotated[tuple[Channel, ...], Field(strict=False, min_length=1, max_length=2)] | None = None
    store_ids: Some[Id] | None = None
    categories: Some[Ref] | None = None
    tiers: Some[Words] | None = None
    from_: TimeOrDay | None = Field(default=None, alias="from")
    until: TimeOrDay | None = None
    first_purchase: bool | None = None
    actions: Some[Id] | None = None

    def is_at(self, channel: str | None, store_id: str | None) -> bool:
        """Whether the place fits."""
        return (self.channels is None or channel in self.channels) and (
            self.store_ids is None or store_id in self.store_ids
        )

    def is_in_time(self, at: datetime, zone: str) -> bool:
        """Whether the moment lies in the window."""
        return _has_begun(self.from_, at, zone) and not _is_over(self.until, at, zone)

    def is_for(self, category: str | None) -> bool:
        """Whether a line of this category fits."""
        return self.categories is None or category in self.categories


def _has_begun(start: datetime | date | None, at: datetime, zone: str) -> bool:
    if isinstance(start, datetime):
        return start <= at
    return start is None or start <= business_day(at, zone, 0)


def _is_over(end: datetime | date | None, at: datetime, zone: str) -> bool:
    if isinstance(end, datetime):
        return end <= at
    return end is not None and end < business_day(at, zone, 0)


class Cap(Shape):
    """At most so many points of a rule for one member: on one day of the programme, and ever."""

    per_day: SomePoints | None = None
    per_member: SomePoints | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Cap:
        if self.per_day is None and self.per_member is None:
            refuse([(("per_day",), "missing", "a cap says per_day, per_member or both")])
        return self

    @property
    def whole(self) -> Points:
        """What a member who has nothing of the rule yet may get at once."""
        return min(most for most in (self.per_day, self.per_member) if most is not None)


class Expiry(Shape):
    """The last day on which points can be used, counted from the programme's day on which they were earned.

    `fixed_days` n: the day that is n days later. `end_of_month` n: the last day of the month that is n months later.
    `calendar_year` n: 31 December, n years later. `sliding` n: n days after the member's last earning; each earning
    moves all regular lots. `none`: never; n says nothing then.
    """

    kind: Literal["none", "fixed_days", "end_of_month", "calendar_year", "sliding"]
    n: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _n_is_said_and_sane(self) -> Expiry:
        if self.kind == "none":
            return self
        if self.n is None:
            refuse([(("n",), "missing", f"{self.kind} needs n")])
        elif self.n > _N_MAX[self.kind]:
            refuse([(("n",), "less_than_equal", f"{self.kind} takes at most {_N_MAX[self.kind]}")])
        return self

    def last_day(self, day: date) -> int:
        """The last day (ordinal) of points earned on a day; NEVER where they do not expire."""
        n = self.n or 0
        if self.kind == "none":
            return NEVER
        if self.kind == "end_of_month":
            months = day.year * 12 + day.month + n
            return date(months // 12, months % 12 + 1, 1).toordinal() - 1
        if self.kind == "calendar_year":
            return date(day.year + n, 12, 31).toordinal()
        return (day + timedelta(days=n)).toordinal()


class LotTerms(Shape):
    """The lot that a rule's points go into: limited-time points (期間限定) are spent first."""

    kind: Literal["regular", "limited"]
    expiry: Expiry


class Rule(Shape):
    rule_id: Id
    kind: Literal["base", "multiplier", "bonus"]
    points: Annotated[int, Field(ge=0, le=_GIVEN_MAX)] | None = None
    per_amount: SomePoints | None = None
    factor: Factor | None = None
    when: When | None = None
    cap: Cap | None = None
    lot: LotTerms | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Rule:
        refuse(self._faults())
        return self

    @property
    def conditions(self) -> When:
        return self.when or _ALWAYS

    @property
    def rate(self) -> Fraction:
        """Points for each minor unit of money. Of a base rule, or a bonus with `per_amount`."""
        assert self.points is not None
        assert self.per_amount is not None
        return Fraction(self.points, self.per_amount)

    @property
    def ratio(self) -> Fraction:
        """The factor of a multiplier."""
        assert self.factor is not None
        return Fraction(self.factor)

    def _faults(self) -> Iterator[Problem]:
        yield from self._wrong_for_its_kind()
        yield from self._wrong_for_actions()
        if self.factor and self.kind == "multiplier" and self.ratio < 1:
            for name in ("cap", "lot"):
                if getattr(self, name) is not None:
                    yield (name,), "factor_below_one", f"a {name} is for points that a rule adds"
        if self.lot and self.lot.expiry.kind == "sliding":
            yield ("lot", "expiry", "kind"), "not_for_lots", "sliding is for the whole account: the programme's expiry"
        yield from _window_faults(self.conditions)

    def _wrong_for_its_kind(self) -> Iterator[Problem]:
        needed = {"base": ("points", "per_amount"), "multiplier": ("factor",), "bonus": ("points",)}[self.kind]
        known = {*needed, *(["per_amount"] if self.kind == "bonus" else [])}
        for name in ("points", "per_amount", "factor"):
            if name in needed and getattr(self, name) is None:
                yield (name,), "missing", f"a {self.kind} needs {name}"
            elif name not in known and getattr(self, name) is not None:
                yield (name,), "not_for_kind", f"a {self.kind} has no {name}"
        if self.kind == "bonus" and self.points == 0:
            yield ("points",), "greater_than_equal", "a bonus gives at least 1 point"

    def _wrong_for_actions(self) -> Iterator[Problem]:
        """An action has no price, no lines, and is no purchase."""
        if self.conditions.actions is None:
            return
        if self.kind != "bonus":
            yield ("when", "actions"), "not_for_kind", "only a bonus is given for an action"
        elif self.per_amount is not None:
            yield ("per_amount",), "not_for_kind", "an action has no amount"
        for name in ("categories", "first_purchase"):
            if getattr(self.conditions, name):
                yield ("when", name), "not_for_kind", "an action is no purchase"


def _window_faults(when: When) -> Iterator[Problem]:
    if when.from_ is not None and when.until is not None and _is_empty(when.from_, when.until):
        yield ("when", "until"), "window_empty", "until lies before from"


def _is_empty(start: datetime | date, end: datetime | date) -> bool:
    """Whether a window is surely empty: a time and a date are a zone's day apart at most."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        return end <= start
    if isinstance(start, datetime) or isinstance(end, datetime):
        return _day_of(end) + timedelta(days=1) < _day_of(start)
    return end < start


def _day_of(at: datetime | date) -> date:
    return at.date() if isinstance(at, datetime) else at


_ALWAYS = When()
