"""What the routes of claims and triggers take and answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from coupons.fields import Plain
from coupons.model import Typed
from shared.reference import MemberRef
from shared.shapes import Id, Shape


class ClaimRequest(Shape):
    """A coupon that the signed-in member takes; for points where the campaign has a price.

    `qr` is a code of the campaign that the member read: from a form, a card, a poster.
    """

    campaign_id: Id
    claim_id: Id
    qr: Typed | None = None


class ClaimAnswer(Shape):
    """Where a claim stands. `refused`: nothing was taken, neither points nor a coupon of the campaign."""

    claim_id: Id
    state: Literal["pending", "issued", "refused"]
    coupon_id: Id | None = None
    code: str | None = None


class TriggerRequest(Shape):
    """Something that happened to a member outside of this software; campaigns name it `trigger.<type>`."""

    trigger_id: Id
    type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
    member: MemberRef
    data: Annotated[dict[Id, Plain], Field(max_length=20)] = Field(default_factory=dict)


class TriggerAnswer(Shape):
    """`campaigns`: those whose coupon is on its way. One that has run out meanwhile issues none."""

    trigger_id: Id
    type: str
    campaigns: tuple[Id, ...]
