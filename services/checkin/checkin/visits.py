"""What a member's visits chain remembers: enough for the limits, and no more about where somebody was.

The ledger never forgets, so it gets no coordinates of a phone. What impossible travel needs is kept as "at the store
there" or "between so and so many metres from it", in distances that double: the store's place is public, and a ring
of tens of kilometres around it is not a trace.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from checkin import devices, tries
from checkin.devices import Places
from checkin.geo import distance_m
from checkin.tries import Tries
from shared import clock, keys
from shared.chain import Decided, Kind

Taking = Literal["awarded", "pending_review"]

# At 300 km/h half the globe takes 67 hours: what is older can't make any journey impossible.
_SPOT_KEPT = timedelta(hours=72)
# A business day ends at most 35 hours after UTC's day of that name (12 hours west, cutoff at 23); after that no
# check-in can be of it.
DAY_KEPT = timedelta(days=2)
_TAKINGS: dict[str, Taking] = {"a": "awarded", "p": "pending_review"}
_BUCKET_M = 100
_DEGREE = 10_000
DEVICE_SIGNS = 16


@dataclass(frozen=True)
class Visit:
    """A store-day that is taken: awarded, or waiting for its review. It is also the answer to all later tries."""

    store_id: str
    day: date
    checkin_id: str
    outcome: Taking
    level: int
    points: int
    campaigns: tuple[str, ...]
    step: int | None = None  # the half minute of the store's code that it was taken with


class Distance(NamedTuple):
    """How far somebody was from a store's place, as far as it is kept: between two metres that double."""

    near_m: int
    far_m: int


@dataclass(frozen=True)
class Ring:
    """Where a member was seen: between two distances from a store's place, at a time."""

    lat: float
    lon: float
    near_m: int
    far_m: int
    at: datetime

    def travelled_m(self, lat: float, lon: float, slack_m: float) -> float:
        """The least distance that somebody seen in this ring has come to be within `slack_m` of a point."""
        apart_m = distance_m(self.lat, self.lon, lat, lon)
        return max(0.0, apart_m - slack_m - self.far_m, self.near_m - apart_m - slack_m)


@dataclass(frozen=True)
class Visits:
    """The state of the chain: the last time seen, store-days taken, the last award and good fix, devices, tries in vain."""

    at: datetime = clock.EPOCH
    taken: tuple[Visit, ...] = ()
    award_store_id: str | None = None
    award: Ring | None = None
    fix: Ring | None = None
    devices: Places = ()  # by the first signs of their hashes
    tries: Tries = tries.NONE
    is_erased: bool = False  # its holder is no member any more: nothing stays in it

    def knows(self, device: str, at: datetime) -> bool:
        """Whether the member is bound to a device already."""
        return devices.is_bound(self.devices, device[:DEVICE_SIGNS], at)

    def of(self, store_id: str, day: date) -> Visit | None:
        """The visit that takes a store-day, if there is one.

        A later day of that store takes it too: a store that changes its zone or cutoff must not give a day twice.
        """
        return next((visit for visit in self.taken if visit.store_id == store_id and visit.day >= day), None)

    def count(self, day: date) -> int:
        """How many stores are taken on a day, each store's day by its own zone."""
        return len({visit.store_id for visit in self.taken if visit.day == day})

    def pruned(self, at: datetime) -> Visits:
        """Without what can no longer matter at this time or later."""
        has_award = self.award is not None and at - self.award.at <= _SPOT_KEPT
        has_fix = self.fix is not None and at - self.fix.at <= _SPOT_KEPT
        return replace(
            self,
            taken=tuple(visit for visit in self.taken if visit.day >= at.date() - DAY_KEPT),
            award_store_id=self.award_store_id if has_award else None,
            award=self.award if has_award else None,
            fix=self.fix if has_fix else None,
            devices=devices.others(self.devices, "", at),
            tries=self.tries.pruned(at),
        )


def bucket_m(metres: float) -> int:
    """The distance that is kept of a distance: 0, 100, 200, 400, 800 … metres, rounded down."""
    return 0 if metres < _BUCKET_M else int(_BUCKET_M * 2 ** (int(metres // _BUCKET_M).bit_length() - 1))


def kept_of(apart_m: float, slack_m: float) -> Distance:
    """The distance that is kept of somebody who is `apart_m` ± `slack_m` away; the true one surely lies in it."""
    return Distance(bucket_m(max(0.0, apart_m - slack_m)), 2 * bucket_m(apart_m + slack_m) or _BUCKET_M)


def to_kept(degrees: float) -> int:
    """A store's coordinate as it is kept: ten-thousandths of a degree (11 m)."""
    return round(degrees * _DEGREE)


def of_kept(kept: int) -> float:
    """The coordinate of `to_kept`."""
    return kept / _DEGREE


def pack(visits: Visits) -> dict[str, str]:
    """The state as a small map of texts; what is empty is left out. Ids never hold a space or a comma."""
    packed = {
        "at": str(clock.to_ms(visits.at)) if visits.at > clock.EPOCH else "",
        "taken": "\n".join(_pack_visit(visit) for visit in visits.taken),
        "award_store": visits.award_store_id or "",
        "award": _pack_ring(visits.award) if visits.award else "",
        "fix": _pack_ring(visits.fix) if visits.fix else "",
        "devices": "\n".join(devices.pack(visits.devices)),
        "tries": tries.pack(visits.tries),
        "erased": "1" if visits.is_erased else "",
    }
    return {name: text for name, text in packed.items() if text}


def unpack(packed: dict[str, str]) -> Visits:
    """The state of `pack`."""
    return Visits(
        at=clock.from_ms(int(packed.get("at", 0))),
        taken=tuple(_unpack_visit(line) for line in packed.get("taken", "").splitlines()),
        award_store_id=packed.get("award_store"),
        award=_unpack_ring(packed["award"]) if "award" in packed else None,
        fix=_unpack_ring(packed["fix"]) if "fix" in packed else None,
        devices=devices.unpack(packed.get("devices", "").splitlines()),
        tries=tries.unpack(packed.get("tries", "")),
        is_erased="erased" in packed,
    )


def _pack_visit(visit: Visit) -> str:
    campaigns = ",".join(visit.campaigns)
    day = visit.day.toordinal()
    step = () if visit.step is None else (visit.step,)
    fields = (visit.store_id, day, visit.checkin_id, visit.outcome[0], visit.level, visit.points, campaigns, *step)
    return " ".join(str(field) for field in fields)


def _unpack_visit(line: str) -> Visit:
    store_id, day, checkin_id, outcome, level, points, campaigns, *step = line.split(" ")
    return Visit(
        store_id=store_id,
        day=date.fromordinal(int(day)),
        checkin_id=checkin_id,
        outcome=_TAKINGS[outcome],
        level=int(level),
        points=int(points),
        campaigns=tuple(campaigns.split(",")) if campaigns else (),
        step=int(step[0]) if step else None,
    )


def _pack_ring(ring: Ring) -> str:
    place = (to_kept(ring.lat), to_kept(ring.lon))
    return " ".join(str(number) for number in (*place, ring.near_m, ring.far_m, clock.to_ms(ring.at)))


def _unpack_ring(text: str) -> Ring:
    lat, lon, near_m, far_m, at = (int(number) for number in text.split(" "))
    return Ring(of_kept(lat), of_kept(lon), near_m, far_m, clock.from_ms(at))


def _erase(visits: Visits) -> Decided[Visits]:
    return Decided(Visits(at=visits.at, is_erased=True), ())


VISITS = Kind(keys.VISITS, Visits(), pack, unpack, is_erased=lambda visits: visits.is_erased, erase=_erase)
