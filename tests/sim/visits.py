"""Coupons and visits: drawn, redeemed at two tills at once, held, captured, voided; checked in, seen by the staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sim.opening import STORES
from tests.sim.people import Ask
from tests.sim.stage import Stage


class Visits(Stage):
    """Stories of those who come by."""

    def draws_a_coupon(self) -> None:
        self._draw(self.random.choice(("free", "few", "few", "many", "own", "own")))

    def uses_a_bonus(self) -> None:
        """A coupon that gives points, used, given back and used again."""
        good = self._draw("bonus").good
        for _ in range(self.random.choice((1, 2, 2, 3))):
            if good:
                self._redeem("till", [good.body["code"]])

    def _draw(self, campaign: str) -> Ask:
        source_id, who = self.id("i"), self.member()
        body = {"campaign_id": campaign, "source_id": source_id, "member": {"member_id": who}}
        ask = self.people.ask("ec", "coupons POST /v1/issues", body, of=("issue", campaign, source_id, who))
        self.codes.append(ask)
        self.mistaken(ask, order_ref="another")
        return ask

    def claims(self) -> None:
        """For nothing, or for points that may not be there."""
        campaign, claim_id, who = self.random.choice(("costly", "costly", "costly", "own")), self.id("q"), self.member()
        body = {"claim_id": claim_id, "campaign_id": campaign}
        ask = self.people.ask(who, "coupons POST /v1/me/claims", body, of=("coupon claim", claim_id))
        self.mistaken(ask, campaign_id="free")
        if campaign == "own":
            self.codes.append(ask)
        else:
            self.pause(60)
            path = "coupons GET /v1/me/claims/{claim_id}"
            look = self.people.ask(who, path, of=("look", who), claim_id=claim_id)
            if look.good and "code" in look.good.body:
                self.codes.append(look)

    def tells(self) -> None:
        """The shop's own systems tell of a survey that somebody has answered."""
        trigger_id, who, stars = self.id("y"), self.member(), self.random.choice((4, 5))
        body = {"trigger_id": trigger_id, "type": "survey", "member": {"member_id": who}, "data": {"stars": stars}}
        self.mistaken(
            self.people.ask("ec", "coupons POST /v1/triggers", body, of=("trigger", trigger_id)),
            data={"stars": 9 - stars},
        )

    def redeems(self) -> None:
        """One or two coupons at one or two tills; what is held is captured or not."""
        issued = [ask.good.body["code"] for ask in self.codes if ask.good]
        if not issued:
            self.draws_a_coupon()
            issued = [ask.good.body["code"] for ask in self.codes if ask.good]
        if issued:
            codes = self.random.sample(issued, min(len(issued), self.random.choice((1, 1, 2))))
            self.at_once(
                *[
                    lambda till=till: self._redeem(till, codes)
                    for till in ("till", "other")[: self.random.randint(1, 2)]
                ]
            )

    def exchanges_paper(self) -> None:
        """One or two members read the same printed code."""
        code = self.random.choice(self.papers[:-1])
        self.at_once(*[lambda: self._exchange(code)] * self.random.randint(1, 2))

    def _exchange(self, code: str) -> None:
        claim_id, who = self.id("e"), self.member()
        body = {"claim_id": claim_id, "campaign_id": "paper", "qr": code}
        ask = self.people.ask(who, "coupons POST /v1/me/claims", body, of=("exchange", claim_id))
        if ask.good:
            self.codes.append(ask)

    def redeems_paper(self) -> None:
        """A printed code, or one that all share, alone or beside a member's own, at one or two tills."""
        codes = [self.random.choice(self.papers)]
        issued = [ask.good.body["code"] for ask in self.codes if ask.good]
        if issued and self.perhaps(0.3):
            codes.append(self.random.choice(issued))
        who = None if len(codes) > 1 else self.member()
        self.at_once(
            *[
                lambda till=till: self._redeem(till, codes, who)
                for till in ("till", "other")[: self.random.randint(1, 2)]
            ]
        )

    def _redeem(self, till: str, codes: list[str], who: str | None = None) -> None:
        redemption_id = self.id("x")
        basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 5000}]}
        body: dict[str, Any] = {
            "redemption_id": redemption_id,
            "codes": codes,
            "channel": "pos",
            "order_ref": "o",
            "basket": basket,
        }
        if who is not None:
            body["member"] = {"member_id": who}
        held = self.perhaps(0.3)
        if held:
            body["hold_seconds"] = self.random.choice((60, 3600))
        to = "coupons POST /v1/redemptions"
        ask = self.people.ask(till, to, body, of=("redemption", redemption_id, codes))
        self.mistaken(ask, order_ref="another")
        after: list[Callable[[], Any]] = [lambda: self._void(till, redemption_id)] * self.perhaps(0.4)
        if held:
            path = "coupons POST /v1/redemptions/{redemption_id}/capture"
            of = ("captured", redemption_id)
            after += [lambda: self.people.ask(till, path, {}, of=of, redemption_id=redemption_id)] * self.perhaps(0.7)
        self.at_once(*after)

    def _void(self, till: str, redemption_id: str) -> None:
        """At once, or when a hold is long over and somebody else may have the coupon."""
        self.pause(self.random.choice((1, 1, 9_000, 90_000)))
        body = {"void_id": self.id("v")}
        path = "coupons POST /v1/redemptions/{redemption_id}/void"
        self.people.ask(till, path, body, of=("void", redemption_id), redemption_id=redemption_id)

    def orders_codes(self) -> None:
        """Codes in bulk, out of a total that coupons share; somebody looks how far they are."""
        job_id, campaign = self.id("job"), self.random.choice(("many", "many", "few", "free"))
        body = {"job_id": job_id, "count": self.random.randint(1, 2 if campaign == "few" else 30)}
        path = "coupons POST /v1/campaigns/{campaign_id}/codes"
        of = ("codes", job_id)
        ask = self.people.ask("operator", path, body, of=of, campaign_id=campaign)
        self.mistaken(ask, count=31)
        if ask.good and self.perhaps(0.5):
            self.pause(60)
            self.people.ask("operator", "coupons GET /v1/jobs/{job_id}", job_id=job_id)

    def checks_in(self) -> None:
        who = self.member()
        store_id: str = self.random.choice(tuple(STORES))
        place = {name: STORES[store_id][name] for name in ("lat", "lon")}
        fix = {**place, "accuracy_m": 10, "captured_at": self.now()}
        body = {"checkin_id": self.id("k"), "store_id": store_id, "location": fix}
        ask = self.people.ask(who, "checkin POST /v1/me/checkins", body, of=("checkin", body["checkin_id"], who))
        self.mistaken(ask, device_id="phone")

    def is_seen(self) -> None:
        who, checkin_id = self.member(), self.id("w")
        body = {"checkin_id": checkin_id, "member": {"member_id": who}}
        of = ("scan", checkin_id, who)
        self.people.ask("till", "checkin POST /v1/checkins", body, of=of)
