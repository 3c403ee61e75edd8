"""Points for what a member did that was no purchase: an own bag, a review, a trial. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from points import earning
from points.arriving import Arrival, arrive
from points.balances import Account, settle
from points.caps import room, used_up
from points.earning import Occasion
from points.lots import Lot, Source, merged
from points.model import Explained
from points.programme import Programme
from points.standing import tier_of
from shared.chain import Decided
from shared.reference import MemberRef
from shared.shapes import Id, Occurred, Shape


class Action(Shape):
    """Something a member did. `type` is what the programme's rules call it; without `occurred_at` it was now."""

    action_id: Id
    member: MemberRef
    type: Id
    occurred_at: Occurred | None = None
    staff_id: Id | None = None


class ActionAnswer(Shape):
    """What an action earned, and why; less than its rules say, down to nothing, where a cap is reached."""

    action_id: str
    points: int
    balance: int
    explain: list[Explained]


@dataclass(frozen=True, slots=True)
class Acting:
    """An action on its way into the account, with the rules that can apply to it."""

    action_id: str
    type: str
    occurred_at: datetime
    programme: Programme
    store_id: str | None = None
    staff_id: str | None = None

    @property
    def ref(self) -> tuple[str, str]:
        return "action", self.action_id

    @property
    def zone(self) -> str:
        return self.programme.zone


def act(account: Account, acting: Acting, at: datetime) -> Decided[Account]:
    """What the rules give for an action, within the caps of this member. It can't be refused: a cap only cuts."""
    programme = acting.programme
    account, steps = settle(account, at, programme.zone)
    occasion = Occasion(
        channel=None,  # the rules that are kept fit the place and the time
        store_id=acting.store_id,
        at=acting.occurred_at,
        tier=tier_of(account, programme, at),
        action=acting.type,
    )
    day = programme.day(acting.occurred_at).toordinal()
    given = earning.earned(programme, occasion, (), room(account, programme, day))
    account = used_up(account, programme, given, day)
    data: dict[str, Any] = {"action": acting.type, "explain": earning.explain(programme, given), "v": programme.version}
    if acting.store_id:
        data["store_id"] = acting.store_id
    rows = earning.lots_for(programme, given, acting.occurred_at)
    lots = merged(Lot(is_limited, last_day, points, Source.ACTION) for is_limited, last_day, points in rows)
    arrived = arrive(account, Arrival(acting.ref, programme, lots, acting.occurred_at, data=data), at)
    return Decided(arrived.state, (*steps, *arrived.steps))
