"""Receipts as requests of the contract, the same bytes each time. `docs/replay.md` says the mapping for people.

It works on plain rows and needs no pandas.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any, NamedTuple

from infra.habits import SPENT, Back, Habits, Return
from infra.receipts import Row, member_id

HOLD_SECONDS = 900


class Request(NamedTuple):
    """A `POST` of a habit, and the id that names it."""

    name: str
    path: str
    body: bytes


class Purchase(NamedTuple):
    """A basket ready to send: whose it is, its id, its number of lines, its JSON, and what goes with it."""

    member_id: str
    purchase_id: str
    lines: int
    body: bytes
    is_paying: bool = False  # with points, in the purchase itself
    hold: Request | None = None  # before it
    spend: Request | None = None  # after it
    returns: tuple[Request, ...] = ()  # after all spends


def purchases(lines: Iterable[Row], shift_weeks: int, habits: Habits) -> Iterator[Purchase]:
    """The baskets of rows that come basket by basket, in the order of the rows."""
    for _, basket in groupby(lines, key=lambda row: row.basket_id):
        yield _purchase(list(basket), timedelta(weeks=shift_weeks), habits)


def _purchase(basket: list[Row], shift: timedelta, habits: Habits) -> Purchase:
    first = basket[0]
    member, name = member_id(first.household_id), str(first.basket_id)
    payment = habits.payments.get(first.basket_id)
    within = payment if payment is not None and payment.kind != SPENT else None
    body: dict[str, Any] = {
        "purchase_id": name,
        "source": "pos",
        "member": {"member_id": member},
        "store_id": str(first.store_id),
        "occurred_at": (first.transaction_timestamp + shift).isoformat(timespec="seconds") + "Z",
        "state": "completed",
        "lines": [_line(number, row) for number, row in enumerate(basket, 1)],
    }
    if within is not None:
        body |= {"points_used": within.points} | ({"hold_id": name} if within.held else {})
    return Purchase(
        member_id=member,
        purchase_id=name,
        lines=len(basket),
        body=_bytes(body),
        is_paying=within is not None,
        hold=_taking("hold", member, name, within.held, ttl_seconds=HOLD_SECONDS) if within and within.held else None,
        spend=_taking("spend", member, name, payment.points) if payment and not within else None,
        returns=tuple(_return(name, one) for one in habits.returns.get(first.basket_id, ())),
    )


def _line(number: int, row: Row) -> dict[str, Any]:
    """Cents stand for yen; `sales_value` is what was paid after all discounts, so it is the amount without tax."""
    return {
        "line_id": str(number),
        "sku": str(row.product_id),
        "quantity": max(0, int(row.quantity)),
        "amount": max(0, round(row.sales_value * 100)),
    }


def _taking(kind: str, member: str, name: str, points: int, **more: int) -> Request:
    """A spend or a hold of points for a basket, named by it."""
    body = {f"{kind}_id": name, "member": {"member_id": member}, "points": points, "order_ref": name, **more}
    return Request(name, f"/v1/{kind}s", _bytes(body))


def _return(purchase_id: str, one: Return) -> Request:
    what = {"all": True} if one.lines is None else {"lines": [_back(back) for back in one.lines]}
    body = {"return_id": one.return_id, "channel": one.channel, **what}
    return Request(one.return_id, f"/v1/purchases/pos/{purchase_id}/returns", _bytes(body))


def _back(back: Back) -> dict[str, Any]:
    said = {"line_id": str(back.place + 1), "quantity": back.quantity, "amount": back.amount}
    return {name: value for name, value in said.items() if value is not None}


def _bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
