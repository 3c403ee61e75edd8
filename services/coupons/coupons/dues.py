"""What falls due in a member's coupon book by itself, and on which day, pure.

Whether a coupon may be used never waits for it: its days decide, at each reading and each redemption. But whoever does
not come by must be reminded in time, so every entry asks for one alarm: a day on which the job looks at the book
(`coupons.alarms`). Only the job reminds and says that a coupon has expired: a book knows no campaigns by name, and
the job does. All days are ordinals of the programme's zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import TypeVar

from shared import dues
from shared.business_day import DayRule
from shared.chain import Decided, Step
from shared.coupon_book import Book, Coupon, Status
from shared.errors import Conflict

REMINDED_DAYS_BEFORE = (7, 1)
EXPIRED_DAYS_AFTER = 2
"""When a coupon is said to have expired: a whole day after its last one.

The last day of a store ends up to 23 hours after midnight, and a hold made in its last minute takes another hour. So no
store in the programme's zone can use it any more, nor one up to 19 hours behind that closes its books by 4:00.
"""
_AHEAD_DAYS = 1  # the job may ask for tomorrow: it has not been there yet

O = TypeVar("O")  # noqa: E741 - the operation


# ---- asking ---------------------------------------------------------------------------------------------------------


def attentive(rule: Callable[[Book, O, datetime], Decided[Book]]) -> Callable[[Book, O, datetime], Decided[Book]]:
    """A rule that also asks for the alarm that the book needs next, in the data of its last entry."""

    @wraps(rule)
    def decide(book: Book, operation: O, at: datetime) -> Decided[Book]:
        return asking(rule(book, operation, at), at)

    return decide


def asking(decided: Decided[Book], at: datetime) -> Decided[Book]:
    """What was decided about a book, with the alarm that it needs next.

    The rules know no programme, so the day is that of UTC; the job may be at work on its morrow, far in the east.
    """
    book, today = decided.state, at.toordinal()
    day = dues.alarm_for(next_day(book, today), book.alarm, today + 1, dues.RELAYED_DAYS - 1)
    if day is None or not decided.steps:
        return decided
    *others, last = decided.steps
    steps = (*others, last._replace(data={**last.data, "alarm": day}))
    return decided._replace(state=replace(book, alarm=day), steps=steps)


def next_day(book: Book, after: int) -> int | None:
    """The earliest day after `after` on which anything falls due, the next for what is overdue; None if nothing does."""
    days = [day for coupon in book.coupons if is_open(coupon) for day in _days(coupon, after)]
    return max(min(days), after + 1) if days else None


def is_open(coupon: Coupon) -> bool:
    """Whether anything more will be told of a coupon. A hold may end without a word."""
    return coupon.last is not None and coupon.status in (Status.ISSUED, Status.HELD, Status.ASLEEP)


def _days(coupon: Coupon, after: int) -> Iterator[int]:
    assert coupon.last is not None
    last = coupon.last.toordinal()
    yield last + EXPIRED_DAYS_AFTER
    if coupon.status is not Status.ASLEEP:
        yield from (day for days in REMINDED_DAYS_BEFORE if (day := last - days) > max(after, _first(coupon)))


def _first(coupon: Coupon) -> int:
    """A coupon's first day: nobody is reminded on it, nor of what has been before."""
    return coupon.first.toordinal()


# ---- the job --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attending:
    """A look at a book on a day on which something may be due. `campaigns` tells whose each locator's coupons are."""

    days: DayRule
    campaigns: Mapping[int, str]

    def today(self, at: datetime) -> int:
        return self.days.day(at).toordinal()


def attend(book: Book, attending: Attending, at: datetime) -> Decided[Book]:
    """Say what is about to expire and what has, each once; `nothing_due` if another entry has done so.

    The next alarm is noted in the book; the job puts it itself.
    """
    today = attending.today(at)
    over = [coupon for coupon in book.coupons if _has_expired(coupon, today, at)]
    soon = [coupon for coupon in book.coupons if _is_soon_over(coupon, book.told, today, at)]
    if not over and not soon:
        raise Conflict("nothing_due")
    for coupon in over:
        book = book.with_(replace(coupon, status=Status.EXPIRED, use=None))
    book = replace(book, told=today)
    following = alarm_for(book, attending, at)
    steps = (*(_step("expired", one, attending) for one in over), *(_reminder(one, attending, today) for one in soon))
    return Decided(book if following is None else replace(book, alarm=following), steps)


def alarm_for(book: Book, attending: Attending, at: datetime) -> int | None:
    """The day of the next alarm of a book in which nothing is due now; None if there is one, or needs none."""
    today = attending.today(at)
    return dues.alarm_for(next_day(book, today), book.alarm, today, _AHEAD_DAYS)


def _has_expired(coupon: Coupon, today: int, at: datetime) -> bool:
    if not is_open(coupon) or coupon.is_held(at):
        return False
    assert coupon.last is not None
    return coupon.last.toordinal() + EXPIRED_DAYS_AFTER <= today


def _is_soon_over(coupon: Coupon, told: int, today: int, at: datetime) -> bool:
    """Whether a coupon that can be used has a reminder due that nobody has said."""
    if not is_open(coupon) or coupon.status is Status.ASLEEP or coupon.is_held(at):
        return False
    assert coupon.last is not None
    last = coupon.last.toordinal()
    since = max(told, _first(coupon))
    return today <= last and any(since < last - days <= today for days in REMINDED_DAYS_BEFORE)


def _step(kind: str, coupon: Coupon, attending: Attending) -> Step:
    data = {"coupon_id": coupon.coupon_id, "campaign_id": attending.campaigns[coupon.locator]}
    return Step(kind, ref=("coupon", coupon.coupon_id), data=data)


def _reminder(coupon: Coupon, attending: Attending, today: int) -> Step:
    assert coupon.last is not None
    said = {"valid_until": coupon.last.isoformat(), "days_left": coupon.last.toordinal() - today}
    step = _step("expiring", coupon, attending)
    return step._replace(data={**step.data, **said})
