"""What a partner's budget decides about an award: whether it can take it, and what comes back.

Pure: the state, the operation and the time go in, the entries and the next state come out, or a refusal is raised.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from points.programme import Programme
from shared import keys, varint
from shared.chain import Decided, Entry, Kind, Packed, Step
from shared.errors import Conflict
from shared.units import Points

LATE_MAX = 16


@dataclass(frozen=True, slots=True)
class Late:
    """A taking that came back in a later month than its own: the entries of its month do not tell."""

    taken: int  # the number of the taking
    is_refused: bool


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What a partner has given: in its month, since the beginning, and today.

    `late` holds what came back late, the latest sixteen at most; those before them stand in the state after entry
    `late_before`. So a statement finds them without reading the months in between.
    """

    period: str = ""
    used: Points = 0
    total: Points = 0
    day: int = 0
    day_used: Points = 0
    entries: int = 0  # the number of the chain's last entry
    late: tuple[Late, ...] = ()
    late_before: int = 0

    def of(self, period: str, day: int) -> BudgetState:
        """This state seen on a day of a month: older counts are done with."""
        state = self if period <= self.period else replace(self, period=period, used=0)
        return state if day <= state.day else replace(state, day=day, day_used=0)

    def with_late(self, late: Late) -> BudgetState:
        """This state, knowing of one more that came back late."""
        if len(self.late) < LATE_MAX:
            return replace(self, late=(*self.late, late))
        return replace(self, late=(late,), late_before=self.entries)


def _pack(state: BudgetState) -> Packed:
    packed: Packed = {
        "p": state.period,
        "u": state.used,
        "t": state.total,
        "d": state.day,
        "n": state.day_used,
        "e": state.entries,
    }
    if state.late:
        packed["l"] = varint.pack((state.late_before, *(one.taken << 1 | one.is_refused for one in state.late)))
    return packed


def _unpack(packed: Packed) -> BudgetState:
    before, *late = varint.unpack(packed["l"]) if "l" in packed else (0,)
    return BudgetState(
        period=packed["p"],
        used=packed["u"],
        total=packed["t"],
        day=packed["d"],
        day_used=packed["n"],
        entries=packed["e"],
        late=tuple(Late(one >> 1, bool(one & 1)) for one in late),
        late_before=before,
    )


BUDGET = Kind(keys.PARTNER_BUDGET, BudgetState(), _pack, _unpack)


@dataclass(frozen=True, slots=True)
class Giving:
    """An award on its way: who gives how much to whom, under which limits."""

    award_id: str
    partner_id: str
    member_id: str
    member_seen: int
    points: Points
    reason: str
    occurred_at: datetime
    budget_kind: str
    budget: Points
    per_member_day: Points
    per_day: Points
    programme: Programme

    @property
    def name(self) -> str:
        """The partition of the award's name, by which the stream finds it again."""
        return keys.name("award", f"partner.{self.partner_id}", self.award_id)

    @property
    def ref(self) -> tuple[str, str]:
        return "award", self.award_id


@dataclass(frozen=True, slots=True)
class Taken:
    """An award that the budget has taken: under which number, and when."""

    giving: Giving
    number: int
    at: datetime

    @property
    def programme(self) -> Programme:
        return self.giving.programme

    @property
    def zone(self) -> str:
        return self.giving.programme.zone


def month_of(giving: Giving, at: datetime) -> str:
    """The month that a moment belongs to, such as 2026-11: budgets and statements go by it."""
    return f"{giving.programme.day(at):%Y-%m}"


def _on(state: BudgetState, giving: Giving, at: datetime) -> BudgetState:
    return state.of(month_of(giving, at), giving.programme.day(at).toordinal())


def _left(state: BudgetState, giving: Giving) -> Points:
    used = state.used if giving.budget_kind == "monthly" else state.total
    return giving.budget - used


def take(state: BudgetState, giving: Giving, at: datetime) -> Decided[BudgetState]:
    """The partner's chain decides first: the day's cap, then the budget."""
    state = _on(state, giving, at)
    if state.day_used + giving.points > giving.per_day:
        raise Conflict("cap_exceeded", cap="per_day", limit=giving.per_day)
    if giving.points > _left(state, giving):
        raise Conflict("budget_exceeded")
    state = replace(
        state,
        used=state.used + giving.points,
        total=state.total + giving.points,
        day_used=state.day_used + giving.points,
        entries=state.entries + 1,
    )
    member = keys.account(keys.MEMBER_POINTS, giving.member_id)
    data = {
        "points": giving.points,
        "left": _left(state, giving),
        "carry": ["points", giving.name, member, giving.member_seen],
    }
    return Decided(state, (Step("taken", occurred_at=giving.occurred_at, ref=giving.ref, data=data),))


def member_of(taken: Entry) -> str:
    """Whom an award was for, as the entry of its taking tells."""
    return keys.holder(taken.data["carry"][2])


@dataclass(frozen=True, slots=True)
class GivingBack:
    """An award that the member's chain refused, or that was reversed; `taken` is None if the budget never took it."""

    giving: Giving
    taken: Taken | None
    why: Literal["refused", "reversed"]


def give_back(state: BudgetState, back: GivingBack, at: datetime) -> Decided[BudgetState]:
    """Undo a taking: in the month and on the day of the taking, if they still last."""
    giving, taken = back.giving, back.taken
    state = _on(state, giving, at)
    data = {}
    if taken is not None:
        is_late = state.period != month_of(giving, taken.at)
        is_of_today = state.day == giving.programme.day(taken.at).toordinal()
        state = replace(
            state.with_late(Late(taken.number, back.why == "refused")) if is_late else state,
            used=state.used - giving.points * (not is_late),
            total=state.total - giving.points,
            day_used=state.day_used - giving.points * is_of_today,
        )
        data = {"points": -giving.points, "left": _left(state, giving), "taken": taken.number}
    return Decided(replace(state, entries=state.entries + 1), (Step(back.why, ref=giving.ref, data=data),))
