"""What a purchase's own chain promises: lines and points only ever become less, and what is over is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.invariants_lots import lots_of, total
from points import packing
from points.bought import Bought, Left, left_of, unpack_touched, whole
from shared.table import Item

Raw = Mapping[str, Any]

_MAY_FOLLOW = {
    "completed": {"placed"},
    "cancelled": {"placed"},
    "returned": {"placed", "completed"},
    "claimed": {"placed", "completed"},
    "reversed": {"placed", "completed", "cancelled"},
}
_TAKE_BACK = ("returned", "cancelled", "reversed")


class Purchase:
    """A purchase from its name on."""

    def __init__(self) -> None:
        self._name: Item | None = None
        self._bought: Bought | None = None
        self._left: Sequence[Left] = ()
        self._state = ""
        self._is_claimed = False
        self._facts: tuple[int, int] | None = None  # the points it was paid with, and those it gave, that still stand
        self._used = 0  # points that came back, of those it was paid with

    def name(self, item: Item) -> None:
        """The name, which is number 0."""
        self._name = item
        self._state = "closed" if item.get("state") == "reversed" else "placed" if item["op"].get("w") else "completed"
        self._is_claimed = "acc" in item

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        if self._name is None or self._state == "closed":
            return ["entries of a purchase that never came"]
        if self._bought is None:
            self._bought = packing.unpack_bought(self._name["op"])
            self._left = whole(self._bought)
        found: list[str] = []
        for raw in item["e"]:
            if self._state not in _MAY_FOLLOW.get(raw["k"], ()):
                found.append(f"{raw['k']} after it was {self._state}")
            if raw["k"] == "claimed":
                if self._is_claimed:
                    found.append("claimed, and it was somebody's")
                self._is_claimed = True
            elif raw["k"] != "returned":
                self._state = raw["k"]
        state = item["s"]
        if state["s"] != self._state:
            found.append(f"it is {state['s']}, by its entries {self._state}")
        self._look_at_lines(item, found)
        self._look_at_points(item, found)
        return found

    def _look_at_lines(self, item: Item, found: list[str]) -> None:
        """Lines only ever become less, and by the amounts that the entries tell."""
        assert self._bought is not None
        packed = item["s"].get("l")
        left = left_of(self._bought, unpack_touched(packed)) if packed else whole(self._bought)
        if any(_is_more(*pair) for pair in zip(left, self._left, strict=True)):
            found.append("more is left of a line than there was")
        less = sum(line.amount for line in self._left) - sum(line.amount for line in left)
        told = sum(raw["x"]["amount"] for raw in item["e"] if raw["k"] in _TAKE_BACK)
        if less != told:
            found.append(f"the lines became less by {less}, not by the amount that it tells")
        if any(raw["k"] in ("cancelled", "reversed") for raw in item["e"]) and not all(line.is_gone for line in left):
            found.append("something is left of a purchase of which nothing stands")
        self._left = left

    def _look_at_points(self, item: Item, found: list[str]) -> None:
        """No more comes back than it was paid with, no more is taken than it gave, and what stands is the rest."""
        assert self._bought is not None
        for raw in item["e"]:
            data = raw.get("x", {})
            if raw["k"] not in _TAKE_BACK or "lots" not in data:
                continue
            taken, back = total(lots_of(data["lots"])), total(lots_of(data["used"]))
            self._used += back
            if self._facts is not None:
                used, gave = self._facts
                self._facts = (used - back, gave - taken)
        if self._used > self._bought.points_used or (self._facts is not None and min(self._facts) < 0):
            found.append("more points came back than it gave or used")
        facts = item["s"].get("f")
        stands = None if facts is None else (total(lots_of(facts[3])), total(lots_of(facts[4])))
        is_new = any(raw["k"] == "completed" for raw in item["e"])
        if self._facts is not None and stands is not None and not is_new and stands != self._facts:
            found.append(f"{stands} points stand, by its entries {self._facts}")
        self._facts = stands


def _is_more(now: Left, before: Left) -> bool:
    pairs = ((now.quantity, before.quantity), (now.amount, before.amount), (now.tax, before.tax))
    return any(one > other for one, other in (*pairs, (now.share, before.share)))
