"""A campaign's pool: one entry for each coupon of a limited campaign, so that the total is kept to the last one."""

from __future__ import annotations

from datetime import datetime

from coupons.book import Issuing
from shared.chain import Decided, Kind, Step
from shared.errors import Conflict
from shared.keys import COUPON_BOOK, POOL as LETTER, account

POOL: Kind[int] = Kind(LETTER, 0, lambda taken: {"n": taken}, lambda packed: int(packed["n"]))
"""The state is the number of coupons that were taken and not given back."""


def take(taken: int, issuing: Issuing, _: datetime) -> Decided[int]:
    """Take one coupon; `campaign_exhausted` if the total is reached."""
    assert issuing.drawing is not None
    drawing = issuing.drawing
    total = drawing.total
    if taken >= total:
        raise Conflict("campaign_exhausted")
    ref = ("coupon", issuing.coupon.coupon_id)
    book = account(COUPON_BOOK, drawing.member_id)
    steps = [Step("taken", ref=ref, data={"carry": ["coupons", issuing.name, book, drawing.member_seen]})]
    if taken + 1 == total:
        steps.append(Step("exhausted", data={"campaign_id": issuing.campaign_id, "total": total}))
    return Decided(taken + 1, tuple(steps))


def give_back(taken: int, issuing: Issuing, _: datetime) -> Decided[int]:
    """One coupon fewer: the member's book had no room for it."""
    return Decided(taken - 1, (Step("given_back", ref=("coupon", issuing.coupon.coupon_id)),))
