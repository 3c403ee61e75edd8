"""Time: aware UTC datetimes in code, ISO 8601 with `Z` on the wire, whole milliseconds in items."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """The real time, cut to the millisecond that items keep."""
    return from_ms(time.time_ns() // 1_000_000)


def to_ms(at: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return (at - EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC time of `to_ms`."""
    return EPOCH + milliseconds * _MILLISECOND


def to_text(at: datetime) -> str:
    """ISO 8601 in UTC with `Z`; milliseconds only where there are any."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """The time that an ISO 8601 text with a zone names, cut to milliseconds; ValueError for anything else."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time needs a zone")
    return from_ms(to_ms(at.astimezone(UTC)))


@dataclass(frozen=True)
class Clock:
    """The real clock and the real sleep, handed in so that tests and the simulator can hold them.

    `now` is what the rules see (a test may set it); `elapsed` only measures how long something took, in seconds.
    `moved` is set where a request's test clock stands in for `now`: the clock behind it.
    """

    now: Callable[[], datetime] = field(default=utc_now)
    sleep: Callable[[float], None] = field(default=time.sleep)
    elapsed: Callable[[], float] = field(default=time.time)  # a monotonic clock may stand while Lambda is frozen

    moved: Callable[[], datetime] | None = None

    def at(self, now: datetime) -> Clock:
        """This clock, standing still at `now` for the rules."""
        return replace(self, now=lambda: now, moved=self.unmoved)

    def unmoved(self) -> datetime:
        """The time that no test clock moves: that of keys and failure budgets."""
        return (self.moved or self.now)()
