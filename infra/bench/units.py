"""What each operation costs at the table: units and round trips as the engine itself reports them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.bench.deeds import DEEDS, Budget, Make
from infra.bench.shop import IMPATIENT, Shop, quiet
from infra.bench.size import Size
from infra.bench.tables import Cell, Table, Told
from infra.dynamodb_local import dynamodb_local, missing
from infra.engine import client, new_table
from shared.directory import CACHE_SECONDS

FLOORS: tuple[tuple[str, str, str, str, str], ...] = (
    ("purchase", "1", "1 + 0.5", "4", "9 + 1"),
    ("spend", "1", "1 + 0.5", "4", "9"),
    ("coupon issued", "0 to 1", "1", "2 to 4", "5"),
    ("coupon redeemed", "1", "1", "4", "7 to 9"),
    ("check-in", "1", "1 + 0.5", "4 to 6", "9"),
)
"""Write units + read units by design; the last: a marker before and after, a transaction, an outbox and an index."""
_COLD_AFTER = CACHE_SECONDS * 1.1


def measure(_: Size) -> Told:
    """Every operation against its budget, and five of them against other designs."""
    if lack := missing():
        return Told(left_out=lack)
    with _shop() as shop:
        found = {name: counted(shop, make, 2 * n) for n, (name, (make, _)) in enumerate(DEEDS.items())}
    return Told([_budgets(found), _designs(found)])


def counted(shop: Shop, make: Make, n: int) -> tuple[Budget, int]:
    """What an operation costs a member with its settings in the cache, and its round trips without them."""
    shop.do(make(shop, n))
    event = make(shop, n)
    shop.do(make(shop, n + 1))  # somebody else's, right before: the settings are as young as they can be
    warm = _cost(shop, event)
    event = make(shop, n)
    time.sleep(_COLD_AFTER)
    return warm, _cost(shop, event).trips


def _cost(shop: Shop, event: dict[str, object]) -> Budget:
    usages = [one.usage for one in (shop.world.ledger.table, shop.world.directory.table, shop.world.transient)]
    for usage in usages:
        usage.reset()
    shop.do(event)
    return Budget(
        sum(one.write_units for one in usages),
        sum(one.read_units for one in usages),
        sum(one.round_trips for one in usages),
    )


@contextmanager
def _shop() -> Iterator[Shop]:
    with (
        tempfile.TemporaryDirectory() as folder,
        dynamodb_local(Path(folder)) as address,
        client(address) as dynamodb,
        quiet(),
    ):
        tables = [new_table(dynamodb), new_table(dynamodb, sort="S"), new_table(dynamodb, sort="S")]
        Shop(tables, clock=IMPATIENT).open()
        shop = Shop(tables, members=2 * len(DEEDS))
        shop.fill()
        yield shop


def _budgets(found: dict[str, tuple[Budget, int]]) -> Table:
    rows: list[list[Cell]] = [
        [name, _beside(cost.writes, may.writes), _beside(cost.reads, may.reads), _beside(cost.trips, may.trips), cold]
        for name, (cost, cold) in found.items()
        for may in (DEEDS[name][1],)
    ]
    columns = ["operation", "write units", "read units", "round trips", "trips with a cold cache"]
    return Table("Units and round trips", columns, rows, "As the engine reports them; in brackets what is allowed.")


def _beside(value: float, allowed: float) -> str:
    over = " **over**" if value > allowed else ""
    return f"{value:g} ({allowed:g}){over}"


def _designs(found: dict[str, tuple[Budget, int]]) -> Table:
    rows = [[name, f"{found[name][0].writes:g} + {found[name][0].reads:g}", *others] for name, *others in FLOORS]
    columns = ["operation", "here, measured", "least possible", "chain without names", "one transaction", "naive"]
    return Table("Write units + read units, by design", columns, rows)
