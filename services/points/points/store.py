"""What points reads of its own beside the chains: the programme in force, and partners."""

from __future__ import annotations

from points.model import Partner
from points.programme import Programme
from shared import keys
from shared.errors import NotFound
from shared.table import Item
from shared.world import World


def programme(world: World) -> Programme:
    """The programme that is in force: the stored one, or the default where nobody stored any."""
    item = world.directory.setting(keys.programme())
    return Programme.from_rule(item["rule"]) if item else Programme()


def partner(world: World, partner_id: str) -> Partner:
    """A partner's settings; `partner_not_found` for none."""
    item = world.directory.setting(keys.partner(partner_id))
    if item is None:
        raise NotFound("partner_not_found")
    return Partner.model_validate(item["said"])


def partner_item(partner: Partner) -> Item:
    """A partner as the directory keeps it."""
    return {"said": partner.model_dump(mode="json")}
