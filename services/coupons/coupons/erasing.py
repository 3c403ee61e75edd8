"""A member was erased: the book of coupons and stamp cards is closed, so no code of theirs can be used any more."""

from __future__ import annotations

from shared import erasing
from shared.coupon_book import BOOK
from shared.events import Received
from shared.world import World


def on_erased(world: World, event: Received) -> None:
    """Close the member's book for good, whatever is still on its way into it."""
    erasing.hear(world, event, BOOK)
