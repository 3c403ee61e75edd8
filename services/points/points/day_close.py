"""The close of a store's day, pure: the journal of its tills against what the ledger has.

A purchase is on both sides with its receipt's total, tax included, as it was sold: what comes back later is in no
line of either. One that was cancelled or reversed is not in the ledger. Lines of one id are one receipt and add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import Field

from shared.shapes import Amount, Day, Id, Shape
from shared.units import Money, Points

LINES_MAX = 50_000


class JournalLine(Shape):
    """A receipt as a till's journal has it: the total with tax, and the points that were printed on it."""

    purchase_id: Id
    amount: Amount
    points: Amount | None = None


class Reconciliation(Shape):
    """The journal of one store and business day, whole: what is not in it counts as missing."""

    reconciliation_id: Id
    store_id: Id
    business_day: Day
    lines: Annotated[list[JournalLine], Field(max_length=LINES_MAX)]


class FoundAt(Shape):
    """Where a purchase is that its journal has on another day, or in another store."""

    store_id: str | None = None
    business_day: date


class Missing(Shape):
    """A receipt that one side has and the other has not."""

    purchase_id: str
    amount: Money
    points: Points | None = None
    found_at: FoundAt | None = None


class Difference(Shape):
    """A receipt that both sides have: what the journal says of it (of all its lines), and what the ledger says."""

    purchase_id: str
    amount: Money
    ledger_amount: Money
    points: Points | None = None
    ledger_points: Points | None = None
    lines: int = 1


class Comparison(Shape):
    """How many receipts are alike on both sides, and all that are not."""

    reconciliation_id: str
    store_id: str
    business_day: date
    matched: int
    missing_in_ledger: list[Missing]
    missing_in_pos: list[Missing]
    amount_differs: list[Difference]


class Sale(NamedTuple):
    """What is on a receipt: its total with tax, and the points that it said."""

    amount: Money
    points: Points


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a journal says of one purchase. Points are None where it says nothing of them."""

    amount: Money = 0
    points: Points | None = None
    lines: int = 0

    def is_like(self, sale: Sale) -> bool:
        return self.amount == sale.amount and self.points in (None, sale.points)


def receipts_of(lines: Iterable[JournalLine]) -> dict[str, Receipt]:
    """The receipts of a journal by purchase id, in its order."""
    found: dict[str, Receipt] = {}
    for line in lines:
        before = found.get(line.purchase_id, Receipt())
        points = before.points if line.points is None else (before.points or 0) + line.points
        found[line.purchase_id] = Receipt(before.amount + line.amount, points, before.lines + 1)
    return found


def compare(
    asked: Reconciliation, receipts: Mapping[str, Receipt], sales: Mapping[str, Sale], elsewhere: Mapping[str, FoundAt]
) -> Comparison:
    """What is alike, and all that is not: the journal's receipts in its order, then the ledger's."""
    both = {one: (receipt, sales[one]) for one, receipt in receipts.items() if one in sales}
    differs = [_difference(one, *pair) for one, pair in both.items() if not pair[0].is_like(pair[1])]
    return Comparison(
        reconciliation_id=asked.reconciliation_id,
        store_id=asked.store_id,
        business_day=asked.business_day,
        matched=len(both) - len(differs),
        missing_in_ledger=[
            Missing(purchase_id=one, amount=said.amount, points=said.points, found_at=elsewhere.get(one))
            for one, said in receipts.items()
            if one not in sales
        ],
        missing_in_pos=[
            Missing(purchase_id=one, amount=sale.amount, points=sale.points)
            for one, sale in sales.items()
            if one not in receipts
        ],
        amount_differs=differs,
    )


def _difference(purchase_id: str, receipt: Receipt, sale: Sale) -> Difference:
    return Difference(
        purchase_id=purchase_id,
        amount=receipt.amount,
        ledger_amount=sale.amount,
        points=receipt.points,
        ledger_points=None if receipt.points is None else sale.points,
        lines=receipt.lines,
    )
