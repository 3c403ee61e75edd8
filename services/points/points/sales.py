"""What each store's tills have sold, by time: a list for the close of the day, which no key of the ledger serves.

The relay keeps it in the transient table. A sale has a place as soon as it is in the ledger: a member's when it has
entered the member's chain, a nobody's when it has its name. It is never taken away: that a sale was cancelled or
reversed is a place beside it, so that it does not matter in which order the two are heard of, or how often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from points import packing
from points.bought import Bought
from points.day_close import Sale
from points.purchase import CANCELLED, REVERSED
from points.store import programme
from shared import chain, keys
from shared.chain import Entry
from shared.clock import to_ms
from shared.retention import living
from shared.table import Item
from shared.units import Points
from shared.world import World

_OF_TILLS = keys.purchase("pos", "")
_PAGE = 10_000
_TICK = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Sold:
    """What a store's tills sold in a time: what stands, by purchase id, and what was undone."""

    standing: Mapping[str, Sale]
    undone: frozenset[str]


# ---- noting --------------------------------------------------------------------------------------------------------


def follow(world: World, item: Item) -> None:
    """Note what an item of the ledger says of the sales of tills, if anything; again changes nothing."""
    if item["pk"].startswith(_OF_TILLS):
        _follow_purchase(world, item)
    elif item["pk"].startswith(f"{keys.MEMBER_POINTS}#"):
        for entry in chain.entries_of(item):
            if (purchase_id := _sold_by(entry)) is not None:
                name = _name(world, keys.purchase("pos", purchase_id))
                if entry.operation == chain.operation(name["pk"]):  # else a claim: the receipt has been noted
                    _put(world, packing.unpack_bought(name["op"]), points=points_of(entry))


def points_of(entry: Entry) -> Points:
    """The points of a purchase, usable or not yet, as its receipt told them."""
    pending: Points = entry.data.get("pending", 0)
    return entry.points + pending


def _follow_purchase(world: World, item: Item) -> None:
    if item["sk"] == 0:
        if "op" in item and "acc" not in item:
            _put(world, packing.unpack_bought(item["op"]), points=0)
    elif any(entry.kind in (CANCELLED, REVERSED) for entry in chain.entries_of(item)):
        _put(world, packing.unpack_bought(_name(world, item["pk"])["op"]), points=None)


def _sold_by(entry: Entry) -> str | None:
    """The id of the purchase at a store's till that an entry of a member's records."""
    if entry.ref is None or entry.ref[0] != "purchase" or not {"amount", "store_id"} <= entry.data.keys():
        return None
    source, _, purchase_id = entry.ref[1].partition("/")
    return purchase_id if source == "pos" else None


def _name(world: World, partition: str) -> Item:
    name = world.ledger.table.get(partition, 0) or world.ledger.table.get(partition, 0, consistent=True)
    assert name is not None, "what happens to a purchase follows its name"
    return name


def _put(world: World, bought: Bought, points: Points | None) -> None:
    """Note a sale, or, without points, that it was undone. A purchase of no store is in no till's journal."""
    if bought.store_id is None:
        return
    place = keys.sale(to_ms(bought.occurred_at), bought.purchase_id, is_undone=points is None)
    goes = max(world.clock.now(), bought.occurred_at) + timedelta(days=programme(world).retention.sales_days)
    item: Item = {"pk": keys.sales(bought.store_id, bought.occurred_at.date()), "sk": place}
    said = {} if points is None else {"n": bought.total, "p": points}
    world.transient.put({**item, **said, "ttl": int(goes.timestamp())})


# ---- reading -------------------------------------------------------------------------------------------------------


def sold(world: World, store_id: str, start: datetime, end: datetime) -> Sold:
    """What a store's tills sold from `start` until before `end`."""
    standing: dict[str, Sale] = {}
    undone: set[str] = set()
    for item in _places(world, store_id, start, end):
        _, purchase_id, *more = item["sk"].split("#")
        if more:
            undone.add(purchase_id)
        else:
            standing[purchase_id] = Sale(item["n"], item["p"])
    return Sold({one: sale for one, sale in standing.items() if one not in undone}, frozenset(undone))


def _places(world: World, store_id: str, start: datetime, end: datetime) -> Iterator[Item]:
    first, behind = keys.sale(to_ms(start)), keys.sale(to_ms(end))
    for day in _dates(start.date(), (end - _TICK).date()):
        after = first
        while page := world.transient.items(keys.sales(store_id, day), after=after, limit=_PAGE):
            yield from (item for item in living(page, world.clock.now()) if item["sk"] < behind)
            after = page[-1]["sk"]
            if len(page) < _PAGE or after >= behind:
                break


def _dates(first: date, last: date) -> Iterator[date]:
    for number in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(number)
