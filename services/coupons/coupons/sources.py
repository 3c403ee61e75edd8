"""From a source to its coupon: the index is a hash of it, so that the same source always leads to the same name."""

from __future__ import annotations

from coupons import packing, store
from coupons.store import Running
from shared import keys
from shared.codes import Generation, source_index
from shared.coupons_of import Codebook
from shared.table import Item
from shared.world import World

ATTEMPTS = 8
"""So many indexes are tried: 40 bits can't keep all sources apart."""


def generation(world: World, running: Running) -> Generation:
    """What a campaign's coupons are spelt under."""
    found = Codebook(world).generation(running.locator)
    assert found is not None, "a campaign is made with its locator"
    return found


def index(generation: Generation, owner: str, source_id: str, attempt: int) -> int:
    """The index that a source tries, first or after others have taken those before."""
    return source_index(generation, f"{owner}|{source_id}", attempt)


def of_name(name: Item) -> tuple[str, str]:
    """The owner and the source that an issue's name is of."""
    there = packing.unpack_issuing(name["op"])
    return there.owner, there.coupon.source_id


def place(world: World, campaign_id: str, owner: str, source_id: str) -> str:
    """Where the name of what a source causes will lie, unless another source is there already."""
    found = generation(world, store.campaign(world, campaign_id))
    return keys.issue(found.locator, index(found, owner, source_id, 0))


def find_name(world: World, campaign_id: str, owner: str, source_id: str) -> Item | None:
    """The name of what a source has caused, if it got that far."""
    found = generation(world, store.campaign(world, campaign_id))
    for attempt in range(ATTEMPTS):
        where = keys.issue(found.locator, index(found, owner, source_id, attempt))
        name = world.ledger.table.get(where, 0, consistent=True)
        if name is None or of_name(name) == (owner, source_id):
            return name
    return None
