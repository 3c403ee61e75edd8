"""What points does when something happened elsewhere, and what it finishes for a process that died."""

from __future__ import annotations

from points import awards, packing, purchases, rules
from points.lots import ACCOUNT
from points.rules import Earning
from points.store import programme
from shared import clock, events
from shared.events import Received
from shared.ledger import Verb
from shared.member_ref import require_member
from shared.world import World

EARN = Verb(ACCOUNT, packing.pack_nothing, packing.unpack_earning, rules.earn)


def on_checkin(world: World, event: Received) -> None:
    """A check-in's reward becomes points, once, dated by the check-in."""
    points = int(event.data["reward"]["points"])
    if points <= 0 or event.subject is None:
        return
    rules_in_force = programme(world)
    earning = Earning(
        points=points,
        occurred_at=clock.from_text(event.data["occurred_at"]),
        ref=("checkin", str(event.data["checkin_id"])),
        programme=rules_in_force,
        data={"explain": f"checkin {points}", "v": rules_in_force.version, "store_id": event.data["store_id"]},
    )
    (done,) = world.ledger.obey(
        EARN, event.subject, [(event.id, event.time, earning)], lambda member_id: require_member(world, member_id)
    )
    if isinstance(done, Exception):
        raise done


REACTIONS = {events.type_name("checkin.accepted"): on_checkin}
CARRY_ON = {"purchase.ec": purchases.finish, "purchase.pos": purchases.finish, "award": awards.finish}
