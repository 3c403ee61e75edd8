"""Campaigns: what a marketing operator sets up, and the terms that its coupons keep."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from coupons.fields import Wanted
from shared.business_day import DayRule
from shared.event_types import TYPES
from shared.shapes import Amount, Day, Id, Ref, Shape, Some, SomePoints, TimeOrDay, Words, refuse

Channel = Literal["ec", "pos"]

TOLD = "trigger."
"""Before the name of what the shop's own systems tell us."""

_OF_NOBODY = {"campaign.exhausted", "checkin.anomaly", "member.erased"}
_IN_CIRCLES = {f"coupon.{what}" for what in ("reserved", "issued", "held", "voided", "expiring", "expired")}
# Whoever got a coupon for one of these would learn what a check-in looks like to us.
_KEPT_QUIET = {"checkin.flagged", "checkin.limited"}
_MEASURED = {"campaign.exposed", "campaign.attributed"}  # who got a coupon for being held out would be so no more
OCCASIONS = TYPES - _OF_NOBODY - _IN_CIRCLES - _KEPT_QUIET - _MEASURED
"""The types of events that may issue a coupon. Of those of coupons only a redemption: somebody must come for it."""


class Name(Shape):
    ja: Words
    en: Words


class Offer(Shape):
    """What a coupon is worth. `skus` and `categories` name the items that it is for, either is enough; none: all.

    `value` is money in minor units, whole percent, the number of items that are free (1 if not said), or points.
    """

    type: Literal["amount_off", "percent_off", "item_free", "bonus_points"]
    value: SomePoints = 1
    max_discount: SomePoints | None = None
    skus: Some[Ref] | None = None
    categories: Some[Ref] | None = None

    @model_validator(mode="after")
    def _a_value_fits_its_type(self) -> Offer:
        if self.type != "item_free" and "value" not in self.model_fields_set:
            refuse([(("value",), "missing", "Field required")])
        if self.type == "percent_off" and self.value > 100:
            refuse([(("value",), "less_than_equal", "whole percent lie between 1 and 100")])
        if self.type == "bonus_points" and self.max_discount is not None:
            refuse([(("max_discount",), "not_for_points", "points take nothing off that could be limited")])
        return self


class Limits(Shape):
    total: SomePoints | None = None
    per_member: SomePoints | None = None
    per_store_day: SomePoints | None = None
    budget: SomePoints | None = None


class Stacking(Shape):
    """How a coupon goes together with those of other campaigns. A small priority is applied first."""

    group: Id | None = None
    exclusive: bool = False
    priority: Annotated[int, Field(ge=0, le=1_000_000)] = 100


