"""Partners: who may give points, and how many."""

from __future__ import annotations

from typing import Any

from points.partner_model import Partner, PartnerAnswer
from points.store import partner_item
from shared import keys
from shared.errors import NotFound
from shared.http import Call
from shared.table import Item


def put(call: Call[Partner]) -> PartnerAnswer:
    """Set a partner's budget and caps; in force everywhere when this has answered."""
    partner_id = call.path["partner_id"]
    item = call.world.directory.change(keys.partner(partner_id), lambda _: partner_item(call.body))
    return _answer(partner_id, item)


def read(call: Call[Any]) -> PartnerAnswer:
    """A partner's settings."""
    item = call.world.directory.table.get(*keys.partner(call.path["partner_id"]), consistent=True)
    if item is None:
        raise NotFound("partner_not_found")
    return _answer(call.path["partner_id"], item)


def _answer(partner_id: str, item: Item) -> PartnerAnswer:
    return PartnerAnswer.model_validate({"partner_id": partner_id, "version": item["version"], **item["said"]})
