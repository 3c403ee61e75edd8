"""What a campaign has brought so far, counted: one chain of counters for each eighth of its coupons' events. Pure.

A sum knows no order, and each event enters once, however often and late it comes; so the figures are exact when
nothing is on its way any more. A figure of one chain alone means nothing: the redemption may be counted in one, its
void in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from shared.chain import Decided, Kind, Step
from shared.keys import FIGURES as LETTER

EVENTS = (
    "coupon.issued",
    "coupon.held",
    "coupon.redeemed",
    "coupon.voided",
    "coupon.expired",
    "campaign.exposed",
    "campaign.attributed",
)
SHOWN_EACH, SHOWN_WEIGHT = 64, 16
"""So many showings are counted one by one in each chain; beyond, one in sixteen counts for all of them."""


class Figures(NamedTuple):
    """How often what has happened, and the money and points of the redemptions that stand. New ones come at the end."""

    issued: int = 0
    held: int = 0
    redeemed: int = 0
    voided: int = 0
    released: int = 0
    expired: int = 0
    taken_back: int = 0
    shown: int = 0
    discount: int = 0
    bonus_points: int = 0
    basket_amount: int = 0
    exposed: int = 0
    held_out: int = 0
    visits: int = 0
    held_out_visits: int = 0
    buyers: int = 0
    held_out_buyers: int = 0
    spent: int = 0
    held_out_spent: int = 0
    squares: int = 0
    held_out_squares: int = 0

    def plus(self, other: Figures) -> Figures:
        return Figures(*(one + more for one, more in zip(self, other, strict=True)))

    @property
    def told(self) -> dict[str, int]:
        """Those that are not 0, by name."""
        return {name: number for name, number in self._asdict().items() if number}


FIGURES: Kind[Figures] = Kind(
    LETTER, Figures(), lambda figures: {"n": list(figures)}, lambda packed: Figures(*map(int, packed["n"]))
)


def count(figures: Figures, counted: Figures, _: datetime) -> Decided[Figures]:
    """The figures with what has happened once more."""
    return Decided(figures.plus(counted), (Step("counted", data=counted.told),))


def of_event(name: str, data: Mapping[str, Any]) -> Figures:
    """What an event adds. A void takes back what was used for good; what was only held gave nothing yet."""
    match name:
        case "coupon.issued":
            return Figures(issued=1)
        case "coupon.held":
            return Figures(held=1)
        case "coupon.redeemed":
            return Figures(redeemed=1, **_amounts(data, 1))
        case "coupon.voided":
            if "redemption_id" not in data:
                return Figures(taken_back=1)
            return Figures(voided=1, **_amounts(data, -1)) if data.get("was") == "redeemed" else Figures(released=1)
        case "coupon.expired":
            return Figures(expired=1)
        case "campaign.exposed":
            return Figures(held_out=1) if data["arm"] == "held_out" else Figures(exposed=1)
        case "campaign.attributed":
            return _attributed(data)
    raise ValueError(f"nothing counts {name}")


def _amounts(data: Mapping[str, Any], sign: int) -> dict[str, int]:
    return {name: sign * int(data.get(name, 0)) for name in ("discount", "bonus_points", "basket_amount")}


def _attributed(data: Mapping[str, Any]) -> Figures:
    """What a check-in or a purchase adds to its member's arm; a member who has spent anything is one more buyer."""
    arm = "held_out_" if data["arm"] == "held_out" else ""
    if data["ref"]["kind"] == "checkin":
        return Figures(**{f"{arm}visits": 1})
    before, after = int(data["spent_before"]), int(data["spent"])
    buyers, squares = (after > 0) - (before > 0), after * after - before * before
    return Figures(**{f"{arm}buyers": buyers, f"{arm}spent": after - before, f"{arm}squares": squares})


def total(shards: Iterable[Figures]) -> Figures:
    """All shards together."""
    whole = Figures()
    for shard in shards:
        whole = whole.plus(shard)
    return whole


def shown_weight(figures: Figures, chance: float) -> int:
    """For how many showings this one counts; 0: for none. `chance` lies evenly between 0 and 1."""
    if figures.shown < SHOWN_EACH:
        return 1
    return SHOWN_WEIGHT if chance * SHOWN_WEIGHT < 1 else 0
