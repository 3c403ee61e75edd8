"""Locators: what a code names its campaign by. A campaign has one for each form of codes that it uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from coupons.pool import Pool
from shared import keys
from shared.codes import LOCATORS, Form
from shared.coupons_of import Codebook, new_locator
from shared.errors import Conflict, Unavailable
from shared.table import Item
from shared.world import World

LOCATOR_ATTEMPTS = 64


def draw_locator(world: World, campaign_id: str, form: Form) -> int:
    """A locator of the campaign's own, drawn from its id by a keyed hash: made again, the same one."""
    for item in _drawn(world, campaign_id, form):
        if _is_taken(world, item):
            return int(item["sk"])
    raise Conflict("campaigns_full")


def find(world: World, campaign_id: str, form: Form) -> int:
    """The locator that the campaign has, or would be given: nothing is written."""
    known = Codebook(world).locator_of(campaign_id, form)
    if known is not None:
        return known
    for item in _drawn(world, campaign_id, form):
        there = world.directory.table.get(item["pk"], item["sk"], consistent=True)
        if there is None or _is_same(there, item):
            return int(item["sk"])
    raise Conflict("campaigns_full")


def take(world: World, locator: int, campaign_id: str, form: Form) -> None:
    """Give the campaign what `find` found; `Unavailable` if another campaign was given it in this moment."""
    if Codebook(world).locator_of(campaign_id, form) == locator:
        return
    if not _is_taken(world, new_locator(world, locator, campaign_id, form)):
        raise Unavailable


def raise_made(world: World, pool: Pool) -> None:
    """Let the codes exist that a pool has counted, everywhere when this has answered. Never lowered, so harmless again.

    What another has raised, perhaps in this moment, is not written again; its second is waited out here, too.
    """

    def raised(old: Item | None) -> Item:
        assert old is not None, "a locator is there before its codes are counted"
        if pool.made <= old["made"]:
            return old
        return old | {"made": pool.made, "editions": [list(one) for one in pool.editions]}

    world.directory.change(keys.locator(pool.locator), raised)


def _drawn(world: World, campaign_id: str, form: Form) -> Iterator[Item]:
    for attempt in range(LOCATOR_ATTEMPTS):
        drawn = world.secrets.digest("locator", f"{campaign_id}|{form.value}|1|{attempt}")
        yield new_locator(world, int(drawn, 16) % LOCATORS, campaign_id, form)


def _is_taken(world: World, item: Item) -> bool:
    """Put a locator where none is; whether it is the campaign's now."""
    old = world.directory.table.put_new(item)
    return old is None or _is_same(old, item)


def _is_same(one: Item, other: Item) -> bool:
    def whose(item: Item) -> tuple[Any, Any]:
        return item["campaign_id"], item["form"]

    return whose(one) == whose(other)
