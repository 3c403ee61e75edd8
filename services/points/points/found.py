"""A recorded purchase as it is found: its name, and the newest item of the chain behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from points import packing
from points.bought import Bought
from points.purchase import Home, Progress
from points.purchase_chain import PURCHASE
from shared import chain, keys
from shared.chain import Entry, Head
from shared.errors import Conflict, NotFound
from shared.naming import Naming
from shared.table import Item
from shared.world import World

SOURCES = ("ec", "pos")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A purchase as it was found: its name, what was bought, the head of its chain and its latest entry, if any."""

    name: Item
    bought: Bought
    head: Head[Progress]

    @property
    def partition(self) -> str:
        return str(self.name["pk"])

    @property
    def home(self) -> Home | None:
        return self.head.state.home

    @property
    def member_id(self) -> str | None:
        return keys.holder(self.home.account) if self.home else None

    @property
    def latest(self) -> tuple[Entry, ...]:
        return () if self.head.item is None else tuple(chain.entries_of(self.head.item))


def find(world: World, shop: str, source: str, purchase_id: str, *, consistent: bool = False) -> Recorded:
    """A recorded purchase; `purchase_not_found` for one that never came, `reversed` for one that was closed."""
    if source not in SOURCES:
        raise NotFound("purchase_not_found")
    partition = keys.name(f"purchase.{source}", shop, purchase_id)
    for is_consistent in (True,) if consistent else (False, True):
        items = _ends(world, partition, consistent=is_consistent)
        if items:
            return of_items(items)
    raise NotFound("purchase_not_found")


def _ends(world: World, partition: str, *, consistent: bool) -> list[Item]:
    """A purchase's name and the newest item behind it, however many lie between; nothing if it never came."""
    table = world.ledger.table
    items = table.items(partition, newest_first=True, limit=2, consistent=consistent)
    if items and items[-1]["sk"] != 0:
        name = table.get(partition, 0) or table.get(partition, 0, consistent=True)
        assert name is not None, "what happens to a purchase follows its name"
        return [name, items[0]]
    return items[::-1]


def find_or_close(world: World, naming: Naming, *, consistent: bool = False) -> tuple[Recorded | None, bool]:
    """A recorded purchase; if none has come, its id is closed for good. Also answers whether it was closed before."""
    items = _ends(world, naming.partition, consistent=consistent)
    if not items:
        old, was_closed = world.ledger.close(naming)
        if old is None:
            return None, was_closed
        items = _ends(world, naming.partition, consistent=True)
    return (None, True) if items[0].get("state") == "reversed" else (of_items(items), False)


def of_items(items: Sequence[Item]) -> Recorded:
    """A purchase from its name and what is behind it; `reversed` if it is nothing but closed."""
    name, newest = items[0], items[-1]
    if name.get("state") == "reversed":
        raise Conflict("reversed")
    return Recorded(name, packing.unpack_bought(name["op"]), chain.head_of(PURCHASE, name["pk"], newest))
