"""What coupons does when something happened elsewhere, and what it finishes for a process that died."""

from __future__ import annotations

import hashlib

from coupons import allowances, code_files, issues, losses, merging, rules, stamping, stats, store
from coupons.issues import Asked
from shared import events, merge_events
from shared.errors import Conflict, NotFound
from shared.events import Received
from shared.world import World

OWNER = "event"


def on_checkin(world: World, event: Received) -> None:
    """A check-in issues the coupons that its store's reward names and those of campaigns with this trigger; and stamps.

    Once, however often it is delivered: the event is the source. What a limit forbids is simply not issued.
    """
    if event.subject is None:
        raise ValueError("a check-in has a member")
    for campaign_id in _campaigns(world, event):
        asked = Asked(
            campaign_id=campaign_id,
            owner=OWNER,
            source_id=source_of(event),
            fingerprint=world.secrets.fingerprint(f"{campaign_id}|{event.id}|{event.subject}".encode()),
            at=event.time,
            member=lambda _: str(event.subject),
            comes_again=True,
        )
        try:
            issues.issue(world.at(event.time), asked)  # dated by the check-in, not by when it is heard of
        except Conflict:
            continue
    stamping.on_checkin(world, event)


def source_of(event: Received) -> str:
    """An event's id in the form of a source: ids of events have signs that ids of ours have not."""
    return f"event.{hashlib.sha256(event.id.encode()).hexdigest()[:24]}"


def _campaigns(world: World, event: Received) -> list[str]:
    reward = event.data.get("reward", {})
    named = reward.get("campaigns", []) if isinstance(reward, dict) else None
    if not isinstance(named, list):
        raise ValueError("a reward lists its campaigns")  # noqa: TRY004 - a wrong message, not a wrong call
    wanted = [one for one in named if isinstance(one, str) and _is_there(world, one)]
    triggered = [
        one.campaign.campaign_id
        for one in store.campaigns(world)
        if rules.is_triggered(one.campaign.trigger, "checkin.accepted", event.data)
    ]
    return list(dict.fromkeys([*wanted, *triggered]))


def _is_there(world: World, campaign_id: str) -> bool:
    """Whether a store's reward names a campaign that exists; a wrong name issues nothing and holds up no other."""
    try:
        store.campaign(world, campaign_id)
    except NotFound:
        return False
    return True


REACTIONS = {
    events.type_name("checkin.accepted"): on_checkin,
    **dict.fromkeys(
        map(events.type_name, ("purchase.recorded", "purchase.completed", "purchase.cancelled", "purchase.returned")),
        stamping.on_purchase,
    ),
    **merge_events.reactions("coupons", merging.BOOKS),
    **stats.REACTIONS,
}
CARRY_ON = {"issue": issues.finish, "redemption": losses.finish, "allowance": allowances.finish}
STEPS = {"codes": code_files.carry_on}
"""What the queue of the codes jobs brings."""
