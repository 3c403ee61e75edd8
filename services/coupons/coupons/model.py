"""What the routes of coupons take and answer: baskets, coupons, validations, redemptions, issues."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from coupons.campaign import Channel, Name, Offer
from shared.codes import TYPED_MAX
from shared.reference import MemberRef
from shared.shapes import Amount, Currency, Day, Id, LineId, Ref, Shape, Time, refuse
from shared.units import Money

Typed = Annotated[str, StringConstraints(min_length=1, max_length=TYPED_MAX)]
"""A code as somebody typed it: `codes.normalise` makes a code of it, or says why not."""

Reason: TypeAlias = Literal[
    "minimum_not_met",
    "wrong_store",
    "wrong_channel",
    "not_stackable",
    "no_eligible_item",
    "not_yet_valid",
    "limit_reached",
]


class Line(Shape):
    """One line of a basket. `amount` is without tax and after the shop's own discounts."""

    line_id: LineId
    sku: Ref | None = None
    category: Ref | None = None
    quantity: Amount
    amount: Amount
    tax: Amount | None = None


class Basket(Shape):
    currency: Currency | None = None
    lines: Annotated[tuple[Line, ...], Field(strict=False, min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _lines_are_told_apart(self) -> Basket:
        seen: set[str] = set()
        for place, line in enumerate(self.lines):
            if line.line_id in seen:
                refuse([(("lines", place, "line_id"), "not_unique", "another line has this line_id")])
            seen.add(line.line_id)
        return self

    @property
    def amount(self) -> Money:
        return sum(line.amount for line in self.lines)


class IssueRequest(Shape):
    campaign_id: Id
    member: MemberRef
    source_id: Id
    order_ref: Ref | None = None


class IssueBatch(Shape):
    """The issues are judged one by one, so that a bad one harms no other."""

    issues: Annotated[tuple[Any, ...], Field(strict=False, min_length=1, max_length=100)]


class IssueResult(Shape):
    """What became of one issue of a batch: the status and body that it would have had alone."""

    source_id: str | None
    status: int
    body: dict[str, Any]


class IssueResults(Shape):
    results: list[IssueResult]


class Occasion(Shape):
    """Where a basket is bought: what a coupon may ask about it beside the lines."""

    channel: Channel
    store_id: Id | None = None


class ValidationRequest(Occasion):
    codes: Annotated[tuple[Typed, ...], Field(strict=False, max_length=10)] = ()
    member: MemberRef | None = None
    basket: Basket


class RedemptionRequest(Occasion):
    redemption_id: Id
    codes: Annotated[tuple[Typed, ...], Field(strict=False, min_length=1, max_length=10)]
    member: MemberRef | None = None
    basket: Basket
    order_ref: Ref
    hold_seconds: Annotated[int, Field(ge=1, le=3600)] | None = None


class VoidRequest(Shape):
    void_id: Id


class ActivateRequest(Shape):
    activate_id: Id
    member: MemberRef | None = None


class CodeImport(Shape):
    """Codes that somebody else made; as CSV, one a row."""

    codes: Annotated[tuple[Typed, ...], Field(strict=False, min_length=1, max_length=500)]


class ImportedField(Shape):
    pointer: str
    code: str
    detail: str


class ImportedCode(Shape):
    """What became of a row; the code itself is not repeated."""

    row: int
    status: Literal["created", "unchanged", "refused"]
    errors: list[ImportedField] | None = None


class ImportedCodes(Shape):
    results: list[ImportedCode]


class CodesRequest(Shape):
    job_id: Id
    count: Annotated[int, Field(ge=1, le=1_000_000)]


class CodesAnswer(Shape):
    job_id: Id
    status: Literal["queued"]


class JobAnswer(Shape):
    """How far a job has come. Without `download_url` a job that is done has no file any more: ordering it again makes one."""

    status: Literal["queued", "running", "done", "failed"]
    done: Amount
    total: Amount
    download_url: str | None = None


class CouponFacts(Shape):
    """All of a coupon but what uses it.

    Where it is read, not in the answers of writes, also what a screen shows of its campaign.
    """

    coupon_id: Id
    campaign_id: Id
    state: Literal["issued", "held", "redeemed", "expired", "voided"]
    name: Name | None = None
    min_purchase: Amount | None = None
    source_id: Id
    valid_from: Day
    valid_until: Day | None = None
    offer: Offer
    redeemed_at: Time | None = None


class Coupon(CouponFacts):
    code: str
    qr_payload: str
    offline_token: str | None = None


class ListedCoupon(CouponFacts):
    """No till is told the codes by a member's id alone: it gets them from its scan of a one-time code."""

    code: str | None = None
    qr_payload: str | None = None
    offline_token: str | None = None


class CouponQuery(Shape):
    state: Literal["issued", "held", "redeemed", "expired", "voided"] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None


class CouponPage(Shape):
    items: list[Coupon]
    next_cursor: str | None


class ListedPage(Shape):
    items: list[ListedCoupon]
    next_cursor: str | None


class Explained(Shape):
    """A step of a discount. The amounts of all steps add up to it; `detail` is figures, the same in every language."""

    rule: Literal["item_free", "percent_off", "amount_off", "bonus_points", "max_discount", "nothing_left"]
    amount: Money
    detail: str


class LineDiscount(Shape):
    line_id: str
    discount: Amount


class Applied(Shape):
    code: str
    coupon_id: str
    discount: Amount
    lines: tuple[LineDiscount, ...]
    explain: tuple[Explained, ...]


class NotApplied(Shape):
    """Why a code took nothing off. Only for the owner's own coupon does a reader of coupons learn what is wrong."""

    code: str
    reason: (
        Reason | Literal["code_not_usable", "used", "held", "expired", "paused", "asleep", "taken_back", "other_order"]
    )


class ValidationAnswer(Shape):
    discount_total: Money
    applied: tuple[Applied, ...]
    refused: tuple[NotApplied, ...]


class RedemptionAnswer(Shape):
    redemption_id: Id
    state: Literal["redeemed", "held"]
    discount_total: Money
    applied: tuple[Applied, ...]
    redeemed_at: Time | None = None
    held_until: Time | None = None


class VoidAnswer(Shape):
    redemption_id: Id
    state: Literal["voided", "not_arrived"]
    coupons: tuple[Coupon, ...]
