"""What a member's points chain and a partner's budget decide.

Pure: the state, the operation and the time go in, the entries and the next state come out, or a refusal is raised.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from points.balances import Account, add, counted, settle, take
from points.lots import Lot, pack_lots
from points.model import Line
from points.programme import Programme, points_of
from shared import keys
from shared.chain import Decided, Kind, Step
from shared.errors import Conflict
from shared.units import Points

# ---- earning and spending -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bought:
    """A completed purchase of a member, with the programme it is judged by."""

    source: str
    purchase_id: str
    occurred_at: datetime
    lines: tuple[Line, ...]
    points_used: Points
    programme: Programme
    more: dict[str, Any] = field(default_factory=dict)  # what the receipt said besides: store, terminal, staff …

    @property
    def ref(self) -> tuple[str, str]:
        return "purchase", f"{self.source}/{self.purchase_id}"


def buy(account: Account, bought: Bought, at: datetime) -> Decided[Account]:
    """A purchase: the points it uses, then the points it earns, in one append."""
    programme = bought.programme
    account, steps = settle(account, at, programme.zone)
    if bought.points_used:
        account, spent = _spend(account, bought.points_used, bought.ref)
        steps += (replace(spent, occurred_at=bought.occurred_at),)
    points = points_of(programme, bought.lines, bought.points_used)
    explain = f"base {points} {programme.base.points} {programme.base.per_amount}"
    data = {"explain": explain, "v": programme.version, **_shown(bought)}
    return _earn(account, steps, at, Earning(points, bought.occurred_at, bought.ref, programme, data))


def _shown(bought: Bought) -> dict[str, Any]:
    """What the entry tells beside its points."""
    total = sum(line.amount for line in bought.lines)
    kept = {name: value for name, value in bought.more.items() if name == "store_id" and value}
    return {"amount": total, **kept}


@dataclass(frozen=True, slots=True)
class Earning:
    """Points earned at a moment, for a reason."""

    points: Points
    occurred_at: datetime
    ref: tuple[str, str]
    programme: Programme
    data: dict[str, Any] = field(default_factory=dict)


def earn(account: Account, earning: Earning, at: datetime) -> Decided[Account]:
    """Points that come by event: a check-in's reward, a bonus."""
    account, steps = settle(account, at, earning.programme.zone)
    return _earn(account, steps, at, earning)


def _earn(account: Account, steps: tuple[Step, ...], at: datetime, earning: Earning) -> Decided[Account]:
    programme = earning.programme
    lot = Lot(False, programme.last_day(earning.occurred_at), earning.points)
    account = _counted(add(account, lot), earning, programme)
    step = Step(
        kind="earned",
        points=earning.points,
        occurred_at=earning.occurred_at,
        ref=earning.ref,
        data={"lots": pack_lots([lot]), **earning.data} if earning.points else earning.data,
    )
    account, due = settle(account, at, programme.zone)  # points of long ago may be gone already
    return Decided(account, (*steps, step, *due))


def _counted(account: Account, earning: Earning, programme: Programme) -> Account:
    """The points earned in the calendar year of the programme, on which tiers look."""
    january = programme.day(earning.occurred_at).year * 12
    newest = max((month for month, _ in account.earned), default=january)
    return counted(account, january, earning.points, newest - newest % 12)


@dataclass(frozen=True, slots=True)
class Spending:
    """Points that a member pays with."""

    spend_id: str
    points: Points
    order_ref: str
    zone: str
    store_id: str | None = None


def spend(account: Account, spending: Spending, at: datetime) -> Decided[Account]:
    """Take points out of the account; `insufficient_points` if they are not there."""
    account, steps = settle(account, at, spending.zone)
    account, step = _spend(account, spending.points, ("spend", spending.spend_id))
    return Decided(account, (*steps, step))


def _spend(account: Account, points: Points, ref: tuple[str, str]) -> tuple[Account, Step]:
    account, taken = spend_lots(account, points)
    return account, Step("spent", -points, ref=ref, data={"lots": pack_lots(taken)})


def spend_lots(account: Account, points: Points) -> tuple[Account, tuple[Lot, ...]]:
    """Take points if they are there, and say how many are missing if not."""
    available = max(0, account.available)
    if points > available:
        raise Conflict("insufficient_points", required=points, available=available, missing=points - available)
    return take(account, points)


