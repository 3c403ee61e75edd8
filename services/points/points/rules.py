"""What a member's points chain decides about earning and spending.

Pure: the state, the operation and the time go in, the entries and the next state come out, or a refusal is raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from points import earning as engine
from points.arriving import Arrival, arrive
from points.balances import Account, settle, spend_lots
from points.bought import UNTIL_COMPLETE, Bought, HoldUsed, sold, whole
from points.caps import room, used_up
from points.earning import Given, Occasion
from points.facts import lots_of
from points.holding import Ending, end
from points.lots import Lot, Source, pack_lots, unpack_lots
from points.programme import Programme
from points.standing import tier_of
from shared.chain import Also, Decided, Step
from shared.units import Points

_SOURCES: Mapping[str, Source] = {
    "award": Source.AWARD,
    "checkin": Source.CHECKIN,
    "coupon": Source.COUPON,
}

# ---- purchases ------------------------------------------------------------------------------------------------------


def buy(account: Account, bought: Bought, at: datetime) -> Decided[Account]:
    """A purchase: the points it uses, then the points it earns, in one append."""
    programme = bought.programme
    paid = _pay(account, bought, at)
    is_first = paid.account.purchases == 0
    account, given = judge(paid.account, bought, at)
    data = {"explain": engine.explain(programme, given), "v": programme.version, **_shown(bought, is_first=is_first)}
    if paid.used:
        data["used"] = pack_lots(paid.used)
    arrival = Arrival(
        ref=bought.ref,
        programme=bought.in_force or programme,
        lots=lots_of(bought, given, bought.earned_at),
        earned_at=bought.earned_at,
        waits=UNTIL_COMPLETE if bought.is_placed else bought.waits(bought.earned_at),
        data=data,
    )
    arrived = arrive(account, arrival, at)
    return Decided(arrived.state, (*paid.steps, *arrived.steps), paid.also)


@dataclass(frozen=True, slots=True)
class _Paid:
    account: Account
    used: tuple[Lot, ...] = ()
    steps: tuple[Step, ...] = ()
    also: tuple[Also, ...] = ()


def _pay(account: Account, bought: Bought, at: datetime) -> _Paid:
    """What fell due, and the points that a purchase uses: of the hold it names, whose rest comes back, or of all."""
    account, due = settle(account, at, bought.zone)
    if bought.hold is not None:
        return _pay_from_hold(account, due, bought, bought.hold, at)
    if not bought.points_used:
        return _Paid(account, steps=due)
    account, used = spend_lots(account, bought.points_used)
    step = Step("spent", -bought.points_used, bought.occurred_at, bought.ref, {"lots": pack_lots(used)})
    return _Paid(account, used, (*due, step))


def _pay_from_hold(account: Account, due: tuple[Step, ...], bought: Bought, hold: HoldUsed, at: datetime) -> _Paid:
    """The end of a hold, which is an operation of its own: nobody else can end it."""
    ended = end(account, Ending(hold.holding, bought.points_used), at)
    step, *later = ended.steps  # nothing is due any more
    used = unpack_lots(step.data["lots"])
    by = step._replace(data={**step.data, "by": bought.ref[1]})
    also = Also(
        hold.holding.end_mark,
        (*due, by, *later),
        hold.seen,
        "hold_closed",
        hold.account,
        unless=(hold.holding.reversal,),
        of=hold.holding.mark,
    )
    return _Paid(ended.state, used, (), (also,))


def judge(account: Account, bought: Bought, at: datetime) -> tuple[Account, tuple[Given, ...]]:
    """What each rule gives, and the account with its caps and purchases counted."""
    programme = bought.programme
    occasion = Occasion(
        channel=bought.source,
        store_id=bought.store_id,
        at=bought.occurred_at,
        tier=tier_of(account, bought.in_force or programme, at),
        is_first=account.purchases == 0,
    )
    lines = sold(bought, bought.left or whole(bought))
    given = engine.earned(programme, occasion, lines, room(account, programme, bought.day))
    account = used_up(account, programme, given, bought.day)
    return account._replace(purchases=account.purchases + 1), given


def _shown(bought: Bought, *, is_first: bool) -> dict[str, Any]:
    """What the entry tells beside its points. That it is not a member's first purchase need not be said."""
    amount = sum(line.amount for line in bought.left or bought.lines)
    first = {"first_purchase": True} if is_first else {}
    return {"amount": amount, **({"store_id": bought.store_id} if bought.store_id else {}), **first}


# ---- other earning --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Earning:
    """Points earned at a moment, for a reason."""

    points: Points
    occurred_at: datetime
    ref: tuple[str, str]
    programme: Programme
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        return self.programme.zone


def earn(account: Account, earning: Earning, at: datetime) -> Decided[Account]:
    """Points that come by event or from a partner: a check-in's reward, a bonus, an award."""
    account, steps = settle(account, at, earning.programme.zone)
    source = _SOURCES.get(earning.ref[0], Source.ADJUSTMENT)
    lot = Lot(False, earning.programme.last_day(earning.occurred_at), earning.points, source)
    lots = (lot,) if earning.points else ()
    arrival = Arrival(earning.ref, earning.programme, lots, earning.occurred_at, data=earning.data)
    arrived = arrive(account, arrival, at)
    return Decided(arrived.state, (*steps, *arrived.steps))


# ---- spending -------------------------------------------------------------------------------------------------------


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
    account, taken = spend_lots(account, spending.points)
    step = Step("spent", -spending.points, ref=("spend", spending.spend_id), data={"lots": pack_lots(taken)})
    return Decided(account, (*steps, step))
