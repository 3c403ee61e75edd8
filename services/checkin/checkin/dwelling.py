"""Whether a guest has stayed: two fixes at one store, as far apart in time as the store asks. Pure.

The first is told in a sealed text that the guest's app carries to the second. It says where the guest was by the store's
name alone, and whether the fix was good; a fix that was not is never followed by one that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from checkin.model import Location
from shared import clock

OPEN_FOR = timedelta(minutes=30)
"""So long after the time to stay is over may the second fix come."""

_NOBODY = "-"
_SIGNS = 16


@dataclass(frozen=True)
class First:
    """The first fix: whether it proved to be at the store, when it came to us, and when the phone says it was made."""

    store_id: str
    device: str | None  # its keyed hash
    seen_at: datetime
    fixed_at: datetime
    dwell_seconds: int
    is_there: bool

    @property
    def not_before(self) -> datetime:
        """From when on the second fix counts."""
        return self.seen_at + timedelta(seconds=self.dwell_seconds)

    @property
    def expires_at(self) -> datetime:
        """The last moment at which the second fix counts."""
        return self.not_before + OPEN_FOR

    def is_followed(self, store_id: str, device: str | None, fix: Location | None, now: datetime) -> bool:
        """Whether a fix is the second of a guest who stayed: by our clock and by the phone's, on the same phone."""
        if fix is None or not self.is_there or self.dwell_seconds == 0:
            return False
        is_same = (self.store_id, self.device) == (store_id, _sign(device))
        has_stayed = fix.captured_at - self.fixed_at >= timedelta(seconds=self.dwell_seconds)
        return is_same and has_stayed and self.not_before <= now <= self.expires_at


def first(
    store_id: str, device: str | None, fix: Location, dwell_seconds: int, now: datetime, *, is_there: bool
) -> First:
    """A first fix that came just now. Times are kept to the millisecond, as their text keeps them."""
    seen_at, fixed_at = (clock.from_ms(clock.to_ms(at)) for at in (now, fix.captured_at))
    return First(store_id, _sign(device), seen_at, fixed_at, dwell_seconds, is_there)


def pack(one: First) -> str:
    """A first fix as a text whose length does not tell whether it was good. Ids never hold a space."""
    times = (clock.to_ms(one.seen_at), clock.to_ms(one.fixed_at))
    return " ".join(map(str, (one.store_id, one.device or _NOBODY, *times, one.dwell_seconds, int(one.is_there))))


def unpack(text: str) -> First:
    """The first fix of `pack`."""
    store_id, device, seen_at, fixed_at, dwell_seconds, is_there = text.split(" ")
    return First(
        store_id=store_id,
        device=None if device == _NOBODY else device,
        seen_at=clock.from_ms(int(seen_at)),
        fixed_at=clock.from_ms(int(fixed_at)),
        dwell_seconds=int(dwell_seconds),
        is_there=is_there == "1",
    )


def _sign(device: str | None) -> str | None:
    return None if device is None else device[:_SIGNS]
