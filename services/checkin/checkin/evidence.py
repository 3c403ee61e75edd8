"""What a check-in proves: a ladder from a phone's word to a member of staff who saw the guest. Pure.

0  the phone's location      1  and the printed QR       2  the code on the store's screen       3  a scan by till or staff
4  location or screen's code, from a phone whose platform vouches for it and for the shop's app on it

What is shown and is wrong spoils the rest: whoever tries codes at a till is not believed for standing before it. A
platform that does not vouch spoils nothing: many honest phones are old, or without the platform's services.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from checkin.geo import distance_m
from checkin.model import Location, Store
from checkin.visits import Distance, kept_of

FIX_AGE_MAX = timedelta(seconds=60)
ACCURACY_M_MAX = 200
ACCURACY_M_COUNTED = 50
BY_PLACE = (0, 1)
"""The levels that a phone's place proves, and no code or person of the store."""


@dataclass(frozen=True)
class Evidence:
    """What a check-in proves: a level, or None and why not; how far the guest was, and the half minute of a code."""

    level: int | None
    reason: str | None = None
    apart: Distance | None = None
    step: int | None = None


@dataclass(frozen=True)
class Shown:
    """What was shown beside the location: a right printed QR, a code by its half minute, or something wrong.

    `is_guess`: what is wrong has the form of a code and is none of any store's. `is_attested`: phone and app are what
    they say to be; that proves no place, so it counts with something that does.
    """

    has_qr: bool = False
    step: int | None = None
    is_wrong: bool = False
    is_guess: bool = False
    is_attested: bool = False


STAFF_SCAN = Evidence(3)
NOTHING = Shown()


def prove(location: Location | None, shown: Shown, store: Store, now: datetime) -> Evidence:
    """The highest level that location and what was shown prove together. A phone that pretends proves nothing at all.

    A code proves to be at the store; a better fix, if there is one, still says where exactly.
    """
    proved = _prove(location, shown, store, now)
    return replace(proved, level=4) if proved.level is not None and shown.is_attested else proved


def _prove(location: Location | None, shown: Shown, store: Store, now: datetime) -> Evidence:
    by_fix = weigh(location, store, now)
    if by_fix.reason == "mock":
        return by_fix
    if shown.is_wrong:
        return replace(by_fix, level=None, reason="wrong_code")
    if shown.step is not None:
        return Evidence(2, None, by_fix.apart or at_store(store.radius_m), shown.step)
    if by_fix.level is not None and shown.has_qr:
        return replace(by_fix, level=1)
    return by_fix


def weigh(location: Location | None, store: Store, now: datetime) -> Evidence:
    """What a location proves about being at a store now: level 0, or nothing and why.

    Accuracy speaks for the visitor up to 50 m only, else a vague fix would prove presence everywhere.
    """
    if location is None:
        return Evidence(None, "no_evidence")
    if location.is_mock:
        return Evidence(None, "mock")
    if abs(now - location.captured_at) > FIX_AGE_MAX:
        return Evidence(None, "stale")
    if location.accuracy_m > ACCURACY_M_MAX:
        return Evidence(None, "inaccurate")
    apart_m = distance_m(location.lat, location.lon, store.lat, store.lon)
    apart = kept_of(apart_m, location.accuracy_m)
    if apart_m - min(location.accuracy_m, ACCURACY_M_COUNTED) > store.radius_m:
        return Evidence(None, "too_far", apart)
    return Evidence(0, None, apart)


def at_store(radius_m: int) -> Distance:
    """How far from the store's place somebody can be who is there."""
    return kept_of(0, radius_m + ACCURACY_M_COUNTED)
