"""What each operation costs at the table: units and round trips as the engine itself reports them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from infra.bench.deeds import DEEDS, Budget, Make
from infra.bench.shop import IMPATIENT, Event, Shop, quiet
from infra.bench.size import Size
from infra.bench.tables import Cell, Table, Told
from infra.dynamodb_local import dynamodb_local, missing
from infra.engine import client, new_table
from shared.table import Table as Store

FLOORS: tuple[tuple[str, str, str, str, str], ...] = (
    ("purchase", "1", "1 + 0.5", "4", "9 + 1"),
    ("spend", "1", "1 + 0.5", "4", "9"),
    ("coupon issued", "0 to 1", "1", "2 to 4", "5"),
    ("coupon redeemed", "1", "1", "4", "7 to 9"),
    ("check-in", "1", "1 + 0.5", "4 to 6", "9"),
)
"""Write units + read units by design; the last: a marker before and after, a transaction, an outbox and an index."""


def measure(_: Size) -> Told:
    """Every operation against its budget, and five of them against other designs."""
    if lack := missing():
        return Told(left_out=lack)
    with (
        tempfile.TemporaryDirectory() as folder,
        dynamodb_local(Path(folder)) as address,
        client(address) as dynamodb,
        quiet(),
    ):
        found = counted([new_table(dynamodb), new_table(dynamodb, sort="S"), new_table(dynamodb, sort="S")])
    return Told([_budgets(found), _designs(found)])


def counted(tables: Sequence[Store]) -> dict[str, tuple[Budget, int]]:
    """What each operation costs a member with its settings in the cache, and its round trips in a fresh environment."""
    Shop(tables, clock=IMPATIENT).open()
    shop = Shop(tables, members=2 * len(DEEDS))
    shop.fill()
    return {name: _counted(tables, shop, make, 2 * n) for n, (name, (make, _)) in enumerate(DEEDS.items())}


def _counted(tables: Sequence[Store], shop: Shop, make: Make, n: int) -> tuple[Budget, int]:
    shop.do(make(shop, n))
    event = make(shop, n)
    shop.do(make(shop, n + 1))  # somebody else's, right before: the settings are as young as they can be
    warm = _cost(tables, shop, event)
    return warm, _cost(tables, Shop(tables), make(shop, n)).trips


def _cost(tables: Sequence[Store], shop: Shop, event: Event) -> Budget:
    for table in tables:
        table.usage.reset()
    shop.do(event)
    return Budget(
        sum(one.usage.write_units for one in tables),
        sum(one.usage.read_units for one in tables),
        sum(one.usage.round_trips for one in tables),
    )


def _budgets(found: dict[str, tuple[Budget, int]]) -> Table:
    rows: list[list[Cell]] = [
        [name, _beside(cost.writes, may.writes), _beside(cost.reads, may.reads), _beside(cost.trips, may.trips), cold]
        for name, (cost, cold) in found.items()
        for may in (DEEDS[name][1],)
    ]
    columns = ["operation", "write units", "read units", "round trips", "trips of the first request"]
    return Table("Units and round trips", columns, rows, "As the engine reports them; in brackets what is allowed.")


def _beside(value: float, allowed: float) -> str:
    over = " **over**" if value > allowed else ""
    return f"{value:g} ({allowed:g}){over}"


def _designs(found: dict[str, tuple[Budget, int]]) -> Table:
    rows = [[name, f"{found[name][0].writes:g} + {found[name][0].reads:g}", *others] for name, *others in FLOORS]
    columns = ["operation", "here, measured", "least possible", "chain without names", "one transaction", "naive"]
    return Table("Write units + read units, by design", columns, rows)
