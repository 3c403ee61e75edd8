"""What points does when something happened elsewhere, and what it finishes for a process that died."""

from __future__ import annotations

import json
from functools import partial

from pydantic import BaseModel, ConfigDict

from points import actions, adjustments, awards, bonuses, claiming, guarding, handed, merges, premium, recorded, rules
from points.claiming import Claiming
from points.rules import Earning
from points.store import programme
from points.verbs import member_verb
from shared import events
from shared.events import Received
from shared.member_ref import require_known
from shared.shapes import Amount, Id, SomePoints, Time
from shared.world import World


class _Given(BaseModel):
    points: Amount


class CheckedIn(BaseModel):
    """What points reads of `checkin.accepted`; what else the event says, and may say later, is not its business."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    checkin_id: Id
    member_id: Id
    store_id: Id
    occurred_at: Time
    reward: _Given


EARN = member_verb(rules.earn)


PAY = member_verb(claiming.pay_or_tell)


class Reserved(BaseModel):
    """What points reads of `coupon.reserved`. The source is the member's claim."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    coupon_id: Id
    source_id: Id
    price_points: SomePoints


def on_reserved(world: World, event: Received) -> None:
    """A coupon is reserved for points: they pay for it, or refuse, once; the book of coupons hears which."""
    said = Reserved.model_validate_json(json.dumps(dict(event.data)))
    if event.subject is None:
        raise ValueError("a reservation has a member")
    settings = programme(world)
    wanted = Claiming(said.source_id, said.coupon_id, said.price_points, settings.spending, settings.zone)
    (done,) = world.ledger.obey(PAY, event.subject, [(event.id, event.time, wanted)])
    if isinstance(done, Exception):
        raise done


def on_checkin(world: World, event: Received) -> None:
    """A check-in's reward becomes points, once, dated by the check-in."""
    said = CheckedIn.model_validate_json(json.dumps(dict(event.data)))
    if event.subject != said.member_id:
        raise ValueError("the event's subject is not its member")
    rules_in_force = programme(world)
    points = premium.for_coming_by(rules_in_force, said.reward.points)
    if not points:
        return
    earning = Earning(
        points=points,
        occurred_at=said.occurred_at,
        ref=("checkin", said.checkin_id),
        programme=rules_in_force,
        data={"explain": f"checkin {points}", "v": rules_in_force.version, "store_id": said.store_id},
    )
    (done,) = world.ledger.obey(EARN, said.member_id, [(event.id, event.time, earning)], partial(require_known, world))
    if isinstance(done, Exception):
        raise done


REACTIONS = {
    events.type_name("checkin.accepted"): on_checkin,
    events.type_name("coupon.redeemed"): bonuses.on_redeemed,
    events.type_name("coupon.reserved"): on_reserved,
    events.type_name("coupon.voided"): bonuses.on_voided,
    events.type_name("purchase.recorded"): guarding.on_recorded,
}
CARRY_ON = {
    "purchase.ec": recorded.finish,
    "purchase.pos": recorded.finish,
    "award": awards.finish,
    "action": actions.finish,
    "adjustment": adjustments.finish,
    "merge": merges.finish,
    "unmerge": merges.finish,
    "offline.purchase": handed.finish,
}
