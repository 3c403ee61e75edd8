"""What people decide about a check-in that waited for them. Pure.

Approved, it is paid as it would have been, dated by the day of the visit; rejected, it takes its store-day no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from checkin.visits import Visit, Visits
from shared import clock
from shared.chain import Decided, Step

WITHHELD = "withheld"
"""Under this name an entry keeps what would have been paid, and how far away the guest was; no event tells it."""
_TOLD = ("checkin_id", "store_id", "business_day", "evidence_level")


@dataclass(frozen=True)
class Ruling:
    """A decision, and what the entry of the check-in says."""

    review_id: str
    is_approved: bool
    said: Mapping[str, Any]
    at: datetime  # of the check-in

    @property
    def reward(self) -> dict[str, Any]:
        """What is paid by it."""
        paid: Mapping[str, Any] = self.said[WITHHELD] if self.is_approved else {"points": 0, "campaigns": []}
        return {"points": int(paid["points"]), "campaigns": list(paid["campaigns"])}

    @property
    def held_out(self) -> list[str]:
        """The campaigns that the guest is held out of, as it was judged when the check-in was made."""
        return list(self.said[WITHHELD].get("held_out", ()))


def decide(visits: Visits, ruling: Ruling, _at: datetime) -> Decided[Visits]:
    """The entry of a decision. What it pays travels by its event, like the reward of any check-in."""
    told = {name: ruling.said[name] for name in _TOLD}
    data = told | {
        "review_id": ruling.review_id,
        "outcome": "awarded" if ruling.is_approved else "recorded_no_award",
        "reward": ruling.reward,
        **({"held_out": ruling.held_out} if ruling.is_approved and ruling.held_out else {}),
    }
    kind = "approved" if ruling.is_approved else "rejected"
    return Decided(
        replace(visits, taken=_taken(visits, ruling)).pruned(visits.at), (Step(kind, occurred_at=ruling.at, data=data),)
    )


def _taken(visits: Visits, ruling: Ruling) -> tuple[Visit, ...]:
    """The store-days that are taken after the decision. What is paid takes its own, also if another check-in has taken it.

    Two members, each with a check-in of that store-day, may have become one; if they are parted, each takes along its own.
    """
    own = next((visit for visit in visits.taken if visit.checkin_id == ruling.said["checkin_id"]), None)
    others = tuple(visit for visit in visits.taken if visit is not own)
    return (_paid(ruling, own), *others) if ruling.is_approved else others


def _paid(ruling: Ruling, waiting: Visit | None) -> Visit:
    day, level = date.fromisoformat(ruling.said["business_day"]), int(ruling.said["evidence_level"])
    points, campaigns = ruling.reward["points"], tuple(ruling.reward["campaigns"])
    named = (ruling.said["store_id"], day, ruling.said["checkin_id"])
    return Visit(*named, "awarded", level, points, campaigns, waiting.step if waiting else None)


def pack(ruling: Ruling) -> dict[str, Any]:
    """A decision as its name keeps it."""
    return {
        "r": ruling.review_id,
        "y": int(ruling.is_approved),
        "x": dict(ruling.said),
        "t": clock.to_ms(ruling.at),
    }


def unpack(packed: Mapping[str, Any]) -> Ruling:
    """The decision of `pack`."""
    return Ruling(packed["r"], bool(packed["y"]), packed["x"], clock.from_ms(packed["t"]))
