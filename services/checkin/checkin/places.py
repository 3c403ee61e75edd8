"""What is near a place: stores with their offers, and the fences that a phone should watch.

A cell of the map is a partition with one small item for each store, so that a search is one query, a store's change
touches its own items only, and no cell has a size limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checkin import geo, listing, offers
from checkin.listing import Listing
from checkin.places_model import Fence, FencesAnswer, FencesQuery, NearbyAnswer, NearbyQuery
from shared import keys
from shared.http import Call
from shared.table import Table
from shared.world import World

# Cells are read in pages of about a megabyte, and up to 13 of them: no place on earth has as many shops of one chain.
_PAGE = 8_000
_PAGES_MAX = 13


def nearby(call: Call[Any]) -> dict[str, Any]:
    """The stores around a point, nearest first, with what is on offer there."""
    query: NearbyQuery = call.query
    found = around(call.world, query.lat, query.lon, query.radius_m, query.limit)
    campaigns = offers.for_caller(call.world, call.who, offers.campaigns(call.world)) if found else []
    shown = []
    for distance_m, each in found:
        day = each.business_day(call.now)
        given = [offers.shown(one, call.language) for one in campaigns if offers.is_on(one, each.store_id, day)]
        shown.append(each.shown(distance_m, call.now, given))
    return NearbyAnswer(items=shown).model_dump(mode="json")


def geofences(call: Call[Any]) -> FencesAnswer:
    """The fences nearest to a point, for a phone that can watch a few only; closed stores need none."""
    query: FencesQuery = call.query
    found = around(call.world, query.lat, query.lon, geo.RADIUS_M_MAX, query.limit, is_in_business=True)
    return FencesAnswer(
        items=[Fence(store_id=one.store_id, lat=one.lat, lon=one.lon, radius_m=one.radius_m) for _, one in found]
    )


def around(
    world: World, lat: float, lon: float, radius_m: float, limit: int, *, is_in_business: bool = False
) -> list[tuple[float, Listing]]:
    """The nearest listings within a radius, with their distances: small cells first, until enough were found."""
    found: list[tuple[float, Listing]] = []
    for cell in geo.cells_to_read(lat, lon, radius_m):
        listed = _listed(world.directory.table, keys.cell(cell.name, "")[0])
        wanted = (one for one in listed if one.is_in_business or not is_in_business)
        found = geo.nearest(wanted, lat, lon, min(radius_m, cell.reach_m), limit)
        if len(found) == limit:
            break
    return found


def _listed(table: Table, pk: str) -> Iterator[Listing]:
    """What a cell lists, page by page: however many there are, only a page is in memory."""
    after: str | None = None
    for _ in range(_PAGES_MAX):
        page = table.items(pk, after=after, limit=_PAGE)
        yield from (listing.unpack(item["sk"], item["p"]) for item in page)
        if len(page) < _PAGE:
            break
        after = page[-1]["sk"]
