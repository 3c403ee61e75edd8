"""What a campaign's measurement promises: an arm for good, each purchase once and never more than is left of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from coupons.attribution import EXPOSURES, EXPOSURES_MAX, Exposure
from coupons.store_days import STORE_DAYS, Row
from shared.clock import to_ms
from shared.table import Item

Raw = Mapping[str, Any]
_KINDS = {"exposed", "visited", "bought", "noted"}


class Exposures:
    """A member's exposures: each purchase counts for a campaign with what is left of it, if it was made in the window."""

    def __init__(self) -> None:
        self._before: dict[str, Exposure] = {}
        self._spent: Counter[str] = Counter()
        self._counted: Counter[tuple[str, str]] = Counter()  # by campaign and purchase
        self._known: dict[str, tuple[int, int]] = {}  # by purchase: so many entries, and what was left
        self._visits: set[tuple[str, str]] = set()

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found: list[str] = []
        now = {one.campaign_id: one for one in EXPOSURES.unpack(item["s"])}
        for raw in item["e"]:
            if raw["k"] not in _KINDS:
                found.append(f"an entry of the unknown kind {raw['k']}")
            else:
                found += getattr(self, f"_{raw['k']}")(raw, raw.get("t", item["t"]), now)
        if len(now) > EXPOSURES_MAX:
            found.append(f"{len(now)} campaigns are remembered")
        for campaign_id, one in now.items():
            before = self._before.get(campaign_id)
            if before is not None and before._replace(spent=0) != one._replace(spent=0):
                found.append(f"the exposure to {campaign_id} has changed, and none is ever changed")
            if one.spent != self._spent[campaign_id] or one.spent < 0:
                found.append(f"{one.spent} spent for {campaign_id}, by the entries {self._spent[campaign_id]}")
        self._before = now
        return found

    def _exposed(self, raw: Raw, at: int, now: Mapping[str, Exposure]) -> Iterator[str]:
        campaign_id = raw["x"]["campaign_id"]
        if campaign_id in self._before:
            yield f"exposed to {campaign_id} twice"
        one = now.get(campaign_id)
        if one is None or one.arm != raw["x"]["arm"] or to_ms(one.at) != at:
            yield f"exposed to {campaign_id}, and not as it is remembered"
        self._spent[campaign_id] = 0
        for key in [key for key in self._counted if key[0] == campaign_id]:
            del self._counted[key]

    def _visited(self, raw: Raw, at: int, now: Mapping[str, Exposure]) -> Iterator[str]:
        campaign_id, visit = raw["x"]["campaign_id"], (raw["x"]["campaign_id"], raw["r"])
        one = now.get(campaign_id)
        if one is None or not to_ms(one.at) <= at < to_ms(one.until) or one.arm != raw["x"]["arm"]:
            yield f"{raw['r']} counts for {campaign_id}, and the member was not exposed then"
        if visit in self._visits:
            yield f"{raw['r']} counts for {campaign_id} twice"
        self._visits.add(visit)

    def _bought(self, raw: Raw, at: int, now: Mapping[str, Exposure]) -> Iterator[str]:
        said = raw["x"]
        campaign_id, amount, key = said["campaign_id"], said["amount"], (said["campaign_id"], raw["r"])
        one = now.get(campaign_id)
        if one is None or not to_ms(one.at) < at < to_ms(one.until) or one.arm != said["arm"]:
            yield f"{raw['r']} counts for {campaign_id}, and the member was not exposed then"
        if said["spent_before"] != self._spent[campaign_id] or said["spent"] != said["spent_before"] + amount:
            yield f"{raw['r']} counts for {campaign_id} with sums that do not follow"
        self._spent[campaign_id] += amount
        stood = self._counted[key]
        self._counted[key] += amount
        if said["sales"] != (self._counted[key] > 0) - (stood > 0):
            yield f"{raw['r']} is {said['sales']} sales for {campaign_id}"

    def _noted(self, raw: Raw, _: int, now: Mapping[str, Exposure]) -> Iterator[str]:
        said, purchase = raw["x"], raw["r"]
        number, left = self._known.get(purchase, (-1, said["left"]))
        if said["n"] != number + 1 or not 0 <= said["left"] <= left:
            yield f"{purchase} is noted as {said['n']} with {said['left']} left, after {number} with {left}"
        self._known[purchase] = said["n"], said["left"]
        for campaign_id in said["for"]:
            if campaign_id in now and self._counted[campaign_id, purchase] not in (0, said["left"]):
                counted = self._counted[campaign_id, purchase]
                yield f"{purchase} counts {counted} for {campaign_id}, and {said['left']} of it is left"


class StoreDays:
    """A day of a campaign at some stores: each row is the sum of its entries."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found = [f"an entry of the unknown kind {raw['k']}" for raw in item["e"] if raw["k"] != "counted"]
        for raw in item["e"]:
            said = dict(raw["x"])
            store_id = said.pop("store_id")
            self._rows[store_id] = self._rows.get(store_id, Row()).plus(Row(**said))
        now = STORE_DAYS.unpack(item["s"])
        if now != self._rows:
            found.append(f"the day is {now}, by the entries {self._rows}")
        return found


def amount_of(raw: Raw) -> int:
    """What an entry of a store's day adds to the sales of both arms."""
    return int(raw["x"].get("amount", 0)) + int(raw["x"].get("held_out_amount", 0))
