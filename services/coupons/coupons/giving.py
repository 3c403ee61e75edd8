"""What a member's coupon book decides about a coupon that comes into it: at once, or when it has been paid for.

A coupon with a price is reserved first: nobody sees it, nothing can be done with it, and it counts in every limit. The
member's points decide whether it is issued then or leaves again. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from coupons.dues import is_open
from shared import keys
from shared.chain import Decided, Step
from shared.clock import to_text
from shared.coupon_book import Book, Coupon, Status
from shared.errors import Conflict
from shared.units import Points

COUPONS_MAX = 200
"""So many coupons a head carries: a whole batch of issues fits in beside what a member has already.

Beyond, the oldest that can't be used any more make room.
"""


@dataclass(frozen=True, slots=True)
class Drawing:
    """An issue's share in its campaign's pool: the total, and the heads that were read before the name.

    The pool's entry tells the stream whose book the coupon must enter, and after which number.
    """

    total: int
    seen: int
    member_id: str
    member_seen: int


@dataclass(frozen=True, slots=True)
class Issuing:
    """A coupon on its way into a member's book. With a `price` it is claimed for points, and its source is the claim.

    `store_id` is where that happened which it is issued for; `exposed` since when, and for how many hours, the member's
    purchases count.
    """

    coupon: Coupon
    campaign_id: str
    owner: str
    issued_on: date
    order_ref: str | None = None
    per_member: int | None = None
    drawing: Drawing | None = None
    price: Points | None = None
    store_id: str | None = None
    exposed: tuple[datetime, int] | None = None

    @property
    def name(self) -> str:
        """The partition of the issue's name, by which the stream finds it again."""
        return keys.issue(*self.coupon.spot)


def issue(book: Book, issuing: Issuing, at: datetime) -> Decided[Book]:
    """Put a coupon into the book, or reserve it; `member_limit_reached` if the campaign or the book has no room."""
    coupon = issuing.coupon
    if book.is_erased:
        raise Conflict("member_limit_reached", limit=0)
    if issuing.per_member is not None and book.had(coupon.locator, at) >= issuing.per_member:
        raise Conflict("member_limit_reached", limit=issuing.per_member)
    book = _with_room(book, issuing.issued_on, at)
    if issuing.price is not None:
        coupon = replace(coupon, status=Status.RESERVED)
    kind = "issued" if issuing.price is None else "reserved"
    return Decided(replace(book, coupons=(*book.coupons, coupon)), (_step(kind, issuing),))


def _step(kind: str, issuing: Issuing) -> Step:
    coupon = issuing.coupon
    data = {
        "coupon_id": coupon.coupon_id,
        "campaign_id": issuing.campaign_id,
        "source_id": coupon.source_id,
        "valid_from": coupon.first.isoformat(),
        **({"valid_until": coupon.last.isoformat()} if coupon.last else {}),
        **({"order_ref": issuing.order_ref} if issuing.order_ref else {}),
        **({"price_points": issuing.price} if issuing.price else {}),
        **({"store_id": issuing.store_id} if issuing.store_id else {}),
        **_exposed(issuing),
    }
    return Step(kind, ref=("coupon", coupon.coupon_id), data=data)


def _exposed(issuing: Issuing) -> dict[str, Any]:
    """From when on the campaign is measured: when it was asked for, not when the book had its turn; and for how long."""
    if issuing.exposed is None:
        return {}
    at, hours = issuing.exposed
    return {"exposed_at": to_text(at), "attribution_hours": hours}


def issue_or_tell(book: Book, issuing: Issuing, at: datetime) -> Decided[Book]:
    """As `issue`, but a refusal is an entry, so that no twin of the request gets in after the pool has its unit back.

    If the process dies before it has, the stream gives it back.
    """
    try:
        return issue(book, issuing, at)
    except Conflict as refused:
        data = {"code": refused.code, "limit": refused.fields["limit"], "carry": ["coupons", issuing.name]}
        return Decided(book, (Step("refused", ref=("coupon", issuing.coupon.coupon_id), data=data),))


def _with_room(book: Book, day: date, at: datetime) -> Book:
    while len(book.coupons) >= COUPONS_MAX:
        done = [one for one in book.coupons if _is_done(one, day, at)]
        if not done:
            raise Conflict("member_limit_reached", limit=COUPONS_MAX)
        book = book.without(min(done, key=is_open))  # if one must go that is open, nobody will say that it has expired
    return book


def _is_done(coupon: Coupon, day: date, at: datetime) -> bool:
    """Whether a coupon can't be used any more; a hold, or a price that is being paid, protects it from its last day."""
    if coupon.status is Status.RESERVED:
        return False
    is_closed = coupon.status in (Status.REDEEMED, Status.VOIDED)
    return is_closed or (coupon.is_over(day) and not coupon.is_held(at))


# ---- paying ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answering:
    """What the member's points have answered to a reservation: paid, or refused with a code. It can't be refused."""

    issuing: Issuing
    refusal: str | None = None


def answer(book: Book, answering: Answering, _: datetime) -> Decided[Book]:
    """A reserved coupon is issued, or leaves the book; then its pool gets its unit back, by the stream if need be."""
    issuing, coupon = answering.issuing, book.get(answering.issuing.coupon.spot)
    if coupon is None:
        assert book.is_erased, "a reservation is answered where it is"
        answering = replace(answering, refusal=answering.refusal or "member_not_found")
    else:
        assert coupon.status is Status.RESERVED, "a reservation is answered once"
    if coupon is not None and answering.refusal is None:
        return Decided(book.with_(replace(coupon, status=Status.ISSUED)), (_step("issued", issuing),))
    spot = issuing.coupon.spot
    left = replace(book, coupons=tuple(one for one in book.coupons if one.spot != spot))
    coupon_id = issuing.coupon.coupon_id
    data = {"coupon_id": coupon_id, "campaign_id": issuing.campaign_id, "code": answering.refusal}
    carry = {"carry": ["coupons", issuing.name]} if issuing.drawing else {}
    return Decided(left, (Step("released", ref=("coupon", coupon_id), data=data | carry),))
