"""Stamp programmes: for what a member gets stamps, how many fill a card, and of which campaign a full card is a coupon."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from coupons.campaign import Campaign, Name
from shared.reference import MemberRef
from shared.shapes import Day, Id, Shape, SomePoints, Words, refuse
from shared.units import Money

PROGRAMMES_MAX = 50
"""So many programmes a stage has: a member's cards lie in the head of one chain, and each occasion looks at all."""
STAMPS_MAX = 100
GRANT_MAX = 10
"""So many cards one grant may fill."""


def _in_both_languages(value: Any) -> Any:
    return {"ja": value, "en": value} if isinstance(value, str) else value


class StampProgramme(Shape):
    """A business day takes stamps until it has had `per_day`; `expires_days` runs from the day of the latest stamp."""

    programme_id: Id
    name: Annotated[Name, BeforeValidator(_in_both_languages, json_schema_input_type=Name | Words)]
    stamps: Annotated[int, Field(ge=1, le=STAMPS_MAX)]
    by: Literal["purchase", "spend", "visit", "manual"]
    spend_per_stamp: SomePoints | None = None
    per_day: Annotated[int, Field(ge=1, le=1000)] = 1
    campaign_id: Id
    expires_days: Annotated[int, Field(ge=1, le=3650)] | None = None

    @model_validator(mode="after")
    def _spending_has_a_measure(self) -> StampProgramme:
        if (self.by == "spend") is (self.spend_per_stamp is None):
            code, detail = (
                ("missing", "needed for by: spend") if self.by == "spend" else ("not_for_kind", "for by: spend")
            )
            refuse([(("spend_per_stamp",), code, detail)])
        return self

    def worth(self, amount: Money) -> int:
        """The stamps of a purchase of which so much is left, without tax: one, or one for each full measure spent."""
        if self.by == "spend":
            assert self.spend_per_stamp is not None
            return amount // self.spend_per_stamp
        return int(self.by == "purchase" and amount > 0)


def why_not(campaign: Campaign) -> str | None:
    """What keeps a campaign's coupons from being given by a full card; None if nothing does.

    The coupon is issued in the very append that fills the card: nobody else can be asked, and nothing be missing.
    """
    faults = {
        "its total would have to be asked": campaign.limits.total is not None,
        "its coupons are each for one order": campaign.bind is not None,
        "its coupons sleep": campaign.code.sleeping,
        "its codes are not each member's own": campaign.code.mode != "unique",
        "it has ended": campaign.state == "ended",
    }
    return next((fault for fault, is_so in faults.items() if is_so), None)


class StampRequest(Shape):
    stamp_id: Id
    member: MemberRef
    programme_id: Id
    count: Annotated[int, Field(ge=1, le=STAMPS_MAX * GRANT_MAX)] = 1


class ShownCard(Shape):
    """A member's card. `stamps` may be below 0: a coupon was used, and purchases that had earned it came back."""

    programme_id: Id
    stamps: int
    needed: int
    completed: int
    expires_on: Day | None = None


class Stamped(ShownCard):
    """A grant, and the card right after it; `coupons` are those that it earned."""

    stamp_id: Id
    count: int
    coupons: tuple[str, ...]


class CardQuery(Shape):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None


class CardPage(Shape):
    items: list[ShownCard]
    next_cursor: str | None


class ProgrammePage(Shape):
    items: list[StampProgramme]
    next_cursor: str | None
