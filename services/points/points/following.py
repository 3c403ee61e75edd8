"""What points looks at in every item that the relay brings: sales of the day, and words about who is erased."""

from __future__ import annotations

from points import forgetting, sales
from shared.table import Item
from shared.world import World


def follow(world: World, item: Item) -> None:
    """Note a sale where the close of its day looks for it; leave no words behind of who is erased."""
    sales.follow(world, item)
    forgetting.follow(world, item)
