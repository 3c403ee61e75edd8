"""An arrival: what is known of a check-in before its member's visits are looked at, as its name keeps it.

It holds the judged evidence and what the store's settings said at that moment, so that whoever finishes it later, the
caller's retry or the stream, decides the same. No coordinate of the phone is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checkin.visits import Distance, of_kept, to_kept
from shared import clock
from shared.table import Item


@dataclass(frozen=True)
class Arrival:
    """Somebody says to be at a store.

    `reason` is why nothing can be paid, whatever the visits say; `doubt` is why people look at it first.
    """

    checkin_id: str
    at: datetime
    store_id: str
    lat: float  # of the store's place, to four digits
    lon: float
    radius_m: int
    time_zone: str
    cutoff_hour: int
    level: int | None = None
    reason: str | None = None
    doubt: str | None = None
    apart: Distance | None = None
    points: int = 0
    campaigns: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()  # campaigns that would be given, and that this guest is held out of
    step: int | None = None  # the half minute of the store's code that was shown
    device: str | None = None  # its keyed hash
    unattested: str | None = None  # why the platform's token that was sent does not count
    bound_at: datetime | None = None  # since when the device's own chain binds the member, once it was asked
    name: str | None = None  # its own name, where a phone is in it


def pack(arrival: Arrival) -> dict[str, Any]:
    """An arrival as its name keeps it; what is empty is left out."""
    packed: dict[str, Any] = {
        "i": arrival.checkin_id,
        "t": clock.to_ms(arrival.at),
        "s": arrival.store_id,
        "g": [to_kept(arrival.lat), to_kept(arrival.lon), arrival.radius_m],
        "z": [arrival.time_zone, arrival.cutoff_hour],
        "l": arrival.level,
        "r": arrival.reason,
        "q": arrival.doubt,
        "d": list(arrival.apart) if arrival.apart else None,
        "p": arrival.points or None,
        "c": list(arrival.campaigns) or None,
        "h": list(arrival.held_out) or None,
        "k": arrival.step,
        "v": arrival.device,
        "u": arrival.unattested,
    }
    return {name: value for name, value in packed.items() if value is not None}


def without_device(name: Item) -> Item:
    """A name of a check-in that does not say with which phone: of a member who was erased."""
    return name | {"op": {part: value for part, value in name["op"].items() if part != "v"}}


def unpack(packed: dict[str, Any]) -> Arrival:
    """The arrival of `pack`."""
    lat, lon, radius_m = packed["g"]
    time_zone, cutoff_hour = packed["z"]
    return Arrival(
        checkin_id=packed["i"],
        at=clock.from_ms(packed["t"]),
        store_id=packed["s"],
        lat=of_kept(lat),
        lon=of_kept(lon),
        radius_m=radius_m,
        time_zone=time_zone,
        cutoff_hour=cutoff_hour,
        level=packed.get("l"),
        reason=packed.get("r"),
        doubt=packed.get("q"),
        apart=Distance(*packed["d"]) if "d" in packed else None,
        points=packed.get("p", 0),
        campaigns=tuple(packed.get("c", ())),
        held_out=tuple(packed.get("h", ())),
        step=packed.get("k"),
        device=packed.get("v"),
        unattested=packed.get("u"),
    )
