"""What the figures of a campaign promise: each is the sum of its entries, and each entry tells of one event of a coupon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from coupons.figures import EVENTS, FIGURES
from shared import events
from shared.table import Item

Raw = Mapping[str, Any]


class Figures:
    """A chain of counters."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found = [f"an entry of the unknown kind {raw['k']}" for raw in item["e"] if raw["k"] != "counted"]
        for raw in item["e"]:
            self._sums.update(raw.get("x", {}))
        now = FIGURES.unpack(item["s"]).told
        wanted = {name: number for name, number in self._sums.items() if number}
        if now != wanted:
            found.append(f"the figures are {now}, by the entries {wanted}")
        return found


def counted(account: str, number: int, raw: Raw) -> Iterator[tuple[str, int]]:
    """The ids of the events by which an entry must be counted, and what each adds: the discount, or what was spent."""
    for name in events.names_of(account[0], raw["k"]):
        if name in EVENTS:
            said = raw["x"]
            sign = {"redeemed": 1, "voided": -1 if said.get("was") == "redeemed" else 0}.get(raw["k"], 0)
            amount = said["amount"] if raw["k"] == "bought" else sign * said.get("discount", 0)
            yield f"/omotenashi/coupons:{account}:{number}:{name}", amount


def amount_of(raw: Raw) -> int:
    """What an entry of the figures has counted: the discount, or what was spent in either arm."""
    return sum(int(raw["x"].get(name, 0)) for name in ("discount", "spent", "held_out_spent"))
