"""Real coupons for the replay without pandas: plans of kept rows, and points and coupons in memory as it reaches them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from coupons.routes import ROUTES as COUPONS
from infra.client import Answer, Patience, Send
from infra.coupon_delivery import Desk
from infra.coupon_mapping import album, value_of
from infra.coupon_replay import Plan
from infra.redeemed import Bought, Key, Membership, Redemption, Sum, Window
from points.routes import ROUTES as POINTS
from shared import clock
from tests.infra.shopping import WEEKS
from tests.kit import OPERATOR, Client, FakeClock, make_world

KEPT = Path(__file__).parent.parent / "data" / "coupons.json.gz"


@cache
def _kept() -> dict[str, Any]:
    with gzip.open(KEPT, "rt") as file:
        kept: dict[str, Any] = json.load(file)
        return kept


def windows() -> dict[int, Window]:
    """The days of all 27 campaigns."""
    days = {int(name): window for name, window in _kept()["windows"].items()}
    return {name: Window(kind, date.fromisoformat(a), date.fromisoformat(b)) for name, (kind, a, b) in days.items()}


def memberships() -> list[Membership]:
    """Who was in which campaign."""
    return [Membership(*row) for row in _kept()["memberships"]]


def redemptions() -> list[Redemption]:
    """What was redeemed, with its basket."""
    return [_redemption(*row) for row in _kept()["redemptions"]]


def _redemption(
    household: int, day: str, campaign: int, coupon: int, basket: Any, store: Any, lines: Any
) -> Redemption:
    products = tuple(_kept()["products"][f"{campaign}-{coupon}"])
    bought = tuple(Bought(*line) for line in lines)
    return Redemption(household, date.fromisoformat(day), campaign, coupon, products, basket, store, bought)


def plan(sent: Sequence[Membership] | None = None, used: Sequence[Redemption] | None = None) -> Plan:
    """The plan of these rows, or of all that are kept; its sums are added up row by row."""
    sent, used = memberships() if sent is None else sent, redemptions() if used is None else used
    sums: dict[Key, Sum] = {}
    for one in used:
        key = one.campaign_id, one.household_id, one.day + timedelta(weeks=WEEKS)
        count, yen = sums.get(key, (0, 0))
        sums[key] = count + 1, yen + value_of(one)
    return Plan(album(sent, used, windows(), WEEKS), sent, sums)


def of_households(count: int) -> Plan:
    """The plan of the first so many households who redeemed anything."""
    mine = sorted({one.household_id for one in redemptions()})[:count]
    return plan(
        [one for one in memberships() if one.household_id in mine],
        [one for one in redemptions() if one.household_id in mine],
    )


class Services:
    """Points and coupons in one world in memory. `sent` is every body that came, with its path and time."""

    def __init__(self) -> None:
        self.world = replace(make_world(FakeClock()), has_test_clock=True)
        self.points, self.coupons = Client(POINTS, self.world), Client(COUPONS, self.world)
        self.operator = self.coupons.as_(OPERATOR)
        self.sent: list[tuple[str, str | None, bytes]] = []

    def answer(self, client: Client, now: str | None, method: str, path: str, body: bytes | None) -> Answer:
        """What one of them answers; others make trouble here."""
        if body is not None:
            self.sent.append((path, now, body))
        headers = {"X-Omo-Now": now} if now else {}
        said = client.send(method, path, raw=body or b"", **headers)
        return Answer(said.status, json.dumps(said.body).encode())

    def desk(self, *, seconds: float = 1.0) -> Desk:
        """One worker, whose waiting takes no time."""
        slept = [0.0]

        def sleep(pause: float) -> None:
            slept[0] += pause

        def to(client: Client, now: str | None = None) -> Send:
            return lambda method, path, body: self.answer(client, now, method, path, body)

        def at(now: datetime) -> Send:
            return to(self.coupons, clock.to_text(now))

        patience = Patience(seconds, sleep, lambda: slept[0])
        return Desk(to(self.points), to(self.coupons), at, to(self.operator), patience, workers=1, makers=1)
