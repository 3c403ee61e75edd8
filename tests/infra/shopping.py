"""Baskets for the replay without pandas: plans as `infra.plan` makes them of a frame, and a points service in memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from infra.client import Answer, Patience, Send
from infra.delivery import Line
from infra.habits import habits_of
from infra.mapping import purchases
from infra.plan import Plan, sales_of
from infra.receipts import Basket, Line as Bought, Row, sums
from points.routes import ROUTES
from shared.world import World
from tests.kit import Client

KEPT = Path(__file__).parent.parent / "data" / "baskets.jsonl.gz"
LAST = datetime(2018, 1, 1, 4, 1, 20)  # noqa: DTZ001  (the data set's times have no zone)
WEEKS = 463  # so that the data end in the week before the tests' noon
_TOKYO = ZoneInfo("Asia/Tokyo")


@cache
def kept() -> tuple[Row, ...]:
    """A real year of twenty households, as rows of the data set."""
    with gzip.open(KEPT, "rt") as lines:
        return in_order(row for line in lines for row in _rows(json.loads(line)))


def _rows(basket: list[Any]) -> list[Row]:
    household, name, store, at, lines = basket
    when = datetime.fromisoformat(at.removesuffix("Z"))
    return [Row(int(household), int(store), int(name), int(sku), n, cents / 100, when) for sku, n, cents in lines]


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (row.household_id, row.transaction_timestamp, row.basket_id)))


def since(rows: Sequence[Row], days: int, households: Iterable[int] | None = None) -> list[Row]:
    """A slice: what was bought in the last days, by some households or by all."""
    start, wanted = LAST - timedelta(days=days), set(households or ())
    return [row for row in rows if row.transaction_timestamp > start and (not wanted or row.household_id in wanted)]


def plan(rows: Sequence[Row], ever: Sequence[Row] | None = None) -> Plan:
    """The plan of a slice; `ever` are the rows of all slices so far, this one among them."""
    mine = {row.household_id for row in rows}
    ever = [row for row in (rows if ever is None else ever) if row.household_id in mine]
    whole = list(map(_basket, _by_basket(ever)))
    lines = {basket[0].basket_id: tuple(map(_line, basket)) for basket in _by_basket(ever)}
    habits = habits_of(whole, LAST + timedelta(weeks=WEEKS), lambda names: {name: lines[name] for name in names})
    sent, sales = list(purchases(rows, WEEKS, habits)), sales_of(whole, habits)
    earned = {member: days for member, days in sums(whole).items() if member not in sales}
    return Plan(sent, earned, len(sent), len(rows), "", "", sales)


def _by_basket(rows: Iterable[Row]) -> list[list[Row]]:
    return [list(basket) for _, basket in groupby(rows, key=lambda row: row.basket_id)]


def _line(row: Row) -> Bought:
    return Bought(row.quantity, round(row.sales_value * 100))


def _basket(rows: list[Row]) -> Basket:
    at = rows[0].transaction_timestamp + timedelta(weeks=WEEKS)
    amounts = [_line(row).amount for row in rows]
    day = at.replace(tzinfo=UTC).astimezone(_TOKYO).date()
    points = sum(amount // 100 for amount in amounts)
    return Basket(rows[0].household_id, rows[0].basket_id, at, day, points, sum(amounts))


class Service:
    """The points service in memory, as the replay reaches it. `sent` is every request that came."""

    def __init__(self, world: World) -> None:
        self.client = Client(ROUTES, world)
        self.sent: list[tuple[str, bytes]] = []

    def __call__(self, method: str, path: str, body: bytes | None) -> Answer:
        if body is not None:
            self.sent.append((path, body))
        answer = self.client.send(method, path, raw=body or b"")
        return Answer(answer.status, json.dumps(answer.body).encode())


def line(send: Send, *, seconds: float = 1.0) -> Line:
    """One worker, whose waiting takes no time."""
    slept: list[float] = [0.0]

    def sleep(pause: float) -> None:
        slept[0] += pause

    return Line(send, Patience(seconds, sleep, lambda: slept[0]), workers=1)
