"""Coupons over HTTP: issued, tried, redeemed, held, captured, voided, of one member or of several, in any order.

After every step each member's coupons are what a dictionary says.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.api.points.machine import TOKYO
from tests.kit import OPERATOR
from tests.machines.conftest import Run
from tests.machines.coupon_book import BRIEF_DAYS, CAMPAIGNS, Book, Coupon, Redemption
from tests.machines.street import PICK, Street

MEMBERS = ("taro", "hanako")
WHO = st.sampled_from(MEMBERS)
HOLD_SECONDS = 600


class Coupons(Street):
    """Every rule sends one request, says what its answer must be, and tells the model what it did."""

    @initialize()
    def open(self) -> None:
        self.begin()
        self.numbers = count()
        self.model = Book()
        self.client = self.client.at("coupons")
        self.operator = self.client.as_(OPERATOR)
        for member_id in MEMBERS:
            assert self.client.at("points").post("/v1/members", {"member_id": member_id}).status == 201
        for campaign_id, more in CAMPAIGNS.items():
            name = {"ja": campaign_id, "en": campaign_id}
            said = {"campaign_id": campaign_id, "name": name, "valid_from": "2026-11-01", "valid_until": "2027-12-31"}
            assert self.operator.post("/v1/campaigns", said | more).status == 201

    # ---- issues and campaigns ---------------------------------------------------------------------------------------

    def why_not(self, campaign: str, who: str) -> str | None:
        of = [one for one in self.model.coupons.values() if one.campaign == campaign]
        if campaign in self.model.paused:
            return "campaign_not_active"
        if campaign == "scarce" and len(of) >= CAMPAIGNS["scarce"]["limits"]["total"]:
            return "campaign_exhausted"
        if campaign == "single" and any(self.home(one.book) == self.home(who) for one in of):
            return "member_limit_reached"
        return None

    @rule(campaign=st.sampled_from(sorted(CAMPAIGNS)), who=WHO)
    def issue(self, campaign: str, who: str) -> None:
        of = f"i{next(self.numbers)}"
        body = {"campaign_id": campaign, "member": {"member_id": who}, "source_id": of, "order_ref": "o"}
        answer = self.ask("/v1/issues", body, self.why_not(campaign, who) or 201, of)
        if answer.status == 201:
            last = (self.clock.now() + TOKYO).date() + timedelta(days=BRIEF_DAYS)
            until = last if campaign == "brief" else date(2027, 12, 31)
            assert answer.body["valid_until"] == until.isoformat()
            self.model.coupons[answer.body["code"]] = Coupon(campaign, who, until)

    @rule(campaign=st.sampled_from(sorted(CAMPAIGNS)))
    def pause_or_resume(self, campaign: str) -> None:
        verb = "resume" if campaign in self.model.paused else "pause"
        assert self.operator.post(f"/v1/campaigns/{campaign}/{verb}", {}).status == 200
        self.model.paused ^= {campaign}

    # ---- redemptions ------------------------------------------------------------------------------------------------

    def chosen(self, picks: list[int]) -> list[str]:
        """Mostly of the newest few, so that they meet again."""
        codes = list(self.model.coupons)
        return list(
            dict.fromkeys((codes if pick % 4 == 0 else codes[-3:])[pick % min(3, len(codes))] for pick in picks)
        )

    def judged(self, codes: list[str], order: str) -> str | None:
        coupons = [self.model.coupons[code] for code in codes]
        if any(one.campaign in self.model.paused or not one.is_usable(order, self.clock.now()) for one in coupons):
            return "code_not_usable"
        return "code_not_applicable" if len({one.campaign for one in coupons}) < len(coupons) else None

    @precondition(lambda self: self.has_begun and self.model.coupons)
    @rule(picks=st.lists(PICK, min_size=1, max_size=3), amount=st.integers(1, 2000), order=st.sampled_from("abc"),
          holds=st.booleans(), is_tried=st.booleans())  # fmt: skip
    def redeem(self, picks: list[int], amount: int, order: str, holds: bool, is_tried: bool) -> None:
        self.redeem_these(self.chosen(picks), amount, order, holds=holds, is_tried=is_tried)

    def redeem_these(self, codes: list[str], amount: int, order: str, *, holds: bool, is_tried: bool) -> None:
        of = f"r{next(self.numbers)}"
        basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": amount}]}
        what = {"codes": codes, "channel": "ec", "basket": basket}
        refused = self.judged(codes, order)
        if is_tried and refused is None and not any(self.model.coupons[code].by for code in codes):
            tried = self.client.post("/v1/validations", what).body
            assert (tried["discount_total"], tried["refused"]) == (self.model.discount(codes, amount), [])
        body = {"redemption_id": of, **what, "order_ref": order} | ({"hold_seconds": HOLD_SECONDS} if holds else {})
        answer = self.ask("/v1/redemptions", body, refused or 201, of)
        if answer.status == 201:
            assert answer.body["discount_total"] == self.model.discount(codes, amount)
            self.model.redemptions[of] = Redemption(codes, holds)
            until = self.clock.now() + timedelta(seconds=HOLD_SECONDS)
            for code in codes:
                coupon = self.model.coupons[code]
                coupon.state, coupon.by, coupon.order, coupon.until = "held" if holds else "redeemed", of, order, until

    @precondition(lambda self: self.has_begun and self.model.redemptions)
    @rule(pick=PICK)
    def capture(self, pick: int) -> None:
        self.capture_of(list(self.model.redemptions)[-1 - pick % min(4, len(self.model.redemptions))])

    @precondition(lambda self: self.has_begun and self.open_holds)
    @rule(pick=PICK, is_taken=st.booleans())
    def capture_too_late(self, pick: int, is_taken: bool) -> None:
        """The hold has lapsed, and somebody else may have used the coupons meanwhile."""
        of = self.open_holds[pick % len(self.open_holds)]
        self.clock.forward(seconds=HOLD_SECONDS + 1)
        if is_taken:
            self.redeem_these(self.model.redemptions[of].codes, 1000, "d", holds=False, is_tried=False)
        self.capture_of(of)

    @property
    def open_holds(self) -> list[str]:
        held = {of for of, one in self.model.redemptions.items() if one.was_held and not one.is_captured}
        return sorted(held - self.closed)

    def capture_of(self, of: str) -> None:
        redemption = self.model.redemptions[of]
        path, coupons = f"/v1/redemptions/{of}/capture", [self.model.coupons[code] for code in redemption.codes]
        if of in self.closed:
            self.ask(path, {}, "reversed", of)
            return
        now, is_done = self.clock.now(), redemption.is_captured or not redemption.was_held
        is_there = all(one.by == of and (one.is_held(now) or not one.is_over(now)) for one in coupons)
        self.ask(path, {}, 200 if is_done or is_there else "code_not_usable", of)
        if is_there and not is_done:
            redemption.is_captured = True
            for coupon in coupons:
                coupon.state = "redeemed"

    @rule(pick=PICK, arrived=st.booleans())
    def void(self, pick: int, arrived: bool) -> None:
        is_there = arrived and bool(self.model.redemptions)
        of = (
            list(self.model.redemptions)[-1 - pick % min(4, len(self.model.redemptions))]
            if is_there
            else f"r{next(self.numbers)}"
        )
        was_closed = of in self.closed
        codes = self.model.redemptions[of].codes if is_there else []
        given = [code for code in codes if self.model.coupons[code].by == of]
        self.closed.add(of)
        answer = self.ask(f"/v1/redemptions/{of}/void", {"void_id": f"v-{of}"}, 200, f"void of {of}")
        if not was_closed:
            assert answer.body["state"] == ("voided" if given else "not_arrived")
            assert sorted(one["code"] for one in answer.body["coupons"]) == sorted(given)
        for code in given:
            coupon = self.model.coupons[code]
            coupon.state, coupon.by, coupon.order, coupon.until = "issued", None, None, None

    # ---- time, and two who are one ----------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([1, 9, 11, 11, 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)

    @rule()
    def merge(self) -> None:
        body = {"merge_id": "m", "into_member_id": "taro"}
        assert self.operator.at("points").post("/v1/members/hanako/merge", body).status == 200

    @invariant()
    def every_coupon_is_where_and_what_it_should_be(self) -> None:
        if not self.has_begun:
            return
        for member_id in MEMBERS:
            items = self.client.get(f"/v1/members/{member_id}/coupons?limit=100").body["items"]
            expected = {
                code: one for code, one in self.model.coupons.items() if self.home(one.book) == self.home(member_id)
            }
            now = self.clock.now()
            assert {item["code"]: item["state"] for item in items} == {
                code: one.shown(now) for code, one in expected.items()
            }

    def home(self, who: str) -> str:
        """Whose book has a member's coupons: they follow a merge when they hear of it."""
        has_heard = any(one == "coupons" and "merged" in event["type"] for one, event in self.post.brought.values())
        return "taro" if has_heard else who


def test_coupons_in_any_order(run: Run) -> None:
    run(Coupons, stories=30, steps=40)


@pytest.mark.slow
def test_coupons_in_any_order_for_long(run: Run) -> None:
    run(Coupons, stories=80, steps=60)
