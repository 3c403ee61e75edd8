"""What one replay sends, and what every balance must be after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from infra import receipts
from infra.books import Sale
from infra.habits import Habits, habits_of
from infra.mapping import Purchase, purchases
from infra.receipts import Basket, Frame, Slice

Sales = Mapping[str, Sale]


@dataclass(frozen=True)
class Plan:
    """What one replay sends, in the order of members and time, and what each member had, in all replays.

    `earned` are points by day, which is all there is to know of most; `sales` is for those who brought something back
    or paid with points.
    """

    purchases: Iterable[Purchase]
    earned: Mapping[str, Mapping[date, int]]
    baskets: int
    lines: int
    first_at: str
    last_at: str
    sales: Mapping[str, Sales] = field(default_factory=dict)


def plan(frame: Frame, now_sent: Sequence[Slice], ever_sent: Sequence[Slice], shift_weeks: int) -> Plan:
    """The plan that sends some slices into a stack which has had, or has with them, all of `ever_sent`."""
    chosen, ever = receipts.select(frame, now_sent), receipts.select(frame, ever_sent)
    ever = ever[ever["household_id"].isin(chosen["household_id"].unique())]
    whole = receipts.baskets(ever, shift_weeks)
    last = receipts.last_time(frame).replace(tzinfo=None) + timedelta(weeks=shift_weeks)
    habits = habits_of(whole, last, lambda basket_ids: receipts.lines_of(ever, basket_ids))
    sales = sales_of(whole, habits)
    times = chosen["transaction_timestamp"] + timedelta(weeks=shift_weeks)
    return Plan(
        purchases=purchases(receipts.rows(chosen), shift_weeks, habits),
        earned={member: days for member, days in receipts.sums(whole).items() if member not in sales},
        baskets=int(chosen["basket_id"].nunique()),
        lines=len(chosen),
        first_at=times.min().isoformat() + "Z",
        last_at=times.max().isoformat() + "Z",
        sales=sales,
    )


def sales_of(baskets: Sequence[Basket], habits: Habits) -> dict[str, Sales]:
    """All baskets of those members who brought something back or paid with points."""
    more = {one.household_id for one in baskets if one.basket_id in habits.lines}
    found: dict[str, dict[str, Sale]] = {}
    for one in baskets:
        if one.household_id in more:
            lines, returns = habits.lines.get(one.basket_id, ()), habits.returns.get(one.basket_id, ())
            sale = Sale(one.day, one.points, lines, habits.payments.get(one.basket_id), returns)
            found.setdefault(receipts.member_id(one.household_id), {})[str(one.basket_id)] = sale
    return dict(found)
