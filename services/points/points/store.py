"""What points reads of its own beside the chains: the programme in force, and partners."""

from __future__ import annotations

from points.partner_model import Partner
from points.programme import Programme
from shared import keys
from shared.errors import NotFound
from shared.table import Item
from shared.world import World

_DEFAULT = Programme()


def programme(world: World) -> Programme:
    """The programme that is in force: the stored one, or the default where nobody stored any."""
    return programme_of(world.directory.setting(keys.programme()))


def programme_of(item: Item | None) -> Programme:
    """The programme that an item of the directory keeps; the default for none."""
    return Programme.of(int(item["edition"]), item["said"]) if item else _DEFAULT


def programme_item(programme: Programme) -> Item:
    """A programme as the directory keeps it; other services read what stands beside `said`."""
    return {
        "edition": programme.version,
        "said": programme.differences,
        "zone": programme.zone,
        "currency": programme.currency,
        "parked_days": programme.retention.parked_days,
    }


def partner(world: World, partner_id: str) -> Partner:
    """A partner's settings; `partner_not_found` for none."""
    settings = world.directory.read(keys.partner(partner_id), _partner_of)
    if settings is None:
        raise NotFound("partner_not_found")
    return settings


def _partner_of(item: Item) -> Partner:
    return Partner.model_validate(item["said"])


def partner_item(partner: Partner) -> Item:
    """A partner as the directory keeps it."""
    return {"said": partner.model_dump(mode="json")}
