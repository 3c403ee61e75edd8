"""What a campaign has brought by store and business day, counted like its figures. Pure.

There is a chain for each day and each eighth of the stores; a row is a sum, which knows no order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from shared.chain import Decided, Kind, Step
from shared.keys import STORE_DAYS as LETTER


class Row(NamedTuple):
    """A day at a store: members who were exposed there, their check-ins, coupons redeemed, and sales in the window."""

    exposed: int = 0
    held_out: int = 0
    visits: int = 0
    held_out_visits: int = 0
    redeemed: int = 0
    sales: int = 0
    held_out_sales: int = 0
    amount: int = 0
    held_out_amount: int = 0

    def plus(self, other: Row) -> Row:
        return Row(*(one + more for one, more in zip(self, other, strict=True)))

    @property
    def told(self) -> dict[str, int]:
        """The numbers that are not 0, by name."""
        return {name: number for name, number in self._asdict().items() if number}


Rows = Mapping[str, Row]
"""By store; that of the web shop, and of what happened nowhere, is empty."""

_NONE: Rows = MappingProxyType({})
STORE_DAYS: Kind[Rows] = Kind(
    LETTER,
    _NONE,
    lambda rows: {"d": {store_id: list(row) for store_id, row in rows.items()}},
    lambda packed: {store_id: Row(*map(int, row)) for store_id, row in packed["d"].items()},
)


class Counted(NamedTuple):
    """What is added to a store's row."""

    store_id: str
    row: Row


def count(rows: Rows, counted: Counted, _: datetime) -> Decided[Rows]:
    """The rows with what has happened once more."""
    row = rows.get(counted.store_id, Row()).plus(counted.row)
    step = Step("counted", data={"store_id": counted.store_id, **counted.row.told})
    return Decided({**rows, counted.store_id: row}, (step,))


def total(shards: Iterable[Rows]) -> dict[str, Row]:
    """All chains of a day together: what has no store is in each of them."""
    whole: dict[str, Row] = {}
    for rows in shards:
        for store_id, row in rows.items():
            whole[store_id] = whole.get(store_id, Row()).plus(row)
    return whole


def of_event(name: str, data: Mapping[str, Any]) -> Row | None:
    """What an event adds; None if nothing. A void lowers the day on which it is made."""
    arm = "held_out_" if data.get("arm") == "held_out" else ""
    match name:
        case "campaign.exposed":
            return Row(held_out=1) if arm else Row(exposed=1)
        case "campaign.attributed" if data["ref"]["kind"] == "checkin":
            return Row(**{f"{arm}visits": 1})
        case "campaign.attributed":
            return Row(**{f"{arm}sales": int(data["sales"]), f"{arm}amount": int(data["amount"])})
        case "coupon.redeemed":
            return Row(redeemed=1)
        case "coupon.voided" if data.get("was") == "redeemed":
            return Row(redeemed=-1)
    return None
