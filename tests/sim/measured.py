"""What must come of campaigns that are measured, reckoned once more from what all books have told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from coupons.attribution import EXPOSURES, Exposure
from shared import events, keys
from shared.clock import from_text
from shared.event_types import short_name
from shared.events import Event
from shared.holdout import is_held_out
from tests.sim.books import Books
from tests.sim.opening import HOLD_OUT


def faults(books: Books) -> Iterator[str]:
    """All that is wrong with it."""
    told = [event for entry in books.all for event in events.of_entry(entry)]
    bought, visits = _purchases(told), _visits(told)
    exposed = {
        (keys.holder(account), one.campaign_id): one
        for account, items in books.chains.items()
        if account[0] == keys.EXPOSURES
        for one in EXPOSURES.unpack(items[-1]["s"])
    }
    for (member_id, campaign_id), one in exposed.items():
        spent = sum(left for at, left in bought[member_id] if one.at < at < one.until)
        if one.spent != spent:
            yield f"{member_id} has spent {spent} for {campaign_id}, and {one.spent} counts"
        came = sum(one.at <= at < one.until for at in visits[member_id])
        counted = _counted(books, member_id, one)
        if counted != came:
            yield f"{member_id} came {came} times for {campaign_id}, and {counted} count"
    for event in told:
        who, campaign_id = event["data"].get("asked_of", event.get("subject")), event["data"].get("campaign_id")
        if short_name(event["type"]) != "coupon.issued" or "attribution_hours" not in event["data"]:
            continue
        if (who, campaign_id) not in exposed:
            yield f"{who} got a coupon of {campaign_id}, and is not exposed"
        if campaign_id == "welcome" and is_held_out(campaign_id, str(who), HOLD_OUT["holdout_share_bp"]):
            yield f"{who} got a coupon of {campaign_id}, and is held out"


def _counted(books: Books, member_id: str, one: Exposure) -> int:
    entries = books.by_account[keys.account(keys.EXPOSURES, member_id)]
    return sum(entry.kind == "visited" and entry.data["campaign_id"] == one.campaign_id for entry in entries)


def _purchases(told: list[Event]) -> dict[str, list[tuple[datetime, int]]]:
    """By the member who was named: when each purchase was made, and the least that was told to be left of it."""
    made: dict[str, tuple[str, datetime]] = {}
    left: dict[str, int] = {}
    for event in told:
        name, said = short_name(event["type"]), event["data"]
        if not name.startswith("purchase."):
            continue
        ref = said["ref"]["id"].rpartition("/")[0] if name == "purchase.returned" else said["ref"]["id"]
        now = said["amount"] if name == "purchase.recorded" else said["amount_left"]
        left[ref] = min(now, left.get(ref, now))
        if name == "purchase.recorded":
            made[ref] = said.get("asked_of", event["subject"]), from_text(said["occurred_at"])
    found: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for ref, (member_id, at) in made.items():
        found[member_id].append((at, left[ref]))
    return found


def _visits(told: list[Event]) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = defaultdict(list)
    for event in told:
        if short_name(event["type"]) == "checkin.accepted":
            found[event["data"].get("asked_of", event["subject"])].append(from_text(event["data"]["occurred_at"]))
    return found
