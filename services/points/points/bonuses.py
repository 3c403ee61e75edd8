"""Bonus points of a coupon: earned when it is redeemed, taken back when the redemption is voided, in whatever order.

Both know one name, made of the redemption and the coupon; and both look in the account that the redemption itself
named, from that time on. So the bonus is found wherever a merge has brought it; and where the void is heard of first,
its entry of 0 points keeps the bonus out. The coupon may be redeemed anew: by another redemption, for another bonus.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from points import premium, rules, undoing
from points.balances import ACCOUNT, Account
from points.programme import Programme
from points.rules import Earning
from points.store import programme
from points.undoing import undoing_of
from points.verbs import member_verb
from points.words import OF_CAMPAIGN
from shared import chain, keys
from shared.chain import Decided, Entry
from shared.clock import from_ms
from shared.coupons_of import found_in
from shared.errors import Conflict
from shared.events import Received
from shared.naming import Pending
from shared.shapes import Amount, Id, Time
from shared.world import World


class Used(BaseModel):
    """What points reads of `coupon.redeemed` and `coupon.voided`, for a coupon that gives points."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    redemption_id: Id
    coupon_id: Id
    campaign_id: Id
    member_id: Id
    bonus_points: Amount
    basket_amount: Amount = 0
    store_id: Id | None = None
    occurred_at: Time

    @property
    def name(self) -> str:
        return f"bonus#{self.redemption_id}#{self.coupon_id}"

    @property
    def ref(self) -> tuple[str, str]:
        return "coupon", self.coupon_id


@dataclass(frozen=True, slots=True)
class TakingBack:
    """A bonus whose redemption is void; `entries` are what it did, none if it has not come."""

    used: Used
    programme: Programme
    entries: tuple[Entry, ...]

    @property
    def zone(self) -> str:
        return self.programme.zone


def take_back(account: Account, taking: TakingBack, at: datetime) -> Decided[Account]:
    """Take exactly the bonus away, in debt if it was spent; the entry names the redemption."""
    owed = taking.programme.model_copy(update={"clawback": "debt"})
    decided = undoing.undo(account, undoing_of(taking.used.ref, owed, taking.entries), at)
    told = {"redemption_id": taking.used.redemption_id}
    steps = tuple(
        step._replace(data={**step.data, **told}) if step.ref == taking.used.ref else step for step in decided.steps
    )
    return decided._replace(steps=steps)


EARN, TAKE_BACK = member_verb(rules.earn), member_verb(take_back)


def on_redeemed(world: World, event: Received) -> None:
    """A redeemed coupon brings its bonus, once, dated by the redemption; not if that is known to be void."""
    used = _read(event)
    if used is None:
        return
    account, since = _where(world, used)
    mark, reversal = (chain.operation(used.name, is_reversal=one) for one in (False, True))
    wanted = Pending(
        _earning(used, programme(world)), mark, reversal, event.time, 0, is_effect=True, is_event=True, begun=since
    )
    try:
        world.ledger.enter_one(EARN, account, wanted)
    except Conflict as refused:
        if refused.code != "reversed":
            raise


def on_voided(world: World, event: Received) -> None:
    """A void takes the bonus of its redemption back, or keeps it out if it comes later."""
    used = _read(event)
    if used is None:
        return
    account, since = _where(world, used)
    settings, ledger = programme(world), world.at(event.time).ledger
    old = {"pk": used.name, "seen": 0}
    ledger.undo(TAKE_BACK, old, account, lambda entries: TakingBack(used, settings, entries), since)


def _read(event: Received) -> Used | None:
    """What a coupon that gives points has to say; None for any other, of which nobody need be the owner."""
    if not event.data.get("bonus_points"):
        return None
    return Used.model_validate_json(json.dumps(dict(event.data)))


def _where(world: World, used: Used) -> tuple[str, datetime]:
    """The account that the redemption meant, and since when its bonus can be there."""
    name = world.ledger.table.get(keys.name("redemption", keys.SHOP, used.redemption_id), 0, consistent=True)
    if name is None:
        raise ValueError("there is no such redemption")
    return ACCOUNT.partition(found_in(name, used.coupon_id) or used.member_id), from_ms(name["t"])


def _earning(used: Used, settings: Programme) -> Earning:
    points = premium.of_coupon(settings, used.bonus_points, used.basket_amount)
    store = {"store_id": used.store_id} if used.store_id else {}
    told = {"explain": f"{OF_CAMPAIGN}{used.campaign_id} {points}", "v": settings.version, **store}
    data = {**told, "redemption_id": used.redemption_id}
    return Earning(points, used.occurred_at, used.ref, settings, data)
