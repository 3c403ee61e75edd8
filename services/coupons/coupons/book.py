"""What a member's coupon book decides about coupons that are in it: redeem or hold, capture, void.

Pure: the book, the operation and the time go in, the entries and the next book come out, or a refusal is raised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

from shared import keys
from shared.business_day import DayRule
from shared.chain import Decided, Step
from shared.coupon_book import Book, Coupon, Status, Use
from shared.errors import Conflict
from shared.tally import Tally
from shared.units import Money, Points

WhyUnusable: TypeAlias = Literal[
    "not_found", "used", "held", "expired", "paused", "asleep", "taken_back", "other_order", "needs_member"
]


def order_hash(order_ref: str) -> bytes:
    """The eight bytes by which a hold knows its order."""
    return hashlib.sha256(order_ref.encode()).digest()[:8]


def reached() -> Conflict:
    """The refusal of whoever comes to a limit of redemptions too late."""
    return Conflict("code_not_applicable", reason="limit_reached")


# ---- redeeming ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """What one coupon took off a basket, or gives. `place` is its turn, `position` that of its code in the request.

    `sealed` is a foreign code, of which we keep nothing else that could be shown again.
    """

    place: int
    position: int
    campaign_id: str
    discount: Money
    lines: tuple[tuple[str, Money], ...]
    explain: tuple[tuple[str, Money, str], ...]
    bonus_points: Points = 0
    sealed: str | None = None


class Counted(NamedTuple):
    """A code on paper that counts for the member who uses it: its campaign, and how often that may serve a member.

    `instead` is the mark of the order's own hold that this takes the place of.
    """

    locator: int
    limit: int
    campaign_id: str
    instead: bytes | None = None

    def is_reached(self, book: Book, at: datetime) -> bool:
        """Whether the member has had all that the campaign gives to one."""
        return book.count(self.locator) + self.before(book, at).used(at) >= self.limit

    def before(self, book: Book, at: datetime) -> Tally:
        """What counts for the member without the hold that this takes the place of."""
        return book.tally(self.locator).without(self.instead, at)


@dataclass(frozen=True, slots=True)
class Offline:
    """What else is known of a redemption that a till made without a line: when, and on which business day.

    `terminal` is the till's own chain, and `seen` the number of the head of it that was read before the name.
    `is_late`: the token had run out when it was heard of.
    """

    terminal: str
    seen: int
    day: date
    occurred_at: datetime
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Redeeming:
    """A redemption's share in one book or one code: its coupons as they were before, and what each of them took off.

    `by` is the redemption's mark: the operation's bytes in the chain, by which its own coupons know it. `counted` are
    codes on paper, elsewhere, that count for this book's member; `are_final` says of those that a void gives back
    whether they had been used for good.
    """

    redemption_id: str
    by: bytes
    order: bytes
    order_ref: str
    days: DayRule
    coupons: tuple[Coupon, ...]
    taken: tuple[Taken, ...]
    store_id: str | None = None
    hold_seconds: int | None = None
    channel: str | None = None
    member_id: str | None = None
    basket_amount: Money = 0
    counted: tuple[Counted, ...] = ()
    are_final: bool = False
    offline: Offline | None = None

    @property
    def ref(self) -> tuple[str, str]:
        return "redemption", self.redemption_id


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants to use a coupon, and when: the mark of the redemption, its order's hash, the time and the day."""

    at: datetime
    day: date
    by: bytes = b""
    order: bytes = b""


def why_unusable(coupon: Coupon | None, asker: Asker) -> WhyUnusable | None:
    """Why a coupon can't be used at all. The asker's own hold is never in the way, and protects it from expiry."""
    if coupon is None or coupon.status is Status.RESERVED:
        return "not_found"
    if coupon.status in _NOT_YET_OR_NO_MORE:
        return _NOT_YET_OR_NO_MORE[coupon.status]
    is_own = coupon.use is not None and coupon.use.by == asker.by
    if coupon.status is Status.REDEEMED:
        return None if is_own else "used"  # its own: a retry, which its name will answer
    if coupon.order is not None and asker.order not in (b"", coupon.order):
        return "other_order"
    if coupon.is_held(asker.at):
        assert coupon.use is not None
        return None if is_own or coupon.use.order == asker.order else "held"
    return "expired" if coupon.is_over(asker.day) else None


_NOT_YET_OR_NO_MORE: Mapping[Status, WhyUnusable] = {Status.ASLEEP: "asleep", Status.VOIDED: "taken_back"}


def redeem(book: Book, redeeming: Redeeming, at: datetime) -> Decided[Book]:
    """Use coupons, all or none: for good, or until a hold ends."""
    asker = Asker(at, redeeming.days.day(at), redeeming.by, redeeming.order)
    for coupon in redeeming.coupons:
        if why_unusable(book.get(coupon.spot), asker) is not None:
            raise Conflict("code_not_usable")
    is_hold = redeeming.hold_seconds is not None
    ends = at + timedelta(seconds=redeeming.hold_seconds or 0)
    status = Status.HELD if is_hold else Status.REDEEMED
    for coupon in redeeming.coupons:
        book = book.with_(replace(coupon, status=status, use=Use(redeeming.by, redeeming.order, ends)))
    for one in redeeming.counted:
        if one.is_reached(book, at):
            raise reached()
        count = one.before(book, at).take(redeeming.by, 1, at, ends if is_hold else None, redeeming.order)
        book = book.with_tally(one.locator, count)
    return Decided(book, (*steps_of("held" if is_hold else "redeemed", redeeming), *_counts("counted", redeeming)))


