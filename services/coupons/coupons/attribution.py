"""What a member does after a campaign has reached them, or would have had they not been held out. Pure.

A member is exposed to a campaign once: by the first coupon, or by the first that was not issued because the member is
held out. From then on, for the campaign's window, purchases and check-ins count for the arm that the member was in at
that moment, whatever happens later. Both arms are treated alike here; only the word differs. What was first is before
anything that the coupon could have caused, so the arms differ by the coupon and by chance, and by nothing else.

Of a purchase every event tells what is left of it, so the same events end in the same in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

from shared.chain import Decided, Kind, Packed, Step
from shared.clock import from_ms, to_ms, to_text
from shared.errors import Conflict
from shared.keys import EXPOSURES as LETTER
from shared.units import Money

Arm: TypeAlias = Literal["treated", "held_out"]
EXPOSURES_MAX = 50
"""So many campaigns are remembered of a member. Beyond, the oldest whose window is over makes room."""


class Exposure(NamedTuple):
    """A campaign that has reached a member: in which arm, for how long purchases count, and what they come to so far."""

    campaign_id: str
    is_held_out: bool
    at: datetime
    hours: int
    spent: Money = 0

    @property
    def arm(self) -> Arm:
        return "held_out" if self.is_held_out else "treated"

    @property
    def until(self) -> datetime:
        return self.at + timedelta(hours=self.hours)

    @property
    def said(self) -> dict[str, Any]:
        """What every entry about it tells."""
        return {"campaign_id": self.campaign_id, "arm": self.arm}


Exposures: TypeAlias = tuple[Exposure, ...]


def _pack(exposures: Exposures) -> Packed:
    rows = [[one.campaign_id, int(one.is_held_out), to_ms(one.at), one.hours, one.spent] for one in exposures]
    return {"x": rows}


def _unpack(packed: Packed) -> Exposures:
    return tuple(
        Exposure(campaign_id, bool(held_out), from_ms(int(at)), int(hours), int(spent))
        for campaign_id, held_out, at, hours, spent in packed["x"]
    )


EXPOSURES: Kind[Exposures] = Kind(LETTER, (), _pack, _unpack)


class Spot(NamedTuple):
    """Where something happened, and on which business day there; no store: in the web shop."""

    store_id: str | None
    day: date

    @property
    def said(self) -> dict[str, Any]:
        store = {"store_id": self.store_id} if self.store_id else {}
        return {"business_day": self.day.isoformat()} | store


# ---- exposed --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exposing:
    """A member is exposed to a campaign, by what was issued for this source or would have been."""

    exposure: Exposure
    source_id: str
    spot: Spot


def is_exposed(exposures: Exposures, campaign_id: str) -> bool:
    """Whether a campaign has reached the member before."""
    return any(one.campaign_id == campaign_id for one in exposures)


def expose(exposures: Exposures, exposing: Exposing, at: datetime) -> Decided[Exposures]:
    """Remember an exposure; `already_exposed` if it is not the first, or there is no room for it."""
    new = exposing.exposure
    if is_exposed(exposures, new.campaign_id):
        raise Conflict("already_exposed")
    if len(exposures) >= EXPOSURES_MAX:
        over = next((one for one in exposures if one.until <= at), None)
        if over is None:
            raise Conflict("already_exposed")
        exposures = tuple(one for one in exposures if one is not over)
    data = new.said | {"until": to_text(new.until)} | exposing.spot.said
    step = Step("exposed", occurred_at=new.at, ref=("issue", exposing.source_id), data=data)
    return Decided((*exposures, new), (step,))


# ---- a check-in -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visiting:
    """A check-in while the member is exposed to a campaign: also the one that has brought the coupon."""

    campaign_id: str
    checkin_id: str
    at: datetime
    spot: Spot


def visited_in(exposures: Exposures, at: datetime) -> list[str]:
    """The campaigns that a check-in at this time counts for."""
    return [one.campaign_id for one in exposures if one.at <= at < one.until]


def visit(exposures: Exposures, visiting: Visiting, _: datetime) -> Decided[Exposures]:
    """A check-in counts for a campaign; `not_exposed` if it has made room for another since."""
    one = next((one for one in exposures if one.campaign_id == visiting.campaign_id), None)
    if one is None:
        raise Conflict("not_exposed")
    ref = ("checkin", visiting.checkin_id)
    return Decided(exposures, (Step("visited", occurred_at=visiting.at, ref=ref, data=one.said | visiting.spot.said),))


# ---- a purchase -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a purchase, by how many entries.

    The least that was heard to be left of it, where it was made, and for which campaigns it was counted.
    """

    entries: int = 0
    left: Money | None = None
    spot: Spot | None = None
    counted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Heard:
    """What an event says of a purchase: when it was made, what is left of it, and where, which only its first one tells."""

    ref: tuple[str, str]
    at: datetime
    left: Money
    spot: Spot | None = None

    def counts_for(self, exposure: Exposure) -> bool:
        """Whether the purchase came after the exposure: what has brought the coupon is no effect of it."""
        return exposure.at < self.at < exposure.until


def buy(exposures: Exposures, known: Known, heard: Heard) -> Decided[Exposures] | None:
    """What follows from an event about a purchase; None if nothing does.

    For a campaign that it counts for, the difference since it was last counted; all of it, if it never was.
    """
    left = heard.left if known.left is None else min(known.left, heard.left)
    spot = known.spot or heard.spot
    now = replace(known, left=left, spot=spot)
    if not any(map(heard.counts_for, exposures)):
        return None
    steps: list[Step] = []
    after: list[Exposure] = []
    for one in exposures:
        stood = (known.left or 0) if one.campaign_id in known.counted else 0
        if spot is not None and heard.counts_for(one) and left != stood:
            now = replace(now, counted=now.counted | {one.campaign_id})
            steps.append(_bought(one, heard, spot, stood=stood, left=left))
            one = one._replace(spent=one.spent + left - stood)  # noqa: PLW2901 - as it is afterwards
        after.append(one)
    if now == known:
        return None
    return Decided(tuple(after), (*steps, _note(heard.ref, now)))


def _bought(exposure: Exposure, heard: Heard, spot: Spot, *, stood: Money, left: Money) -> Step:
    """The entry tells what the member has spent in all before it and after it: sums of squares come from the two."""
    data = {
        "amount": left - stood,
        "sales": (left > 0) - (stood > 0),
        "spent_before": exposure.spent,
        "spent": exposure.spent + left - stood,
    }
    return Step("bought", occurred_at=heard.at, ref=heard.ref, data=exposure.said | data | spot.said)


def _note(ref: tuple[str, str], known: Known) -> Step:
    """The entry by which the purchase is known again."""
    data: dict[str, Any] = {"n": known.entries, "left": known.left, "for": sorted(known.counted)}
    if known.spot is not None:
        data |= known.spot.said
    return Step("noted", ref=ref, data=data)


def known_of(data: Mapping[str, Any]) -> Known:
    """What the latest entry about a purchase says of it."""
    day = data.get("business_day")
    spot = Spot(data.get("store_id"), date.fromisoformat(day)) if day else None
    return Known(int(data["n"]) + 1, int(data["left"]), spot, frozenset(data["for"]))
