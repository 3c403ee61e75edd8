"""The line is down at some tills: they take tokens and sell, and sync later: in pieces, twice, both with one token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.sim.opening import MEMBERS
from tests.sim.sales import Sales

_AHEAD_OF_UTC = timedelta(hours=9 - 4)  # Tokyo, where the day ends at four


class Outages(Sales):
    """Stories of tills without a line."""

    def sells_without_a_line(self) -> None:
        """One or two tills take the same tokens; a coupon may be used online meanwhile, and a sale voided."""
        tokens = self._tokens()
        if tokens:
            taken = self.random.sample(tokens, min(len(tokens), self.random.choice((1, 2))))
            tills = ("till", "till-2")[: self.random.randint(1, 2)]
            self.at_once(*[lambda till=till: self._works(till, taken) for till in tills])

    def _tokens(self) -> list[str]:
        """What a member's app shows; some of it from before."""
        ask = self.people.ask(self.random.choice(MEMBERS), "coupons GET /v1/me/coupons", of=("looks",))
        listed = ask.good.body["items"] if ask.good else []
        self.tokens += [one["offline_token"] for one in listed if one.get("offline_token")]
        return self.tokens[-6:]

    def _works(self, till: str, tokens: list[str]) -> None:
        terminal_id = {"till": "till-1"}.get(till, till)
        day = (datetime.fromisoformat(self.now()) + _AHEAD_OF_UTC).date().isoformat()
        said = {"allowance_id": self.id("allowance"), "terminal_id": terminal_id, "business_day": day}
        self.people.ask(till, "coupons POST /v1/offline/allowances", said, of=("allowance", said["allowance_id"]))
        items = [self._item(till, offline_token=one, body=self._redemption()) for one in tokens]
        sold = self.basket("completed", "pos", member={"member_id": self.member()})
        items.append(self._item(till, kind="purchase", body=sold))
        self.pause(self.random.choice((1, 600, 50_000)))
        first = [*items[:1], *items[-1:]]
        self.at_once(
            lambda: self._sync(till, first),
            lambda: self._sync(till, items[::-1]),
            *[lambda: self._sells_online(till, sold)] * self.perhaps(0.3),
            *self._voids(till, items[0]) * self.perhaps(0.4),
        )
        self._sync(till, items)

    def _item(self, till: str, *, body: dict[str, Any], kind: str = "redemption", **more: Any) -> dict[str, Any]:
        name = self.id(f"offline.{till}")
        number = int(name.rpartition("-")[2])
        return {"id": name, "kind": kind, "occurred_at": self.now(), "terminal_seq": number, "body": body} | more

    def _redemption(self) -> dict[str, Any]:
        basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 5000}]}
        return {"redemption_id": self.id("x"), "order_ref": self.id("o"), "basket": basket}

    def _sync(self, till: str, items: list[dict[str, Any]]) -> None:
        self.people.ask(till, "coupons POST /v1/offline/sync", {"items": items}, of=("sync",))

    def _sells_online(self, till: str, sold: dict[str, Any]) -> None:
        self.people.ask(till, "points POST /v1/purchases", sold, of=("purchase", "pos", sold["purchase_id"]))

    def _voids(self, till: str, item: dict[str, Any]) -> list[Callable[[], Any]]:
        redemption_id = item["body"]["redemption_id"]
        path = "coupons POST /v1/redemptions/{redemption_id}/void"

        def void() -> None:
            self.pause(self.random.choice((1, 30)))
            said = {"void_id": self.id("v")}
            self.people.ask(till, path, said, of=("void", redemption_id), redemption_id=redemption_id)

        return [void]