# ---- partner awards -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What a partner has given: in its month or since the beginning, and today."""

    period: str = ""
    used: Points = 0
    total: Points = 0
    day: int = 0
    day_used: Points = 0

    def of(self, period: str, day: int) -> BudgetState:
        """This state seen on a day of a month: older counts are done with."""
        state = self if period <= self.period else replace(self, period=period, used=0)
        return state if day <= state.day else replace(state, day=day, day_used=0)


BUDGET: Kind[BudgetState] = Kind(
    keys.PARTNER_BUDGET,
    BudgetState(),
    lambda state: {"p": state.period, "u": state.used, "t": state.total, "d": state.day, "n": state.day_used},
    lambda packed: BudgetState(packed["p"], packed["u"], packed["t"], packed["d"], packed["n"]),
)


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


def _left(state: BudgetState, giving: Giving) -> Points:
    used = state.used if giving.budget_kind == "monthly" else state.total
    return giving.budget - used


def take_from_budget(state: BudgetState, giving: Giving, at: datetime) -> Decided[BudgetState]:
    """The partner's chain decides first: the day's cap, then the budget."""
    day = giving.programme.day(at)
    state = state.of(f"{day:%Y-%m}", day.toordinal())
    if state.day_used + giving.points > giving.per_day:
        raise Conflict("cap_exceeded", cap="per_day", limit=giving.per_day)
    if giving.points > _left(state, giving):
        raise Conflict("budget_exceeded")
    state = replace(
        state,
        used=state.used + giving.points,
        total=state.total + giving.points,
        day_used=state.day_used + giving.points,
    )
    member = keys.account(keys.MEMBER_POINTS, giving.member_id)
    data = {
        "points": giving.points,
        "left": _left(state, giving),
        "carry": ["points", giving.name, member, giving.member_seen],
    }
    return Decided(state, (Step("taken", ref=("award", giving.award_id), data=data),))


@dataclass(frozen=True, slots=True)
class GivingBack:
    """An award that the member's chain refused, and when the budget had taken it."""

    giving: Giving
    taken_at: datetime


def give_back_to_budget(state: BudgetState, back: GivingBack, at: datetime) -> Decided[BudgetState]:
    """Undo a taking: in the month and on the day of the taking, if they still last."""
    giving = back.giving
    now, then = giving.programme.day(at), giving.programme.day(back.taken_at)
    state = state.of(f"{now:%Y-%m}", now.toordinal())
    state = replace(
        state,
        used=state.used - giving.points * (state.period == f"{then:%Y-%m}"),
        total=state.total - giving.points,
        day_used=state.day_used - giving.points * (state.day == then.toordinal()),
    )
    data = {"points": -giving.points, "left": _left(state, giving)}
    return Decided(state, (Step("given_back", ref=("award", giving.award_id), data=data),))


def accept_award(account: Account, giving: Giving, at: datetime) -> Decided[Account]:
    """The member's chain accepts, or refuses by an entry of 0 points that names the award.

    The refusal is an entry so that a twin of the request can't be accepted after the budget was given back; and so
    that the stream gives it back if the process dies before it has.
    """
    account, steps = settle(account, at, giving.programme.zone)
    day = giving.programme.day(at).toordinal()
    given = given_today(account, giving.partner_id, day)
    if given + giving.points > giving.per_member_day:
        data = {"cap": "per_member_day", "limit": giving.per_member_day, "carry": ["points", giving.name]}
        return Decided(account, (*steps, Step("refused", ref=("award", giving.award_id), data=data)))
    others = tuple(award for award in account.awards if award[1] == day and award[0] != giving.partner_id)
    account = replace(account, awards=(*others, (giving.partner_id, day, given + giving.points)))
    data = {"partner_id": giving.partner_id, "v": giving.programme.version}
    ref = ("award", giving.award_id)
    return _earn(account, steps, at, Earning(giving.points, giving.occurred_at, ref, giving.programme, data))


def given_today(account: Account, partner_id: str, day: int) -> Points:
    """What a partner has given this member on a day."""
    return sum(points for partner, on, points in account.awards if partner == partner_id and on == day)
