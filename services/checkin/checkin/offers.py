"""What campaigns offer at a store. They are the coupons service's; its settings in the directory are only read here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from checkin.places_model import Offered
from shared import keys
from shared.auth import Principal
from shared.errors import NotFound
from shared.holdout import is_held_out, share_bp
from shared.member_ref import login_holder, present
from shared.world import World

Campaign = Mapping[str, Any]


def campaigns(world: World) -> list[Campaign]:
    """All campaigns, as of the last second."""
    return [item["said"] for item in world.directory.settings(keys.campaign("")[0])]


def for_caller(world: World, who: Principal, campaigns: list[Campaign]) -> list[Campaign]:
    """Those that a caller may be shown: not to a member what that member is held out of.

    Who the member is costs a read or two, and is asked only where a campaign holds somebody out.
    """
    if who.kind != "member" or not any(share_bp(one) for one in campaigns):
        return campaigns
    try:
        member_id = present(world, login_holder(world, who))["member_id"]
    except NotFound:
        return campaigns
    return [one for one in campaigns if not is_held_out(one["campaign_id"], member_id, share_bp(one))]


def is_on(campaign: Campaign, store_id: str, day: date) -> bool:
    """Whether a campaign is for guests of this store on its business day; a campaign without stores is for all."""
    stores, channels = campaign.get("stores"), campaign.get("channels")
    if campaign["state"] != "active" or (stores and store_id not in stores) or (channels and "pos" not in channels):
        return False
    last = campaign.get("valid_until")
    return bool(campaign["valid_from"] <= day.isoformat() and (last is None or day.isoformat() <= last))


def shown(campaign: Campaign, language: str) -> Offered:
    """A campaign as a guest reads it."""
    return Offered(campaign_id=campaign["campaign_id"], name=campaign["name"][language], offer=dict(campaign["offer"]))
