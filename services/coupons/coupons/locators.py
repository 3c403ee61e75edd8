"""Locators: what a code names its campaign by. A campaign has one for each form of codes that it uses."""

from __future__ import annotations

from shared.codes import LOCATORS, Form
from shared.coupons_of import new_locator
from shared.errors import Conflict
from shared.world import World

LOCATOR_ATTEMPTS = 64


def draw_locator(world: World, campaign_id: str, form: Form) -> int:
    """A locator of the campaign's own, drawn from its id by a keyed hash: made again, the same one."""
    for attempt in range(LOCATOR_ATTEMPTS):
        drawn = world.secrets.digest("locator", f"{campaign_id}|{form.value}|1|{attempt}")
        item = new_locator(world, int(drawn, 16) % LOCATORS, campaign_id, form)
        if world.directory.table.put_new(item) is None:
            return int(item["sk"])
    raise Conflict("campaigns_full")
