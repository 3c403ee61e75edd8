"""Purchases, and what becomes of them: paid with points, completed, cancelled, returned, claimed, reversed, repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sim.opening import MEMBERS
from tests.sim.stage import Stage


class Sales(Stage):
    """Stories at the tills and in the web shop."""

    def basket(self, state: str, source: str, **more: Any) -> dict[str, Any]:
        """One to three lines; of a plain run in whole points, so that nothing is rounded."""
        unit = 100 if self.is_plain else 1
        lines = [
            {
                "line_id": str(n),
                "quantity": self.random.choice((1, 1, 2, 3)),
                "amount": self.random.randint(0, 90) * unit,
            }
            for n in range(self.random.choice((1, 1, 2, 3)))
        ]
        kept = {"purchase_id": self.id("p"), "source": source, "store_id": "shibuya", "occurred_at": self.now()}
        return kept | {"state": state, "lines": lines} | more

    def buys(self) -> None:
        source = self.random.choice(("pos", "ec"))
        state = self.random.choice(("placed", "completed", "completed"))
        body = self.basket(state, source, member={"member_id": self.member()})
        self._sale(body)

    def buys_with_points(self) -> None:
        body = self.basket("completed", "ec", member={"member_id": self.member()})
        body["lines"] = body["lines"][:1]
        most = body["lines"][0]["amount"]
        body["points_used"] = min(most, self.random.randint(1, 40) * (100 if self.is_plain else 1))
        self._sale(body)

    def buys_as_nobody(self) -> None:
        body = self.basket("completed", "pos")
        amount = sum(line["amount"] for line in body["lines"])
        claims = [lambda who=who: self._claim(who, body, amount) for who in self.random.sample(MEMBERS, 2)]
        self.at_once(lambda: self._sale(body), *claims[: self.random.randint(1, 2)])

    def _claim(self, who: str, body: dict[str, Any], amount: int) -> None:
        self.pause(8)
        said = {"receipt_claim_id": self.id("c"), "source": "pos", "purchase_id": body["purchase_id"], "amount": amount}
        self.people.ask(who, "points POST /v1/me/receipts", said, of=("claim", body["purchase_id"], who))

    def _sale(self, body: dict[str, Any]) -> None:
        """A purchase and what becomes of it."""
        source, purchase_id = body["source"], body["purchase_id"]
        who = "till" if source == "pos" else "ec"
        if self.perhaps(0.05):
            self.undo("purchase", purchase_id, who, also_before=True, source=source)
        ask = self.people.ask(who, "points POST /v1/purchases", body, of=("purchase", source, purchase_id))
        self.mistaken(ask, points_used=0) if "points_used" not in body else self.mistaken(ask, payment="cash")
        next_steps: list[Callable[[], None]] = []
        if body["state"] == "placed":
            next_steps += [lambda: self._happens(who, body, "complete")] * self.perhaps(0.7)
            next_steps += [lambda: self._happens(who, body, "cancel")] * self.perhaps(0.3)
        next_steps += [lambda: self._returns(body)] * self.random.choice((0, 0, 1, 2))
        next_steps += [lambda: self.undo("purchase", purchase_id, who, also_before=True, source=source)] * self.perhaps(
            0.15
        )
        self.at_once(*next_steps)

    def _happens(self, who: str, body: dict[str, Any], what: str) -> None:
        values = {"source": body["source"], "purchase_id": body["purchase_id"]}
        path = f"points POST /v1/purchases/{{source}}/{{purchase_id}}/{what}"
        self.people.ask(who, path, {}, of=(what, body["source"], body["purchase_id"]), **values)

    def _returns(self, body: dict[str, Any]) -> None:
        self.pause(30)
        line = self.random.choice(body["lines"])
        whole = self.is_plain or self.perhaps(0.5)
        quantity = line["quantity"] if whole else self.random.randint(1, line["quantity"])
        said: dict[str, Any] = {"return_id": self.id("r"), "channel": "pos"}
        if self.perhaps(0.3):
            said["all"] = True
        else:
            said["lines"] = [{"line_id": line["line_id"], "quantity": quantity}]
        values = {"source": body["source"], "purchase_id": body["purchase_id"]}
        of = ("return", body["source"], body["purchase_id"], said["return_id"])
        ask = self.people.ask("ec", "points POST /v1/purchases/{source}/{purchase_id}/returns", said, of=of, **values)
        self.mistaken(ask, channel="ec")

    def buys_many(self) -> None:
        """A till that was offline sends all it has, some of it already known."""
        bodies = [self.basket("completed", "pos", member={"member_id": self.member()}) for _ in range(3)]
        first = bodies[0]
        self.at_once(
            lambda: self.people.ask(
                "till", "points POST /v1/purchases", first, of=("purchase", "pos", first["purchase_id"])
            ),
            lambda: self.people.ask("till", "points POST /v1/purchases/batch", {"purchases": bodies}, of=("batch",)),
        )
