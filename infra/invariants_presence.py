"""What the chains of check-in promise: visits, devices, traffic, approaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from checkin import devices, traffic, visits
from checkin.ruling import WITHHELD
from infra.invariants_names import Names
from shared.clock import from_ms
from shared.table import Item

Raw = Mapping[str, Any]

STORES_PER_DAY = 3
_HOUR_MS = 3_600_000
_SELDOM_MS = 20 * _HOUR_MS


class Device:
    """A device: never more members at once than may be on one, and each entry binds the member that it names."""

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found = [
            f"an entry of the unknown kind {raw['k']}" for raw in item["e"] if raw["k"] not in ("bound", "unbound")
        ]
        places = devices.DEVICE.unpack(item["s"])
        if len(places) > devices.MEMBERS_PER_DEVICE:
            found.append(f"{len(places)} members on one device")
        since = {place.who: place.at for place in places}
        named = (raw["x"]["member_id"] for raw in item["e"] if raw["k"] == "bound")
        gone = [raw["x"]["member_id"] for raw in item["e"] if raw["k"] == "unbound"]
        found += [f"{who} is bound still" for who in gone if who in since]
        return found + [
            f"{who} is not bound as the entry says" for who in named if since.get(who) != from_ms(item["t"])
        ]


class Traffic:
    """A store's guests: each entry counts one, and an hour is too much once."""

    def __init__(self) -> None:
        self._guests: Counter[int] = Counter()
        self._told: set[str] = set()

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found: list[str] = []
        now = traffic.TRAFFIC.unpack(item["s"])
        for raw in item["e"]:
            if raw["k"] == "counted":
                self._guests[raw.get("t", item["t"]) // _HOUR_MS] += 1
            elif raw["k"] != "anomaly":
                found.append(f"an entry of the unknown kind {raw['k']}")
            elif raw["x"]["hour"] in self._told:
                found.append(f"the hour {raw['x']['hour']} is too much twice")
            else:
                self._told.add(raw["x"]["hour"])
        if now.guests > self._guests[now.hour]:
            found.append(f"{now.guests} guests in an hour, by the entries {self._guests[now.hour]}")
        return found


class Approaches:
    """A member's approaches: of one store no more is told than once in twenty hours."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found: list[str] = []
        for raw in item["e"]:
            if raw["k"] == "approached":
                store_id, at = raw["x"]["store_id"], raw.get("t", item["t"])
                if at - self._told.get(store_id, at - _SELDOM_MS) < _SELDOM_MS:
                    found.append(f"told of {store_id} twice in twenty hours")
                self._told[store_id] = at
            elif raw["k"] not in ("noted", "erased"):
                found.append(f"an entry of the unknown kind {raw['k']}")
        return found


class Visits:
    """A member's visits: a store is paid once a business day, and no more than three stores are on one."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._before = visits.Visits()
        self._ruled: set[str] = set()

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found: list[str] = []
        now = visits.unpack(item["s"])
        if now.is_erased or self._before.is_erased:
            return self._faults_of_nobody(now)
        is_merged = False
        for raw in item["e"]:
            is_merged = is_merged or raw["k"] == "merged"
            if raw["k"] in ("accepted", "flagged"):
                self._look_at_visit(raw, item["t"], now, found)
            elif raw["k"] in ("approved", "rejected"):
                self._look_at_ruling(raw, now, found)
            elif raw["k"] not in ("recorded", "limited", "repeated", "merged"):
                found.append(f"an entry of the unknown kind {raw['k']}")
            elif raw["k"] in ("recorded", "limited") and raw["x"]["reward"]["points"]:
                found.append("gives points for a check-in that earns none")
        new = {_place(visit) for visit in now.taken} - {_place(visit) for visit in self._before.taken}
        told = {_told(raw) for raw in item["e"] if raw["k"] in ("accepted", "flagged", "approved")}
        if not is_merged and not new <= told:
            found.append(f"{len(new - told)} store-days are taken, and no entry says so")
        if now.at < self._before.at and not is_merged:
            found.append("the last time that somebody was seen runs back")
        self._before = now
        return found

    def _faults_of_nobody(self, now: visits.Visits) -> list[str]:
        """Of an erased member nothing is known, for good."""
        self._before = now
        is_empty = now == visits.Visits(at=now.at, is_erased=True)
        return [] if is_empty else ["where an erased member has been is remembered"]

    def _look_at_visit(self, raw: Raw, at: int, now: visits.Visits, found: list[str]) -> None:
        said = raw["x"]
        store_id, day = said["store_id"], date.fromisoformat(said["business_day"])
        if self._before.of(store_id, day) is not None:
            found.append(f"a second visit of {store_id} on {day}")
        if self._before.count(day) >= STORES_PER_DAY:
            found.append(f"more than {STORES_PER_DAY} stores on {day}")
        visit = now.of(store_id, day)
        points = 0 if raw["k"] == "flagged" else said["reward"]["points"]
        if visit is None or (visit.checkin_id, visit.points) != (said["checkin_id"], points):
            found.append("the store-day is not taken as the entry says")
        if raw["k"] == "flagged" and not {"reason", WITHHELD} <= said.keys():
            found.append("waits for a review that nobody could decide")
        wall = self._names.business_day(raw.get("o", b""), raw.get("t", at))
        if wall is not None and wall != day:
            found.append(f"of the business day {day}, where it was {wall}")

    def _look_at_ruling(self, raw: Raw, now: visits.Visits, found: list[str]) -> None:
        """A check-in is decided once; then it is paid as the entry says, or its store-day is free."""
        said = raw["x"]
        if said["review_id"] in self._ruled:
            found.append(f"the review {said['review_id']} is decided twice")
        self._ruled.add(said["review_id"])
        visit = next((one for one in now.taken if one.checkin_id == said["checkin_id"]), None)
        if raw["k"] == "approved" and visit is None and _told(raw)[1] >= now.at.date() - visits.DAY_KEPT:
            found.append("what was paid has not taken its store-day")
        if visit is None:
            return
        paid = (*_told(raw), "awarded", said["reward"]["points"])
        if raw["k"] == "rejected" or (visit.store_id, visit.day, visit.outcome, visit.points) != paid:
            found.append("the store-day is not as the review says")


def _told(raw: Raw) -> tuple[str, date]:
    return raw["x"]["store_id"], date.fromisoformat(raw["x"]["business_day"])


def _place(visit: visits.Visit) -> tuple[str, date]:
    return visit.store_id, visit.day
