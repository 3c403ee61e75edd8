"""What became of real coupons, compared with the tables: what redemptions answered, and what each member's coupons say.

Three sums by campaign, household and day must be one: that of the tables, that of the answers, and that of the coupons
as the service lists them afterwards.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from infra.coupon_delivery import Desk
from infra.coupon_mapping import Use, Wallet
from infra.delivery import Found
from infra.receipts import member_id
from infra.redeemed import Key, Membership, Sum
from infra.verify import day_of

_PAGE = 100
_OURS = re.compile(r"cj-([0-9]+)(-[0-9]+)?")  # as `infra.coupon_mapping.campaign_id` makes them
_NOTHING = (0, 0)


@dataclass
class Listed:
    """What a household's coupons say: the campaigns it was sent, what it redeemed, and what stopped us from asking."""

    sent: list[Membership] = field(default_factory=list)
    redeemed: dict[Key, Sum] = field(default_factory=dict)
    unasked: list[Found] = field(default_factory=list)


def listed(household_id: int, desk: Desk) -> Listed:
    """Read all coupons of a household, of which only those of real campaigns count."""
    found = Listed()
    for coupon in _coupons(household_id, desk, found):
        real = _real(coupon["campaign_id"])
        if real is None:
            continue
        campaign, is_for_use = real
        if not is_for_use:
            found.sent.append(Membership(campaign, household_id))
        elif coupon["state"] == "redeemed":
            add(found.redeemed, (campaign, household_id, day_of(coupon["redeemed_at"])), coupon["offer"]["value"])
    return found


def _coupons(household_id: int, desk: Desk, found: Listed) -> Iterator[dict[str, Any]]:
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={quote(cursor)}" if cursor else ""
        path = f"/v1/members/{member_id(household_id)}/coupons?limit={_PAGE}{more}"
        answer = desk.call(desk.coupons, "GET", path)
        if answer.status != 200:
            found.unasked.append({"member_id": member_id(household_id), "status": answer.status})
            return
        page = json.loads(answer.body)
        yield from page["items"]
        cursor = page["next_cursor"]


def _real(campaign_id: str) -> tuple[int, bool] | None:
    """The real campaign of one of ours, and whether it is for what was redeemed; None for a campaign of the shop."""
    found = _OURS.fullmatch(campaign_id)
    return found and (int(found[1]), found[2] is not None)


# ---- the three sums --------------------------------------------------------------------------------------------------


def answered(wallets: Mapping[int, Wallet], answers: Mapping[str, Mapping[str, Any]]) -> dict[Key, Sum]:
    """What the redemptions answered, by campaign, household and day."""
    summed: dict[Key, Sum] = {}
    for household, wallet in wallets.items():
        for use in wallet.used:
            if use.name in answers:
                said = answers[use.name]
                add(summed, (use.campaign, household, day_of(said["redeemed_at"])), said["discount_total"])
    return summed


def add(summed: dict[Key, Sum], key: Key, yen: int) -> None:
    """One more redemption, which took so much off."""
    count, before = summed.get(key, _NOTHING)
    summed[key] = count + 1, before + yen


def differences(expected: Mapping[Key, Sum], told: Mapping[Key, Sum], kept: Mapping[Key, Sum]) -> Iterator[Found]:
    """Where the tables, the answers and the coupons do not say the same: how many, and how much in yen."""
    for key in sorted({*expected, *told, *kept}):
        sums = [each.get(key, _NOTHING) for each in (expected, told, kept)]
        if len(set(sums)) > 1:
            campaign, household, day = key
            where = {"campaign_id": campaign, "member_id": member_id(household), "day": day.isoformat()}
            yield where | dict(zip(("tables", "answers", "coupons"), map(list, sums), strict=True))


def missent(expected: Iterable[Membership], found: Iterable[Membership]) -> Iterator[Found]:
    """Memberships that are not there, or are there and should not be, or twice."""
    wanted, there = Counter(expected), Counter(found)
    for one in sorted({*wanted, *there}):
        counts = wanted[one], there[one]
        if counts[0] != counts[1]:
            where = {"campaign_id": one.campaign_id, "member_id": member_id(one.household_id)}
            yield where | dict(zip(("tables", "coupons"), counts, strict=True))


def misplaced(uses: Iterable[Use], answers: Mapping[str, Mapping[str, Any]]) -> Iterator[Found]:
    """Redemptions that took something off a line that the coupon is not for, or whose lines are not their sum."""
    for use in uses:
        if use.name not in answers:
            continue
        said = answers[use.name]
        lines = [line for applied in said["applied"] for line in applied["lines"]]
        total = sum(line["discount"] for line in lines)
        if total != said["discount_total"] or not {line["line_id"] for line in lines} <= use.eligible:
            yield {"redemption_id": use.name, "answer": said, "eligible": sorted(use.eligible)}
