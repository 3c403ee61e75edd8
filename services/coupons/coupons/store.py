"""What coupons reads of its own beside the chains: campaigns, and the terms that they gave their coupons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from coupons.campaign import Campaign, Terms
from shared import keys
from shared.errors import NotFound
from shared.table import Item
from shared.world import World


class Earlier(NamedTuple):
    """What a campaign gave before it had a limit. The chain of the limit counts none of it."""

    total: int = 0
    budget: int = 0


_NOTHING = Earlier()


@dataclass(frozen=True, slots=True)
class Running:
    """A campaign as it is now: what the operator said, the locator of its coupons, the edition of its terms.

    Its `limits` are those that its chains count against: of one that was added later, less what came `earlier`.
    """

    campaign: Campaign
    locator: int
    edition: int
    earlier: Earlier = _NOTHING


def campaign(world: World, campaign_id: str) -> Running:
    """A campaign's settings; `campaign_not_found` for none."""
    running = world.directory.read(keys.campaign(campaign_id), of_item)
    if running is None:
        raise NotFound("campaign_not_found")
    return running


def triggered(world: World, event: str) -> list[Running]:
    """All campaigns that a type of event triggers, whatever their state; the others need not be looked at."""
    return world.directory.read_all(keys.campaign("")[0], _by_trigger).get(event, [])


def _by_trigger(items: list[Item]) -> dict[str, list[Running]]:
    found: dict[str, list[Running]] = {}
    for item in items:
        if "trigger" in item["said"]:
            found.setdefault(item["said"]["trigger"]["event"], []).append(of_item(item))
    return found


def measured(world: World) -> frozenset[str]:
    """The ids of all campaigns that are measured, whatever their state."""
    return world.directory.read_all(keys.campaign("")[0], _measured)


def _measured(items: list[Item]) -> frozenset[str]:
    return frozenset(item["sk"] for item in items if "attribution" in item["said"])


def terms(world: World, campaign_id: str, edition: int) -> Terms:
    """The terms that a coupon was issued with."""
    said = world.directory.read_fixed(keys.terms(campaign_id, edition), _terms_of)
    assert said is not None, "an edition is written before any coupon names it"
    return said


# ---- items ----------------------------------------------------------------------------------------------------------


def as_said(item: Item) -> Running:
    """A campaign as the directory keeps it, with its limits as the operator named them."""
    return Running(Campaign.model_validate(item["said"]), item["locator"], item["edition"])


def of_item(item: Item) -> Running:
    """A campaign as the directory keeps it, with the limits that its chains count against."""
    running = as_said(item)
    if not item.get("earlier"):
        return running
    campaign, earlier = running.campaign, Earlier(**{name: int(n) for name, n in item["earlier"].items()})
    left = {name: getattr(campaign.limits, name) - n for name, n in earlier._asdict().items() if n}
    limits = campaign.limits.model_copy(update=left)
    return replace(running, campaign=campaign.model_copy(update={"limits": limits}), earlier=earlier)


def to_item(running: Running) -> Item:
    """A campaign for the directory, without its key and version."""
    said = running.campaign.model_dump(mode="json", exclude_none=True)
    return {"said": said, "locator": running.locator, "edition": running.edition}


def _terms_of(item: Item) -> Terms:
    return Terms.model_validate(item["said"])


def terms_item(running: Running) -> Item:
    """The terms of a campaign's present edition, as an item that never changes."""
    pk, sk = keys.terms(running.campaign.campaign_id, running.edition)
    return {"pk": pk, "sk": sk, "said": running.campaign.terms.model_dump(mode="json", exclude_none=True)}