def redeem_code(code: Book, redeeming: Redeeming, at: datetime) -> Decided[Book]:
    """Use a code that has a chain of its own. Before its first entry it is as its campaign made it."""
    made = tuple(one for one in redeeming.coupons if code.get(one.spot) is None)
    return redeem(replace(code, coupons=(*code.coupons, *made)), redeeming, at)


def _counts(kind: str, redeeming: Redeeming) -> tuple[Step, ...]:
    """One entry for each code on paper that counts for the member."""
    return tuple(
        Step(kind, ref=redeeming.ref, data={"campaign_id": one.campaign_id, "locator": one.locator})
        for one in redeeming.counted
    )


def steps_of(kind: str, redeeming: Redeeming, more: Mapping[str, Any] | None = None) -> tuple[Step, ...]:
    """One entry for each coupon: each becomes an event of its own."""
    said = {
        "store_id": redeeming.store_id,
        "channel": redeeming.channel,
        "member_id": redeeming.member_id,
        "basket_amount": redeeming.basket_amount,
    }
    common = {name: value for name, value in said.items() if value} | dict(more or {})
    return tuple(
        Step(
            kind,
            ref=redeeming.ref,
            data={
                "coupon_id": coupon.coupon_id,
                "campaign_id": taken.campaign_id,
                "redemption_id": redeeming.redemption_id,
                "order_ref": redeeming.order_ref,
                "discount": taken.discount,
                **({"bonus_points": taken.bonus_points} if taken.bonus_points else {}),
                **common,
            },
        )
        for coupon, taken in zip(redeeming.coupons, redeeming.taken, strict=True)
    )


def capture(book: Book, redeeming: Redeeming, at: datetime) -> Decided[Book]:
    """Use what was held. After the hold's end it still succeeds while nobody else has taken the coupon."""
    day = redeeming.days.day(at)
    for held in redeeming.coupons:
        coupon = book.get(held.spot)
        is_own = coupon is not None and coupon.use is not None and coupon.use.by == redeeming.by
        if coupon is None or not is_own or (not coupon.is_held(at) and coupon.is_over(day)):
            raise Conflict("code_not_usable")
        book = book.with_(replace(coupon, status=Status.REDEEMED, use=Use(redeeming.by, redeeming.order, at)))
    for one in redeeming.counted:
        before = book.tally(one.locator)
        if not before.has_hold(redeeming.by, at) and book.had(one.locator, at) >= one.limit:
            raise reached()
        book = book.with_tally(one.locator, before.take(redeeming.by, 1, at, None))
    return Decided(book, (*steps_of("redeemed", redeeming), *_counts("kept", redeeming)))


# ---- voiding --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Voiding:
    """The end of a redemption. `lost` are coupons it used that have left the head since; `until` is a till's deadline."""

    redeeming: Redeeming
    void_id: str
    until: datetime | None = None
    lost: tuple[Coupon, ...] = field(default=())


def void(book: Book, voiding: Voiding, at: datetime) -> Decided[Book]:
    """Give back what this redemption used and holds to this day; after this entry it can't enter any more."""
    redeeming = voiding.redeeming
    given: list[Coupon] = []
    was = "held"  # all of a redemption's coupons are held, or used for good
    for before in redeeming.coupons:
        coupon = book.get(before.spot)
        if before in voiding.lost and coupon is None:
            was = "redeemed"
            book = book.again(_unused(before))
        elif coupon is not None and coupon.use is not None and coupon.use.by == redeeming.by:
            was = "redeemed" if coupon.status is Status.REDEEMED else was
            book = book.with_(_unused(coupon))
        else:
            continue
        given.append(before)
    for one in redeeming.counted:
        count = book.tally(one.locator).give_back(redeeming.by, 1, at, is_final=redeeming.are_final)
        book = book.with_tally(
            one.locator, replace(count, taken=max(0, count.taken))
        )  # it may have gone with a merge's end
    uncounted = _counts("uncounted", redeeming)
    if not given:
        is_home = redeeming.coupons or not uncounted
        # If a till lost a discount by it, that is lifted by the stream.
        data = {"void_id": voiding.void_id, "carry": ["coupons", keys.redemption(redeeming.redemption_id)]}
        closed = (Step("closed", ref=redeeming.ref, data=data),) if is_home else ()
        return Decided(book, (*closed, *uncounted))
    if voiding.until is not None and at >= voiding.until:
        raise Conflict("void_window_over")
    kept = [(one, taken) for one, taken in zip(redeeming.coupons, redeeming.taken, strict=True) if one in given]
    undone = replace(redeeming, coupons=tuple(one for one, _ in kept), taken=tuple(taken for _, taken in kept))
    return Decided(book, (*steps_of("voided", undone, {"void_id": voiding.void_id, "was": was}), *uncounted))


def _unused(coupon: Coupon) -> Coupon:
    return replace(coupon, status=Status.ISSUED, use=None)
