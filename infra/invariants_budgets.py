"""What a partner's budget and a campaign's pool promise: never more than there is, in every prefix; back at most once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from infra.invariants_codes import Ranges
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
    """A campaign's pool or one of its limits: what was taken and not given back, for coupons and by redemptions."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._taken = 0  # for good
        self._coupons: set[str] = set()
        self._drawn: dict[str, _Drawn] = {}  # by the redemption
        self._ranges = Ranges(names)

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found: list[str] = []
        for raw in item["e"]:
            play = _POOL.get(raw["k"])
            if play is None:
                found.append(f"an entry of the unknown kind {raw['k']}")
            else:
                play(self, raw, item["t"], found)
        drawn = {one.by for one in self._drawn.values()}
        if any(bytes(by) not in drawn for by, *_ in item["s"].get("h", ())):
            found.append("holds what nobody has drawn")
        if item["s"]["n"] != self._taken or self._taken < 0:
            found.append(f"{item['s']['n']} taken, by the entries {self._taken}")
        self._ranges.look_at(item["s"], found)
        self._taken = item["s"]["n"]
        return found

    def taken(self, raw: Raw, _: int, found: list[str]) -> None:
        coupon = raw.get("r", "")
        if coupon in self._coupons:
            found.append("takes the same coupon twice")
        self._coupons.add(coupon)
        self._take(1, self._names.total_of_issue(raw["x"]["carry"][1]), found)

    def made(self, raw: Raw, _: int, found: list[str]) -> None:
        self._ranges.made(raw, found)
        self._take(raw["x"]["count"], self._names.total_of_job(raw["x"]["carry"][1]), found)

    def _take(self, count: int, total: int | None, found: list[str]) -> None:
        self._taken += count
        if total is not None and self._taken > total:
            found.append(f"{self._taken} coupons are taken of {total}")

    def given_back(self, raw: Raw, _: int, found: list[str]) -> None:
        if raw.get("r", "") not in self._coupons:
            found.append("gives back what was not taken, or twice")
        self._coupons.discard(raw.get("r", ""))
        self._taken -= 1

    def exhausted(self, raw: Raw, _: int, found: list[str]) -> None:
        if raw["x"]["total"] != self._taken:
            found.append(f"says that {raw['x']['total']} coupons are taken, and it is {self._taken}")

    def drawn(self, raw: Raw, at: int, found: list[str]) -> None:
        data, redemption = raw["x"], raw["r"]
        if redemption in self._drawn:
            found.append(f"{redemption} draws twice")
        for other, one in self._drawn.items():
            if one.by == data.get("instead") and one.ends is not None:  # its hold goes over to this one
                self._drawn[other] = one._replace(ends=min(one.ends, at))
        self._drawn[redemption] = _Drawn(raw["o"], data["amount"], data["limit"], data.get("ends"))
        self._taken += data["amount"] if "ends" not in data else 0
        self._look_at_limit(data["limit"], at, found)

    def kept(self, raw: Raw, at: int, found: list[str]) -> None:
        drawn = self._drawn.get(raw["r"])
        if drawn is None or drawn.ends is None or drawn.amount != raw["x"]["amount"]:
            found.append(f"{raw['r']} keeps what it does not hold")
            return
        self._drawn[raw["r"]] = drawn._replace(ends=None)
        self._taken += drawn.amount
        if drawn.ends <= at:
            self._look_at_limit(drawn.limit, at, found)

    def undrawn(self, raw: Raw, at: int, found: list[str]) -> None:
        drawn = self._drawn.pop(raw["r"], None)
        if drawn is None:
            found.append(f"{raw['r']} gives back what it did not draw")
            return
        self._taken -= drawn.amount if drawn.ends is None else 0
        had = drawn.amount if drawn.ends is None or drawn.ends > at else 0
        if raw["x"]["amount"] not in (had, drawn.amount):
            found.append(f"{raw['r']} gives back {raw['x']['amount']}, and had {had}")

    def _look_at_limit(self, limit: int, at: int, found: list[str]) -> None:
        used = self._taken + sum(one.amount for one in self._drawn.values() if one.ends is not None and one.ends > at)
        if used > limit:
            found.append(f"{used} are drawn of {limit}")


class _Drawn(NamedTuple):
    by: bytes
    amount: int
    limit: int
    ends: int | None


_POOL = {
    "taken": Pool.taken,
    "made": Pool.made,
    "given_back": Pool.given_back,
    "exhausted": Pool.exhausted,
    "drawn": Pool.drawn,
    "kept": Pool.kept,
    "undrawn": Pool.undrawn,
}
