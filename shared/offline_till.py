"""What a till without a line decides about a token: whether to take it, and what it is worth. The reference for tills.

With `offline_token.py` it stands alone, to be copied or ported; `docs/offline.md` tells what to do with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from shared.offline_token import Token, read, store_mark

CLOCK_MARGIN = timedelta(minutes=15)
"""So much may the clock of a till be wrong."""

Line = tuple[int, int]
"""A line of a basket: its quantity, and its amount without tax and after the shop's own discounts."""


class Declined(ValueError):
    """Why a till must not take a token now; the text is the reason's code."""


def why_not(token: Token, store_id: str, business_day: date, at: datetime, basket: Sequence[Line]) -> str | None:
    """Why a token can't be used here and now on this basket; None if it can."""
    faults = (
        ("token_expired", at > token.expires + CLOCK_MARGIN),
        ("not_yet_valid", business_day < token.first),
        ("code_not_usable", token.last is not None and business_day > token.last),
        ("wrong_store", bool(token.stores) and store_mark(store_id) not in token.stores),
        ("minimum_not_met", sum(amount for _, amount in basket) < token.min_purchase),
        ("no_eligible_item", not any(amount for _, amount in basket)),
    )
    return next((reason for reason, is_so in faults if is_so), None)


def worth(token: Token, basket: Sequence[Line]) -> int:
    """What a token takes off a basket: whole minor units, never more than the basket is worth.

    A percentage rounds down, over the whole sum. Free items are the dearest; one of a line that holds several is worth
    its share of the line, rounded down, and all of a line's items together are worth all of it.
    """
    whole = sum(amount for _, amount in basket)
    if token.type == "percent_off":
        taken = whole * token.value // 100
    elif token.type == "item_free":
        taken = _free_items(token.value, basket)
    else:
        taken = token.value
    return min(taken, whole, taken if token.max_discount is None else token.max_discount)


def _free_items(count: int, basket: Sequence[Line]) -> int:
    free = 0
    lines = [(max(1, quantity), amount) for quantity, amount in basket if amount]
    for items, amount in sorted(lines, key=lambda line: -(line[1] // line[0])):
        taken = min(count, items)
        free += amount * taken // items
        count -= taken
    return free


@dataclass
class Till:
    """What a till keeps of one allowance: what it has taken and given so far. Store it before the receipt is printed."""

    store_id: str
    allowance: Mapping[str, Any]
    keys: Mapping[str, bytes]
    taken: set[tuple[int, int]] = field(default_factory=set)
    given: int = 0

    def take(self, text: str, basket: Sequence[Line], at: datetime) -> int:
        """The discount that a token gives on a basket now, and remember it. Raises `NotAToken` or `Declined`."""
        token = read(text, self.keys)
        day = date.fromisoformat(self.allowance["business_day"])
        discount = worth(token, basket)
        reason = why_not(token, self.store_id, day, at, basket)
        if at > datetime.fromisoformat(self.allowance["expires_at"]):
            reason = "allowance_over"
        elif token.spot in self.taken:
            reason = "taken_here_before"
        elif not self._has_room(discount):
            reason = "allowance_used_up"
        if reason is not None:
            raise Declined(reason)
        self.taken.add(token.spot)
        self.given += discount
        return discount

    def _has_room(self, discount: int) -> bool:
        redemptions, value = int(self.allowance["max_redemptions"]), int(self.allowance["max_value"])
        return len(self.taken) < redemptions and self.given + discount <= value
