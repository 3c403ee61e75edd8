"""What a member's stamp cards promise: each stamp is told by an entry, and a full card is one coupon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared import keys
from shared.stamp_card import Card, unpack_cards
from shared.table import Item

Raw = Mapping[str, Any]

TELL = frozenset({"stamped", "unstamped", "filled", "revoked", "lapsed", "noted"})
"""The kinds of entries that cards make."""


class Cards:
    """A member's cards as far as they were seen."""

    def __init__(self) -> None:
        self._before: dict[str, Card] = {}
        self._filled: set[str] = set()

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item of the member's book."""
        now = {card.programme_id: card for card in unpack_cards(item["s"].get("k", b""))}
        found: list[str] = []
        if not any(raw["k"] == "merged" for raw in item["e"]):
            self._look_at_sums(item, now, found)
        issued = [raw["x"]["coupon_id"] for raw in item["e"] if raw["k"] == "issued"]
        for raw in item["e"]:
            if raw["k"] == "filled":
                self._look_at_filled(raw["x"]["coupon_id"], issued, found)
        self._before = now
        return found

    def _look_at_sums(self, item: Item, now: Mapping[str, Card], found: list[str]) -> None:
        """A card holds what it held, and what the entries say."""
        moved: dict[str, list[int]] = {}
        for raw in item["e"]:
            if raw["k"] in _MOVES:
                data = raw["x"]
                sums = moved.setdefault(data["programme_id"], [0, 0, 0])
                moves = zip(sums, _MOVES[raw["k"]](data), strict=True)
                moved[data["programme_id"]] = [before + more for before, more in moves]
        for programme_id in {*self._before, *now, *moved}:
            before, after = (one.get(programme_id, Card(programme_id)) for one in (self._before, now))
            more = [
                after.stamps - before.stamps,
                after.lapsed - before.lapsed,
                after.completed - before.completed,
            ]
            if more != moved.get(programme_id, [0, 0, 0]):
                found.append(f"the card of {programme_id} is not what its entries say")
            if after.number < before.number and not after.is_blank:
                found.append(f"the coupons of the card of {programme_id} are numbered backwards")

    def _look_at_filled(self, coupon_id: str, issued: list[str], found: list[str]) -> None:
        if issued.count(coupon_id) != 1:
            found.append(f"a card was full, and its coupon {coupon_id} is not issued")
        if coupon_id in self._filled:
            found.append(f"the coupon {coupon_id} is that of two cards")
        self._filled.add(coupon_id)


_MOVES: Mapping[str, Any] = {
    "stamped": lambda data: (data["added"], 0, 0),
    "unstamped": lambda data: (data["of_lapsed"] - data["taken"], -data["of_lapsed"], 0),
    "filled": lambda data: (-data["used"], 0, 1),
    "revoked": lambda data: (data["back"], 0, -1),
    "lapsed": lambda data: (-data["lapsed"], data["lapsed"], 0),
}
"""What an entry says of a card's stamps, its lapsed stamps and its completed cards."""


def place_of(coupon_id: str) -> str:
    """The name that lies at a coupon's place."""
    locator, index = coupon_id.split("-")
    return keys.issue(int(locator, 16), int(index, 16))
