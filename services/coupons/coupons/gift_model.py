"""What the routes of claims and triggers take and answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

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
    """Where a claim stands. `refused`: nothing was taken, neither points nor a coupon of the campaign.

    `code` is the coupon's once it is issued; of a claim that was refused it says why, such as `insufficient_points`.
    """

    claim_id: Id
    state: Literal["pending", "issued", "refused"]
    coupon_id: Id | None = None
    code: str | None = None


class TriggerRequest(Shape):
    """Something that happened to a member outside of this software; campaigns name it `trigger.<type>`.

    `data` is whatever those systems have to say, and is not kept: a filter finds texts, whole numbers and booleans in it.
    """

    trigger_id: Id
    type: Id
    member: MemberRef
    data: Annotated[dict[str, Any], Field(max_length=100)] | None = None


class TriggerAnswer(Shape):
    """`campaigns`: those whose coupon is on its way. One that has run out meanwhile issues none."""

    trigger_id: Id
    type: str
    campaigns: tuple[Id, ...]
