"""How fast it is, as ratios within one run: machines differ, ratios hold.

Each figure is the median of several rounds; what is compared runs in turns, so that a slow moment hits both.
"""

from __future__ import annotations

import json
import secrets as random_source
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra import bench_stores, invariants
from infra.bench_operations import measure as rates, profile
from infra.engine import client, engine, new_table
from points.routes import ROUTES
from shared import codes, http, world
from shared.auth import KINDS, Principal
from shared.clock import Clock
from shared.http import Request, Route
from shared.keys import Stage
from shared.memory import MemoryTable
from shared.secrets import Secrets
from shared.table import Table
from shared.world import World

ROUNDS = 7
OPERATIONS = 100
"""So many of each kind in a round."""
TOP = 15
"""So many functions are named."""
PLACES = 8
"""Around so many places the stores of a million are on the map."""
SHOP = Principal("ec", KINDS["ec"], key_id="bench", owner="bench")


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    value: float
    unit: str
    note: str


def measure() -> list[Figure]:
    """All figures; takes about a minute."""
    return [*_in_memory(), *_operations(), *_where_the_time_goes(), *_on_the_engine(), *_codes(), *_stores()]


def _in_memory() -> list[Figure]:
    here = _world(MemoryTable(), MemoryTable(), MemoryTable())
    buy = _buyer(here)
    per_second = _per_second(buy, 400)
    items = here.ledger.table.items("M#bench", limit=10**6)
    audited = _per_second(lambda: invariants.faults(items), 1) * len(items)
    return [
        Figure("purchases in memory, all but Chalice", per_second, "a second and core", "validation, rules, hashes"),
        Figure("entries audited", audited, "a second and core", "number, hash, time, sum"),
    ]


def _operations() -> list[Figure]:
    """Business operations through the real actions, with their hashes: JSON in, JSON out."""
    return [
        Figure(f"{one.kind}, in memory", 1 / one.whole, "a second and core", _beside(one.action, one.beats))
        for one in rates(ROUNDS, OPERATIONS)
    ]


def _beside(action: float, beats: float) -> str:
    return f"{1 / action:,.0f} below HTTP; {beats:.0f} times a small document's JSON and SHA-256"


def _where_the_time_goes() -> list[Figure]:
    return [
        Figure(f"own time of {name}", share * 100, "%", "of the mix, under the profiler")
        for name, share in profile(OPERATIONS, TOP)
    ]


def _on_the_engine() -> list[Figure]:
    """A purchase through our code against the bare calls that it needs, on the same engine, in turns."""
    with tempfile.TemporaryDirectory() as folder, engine(Path(folder)) as address, client(address) as dynamodb:
        tables = [new_table(dynamodb), new_table(dynamodb, sort="S"), new_table(dynamodb, sort="S")]
        buy = _buyer(_world(*tables))
        bare = _bare(new_table(dynamodb))
        ratios, ours = [], []
        for _ in range(ROUNDS):
            mine, theirs = _seconds(buy, 60), _seconds(bare, 60)
            ratios.append(mine / theirs)
            ours.append(mine / 60 * 1000)
    return [
        Figure("purchase against its three bare calls", statistics.median(ratios), "times", "same engine, in turns"),
        Figure("purchase on the local engine", statistics.median(ours), "ms", "the emulator's own time included"),
    ]


def _codes() -> list[Figure]:
    codec = codes.Codec(random_source.token_bytes(32))
    generation = codes.Generation(1, codes.Form.BULK, random_source.token_bytes(32), 2**24)
    made = _per_second(lambda: codec.encode(generation, random_source.randbelow(2**24)), 2000)
    return [Figure("one-time codes made", made, "a second and core", "FF1, tag and check symbols")]


def _stores() -> list[Figure]:
    imported, searches = bench_stores.measure(PLACES)
    minutes = bench_stores.STORES / imported.per_second / 60
    note = f"{imported.stores:,} of them; a million: {minutes:.0f} minutes, {imported.write_units:.0f} write units each"
    return [
        Figure("stores imported, in memory", imported.per_second, "a second and core", note),
        *(
            Figure(
                f"stores within {one.radius_m:,} m, of a million",
                one.ms,
                "ms",
                f"read units {one.units[0]:g}, 1 in 100: {one.units[1]:g}; round trips {one.trips[0]:g}, {one.trips[1]:g}",
            )
            for one in searches
        ),
    ]


def _world(ledger: Table, directory: Table, transient: Table) -> World:
    root = json.dumps({"root": random_source.token_hex(32)})
    return world.make(Stage("bench"), ledger, directory, transient, Secrets(lambda: root), Clock())


def _buyer(here: World) -> Callable[[], None]:
    _send(here, "/v1/members", {"member_id": "bench"})
    number = iter(range(10**9))

    def buy() -> None:
        lines = [{"line_id": str(n), "sku": f"sku-{n}", "quantity": 1, "amount": 120 + n} for n in range(9)]
        sent = {"source": "ec", "occurred_at": "2026-01-01T00:00:00Z", "state": "completed", "lines": lines}
        member = {"member": {"member_id": "bench"}, "purchase_id": f"p{next(number)}"}
        _send(here, "/v1/purchases", sent | member)

    return buy


def _send(here: World, path: str, body: dict[str, Any]) -> None:
    route: Route = next(route for route in ROUTES.all if (route.method, route.path) == ("POST", path))
    reply = http.answer(here, route, Request({}, raw=json.dumps(body).encode(), who=SHOP))
    if reply.status != 201:
        raise RuntimeError(f"{path}: {reply.body}")


def _bare(table: Table) -> Callable[[], None]:
    """Read the head, put a name, put an entry: the calls of a purchase without anything of ours around them."""
    number = iter(range(1, 10**9))

    def write() -> None:
        n = next(number)
        table.newest("M#bare")
        table.put_new({"pk": f"N#{n}", "sk": 0, "body": b"x" * 280})
        table.put_new({"pk": "M#bare", "sk": n, "body": b"x" * 450})

    return write


def _seconds(work: Callable[[], object], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        work()
    return time.perf_counter() - started


def _per_second(work: Callable[[], object], times: int) -> float:
    return statistics.median(times / _seconds(work, times) for _ in range(ROUNDS))


def as_dicts(figures: list[Figure]) -> list[dict[str, Any]]:
    """For machines."""
    return [asdict(figure) for figure in figures]


def as_words(figures: list[Figure]) -> str:
    """For people."""
    return "\n".join(f"{one.what:<42}{one.value:>12,.2f} {one.unit:<20}{one.note}" for one in figures)
