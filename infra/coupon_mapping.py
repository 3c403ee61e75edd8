"""Real coupons as campaigns, issues and redemptions of the contract, the same bytes each time.

A campaign of ours has one offer, a real one many coupons, and the same coupon may be worth more in one basket than in
another. So `cj-<campaign>` is what the household was sent, and `cj-<campaign>-<value>` what it redeemed.
`docs/replay.md` says the mapping for people. It works on plain rows and needs no pandas.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from infra.habits import throw
from infra.receipts import member_id
from infra.redeemed import USUAL_CENTS, Bought, Membership, Redemption, Window

VOIDED_PERCENT = 3
HELD_PERCENT = 5
HOLD_SECONDS = 900
ELIGIBLE = "coupon"
"""The category of lines that a coupon is for: some are for 14,000 products, and an offer names at most 1,000."""
NOON = time(3, tzinfo=UTC)
"""Noon in Tokyo: the data know the day of a redemption, and no hour."""

ADDED = "added"
"""The line that is put to a basket in which the coupon's products are missing, or cost less than it takes off."""


class Issue(NamedTuple):
    """One item of `POST /v1/issues/batch`."""

    source_id: str
    body: bytes


@dataclass(frozen=True)
class Use:
    """A coupon that is issued, then redeemed: at once, through a hold, or by mistake first, which a void takes back.

    `said` is the body of its redemption without what names it; `eligible` are the lines that it may take something off.
    """

    name: str
    campaign: int
    issue: Issue
    at: datetime
    said: Mapping[str, Any]
    eligible: frozenset[str]

    @property
    def is_held(self) -> bool:
        return VOIDED_PERCENT <= throw(100, self.name, "coupon") < VOIDED_PERCENT + HELD_PERCENT

    @property
    def is_voided(self) -> bool:
        return throw(100, self.name, "coupon") < VOIDED_PERCENT

    def body(self, name: str, code: str) -> bytes:
        """The body of `POST /v1/redemptions` under a name."""
        hold = {"hold_seconds": HOLD_SECONDS} if self.is_held else {}
        return as_bytes({"redemption_id": name, "codes": [code], **self.said, **hold})


@dataclass
class Wallet:
    """A household's coupons: those it was sent, and in the order of their days those it redeemed."""

    member_id: str
    sent: list[Issue] = field(default_factory=list)
    used: list[Use] = field(default_factory=list)

    @property
    def issues(self) -> list[Issue]:
        return [*self.sent, *(use.issue for use in self.used)]


@dataclass(frozen=True)
class Album:
    """All that one replay of coupons sends: the campaigns by id, the wallets by household, and the time of the issues."""

    campaigns: Mapping[str, bytes]
    wallets: Mapping[int, Wallet]
    issued_at: datetime


def album(
    memberships: Iterable[Membership], used: Iterable[Redemption], windows: Mapping[int, Window], shift_weeks: int
) -> Album:
    """What these households were sent and redeemed; all coupons are issued on the day before the first campaign."""
    shift = timedelta(weeks=shift_weeks)
    days = {name: Window(kind, first + shift, last + shift) for name, (kind, first, last) in windows.items()}
    campaigns: dict[str, bytes] = {}
    wallets: dict[int, Wallet] = {}
    for campaign, household in memberships:
        name = campaign_id(campaign)
        campaigns.setdefault(name, _campaign(name, campaign, days[campaign], {"value": USUAL_CENTS}))
        wallets.setdefault(household, Wallet(member_id(household))).sent.append(
            _issue(name, f"{name}-{household}", household)
        )
    for one in used:
        name = campaign_id(one.campaign_id, value_of(one))
        offer = {"value": value_of(one), "categories": [ELIGIBLE]}
        campaigns.setdefault(name, _campaign(name, one.campaign_id, days[one.campaign_id], offer))
        wallets.setdefault(one.household_id, Wallet(member_id(one.household_id))).used.append(_use(name, one, shift))
    first = min(window.first for window in days.values())
    return Album(campaigns, wallets, at_noon(first - timedelta(days=1)))


def campaign_id(*parts: int) -> str:
    """The campaign of ours that a real one is, or with a value those of its coupons that took so much off."""
    return "-".join(["cj", *map(str, parts)])


def at_noon(day: date) -> datetime:
    return datetime.combine(day, NOON)


def value_of(one: Redemption) -> int:
    """What the redemption took off by its receipt, else the usual amount."""
    own = set(one.products)
    return sum(line.discount for line in one.lines if line.product_id in own) or USUAL_CENTS


def _campaign(name: str, real: int, days: Window, offer: Mapping[str, Any]) -> bytes:
    body = {
        "campaign_id": name,
        "name": {"ja": f"実データのキャンペーン{real}({days.kind})", "en": f"Real campaign {real} ({days.kind})"},
        "offer": {"type": "amount_off", **offer},
        "valid_from": days.first.isoformat(),
        "valid_until": days.last.isoformat(),
    }
    return as_bytes(body)


def _issue(campaign: str, source_id: str, household: int) -> Issue:
    member = {"member_id": member_id(household)}
    return Issue(source_id, as_bytes({"campaign_id": campaign, "source_id": source_id, "member": member}))


def _use(campaign: str, one: Redemption, shift: timedelta) -> Use:
    name = f"cj-{one.household_id}-{one.coupon_upc}-{one.campaign_id}-{one.day.isoformat()}"
    lines = list(_lines(one))
    said = {
        "member": {"member_id": member_id(one.household_id)},
        "channel": "pos",
        **({} if one.store_id is None else {"store_id": str(one.store_id)}),
        "basket": {"lines": lines},
        "order_ref": name if one.basket_id is None else str(one.basket_id),
    }
    eligible = frozenset(line["line_id"] for line in lines if "category" in line)
    return Use(
        name, one.campaign_id, _issue(campaign, name, one.household_id), at_noon(one.day + shift), said, eligible
    )


def _lines(one: Redemption) -> Iterator[dict[str, Any]]:
    """The basket before the coupon: `sales_value` is what the store received, also from the coupon's maker."""
    own = set(one.products)
    missing = value_of(one)
    for number, line in enumerate(one.lines, 1):
        is_eligible = line.product_id in own
        missing -= line.amount if is_eligible else 0
        yield _line(str(number), line, is_eligible=is_eligible)
    if missing > 0:
        yield _line(ADDED, Bought(one.products[0], 1, missing, 0), is_eligible=True)


def _line(line_id: str, line: Bought, *, is_eligible: bool) -> dict[str, Any]:
    said = {"line_id": line_id, "sku": str(line.product_id), "quantity": line.quantity, "amount": line.amount}
    return said | ({"category": ELIGIBLE} if is_eligible else {})


def as_bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
