"""A million stores on the map for the benchmark: how fast they come in, and what a search among them reads.

70 % lie in 600 towns of very different sizes (8 km wide), the rest anywhere. A search sees what lies within some 80 km;
so only the stores around the places searched are there, as many as there would be of the million. They come in through
the real import, as CSV, and searches go through the real route, over tables in memory that count units.
"""

from __future__ import annotations

import json
import math
import random
import secrets as random_source
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

from checkin.geo import distance_m
from checkin.import_model import ROWS_MAX
from checkin.routes import ROUTES
from shared import http, keys, world
from shared.auth import KINDS, Principal
from shared.clock import Clock
from shared.http import Request, Route
from shared.keys import Stage
from shared.memory import MemoryTable
from shared.secrets import Secrets
from shared.world import World

STORES = 1_000_000
SEARCHES = 40
"""So many at each place and radius."""
RADII_M = (1_000, 5_000, 20_000)
_TOWNS = 600
_TOWN_SHARE = 0.7
_SPREAD_DEG = 8 / 111
_SEEN_M = 90_000
_OPERATOR = Principal("operator", KINDS["operator"], key_id="bench", owner="bench")
_HEADER = "store_id,name,lat,lon,time_zone,hours"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat")
_HOURS = json.dumps({day: [["07:00", "23:00"]] for day in _DAYS}).replace('"', '""')

Place = tuple[float, float]


class Imported(NamedTuple):
    """How many stores came in, how many of them a second and core, and the write units of one."""

    stores: int
    per_second: float
    write_units: float


class Searched(NamedTuple):
    """What searches of a radius took: milliseconds, and read units and round trips, at the median and of one in a hundred."""

    radius_m: int
    ms: float
    units: tuple[float, float]
    trips: tuple[float, float]


def measure(places: int, count: int = STORES, seed: int = 11) -> tuple[Imported, list[Searched]]:
    """Of so many stores, bring in what lies around some places, and search there."""
    chance = random.Random(seed)  # noqa: S311 - a made-up world, the same each time
    stores = list(_positions(count, chance))
    centres = [stores[chance.randrange(int(count * _TOWN_SHARE))] for _ in range(places)]
    # Degrees first: they are cheap, and most of a million are far away.
    seen = [
        place
        for place in stores
        if any(abs(place[0] - one[0]) < 1 and distance_m(*place, *one) < _SEEN_M for one in centres)
    ]
    here = _world()
    imported = _bring_in(here, seen)
    return imported, [_search(here, centres, radius_m, chance) for radius_m in RADII_M]


def _positions(count: int, chance: random.Random) -> Iterator[Place]:
    towns = [(chance.uniform(-40, 60), chance.uniform(-170, 170)) for _ in range(_TOWNS)]
    in_towns = int(count * _TOWN_SHARE)
    for _ in range(in_towns):
        lat, lon = towns[int(_TOWNS * chance.random() ** 2)]
        yield _near((lat, lon), _SPREAD_DEG, chance)
    for _ in range(count - in_towns):
        yield chance.uniform(-40, 60), chance.uniform(-170, 170)


def _near(place: Place, spread_deg: float, chance: random.Random) -> Place:
    wide = spread_deg / math.cos(math.radians(place[0]))
    return place[0] + chance.gauss(0, spread_deg), place[1] + chance.gauss(0, wide)


def _world() -> World:
    root = json.dumps({"root": random_source.token_hex(32)})
    tables = (MemoryTable(), MemoryTable(), MemoryTable())
    # Nobody waits here for other environments.
    return world.make(Stage("bench"), *tables, Secrets(lambda: root), Clock(sleep=lambda _: None))


def _bring_in(here: World, stores: list[Place]) -> Imported:
    usage, seconds = here.directory.table.usage, 0.0
    for start in range(0, len(stores), ROWS_MAX):
        rows = (
            f'store-{start + n:07d},おもてなし {start + n:07d} 店,{lat:.7f},{lon:.7f},Asia/Tokyo,"{_HOURS}"'
            for n, (lat, lon) in enumerate(stores[start : start + ROWS_MAX])
        )
        body = "\n".join([_HEADER, *rows]).encode()
        began = time.perf_counter()
        reply = http.answer(
            here, _route("POST", "/v1/stores/import"), Request({"content-type": "text/csv"}, raw=body, who=_OPERATOR)
        )
        seconds += time.perf_counter() - began
        assert reply.status == 200
        assert all(one["status"] == "created" for one in reply.body["results"])
    return Imported(len(stores), len(stores) / seconds, usage.write_units / len(stores))


def _search(here: World, centres: list[Place], radius_m: int, chance: random.Random) -> Searched:
    """People are where the shops are, give or take a kilometre."""
    route, usage = _route("GET", "/v1/stores/nearby"), here.directory.table.usage
    seconds, units, trips = [], [], []
    for centre in centres * SEARCHES:
        lat, lon = _near(centre, 1 / 111, chance)
        here.directory.settings(keys.campaign("")[0])  # campaigns come from the cache
        usage.reset()
        began = time.perf_counter()
        query = {"lat": str(lat), "lon": str(lon), "radius_m": str(radius_m)}
        assert http.answer(here, route, Request({}, query=query, who=_OPERATOR)).status == 200
        seconds.append(time.perf_counter() - began)
        units.append(usage.read_units)
        trips.append(float(usage.round_trips))
    return Searched(radius_m, statistics.median(seconds) * 1000, _usual_and_rare(units), _usual_and_rare(trips))


def _usual_and_rare(values: list[float]) -> tuple[float, float]:
    return statistics.median(values), sorted(values)[int(0.99 * len(values))]


def _route(method: str, path: str) -> Route:
    return next(route for route in ROUTES.all if (route.method, route.path) == (method, path))
