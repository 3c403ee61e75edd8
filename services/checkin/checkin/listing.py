"""What a cell's item knows about a store, packed: enough for a search to answer without a second read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from checkin.model import Hours, Interval, Store, Weekday
from checkin.places_model import NearbyStore, Offered
from shared import business_day
from shared.opening import is_open

# Seven digits of a degree are a centimetre.
_DEGREE = 10_000_000
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Listing:
    """A store as a search shows it."""

    store_id: str
    name: str
    lat: float
    lon: float
    radius_m: int
    time_zone: str
    cutoff_hour: int
    packed_hours: dict[str, str] | None
    is_in_business: bool

    @property
    def hours(self) -> Hours | None:
        """The opening hours: few of the listings that a search looks at are shown, so they are unpacked there."""
        return None if self.packed_hours is None else _unpack_hours(self.packed_hours)

    def business_day(self, at: datetime) -> date:
        """The store's own day of a moment."""
        return business_day.business_day(at, self.time_zone, self.cutoff_hour)

    def shown(self, distance_m: float, at: datetime, offers: list[Offered]) -> NearbyStore:
        """This store as one item of a search's answer."""
        local = at.astimezone(business_day.zone(self.time_zone))
        return NearbyStore(
            store_id=self.store_id,
            name=self.name,
            lat=self.lat,
            lon=self.lon,
            distance_m=round(distance_m),
            open_now=self.is_in_business and is_open(self.hours, local),
            offers=offers,
        )


def pack(store: Store) -> bytes:
    """A store's listing as compact JSON, about 100 bytes; its id is the key beside it and not repeated."""
    fields = [
        round(store.lat * _DEGREE), round(store.lon * _DEGREE), store.radius_m, store.name, store.time_zone,
        store.cutoff_hour, None if store.hours is None else _pack_hours(store.hours), int(store.state == "open"),
    ]  # fmt: skip
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def unpack(store_id: str, packed: bytes) -> Listing:
    """The listing of `pack`."""
    lat, lon, radius_m, name, time_zone, cutoff_hour, hours, in_business = json.loads(packed)
    return Listing(
        store_id=store_id,
        name=name,
        lat=lat / _DEGREE,
        lon=lon / _DEGREE,
        radius_m=radius_m,
        time_zone=time_zone,
        cutoff_hour=cutoff_hour,
        packed_hours=hours,
        is_in_business=bool(in_business),
    )


def _pack_hours(hours: Hours) -> dict[str, str]:
    """Days with the same hours share one text: {"0123456": "05:0023:00"} is a whole ordinary week."""
    days: dict[str, str] = {}
    for number, day in enumerate(_WEEKDAYS):
        if day in hours:
            text = "".join(opens + closes for opens, closes in hours[day])
            days[text] = days.get(text, "") + str(number)
    return {numbers: text for text, numbers in days.items()}


def _unpack_hours(days: dict[str, str]) -> Hours:
    return {
        _WEEKDAYS[int(number)]: tuple(_interval(text, start) for start in range(0, len(text), 10))
        for numbers, text in days.items()
        for number in numbers
    }


def _interval(text: str, start: int) -> Interval:
    return text[start : start + 5], text[start + 5 : start + 10]
