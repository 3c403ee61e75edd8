"""How much a core does without an engine: requests through Chalice, and the operations below it, over tables in memory."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from infra.bench.shop import ALL, IMPATIENT, Event, Shop, quiet
from infra.bench.size import Size
from infra.bench.tables import Row, Spread, Table, Told
from infra.bench_operations import measure as rates, profile
from infra.bench_shop import MIX
from shared.memory import MemoryTable

REQUESTS_TARGET, OPERATIONS_TARGET = 3_000, 15_000
TOP = 15
"""So many functions are named."""
SHARES = {"balance": 34, "purchase": 20, "spend": 10, "check-in": 6, "hold": 4, "capture": 4, "issue": 3, "redeem": 3,
          "award": 2}  # fmt: skip
"""Requests of each kind in a mixed day, of those that are sent here."""


def measure(size: Size) -> Told:
    """Requests, operations, and the functions with most time of their own."""
    return Told([_requests(size), _operations(size), _where(size)])


def _requests(size: Size) -> Table:
    with quiet():
        tables = [MemoryTable(counts=False) for _ in range(3)]
        Shop(tables, clock=IMPATIENT).open()
        shop = Shop(tables, members=2 * size.each)  # so many that nobody has a hundred coupons in the end
        shop.fill()
        logged = _all(shop, size)
        logging.getLogger("omotenashi").setLevel(logging.WARNING)
        silent = _all(shop, size)
    rows: list[Row] = [["a mixed day", *(Spread.of(_mixed(one, size.rounds), 0) for one in (logged, silent))]]
    rows += [[kind, *(Spread.of([1 / each for each in one[kind]], 0) for one in (logged, silent))] for kind in ALL]
    says = f"Event in, answer out: Chalice's routing, validation, rules. Target: {REQUESTS_TARGET:,}."
    columns = ["request", "a second and core", "without the line of the log"]
    return Table("Requests a second and core, in memory", columns, rows, says)


def _all(shop: Shop, size: Size) -> dict[str, list[float]]:
    """Seconds of a request of each kind, a figure for each round."""
    found: dict[str, list[float]] = {kind: [] for kind in ALL}
    for _ in range(size.rounds):
        for kind, make in ALL.items():
            found[kind].append(_seconds(shop, make, size.each))
    return found


def _mixed(found: Mapping[str, Sequence[float]], rounds: int) -> list[float]:
    """Requests a second of a mixed day, by round."""
    total = sum(SHARES.values())
    return [total / sum(SHARES[kind] * found[kind][n] for kind in SHARES) for n in range(rounds)]


def _seconds(shop: Shop, make: Callable[[Shop, int], Event], times: int) -> float:
    """Processor seconds of one request; making it is not counted."""
    events = [make(shop, n) for n in range(times)]
    started = time.process_time()
    for event in events:
        shop.do(event)
    return (time.process_time() - started) / times


def _operations(size: Size) -> Table:
    """Business operations through the real actions, with their hashes: JSON in, JSON out."""
    rows: list[Row] = [
        [one.kind, round(1 / one.whole), round(1 / one.action), round(one.beats)]
        for one in rates(size.rounds, size.each)
    ]
    columns = ["operation", "a second and core", "below HTTP", "in beats"]
    says = (
        f"With their hashes, JSON to JSON, without Chalice; target: {OPERATIONS_TARGET:,}. A beat is the JSON and the "
        f"SHA-256 of a small document. {len(MIX)} kinds, mixed as on a usual day."
    )
    return Table("Operations a second and core, in memory", columns, rows, says)


def _where(size: Size) -> Table:
    rows = [[name, f"{share:.1%}"] for name, share in profile(size.each, TOP)]
    return Table(
        "The functions with most time of their own", ["function", "share"], rows, "Of the mix, under the profiler."
    )
