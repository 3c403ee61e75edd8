"""What coupons does when something happened elsewhere, and what it finishes for a process that died."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from coupons import allowances, claims, code_files, erasing, exposing, losses, merging, stamping, stats, store, triggers
from coupons.campaign import OCCASIONS
from coupons.issues import Asked
from shared import events, merge_events
from shared.errors import NotFound
from shared.event_types import short_name
from shared.events import Received
from shared.inbox import React
from shared.world import World

OWNER = "event"


def on_event(world: World, event: Received) -> None:
    """Whatever happens to a member issues the coupons of campaigns with this trigger; what happens to nobody, none."""
    if event.subject is not None:
        _issue(world, event, _wanting(world, event))


def on_checkin(world: World, event: Received) -> None:
    """A check-in issues the coupons that its store's reward names and those of campaigns with this trigger; and stamps.

    Once, however often it is delivered: the event is the source. What a limit forbids is simply not issued.
    """
    if event.subject is None:
        raise ValueError("a check-in has a member")
    _issue(world, event, dict.fromkeys([*_rewards(world, event), *_wanting(world, event)]))
    stamping.on_checkin(world, event)
    exposing.on_checkin(world, event)


def _wanting(world: World, event: Received) -> list[str]:
    names = [short_name(event.type)]
    if names == ["purchase.recorded"] and not stamping.is_placed(event.data):
        names.append("purchase.completed")  # what was complete when it was recorded is told once
    return list(dict.fromkeys(one for name in names for one in triggers.wanting(world, name, event.data)))


def _issue(world: World, event: Received, campaigns: Iterable[str]) -> None:
    asked = Asked(
        campaign_id="",
        owner=OWNER,
        source_id=source_of(event),
        fingerprint=world.secrets.fingerprint(f"{event.id}|{event.subject}".encode()),
        at=event.time,
        member=lambda _: str(event.subject),
        comes_again=True,
        store_id=event.data.get("store_id"),
    )
    triggers.issue_all(world, campaigns, asked)


def on_points(world: World, event: Received) -> None:
    """The points' answer to a reservation; whatever else is spent or refused is none of the coupons' business."""
    ref = event.data.get("ref")
    if not isinstance(ref, dict) or ref.get("kind") != claims.KIND:
        return
    is_paid = event.type == events.type_name("points.spent")
    refusal = None if is_paid else str(event.data.get("code", "refused"))
    claims.answer(world, str(event.data["coupon_id"]), refusal, event.time)


def source_of(event: Received) -> str:
    """An event's id in the form of a source: ids of events have signs that ids of ours have not."""
    return f"event.{hashlib.sha256(event.id.encode()).hexdigest()[:24]}"


def _rewards(world: World, event: Received) -> list[str]:
    """The campaigns that a check-in's reward names, and those that its guest is held out of: those count as well."""
    reward = event.data.get("reward", {})
    named = reward.get("campaigns", []) if isinstance(reward, dict) else None
    held_out = event.data.get("held_out", [])
    if not isinstance(named, list) or not isinstance(held_out, list):
        raise ValueError("a reward lists its campaigns")  # noqa: TRY004 - a wrong message, not a wrong call
    return [one for one in (*named, *held_out) if isinstance(one, str) and _is_there(world, one)]


def _is_there(world: World, campaign_id: str) -> bool:
    """Whether a store's reward names a campaign that exists; a wrong name issues nothing and holds up no other."""
    try:
        store.campaign(world, campaign_id)
    except NotFound:
        return False
    return True


def _both(first: React, then: React) -> React:
    """One after the other; if either must come again, both do."""

    def react(world: World, event: Received) -> None:
        first(world, event)
        then(world, event)

    return react


_BEFORE: dict[str, React] = {
    **dict.fromkeys(map(events.type_name, exposing.PURCHASES), _both(stamping.on_purchase, exposing.on_purchase)),
    events.type_name("points.refused"): on_points,
    events.type_name("points.spent"): on_points,
    **stats.REACTIONS,
    **{name: _both(stats.on_coupon, react) for name, react in exposing.REACTIONS.items()},
    **merge_events.reactions("coupons", merging.BOOKS),
    events.type_name("member.erased"): erasing.on_erased,
}
"""What an event changes before it may bring a coupon."""

REACTIONS: dict[str, React] = {
    **_BEFORE,
    **{
        name: _both(_BEFORE[name], on_event) if name in _BEFORE else on_event
        for name in map(events.type_name, OCCASIONS)
    },
    events.type_name("checkin.accepted"): on_checkin,
}
CARRY_ON = {
    "allowance": allowances.finish,
    "issue": claims.finish,
    "redemption": losses.finish,
    "trigger": triggers.finish,
}
STEPS = {"codes": code_files.carry_on}
"""What the queue of the codes jobs brings."""
