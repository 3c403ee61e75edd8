"""Check-ins over HTTP, and what follows from them by event: points and coupons, however the queues behave.

What a check-in is worth is reckoned by a few plain rules; what has arrived of it, by which events were brought.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from checkin.geo import distance_m
from shared import clock as clocks
from tests.api.points.machine import TOKYO
from tests.kit import OPERATOR, TILL, Answer, member
from tests.machines.conftest import Run
from tests.machines.street import PICK, Street

MEMBERS = ("taro", "hanako")
STORES: dict[str, dict[str, Any]] = {
    "shibuya": {"lat": 35.6595, "lon": 139.7005, "rewards": [{"points": 10, "campaign_id": "visit"}]},
    "harajuku": {"lat": 35.6702, "lon": 139.7027, "rewards": [{"points": 7}, {"min_level": 3, "points": 20}]},
    "meguro": {"lat": 35.6340, "lon": 139.7160, "cutoff_hour": 4},
    "ueno": {"lat": 35.7141, "lon": 139.7774, "rewards": []},
    "umeda": {"lat": 34.7025, "lon": 135.4959, "cutoff_hour": 4, "rewards": [{"points": 5}]},
}
WORTH = {"shibuya": 10, "harajuku": 7, "meguro": 10, "ueno": 0, "umeda": 5}
TRIGGERED_MAX = 2  # of the campaign that any check-in triggers
CAMPAIGNS: dict[str, dict[str, Any]] = {
    "visit": {},
    "any": {"trigger": {"event": "checkin.accepted"}, "limits": {"per_member": TRIGGERED_MAX}},
}
WHO, STORE = st.sampled_from(MEMBERS[:1] * 3 + MEMBERS[1:]), st.sampled_from(sorted(STORES))
HOW = st.sampled_from(["near"] * 8 + ["far", "stale", "vague", "mock", "none"])
FAR = 0.1  # degrees to the north: eleven kilometres
GAP = timedelta(minutes=30)
DOUBTED_KMH = range(230, 330)  # about the limit, where the rings that are kept of a place decide


@dataclass
class Visitor:
    """What the rules remember of a member."""

    taken: dict[tuple[str, str], Answer] = field(default_factory=dict)  # by store and day
    award: tuple[str, datetime] | None = None
    seen: list[tuple[str, datetime]] = field(default_factory=list)  # the last award and the last good fix
    worth: dict[str, int] = field(default_factory=dict)  # by check-in
    visits: set[str] = field(default_factory=set)  # check-ins with a coupon in their reward


class Visits(Street):
    """Every rule sends one request, says what its answer must be, and tells the model what it did."""

    @initialize()
    def open(self) -> None:
        self.begin()
        self.numbers = count()
        self.model = {who: Visitor() for who in MEMBERS}
        self.paused: set[str] = set()
        points, self.client = self.client, self.client.at("checkin")
        self.operator = self.client.as_(OPERATOR)
        consents = {"location": {"granted": True, "version": "1"}}
        for who in MEMBERS:
            assert points.post("/v1/members", {"member_id": who, "consents": consents}).status == 201
        for store_id, store in STORES.items():
            said = {"name": store_id, "time_zone": "Asia/Tokyo", **store}
            assert self.operator.put(f"/v1/stores/{store_id}", said).status == 200
        for campaign_id, more in CAMPAIGNS.items():
            name, offer = {"ja": "来店", "en": "Visit"}, {"type": "amount_off", "value": 100}
            said = {"campaign_id": campaign_id, "name": name, "offer": offer, "valid_from": "2026-11-01"}
            assert self.operator.at("coupons").post("/v1/campaigns", said | more).status == 201

    # ---- check-ins --------------------------------------------------------------------------------------------------

    @rule(who=WHO, store=STORE, how=HOW)
    def check_in(self, who: str, store: str, how: str) -> None:
        self.check_in_at(who, store, how)

    def check_in_at(self, who: str, store: str, how: str) -> None:
        of = f"c{next(self.numbers)}"
        place = {name: STORES[store][name] for name in ("lat", "lon")}
        at = self.clock.now() - timedelta(seconds=90 if how == "stale" else 5)
        fix = {**place, "accuracy_m": 500 if how == "vague" else 10, "captured_at": clocks.to_text(at)}
        fix |= {"lat": place["lat"] + FAR} if how == "far" else {}
        fix |= {"is_mock": True} if how == "mock" else {}
        body = {"checkin_id": of, "store_id": store} | ({} if how == "none" else {"location": fix})
        client = self.client.as_(member(who))
        wanted = self.outcome(who, store, is_there=how == "near", has_fix=how == "near")
        self.sends(client, "/v1/me/checkins", body, who, wanted)
        if how in ("near", "far"):
            self.remember(who, store, is_first="already" not in wanted)

    @rule(who=WHO)
    def staff_scans(self, who: str) -> None:
        """The till of Shibuya."""
        body = {"checkin_id": f"c{next(self.numbers)}", "member": {"member_id": who}}
        wanted = self.outcome(who, "shibuya", is_there=True, has_fix=False)
        self.sends(self.client.as_(TILL), "/v1/checkins", body, who, wanted)

    def outcome(self, who: str, store: str, *, is_there: bool, has_fix: bool) -> set[str]:
        """What may be answered: one thing, or about the limit of speed one of two."""
        visitor, now, day = self.model[who], self.clock.now(), self.day(store)
        if (store, day) in visitor.taken:
            return {"already"}
        elsewhere = visitor.award is not None and visitor.award[0] != store and now - visitor.award[1] < GAP
        stores = sum(one == day for _, one in visitor.taken)
        if not is_there or store in self.paused or stores >= 3 or elsewhere:
            return {"recorded_no_award"}
        speeds = [self.speed(before, at, store) for before, at in visitor.seen] if has_fix else []
        sure, unsure = (any(one >= least for one in speeds) for least in (DOUBTED_KMH.stop, DOUBTED_KMH.start))
        return {"pending_review"} if sure else {"pending_review", "awarded"} if unsure else {"awarded"}

    def speed(self, before: str, at: datetime, store: str) -> float:
        here, there = STORES[before], STORES[store]
        metres = distance_m(here["lat"], here["lon"], there["lat"], there["lon"])
        hours = max((self.clock.now() - at).total_seconds(), 1) / 3600
        return 0.0 if metres < 50_000 else metres / 1000 / hours

    def sends(self, client: Any, path: str, body: Any, who: str, wanted: set[str]) -> None:
        visitor, store = self.model[who], body.get("store_id", "shibuya")
        answer = client.post(path, body)
        said = "already" if answer.body.get("already") else answer.body.get("outcome")
        assert said in wanted, (body, answer.status, answer.body, wanted)
        if said == "already":
            assert answer.status == 200
            first = visitor.taken[store, self.day(store)].body
            assert answer.body == first | {"already": True}
            return
        assert answer.status == 201
        self.sent.append((client, path, body, answer, body["checkin_id"]))
        level = answer.body["evidence_level"]
        points = 20 if (store, level) == ("harajuku", 3) else WORTH[store]
        campaigns = ["visit"] if store == "shibuya" else []
        paid = {"points": points, "campaigns": campaigns} if said == "awarded" else {"points": 0, "campaigns": []}
        assert answer.body["reward"] == paid
        if said != "recorded_no_award":
            visitor.taken[store, self.day(store)] = answer
        if said == "awarded":
            visitor.award = (store, self.clock.now())
            visitor.worth[body["checkin_id"]] = points
            visitor.visits |= {body["checkin_id"]} if campaigns else set()
            visitor.seen = [visitor.award, *visitor.seen[1:]]

    def remember(self, who: str, store: str, *, is_first: bool) -> None:
        """Where the member was seen last, unless the store-day was over before it was looked at."""
        visitor = self.model[who]
        if is_first:
            award = visitor.award or (store, self.clock.now())
            visitor.seen = [award, (store, self.clock.now())]

    def day(self, store: str) -> str:
        local = self.clock.now() + TOKYO - timedelta(hours=STORES[store].get("cutoff_hour", 0))
        return local.date().isoformat()

    # ---- the shop, and time -----------------------------------------------------------------------------------------

    @rule(store=STORE)
    def pause_or_resume(self, store: str) -> None:
        self.paused ^= {store}
        said = {"paused": store in self.paused}
        assert self.operator.put(f"/v1/stores/{store}/rewards-pause", said).status == 200

    @rule(who=WHO, stores=st.permutations(sorted(WORTH)), minutes=st.sampled_from([29, 30, 31, 90]))
    def go_round(self, who: str, stores: list[str], minutes: int) -> None:
        """One store after the other."""
        for store in stores[:4]:
            self.clock.forward(minutes=minutes)
            self.check_in_at(who, store, "near")

    @rule(minutes=st.sampled_from([1, 15, 31, 180, 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)

    # ---- what is always true ----------------------------------------------------------------------------------------

    def brought(self, service: str) -> dict[str, str]:
        """The check-ins that a service has heard of, and whose they are."""
        told = [event for one, event in self.post.brought.values() if one == service]
        events = [event for event in told if event["type"] == "omotenashi.checkin.accepted.v1"]
        return {event["data"]["checkin_id"]: str(event["subject"]) for event in events}

    @precondition(lambda self: self.has_begun)
    @rule(pick=PICK)
    def nobody_elses_checkin_is_shown(self, pick: int) -> None:
        who = MEMBERS[pick % len(MEMBERS)]
        items = self.client.as_(member(who)).get("/v1/me/checkins?limit=100").body["items"]
        assert {item["checkin_id"] for item in items} >= set(self.model[who].worth)
        others = {of for other in MEMBERS if other != who for of in self.model[other].worth}
        assert not others & {item["checkin_id"] for item in items}

    @invariant()
    def what_was_heard_of_was_paid_once(self) -> None:
        if not self.has_begun:
            return
        for who, visitor in self.model.items():
            heard = [of for of, whose in self.brought("points").items() if whose == who]
            said = self.client.at("points").get(f"/v1/members/{who}/balance").body["available"]
            assert said == sum(visitor.worth[of] for of in heard)
            heard = [of for of, whose in self.brought("coupons").items() if whose == who]
            coupons = self.client.at("coupons").get(f"/v1/members/{who}/coupons?limit=100").body["items"]
            named = sum(of in visitor.visits for of in heard)
            assert len(coupons) == named + min(TRIGGERED_MAX, len(heard))

    def at_the_end(self) -> None:
        for service in ("points", "coupons"):
            assert set(self.brought(service)) == {of for visitor in self.model.values() for of in visitor.worth}
        self.what_was_heard_of_was_paid_once()


def test_visits_in_any_order(run: Run) -> None:
    run(Visits, stories=20, steps=30)


@pytest.mark.slow
def test_visits_in_any_order_for_long(run: Run) -> None:
    run(Visits, stories=80, steps=60)
