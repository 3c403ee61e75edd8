"""One of each operation, for counting what it costs: what must be there first, and the event that is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from infra.bench.shop import Event, Shop, event
from infra.bench_shop import EC, OPERATOR

Make = Callable[[Shop, int], Event]


@dataclass(frozen=True)
class Budget:
    """What an operation may cost: write units, read units, round trips; entries within 1 KB, settings in the cache."""

    writes: float
    reads: float
    trips: int


def _after(first: Make, then: Callable[[Shop, Event], Event]) -> Make:
    """What follows something that has been done."""

    def make(shop: Shop, n: int) -> Event:
        before = first(shop, n)
        shop.do(before)
        return then(shop, before)

    return make


def _again(first: Make) -> Make:
    return _after(first, lambda _, before: before)


def _id(before: Event, name: str) -> str:
    return str(json.loads(before["body"])[name])


def placed(shop: Shop, n: int) -> Event:
    made = shop.purchase(n)
    return made | {"body": json.dumps(json.loads(made["body"]) | {"state": "placed"})}


def of_purchase(verb: str, **said: object) -> Callable[[Shop, Event], Event]:
    def then(_: Shop, before: Event) -> Event:
        bought = _id(before, "purchase_id")
        path = "/v1/purchases/{source}/{purchase_id}/" + verb
        return event(EC, "points", "POST", path, said, source="ec", purchase_id=bought)

    return then


def give_back(_: Shop, before: Event) -> Event:
    bought = _id(before, "purchase_id")
    said = {"return_id": f"r-{bought}", "channel": "ec", "lines": [{"line_id": "1"}]}
    path = "/v1/purchases/{source}/{purchase_id}/returns"
    return event(EC, "points", "POST", path, said, source="ec", purchase_id=bought)


def reverse(kind: str, name: str, **more: str) -> Callable[[Shop, Event], Event]:
    def then(shop: Shop, before: Event) -> Event:
        said = {"reverse_id": shop.number(), "kind": kind, **more}
        path = "/v1/operations/{operation_id}/reverse"
        who = before["requestContext"]["authorizer"]["who"]
        made = event(EC, "points", "POST", path, said, operation_id=_id(before, name))
        made["requestContext"]["authorizer"]["who"] = who
        return made

    return then


def adjust(shop: Shop, n: int) -> Event:
    said = {"adjustment_id": shop.number(), "member": {"member_id": shop.who(n)}, "points": 7, "reason": "bench"}
    return event(OPERATOR, "points", "POST", "/v1/adjustments", said)


def of_hold(verb: str, **said: object) -> Callable[[Shop, Event], Event]:
    def then(_: Shop, before: Event) -> Event:
        return event(EC, "points", "POST", "/v1/holds/{hold_id}/" + verb, said, hold_id=_id(before, "hold_id"))

    return then


def hold_coupon(shop: Shop, n: int) -> Event:
    made = shop.redeem(n)
    return made | {"body": json.dumps(json.loads(made["body"]) | {"hold_seconds": 600})}


def of_redemption(verb: str, name: str | None = None) -> Callable[[Shop, Event], Event]:
    def then(shop: Shop, before: Event) -> Event:
        said = {name: shop.number()} if name else {}
        path = "/v1/redemptions/{redemption_id}/" + verb
        return event(EC, "coupons", "POST", path, said, redemption_id=_id(before, "redemption_id"))

    return then


DEEDS: dict[str, tuple[Make, Budget]] = {
    "balance": (Shop.balance, Budget(0, 1, 1)),
    "purchase": (Shop.purchase, Budget(2, 0.5, 3)),
    "purchase again": (_again(Shop.purchase), Budget(1, 1.5, 3)),
    "complete": (_after(placed, of_purchase("complete")), Budget(2, 1.5, 4)),
    "cancel": (_after(placed, of_purchase("cancel")), Budget(2, 1.5, 4)),
    "return": (_after(Shop.purchase, give_back), Budget(2, 1.5, 4)),
    "reversal of a purchase": (_after(Shop.purchase, reverse("purchase", "purchase_id", source="ec")), Budget(3, 2, 5)),
    "spend": (Shop.spend, Budget(2, 0.5, 3)),
    "spend again": (_again(Shop.spend), Budget(1, 1.5, 3)),
    "reversal of a spend": (_after(Shop.spend, reverse("spend", "spend_id")), Budget(2, 2, 5)),
    "adjustment": (adjust, Budget(2, 0.5, 3)),
    "hold": (Shop.hold, Budget(2, 0.5, 3)),
    "extend": (_after(Shop.hold, of_hold("extend", ttl_seconds=3600)), Budget(1, 1, 3)),
    "capture": (_after(Shop.hold, of_hold("capture")), Budget(1, 1, 3)),
    "release": (_after(Shop.hold, of_hold("release")), Budget(1, 1, 3)),
    "award": (Shop.award, Budget(3, 1.5, 5)),
    "award again": (_again(Shop.award), Budget(1, 2.5, 5)),  # it looks for what it was in both chains
    "reversal of an award": (_after(Shop.award, reverse("award", "award_id")), Budget(3, 2, 5)),
    "check-in": (Shop.checkin, Budget(2, 1, 4)),
    "coupon issued": (Shop.issue, Budget(2, 1, 4)),
    "coupon redeemed": (Shop.redeem, Budget(2, 1, 4)),
    "coupon redeemed again": (_again(Shop.redeem), Budget(1, 1.5, 3)),
    "coupon held": (hold_coupon, Budget(2, 1, 4)),
    "coupon captured": (_after(hold_coupon, of_redemption("capture")), Budget(1, 1, 4)),
    "coupon voided": (_after(Shop.redeem, of_redemption("void", "void_id")), Budget(1, 1, 4)),
}
"""Each with its budget. A member by the shop's own id; by card or code it is half a read and a trip more."""
