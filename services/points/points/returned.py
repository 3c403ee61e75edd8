"""What the routes about recorded purchases take and give, in the shapes of the public contract."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from points.model import LINES_MAX, Explained, Source
from shared.shapes import Amount, Id, LineId, Occurred, Shape, SomePoints


class Complete(Shape):
    """When it was handed over or shipped; now, if nothing is said."""

    occurred_at: Occurred | None = None


class ReturnLine(Shape):
    """A line that comes back: a quantity of it, or an amount (without tax), or all that is left of it."""

    line_id: LineId
    quantity: SomePoints | None = None
    amount: SomePoints | None = None

    @model_validator(mode="after")
    def _is_said_one_way(self) -> ReturnLine:
        if self.quantity is not None and self.amount is not None:
            raise ValueError("a line comes back by quantity or by amount, not by both")
        return self


class Return(Shape):
    """`all`, or the lines that come back, each named once."""

    return_id: Id
    channel: Source
    all: Literal[True] | None = None
    lines: Annotated[list[ReturnLine], Field(min_length=1, max_length=LINES_MAX)] | None = None

    @model_validator(mode="after")
    def _says_what(self) -> Return:
        if (self.all is None) is (self.lines is None):
            raise ValueError("a return says all or its lines")
        if self.lines and len({line.line_id for line in self.lines}) != len(self.lines):
            raise ValueError("each line is named once")
        return self


class ReturnPoints(Shape):
    """What a return does to the points.

    `clawed_back`: earned points taken back, `debt` of them as debt. `given_back`: points used that can be used again;
    `forfeited`: those whose last day is over.
    """

    clawed_back: int
    given_back: int
    forfeited: int
    debt: int


class ReturnAnswer(Shape):
    return_id: str
    purchase_id: str
    points: ReturnPoints
    balance: int | None
    explain: list[Explained]


class ReceiptClaim(Shape):
    """A receipt that was issued without a member. `amount` is its total with tax, as printed."""

    receipt_claim_id: Id
    source: Source
    purchase_id: Id
    amount: Amount
