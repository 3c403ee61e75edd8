"""The close of a store's day: its journal is compared once, and the answer is kept under the reconciliation's id.

The list of sales comes by the stream, seconds late. So whatever of the journal is not in it is looked for by its name,
consistently, before it is said to be missing.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from points import day_close, guarding, packing, recorded, sales
from points.bought import Bought
from points.day_close import Comparison, FoundAt, Receipt, Reconciliation, Sale
from points.found import Recorded, find
from points.purchase import CANCELLED, REVERSED
from shared import keys, places
from shared.business_day import day_end, day_start
from shared.clock import to_ms
from shared.errors import Conflict, Unavailable
from shared.http import Call, Reply
from shared.naming import Naming, check_same
from shared.table import Item
from shared.world import World

_LATE_MAX = 1000
"""So many sales of one store can't be on their way from the stream to the list: it stands still."""
_LATE_SECONDS = 10
_KEPT_BYTES_MAX = 300_000
"""An item holds 400 KB. A comparison that is larger packed has thousands of differences; it is made anew."""


def reconcile(call: Call[Reconciliation]) -> Reply:
    """Compare a store's journal of a business day with the ledger: every receipt that is not alike on both sides."""
    naming = call.naming("reconciliation", call.body.reconciliation_id)
    old = call.world.ledger.name(naming)
    if old is None:
        compared = _compared(call.world, call.body)
        guarding.on_closed(call.world, compared)
        found = compared.model_dump(mode="json", exclude_none=True)
        old = call.world.ledger.table.put_new(_name_item(naming, found, call.request_id))
        if old is None:
            return Reply(found)
    check_same(old, naming)
    return Reply(_kept(old) or _compared(call.world, call.body), is_replay=True)


def _name_item(naming: Naming, found: Mapping[str, Any], request_id: str) -> Item:
    packed = zlib.compress(json.dumps(found, separators=(",", ":")).encode(), 9)
    return {
        "pk": naming.partition,
        "sk": 0,
        "fp": naming.fingerprint,
        "op": {"z": packed} if len(packed) <= _KEPT_BYTES_MAX else {},
        "t": to_ms(naming.at),
        "q": request_id,  # tells this request's write from a twin's
        "v": 1,
    }


def _kept(name: Item) -> dict[str, Any] | None:
    packed = name["op"].get("z")
    return None if packed is None else dict(json.loads(zlib.decompress(packed)))


def _compared(world: World, asked: Reconciliation) -> Comparison:
    days = places.of_store(world, asked.store_id)
    start = day_start(asked.business_day, days.zone, days.cutoff_hour)
    end = day_end(asked.business_day, days.zone, days.cutoff_hour)
    sold = sales.sold(world, asked.store_id, start, end)
    receipts, standing = day_close.receipts_of(asked.lines), dict(sold.standing)
    unknown = {one: said for one, said in receipts.items() if one not in standing and one not in sold.undone}
    here, elsewhere = _named(world, unknown, asked.store_id, start, end)
    if len(here) > _LATE_MAX:
        raise Unavailable(_LATE_SECONDS)
    for purchase_id in here:
        sale = _sale(world, purchase_id, unknown[purchase_id])
        if sale is not None:
            standing[purchase_id] = sale
    return day_close.compare(asked, receipts, standing, elsewhere)


# ---- what is not in the list ----------------------------------------------------------------------------------------


def _named(
    world: World, wanted: Iterable[str], store_id: str, start: datetime, end: datetime
) -> tuple[list[str], dict[str, FoundAt]]:
    """Which of these purchases have names: those of this store and day, and where the others are."""
    here: list[str] = []
    elsewhere: dict[str, FoundAt] = {}
    names = world.ledger.table.get_many([(keys.purchase("pos", one), 0) for one in wanted], consistent=True)
    for name in names:
        if name.get("state") == "reversed":
            continue
        bought = packing.unpack_bought(name["op"])
        if bought.store_id == store_id and start <= bought.occurred_at < end:
            here.append(bought.purchase_id)
        else:
            elsewhere[bought.purchase_id] = _place(world, bought)
    return here, elsewhere


def _place(world: World, bought: Bought) -> FoundAt:
    day = places.of_store(world, bought.store_id).day(bought.occurred_at)
    return FoundAt(store_id=bought.store_id, business_day=day)


def _sale(world: World, purchase_id: str, said: Receipt) -> Sale | None:
    """A purchase that the list does not have yet; None if it does not stand, or has never entered its account."""
    try:
        found = find(world, keys.SHOP, "pos", purchase_id, consistent=True)
    except Conflict:
        return None
    if found.head.state.state in (CANCELLED, REVERSED):
        return None
    if found.home is None or found.home.name != found.partition:  # nobody's when it was sold: without points
        return Sale(found.bought.total, 0)
    is_sure = "carry" in found.name
    return Sale(found.bought.total, 0) if is_sure and said.points is None else _entered(world, found)


def _entered(world: World, found: Recorded) -> Sale | None:
    assert found.home is not None
    came = recorded.came_in(world, found, found.home)
    if came is None:
        return None
    points = sum(sales.points_of(entry) for entry in came.entries if "explain" in entry.data)
    return Sale(found.bought.total, points)
