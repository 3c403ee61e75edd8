"""What those do who come to the shop at once: each on their own, with the same few members, codes and caps."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.engines.shop import MEMBERS, STORES, Shop
from tests.kit import CAFE, EC, TILL, member, purchase

_BASKET = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}


class Visitor:
    """One of many threads. All that is chosen is chosen by the seed."""

    def __init__(self, shop: Shop, seed: int, number: int, codes: list[str]) -> None:
        self.shop = shop
        self.random = Random(f"{seed}-{number}")
        self.number = number
        self.codes = codes  # that anybody was given
        self._ids = 0

    def acts(self, times: int) -> None:
        """So many visits."""
        for _ in range(times):
            self._choose()()

    def _choose(self) -> Callable[[], Any]:
        kinds: dict[Callable[[], Any], int] = {
            self.buys: 6,
            self.buys_and_undoes: 3,
            self.returns: 2,
            self.spends: 4,
            self.holds: 3,
            self.gives: 5,
            self.draws: 3,
            self.redeems: 4,
            self.checks_in: 3,
        }
        return self.random.choices(list(kinds), list(kinds.values()))[0]

    def _id(self, letter: str) -> str:
        self._ids += 1
        return f"{letter}-{self.number}-{self._ids}"

    def _member(self) -> str:
        return self.random.choice(MEMBERS)

    def _undo(self, kind: str, key: str, **more: str) -> None:
        body = {"reverse_id": self._id("u"), "kind": kind, **more}
        self.shop.ask(("undo " + kind, key), "points", EC, f"/v1/operations/{key}/reverse", body)

    # ---- purchases ---------------------------------------------------------------------------------------------------

    def buys(self) -> str:
        purchase_id = self._id("p")
        lines = [{"line_id": "1", "quantity": 1, "amount": self.random.randrange(500, 5000, 100)}]
        said = purchase(purchase_id=purchase_id, member={"member_id": self._member()}, lines=lines)
        self.shop.ask(("purchase", purchase_id), "points", EC, "/v1/purchases", said)
        return purchase_id

    def buys_and_undoes(self) -> None:
        purchase_id = f"p-{self.number}-{self._ids + 2}"  # the next but one: it may be undone before it is done
        if self.random.random() < 0.3:
            self._undo("purchase", purchase_id, source="pos")
            self.buys()
        else:
            self._undo("purchase", self.buys(), source="pos")

    def returns(self) -> None:
        purchase_id = self.buys()
        body = {"return_id": self._id("r"), "channel": "pos", "all": True}
        self.shop.ask(("return", purchase_id), "points", EC, f"/v1/purchases/pos/{purchase_id}/returns", body)

    # ---- points ------------------------------------------------------------------------------------------------------

    def spends(self) -> None:
        spend_id = self._id("s")
        said = {"spend_id": spend_id, "member": {"member_id": self._member()}, "points": self.random.randint(5, 40)}
        self.shop.ask(("spend", spend_id), "points", EC, "/v1/spends", said | {"order_ref": "o"})
        if self.random.random() < 0.3:
            self._undo("spend", spend_id)

    def holds(self) -> None:
        hold_id, points = self._id("h"), self.random.randint(5, 30)
        said = {"hold_id": hold_id, "member": {"member_id": self._member()}, "points": points, "order_ref": "o"}
        if self.shop.ask(("hold", hold_id), "points", EC, "/v1/holds", said).status != 201:
            return
        end, body = self.random.choice((("capture", {"points": points}), ("release", {})))
        self.shop.ask((end, hold_id), "points", EC, f"/v1/holds/{hold_id}/{end}", body)

    def gives(self) -> None:
        award_id = self._id("a")
        said = {"award_id": award_id, "member": {"code": self.shop.cards[self._member()]}, "points": 20, "reason": "x"}
        self.shop.ask(("award", award_id), "points", CAFE, "/v1/awards", said)

    # ---- coupons, visits ---------------------------------------------------------------------------------------------

    def draws(self) -> None:
        source_id = self._id("i")
        said = {"campaign_id": "few", "source_id": source_id, "member": {"member_id": self._member()}}
        answer = self.shop.ask(("issue", source_id), "coupons", EC, "/v1/issues", said)
        if answer.status == 201:
            self.codes.append(answer.body["code"])

    def redeems(self) -> None:
        if not self.codes:
            return self.draws()
        redemption_id = self._id("c")
        codes = [self.random.choice(self.codes)]
        said: dict[str, Any] = {"redemption_id": redemption_id, "codes": codes, "channel": "pos"}
        said |= {"order_ref": redemption_id, "basket": _BASKET}
        self.shop.ask(("redemption", redemption_id), "coupons", TILL, "/v1/redemptions", said)
        return None

    def checks_in(self) -> None:
        checkin_id, store_id, who = self._id("v"), self.random.choice(list(STORES)), self._member()
        place = {name: STORES[store_id][name] for name in ("lat", "lon")}
        fix = place | {"accuracy_m": 10, "captured_at": self.shop.now().isoformat()}
        said = {"checkin_id": checkin_id, "store_id": store_id, "location": fix}
        self.shop.ask(("checkin " + who, checkin_id), "checkin", member(who), "/v1/me/checkins", said)
