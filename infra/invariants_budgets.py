"""What a partner's budget and a campaign's pool promise: never more than there is, in every prefix; back at most once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.invariants_names import Names
from shared.table import Item

Raw = Mapping[str, Any]


class Budget:
    """A partner's budget: what it has taken for awards, and what came back."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._taken: dict[int, int] = {}  # awards that the budget has paid and not got back, by their entry
        self._before: Raw = {}

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found: list[str] = []
        state, number, moved = item["s"], item["sk"], 0
        for raw in item["e"]:
            data = raw.get("x", {})
            if raw["k"] == "taken":
                self._taken[number] = data["points"]
                if data["left"] < 0:
                    found.append("takes more than the budget has")
                self._look_at_limits(state, data, found)
            elif "taken" in data and self._taken.pop(data["taken"], None) != -data["points"]:
                found.append("gives back what was not taken, or not so many, or twice")
            moved += data.get("points", 0)
            number += 1
        self._look_at_sums(state, moved, number - 1, found)
        self._before = state
        return found

    def _look_at_limits(self, state: Raw, data: Raw, found: list[str]) -> None:
        """The limits that the award's name knows, where it was seen."""
        limits = self._names.limits_of_award(data["carry"][1])
        if limits is None:
            return
        budget, per_day, points = limits
        if data["points"] != points or data["left"] + points > budget:
            found.append("takes something else than the award's name says")
        if state["n"] > per_day:
            found.append(f"{state['n']} points are taken on a day of at most {per_day}")

    def _look_at_sums(self, state: Raw, moved: int, last: int, found: list[str]) -> None:
        before = self._before
        total, used = before.get("t", 0) + moved, state["u"]
        if min(state["t"], used, state["n"]) < 0 or used > state["t"] or state["n"] > used:
            found.append("the counts of the month, the day and all time do not fit each other")
        if (state["t"], state["e"]) != (total, last):
            found.append("what is used is not what was taken less what came back")
        if state["p"] < before.get("p", "") or state["d"] < before.get("d", 0):
            found.append("the month or the day runs back")
        if state["p"] == before.get("p") and used - before["u"] not in (moved, 0):
            found.append("the month's use is not what was taken less what came back")


class Pool:
    """A campaign's pool: how many coupons were taken and not given back."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._taken = 0
        self._coupons: set[str] = set()

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found: list[str] = []
        for raw in item["e"]:
            coupon = raw.get("r", "")
            if raw["k"] == "taken":
                if coupon in self._coupons:
                    found.append("takes the same coupon twice")
                self._coupons.add(coupon)
                self._taken += 1
                total = self._names.total_of_issue(raw["x"]["carry"][1])
                if total is not None and self._taken > total:
                    found.append(f"{self._taken} coupons are taken of {total}")
            elif raw["k"] == "given_back":
                if coupon not in self._coupons:
                    found.append("gives back what was not taken, or twice")
                self._coupons.discard(coupon)
                self._taken -= 1
            elif raw["k"] == "exhausted" and raw["x"]["total"] != self._taken:
                found.append(f"says that {raw['x']['total']} coupons are taken, and it is {self._taken}")
        if item["s"]["n"] != self._taken or self._taken < 0:
            found.append(f"{item['s']['n']} coupons taken, by the entries {self._taken}")
        self._taken = item["s"]["n"]
        return found
