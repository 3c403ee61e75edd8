"""A redemption that a till made without a line: the guest has left with the goods, so it can't be refused any more.

Pure. The coupon's home takes it, or says by an entry that the coupon was gone; then the till's own chain bears the
loss. The entry decides: whatever becomes of the coupon later, this redemption never enters a second time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from coupons.book import Asker, Redeeming, steps_of, why_unusable
from coupons.terminal import Loss
from shared import keys
from shared.chain import Decided, Entry, Step
from shared.coupon_book import Book, Status, Use

LOST = "lost"


def redeem_or_tell(book: Book, redeeming: Redeeming, at: datetime) -> Decided[Book]:
    """Use coupons for good if they are free and were good on the day of the sale; else tell that they are lost."""
    offline = redeeming.offline
    assert offline is not None, "only what was sold without a line is taken without a question"
    asker = Asker(at, offline.day, redeeming.by, redeeming.order)
    if any(why_unusable(book.get(coupon.spot), asker) is not None for coupon in redeeming.coupons):
        return Decided(book, (_lost(redeeming),))
    sold_at = min(offline.occurred_at, at)
    today = redeeming.days.day(at)
    is_over = offline.is_late or any(coupon.is_over(today) for coupon in redeeming.coupons)
    for coupon in redeeming.coupons:
        book = book.with_(replace(coupon, status=Status.REDEEMED, use=Use(redeeming.by, redeeming.order, sold_at)))
    more = {"terminal_id": keys.terminal_of(offline.terminal)[1], "offline": True} | (
        {"honoured": True} if is_over else {}
    )
    steps = steps_of("redeemed", redeeming, more)
    return Decided(book, tuple(step._replace(occurred_at=sold_at) for step in steps))


def _lost(redeeming: Redeeming) -> Step:
    """The entry that the till's chain obeys; it says all that there is to obey."""
    offline = redeeming.offline
    assert offline is not None
    name = keys.redemption(redeeming.redemption_id)
    data = {
        "coupon_id": redeeming.coupons[0].coupon_id,
        "business_day": offline.day.isoformat(),
        "amount": sum(taken.discount for taken in redeeming.taken),
        "carry": ["coupons", name, offline.terminal, offline.seen],
    }
    return Step(LOST, ref=redeeming.ref, data=data)


def loss_of(entry: Entry) -> Loss:
    """What a till must bear by such an entry."""
    assert entry.ref is not None
    return Loss(
        entry.ref[1], entry.data["coupon_id"], date.fromisoformat(entry.data["business_day"]), entry.data["amount"]
    )
