"""What the routes of points take and give, in the shapes of the public contract."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from shared.reference import MemberRef
from shared.shapes import YEAR_MAX, Amount, Currency, Id, LineId, Occurred, Ref, Shape, SomePoints, Time, Words

Source = Literal["ec", "pos"]
LINES_MAX = 500
BATCH_MAX = 100


# ---- purchases ------------------------------------------------------------------------------------------------------


class Line(Shape):
    """One line of a receipt: `amount` is the line's total without tax after all discounts."""

    line_id: LineId
    sku: Ref | None = None
    category: Ref | None = None
    quantity: Annotated[int, Field(ge=0, le=10**9)]
    amount: Amount
    tax: Amount = 0
    tax_rate_bp: Annotated[int, Field(ge=0, le=10_000)] | None = None


class RateTax(Shape):
    """The tax of all lines of one rate (basis points), for tills that know no more."""

    rate_bp: Annotated[int, Field(ge=0, le=10_000)]
    amount: Amount


class Purchase(Shape):
    """A receipt."""

    purchase_id: Id
    source: Source
    member: MemberRef | None = None
    store_id: Id | None = None
    terminal_id: Id | None = None
    staff_id: Id | None = None
    occurred_at: Occurred
    currency: Currency | None = None
    state: Literal["placed", "completed"]
    lines: Annotated[list[Line], Field(min_length=1, max_length=LINES_MAX)]
    taxes: Annotated[list[RateTax], Field(max_length=20)] = []
    points_used: Amount = 0
    hold_id: Id | None = None
    redemption_ids: Annotated[list[Id], Field(max_length=10)] = []
    payment: Words | None = None
    order_ref: Ref | None = None

    @model_validator(mode="after")
    def _lines_are_told_apart(self) -> Purchase:
        if len({line.line_id for line in self.lines}) != len(self.lines):
            raise ValueError("every line needs a line_id of its own")
        return self

    @model_validator(mode="after")
    def _tax_is_said_once(self) -> Purchase:
        rates = Counter(tax.rate_bp for tax in self.taxes)
        for rate, times in rates.items():
            lines = [line for line in self.lines if line.tax_rate_bp == rate]
            if times > 1 or not lines or any(line.tax for line in lines):
                raise ValueError("taxes name each rate once, for lines of that rate that carry no tax themselves")
        return self

    @property
    def total(self) -> int:
        """What is to be paid, with tax."""
        return sum(line.amount + line.tax for line in self.lines) + sum(tax.amount for tax in self.taxes)


class Batch(Shape):
    """Up to 100 purchases. Each is validated by itself, so that a bad one harms no other."""

    purchases: Annotated[list[Any], Field(min_length=1, max_length=BATCH_MAX)]


class PurchasePoints(Shape):
    pending: int
    available: int


class Explained(Shape):
    rule: str
    points: int
    detail: str


class PurchaseAnswer(Shape):
    """What a purchase earned, and why. `balance` is what is available after it; null without a member."""

    purchase_id: str
    source: Source
    member_id: str | None
    state: str
    points: PurchasePoints
    balance: int | None
    explain: list[Explained]


class BatchAnswer(Shape):
    results: list[dict[str, Any]]


# ---- spending, and taking back --------------------------------------------------------------------------------------


class Spend(Shape):
    spend_id: Id
    member: MemberRef
    points: SomePoints
    order_ref: Ref


class SpendAnswer(Shape):
    spend_id: str
    points: int
    balance: int


class Hold(Shape):
    """Points kept for an order until they are captured, released, or the time is over."""

    hold_id: Id
    member: MemberRef
    points: SomePoints
    order_ref: Ref
    ttl_seconds: Annotated[int, Field(ge=60, le=86_400)] = 900


class Capture(Shape):
    """How many of the held points are used; all of them if nothing is said."""

    points: SomePoints | None = None


class Extend(Shape):
    ttl_seconds: Annotated[int, Field(ge=60, le=86_400)]


class HoldAnswer(Shape):
    hold_id: str
    state: Literal["held", "captured", "released"]
    points: int
    captured: int
    released: int
    expires_at: Time | None = None
    balance: int


class Reverse(Shape):
    """Undo the caller's own operation. `source` is for a purchase; a till's are all `pos`."""

    reverse_id: Id
    kind: Literal["purchase", "award", "spend", "hold"]
    source: Source | None = None


class ReverseAnswer(Shape):
    """`not_arrived`: there was nothing to undo, and the id is closed for good."""

    reverse_id: str
    kind: str
    id: str
    state: Literal["reversed", "not_arrived"]
    balance: int | None = None


# ---- balance and entries --------------------------------------------------------------------------------------------


class At(Shape):
    """A time or a date (its end, in the programme's zone)."""

    at: Annotated[str, Field(max_length=40, description=f"Past or future, of the years 1 to {YEAR_MAX}.")] | None = None


class Page(Shape):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None


class Expiring(Shape):
    on: str
    points: int
    kind: Literal["regular", "limited"]


class NextTier(Shape):
    name: str
    missing: int


class Tier(Shape):
    """`until`: the last day on which the tier lasts if nothing more is earned; missing if it lasts."""

    name: str
    earned_in_window: int
    until: date | None = None
    next: NextTier | None = None


class Balance(Shape):
    """`available` is less the debt. `expiring.on` is the last day on which the points can be used.

    `paid`: the points there that the member has bought for money, if any. They can be used whatever the debt.
    """

    member_id: str
    available: int
    pending: int
    held: int
    debt: int
    paid: int | None = None
    as_of: Time
    expiring: list[Expiring]
    tier: Tier


class EntryAnswer(Shape):
    """One entry of the account; `points` is the change of what is available."""

    entry_id: str
    sequence: int
    kind: str
    points: int
    balance_after: int
    occurred_at: Time
    recorded_at: Time
    ref: dict[str, str] | None = None
    lots: list[Expiring] | None = None
    explain: list[Explained] | None = None


class EntryPage(Shape):
    items: list[EntryAnswer]
    next_cursor: str | None