class Trigger(Shape):
    """The event that issues a coupon by itself, and what its data must say for that.

    Any type of event that is about a member and does not come of coupons being issued; or `trigger.` and what the
    shop's own systems call it when they tell us (`POST /v1/triggers`).
    """

    event: Annotated[str, StringConstraints(pattern=r"^(trigger\.[A-Za-z0-9._-]{1,64}|[a-z_]{1,40}\.[a-z_]{1,40})$")]
    filter: Annotated[dict[Id, Wanted], Field(max_length=10)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _such_an_event_comes(self) -> Trigger:
        if not self.event.startswith(TOLD) and self.event not in OCCASIONS:
            is_known = self.event in TYPES
            detail = "no coupon can follow from this event" if is_known else "there is no event of this type"
            refuse([(("event",), "not_a_trigger" if is_known else "unknown_event", detail)])
        return self


class CodeSettings(Shape):
    """How a campaign's codes come to be: one for each, one for all, or made by somebody else; and whether they sleep."""

    mode: Literal["unique", "shared", "imported"] = "unique"
    sleeping: bool = False

    @model_validator(mode="after")
    def _one_for_all_is_awake(self) -> CodeSettings:
        if self.sleeping and self.mode == "shared":
            refuse([(("sleeping",), "not_for_shared", "a code that all share is woken by nobody")])
        return self


class Attribution(Shape):
    """That a campaign is measured, and how. `holdout_share_bp`: of its members, in hundredths of a per cent, get none.

    A member's purchases count for `window_hours` from the first coupon, or from when it would have been issued.
    """

    window_hours: Annotated[int, Field(ge=1, le=720)] = 24
    holdout_share_bp: Annotated[int, Field(ge=0, le=5000)] = 0


class Terms(Shape):
    """What a coupon keeps from the campaign on the day it is issued, or its code is made."""

    offer: Offer
    valid_from: Day
    valid_until: Day | None = None
    min_purchase: Amount | None = None
    channels: Annotated[tuple[Channel, ...], Field(strict=False, min_length=1, max_length=2)] | None = None
    stores: Some[Id] | None = None
    stacking: Stacking = Stacking()


class Campaign(Terms):
    """A campaign as it is now. `claimable`: members may claim its coupon themselves, where nothing else gives it out."""

    campaign_id: Id
    name: Name
    valid_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    limits: Limits = Limits()
    trigger: Trigger | None = None
    price_points: SomePoints | None = None
    claimable: bool = True
    code: CodeSettings = CodeSettings()
    bind: Literal["order_ref"] | None = None
    attribution: Attribution | None = None
    state: Literal["draft", "active", "paused", "ended"] = "active"

    @model_validator(mode="after")
    def _the_window_is_not_empty(self) -> Campaign:
        if self.valid_until and self.valid_until < self.valid_from:
            refuse([(("valid_until",), "window_empty", "valid_until lies before valid_from")])
        return self

    @model_validator(mode="after")
    def _an_order_is_named_by_who_issues(self) -> Campaign:
        if self.bind is not None and (self.trigger is not None or self.price_points is not None):
            refuse([(("bind",), "no_order", "what a trigger or a member causes is bound to no order")])
        return self

    @model_validator(mode="after")
    def _a_price_is_paid_by_a_claim(self) -> Campaign:
        if self.price_points is not None and not self.is_claimable:
            refuse([(("price_points",), "not_claimable", "a price is paid by who claims it: no trigger, no bind")])
        return self

    @model_validator(mode="after")
    def _who_is_held_out_can_take_none(self) -> Campaign:
        if self.holdout_share_bp and (self.is_claimable or self.code.mode != "unique"):
            where = ("attribution", "holdout_share_bp")
            refuse([(where, "open_to_all", "nobody is held out of what members can take themselves")])
        return self

    @property
    def holdout_share_bp(self) -> int:
        """The share of the members who are held out."""
        return self.attribution.holdout_share_bp if self.attribution else 0

    @property
    def is_claimable(self) -> bool:
        """Whether a member may take a coupon: not where an event gives it out, staff wake it, or it is for an order."""
        is_open = self.trigger is None and self.bind is None and self.code == CodeSettings()
        return self.claimable and is_open

    @property
    def terms(self) -> Terms:
        return Terms(**{name: getattr(self, name) for name in Terms.model_fields})

    def changed(self, change: CampaignChange) -> Campaign:
        """The campaign with what was sent; all of it is judged again, so that no change goes around a rule."""
        merged = {**dict(self), **{name: getattr(change, name) for name in change.model_fields_set}}
        return Campaign(**{name: value for name, value in merged.items() if value is not None})


class CampaignRequest(Campaign):
    """A campaign as it is sent. Coupons begin and end with days, so a time counts as its day by the programme's clock."""

    valid_from: TimeOrDay
    valid_until: TimeOrDay | None = None

    @model_validator(mode="after")
    def _the_window_is_not_empty(self) -> CampaignRequest:
        return self  # which days they are, `on` knows

    def on(self, days: DayRule) -> Campaign:
        """The campaign with its days; `window_empty` if there are none."""
        first, last = _first_day(self.valid_from, days), _last_day(self.valid_until, days)
        return Campaign(**{**dict(self), "valid_from": first, "valid_until": last})


def _first_day(at: datetime | date, days: DayRule) -> date:
    return days.day(at) if isinstance(at, datetime) else at


def _last_day(at: datetime | date | None, days: DayRule) -> date | None:
    """The day of the last moment: midnight ends the day before it."""
    return days.day(at - timedelta(milliseconds=1)) if isinstance(at, datetime) else at


class CampaignTold(Campaign):
    """A campaign as the operator reads it: with the one code that all share, where there is one."""

    shared_code: str | None = None


class CampaignQuery(Shape):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None


class CampaignPage(Shape):
    items: list[CampaignTold]
    next_cursor: str | None


class CampaignChange(Shape):
    """A PATCH. A field that is not sent stays; `null` takes an optional field away."""

    name: Name | None = None
    valid_until: TimeOrDay | None = None
    limits: Limits | None = None
    stores: Some[Id] | None = None
    attribution: Attribution | None = None

    def on(self, days: DayRule) -> CampaignChange:
        """The change with a day for a time."""
        if not isinstance(self.valid_until, datetime):
            return self
        return self.model_copy(update={"valid_until": _last_day(self.valid_until, days)})
