"""What the routes of offline tills take and answer: allowances, syncs, and what a day's losses were."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from coupons.campaign import Channel
from coupons.model import Basket, Typed
from shared.reference import MemberRef
from shared.shapes import Amount, Day, Id, LineId, Ref, Shape, Time
from shared.units import AMOUNT_MAX

SYNC_MAX = 500

Outcome: TypeAlias = Literal["applied", "duplicate", "conflict_absorbed", "conflict_refused", "expired_but_honoured"]


class AllowanceRequest(Shape):
    """A till's `terminal_id` and `store_id` are those of its key; others name the till, and its store if need be."""

    allowance_id: Id
    terminal_id: Id | None = None
    business_day: Day
    store_id: Id | None = None


class PublicKey(Shape):
    """A key that tokens and allowances are signed with: Ed25519, 32 bytes as base 64 for URLs."""

    kid: str
    key: str


class Keys(Shape):
    public_keys: tuple[PublicKey, ...]


class AllowanceAnswer(Keys):
    """What a till may give away; `signature` is over all other fields, by the first of the keys."""

    allowance_id: Id
    terminal_id: Id
    store_id: Id
    business_day: Day
    max_redemptions: int
    max_value: Amount
    expires_at: Time
    signature: str


class SyncRequest(Shape):
    """The items are judged one by one, so that a bad one harms no other."""

    items: Annotated[tuple[Any, ...], Field(strict=False, min_length=1, max_length=SYNC_MAX)]


class SyncItem(Shape):
    """Something that happened at a till without a line. `terminal_seq` counts what one till does, and only rises."""

    id: Id
    kind: Literal["redemption", "purchase"]
    allowance_id: Id | None = None
    offline_token: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None
    occurred_at: Time
    terminal_seq: Annotated[int, Field(ge=0, le=AMOUNT_MAX)]
    body: dict[str, Any]


class OfflineRedemption(Shape):
    """One coupon that was taken by its token. `discount` is what the guest got; left out, what the terms give."""

    redemption_id: Id | None = None
    codes: Annotated[tuple[Typed, ...], Field(strict=False, max_length=1)] = ()
    member: MemberRef | None = None
    store_id: Id | None = None
    channel: Channel = "pos"
    basket: Basket
    order_ref: Ref
    discount: Amount | None = None


class _Passing(BaseModel):
    """What points will judge in full; here only what can be seen to be wrong at once."""

    model_config = ConfigDict(strict=True, extra="allow", hide_input_in_errors=True)


class _OfflineLine(_Passing):
    line_id: LineId
    quantity: Amount
    amount: Amount


class OfflinePurchase(_Passing):
    """A purchase that waits for points. Points can't be used without a line."""

    purchase_id: Id
    source: Literal["pos"]
    store_id: Id | None = None
    terminal_id: Id | None = None
    occurred_at: Time
    state: Literal["placed", "completed"]
    lines: Annotated[list[_OfflineLine], Field(min_length=1, max_length=500)]
    points_used: Literal[0] = 0
    hold_id: None = None


class SyncResult(Shape):
    """What became of an item. `first` is the outcome that a duplicate had at first, `discount` what is booked for it."""

    id: str | None
    outcome: Outcome
    first: Outcome | None = None
    discount: Amount | None = None
    code: str | None = None
    reason: str | None = None
    detail: str | None = None
    errors: list[dict[str, Any]] | None = None


class SyncResults(Shape):
    results: list[SyncResult]


class TerminalQuery(Shape):
    business_day: Day
    store_id: Id | None = None


class Losses(Shape):
    count: int
    value: Amount


class Run(Shape):
    first: int
    last: int


class TerminalDay(Shape):
    """What a till's day without a line cost, within its allowance and beyond, and which of its numbers never came.

    `missing` and `repeated` are of the till's whole life as far as it is known, not of the day.
    """

    terminal_id: str
    store_id: str
    business_day: Day
    max_redemptions: int
    max_value: Amount
    absorbed: Losses
    refused: Losses
    last_seq: int | None = None
    missing: list[Run]
    repeated: int
