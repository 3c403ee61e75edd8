"""What was issued, spent and expired, day by day: read from the members' chains, a page of members a call."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from points.movements import DAYS_MAX, DayMoved, Movements, MovementsAnswer, MovementsQuery, movements
from points.store import programme
from points.walking import Walk
from shared.business_day import business_day, day_end, day_start
from shared.errors import Invalid
from shared.http import Call

_TICK = timedelta(milliseconds=1)
_MOVED = DayMoved.model_fields.keys() - {"day"}


def moved(call: Call[Any]) -> dict[str, Any]:
    """What was issued, spent, and expired on some days, a page of members at a time."""
    asked: MovementsQuery = call.query
    zone = programme(call.world).zone
    days = _days(asked, business_day(call.now, zone, 0))
    starts = [*(day_start(day, zone, 0) for day in days), day_end(days[-1], zone, 0)]
    bounds = [min(start - _TICK, call.now) for start in starts]  # what expires with a day counts on the next one
    sums, members, walk = [Movements() for _ in days], 0, Walk(call, asked.cursor)
    for account, items in walk.chains(bounds[0]):
        members += bool(items)
        for whole, one in zip(sums, movements(items[::-1], bounds, account, zone), strict=True):
            whole.add(one)
    told = [
        DayMoved(day=day, **{name: getattr(one, name) for name in _MOVED}) for day, one in zip(days, sums, strict=True)
    ]
    answer = MovementsAnswer(
        members=members,
        left_out=walk.left_out,
        opening=sums[0].opening,
        closing=sums[-1].closing,
        days=told,
        next_cursor=walk.next_cursor(),
    )
    return answer.model_dump(mode="json")


def _days(asked: MovementsQuery, today: date) -> list[date]:
    if asked.until < asked.since:
        raise Invalid.at("/until", "window_empty", "until lies before since")
    if asked.until > today:
        raise Invalid.at("/until", "in_future", "a day that has begun")
    count = (asked.until - asked.since).days + 1
    if count > DAYS_MAX:
        raise Invalid.at("/until", "too_long", f"at most {DAYS_MAX} days")
    return [asked.since + timedelta(days=n) for n in range(count)]
