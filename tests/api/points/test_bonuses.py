"""Bonus points of coupons: with their redemption, back with its void, in any order and however often either comes."""

import itertools
import json
import random
from datetime import timedelta

import pytest

from coupons.reactions import REACTIONS as OF_COUPONS
from coupons.routes import ROUTES as COUPONS
from infra import invariants
from infra.invariants import Watch
from points.reactions import CARRY_ON, REACTIONS
from points.routes import ROUTES as POINTS
from shared import inbox
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import OPERATOR, Client, FakeClock, make_world
from tests.stream import Stream

BONUS = 70
OFFER = {"type": "bonus_points", "value": BONUS}
BASKET = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def points(clock):
    client = Client(POINTS, make_world(clock))
    for member_id in ("taro", "hanako"):
        assert client.post("/v1/members", {"member_id": member_id}).status == 201
    return client


@pytest.fixture
def coupons(points):
    client = Client(COUPONS, points.world)
    assert client.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | {"offer": OFFER}).status == 201
    return client


@pytest.fixture
def stream(points):
    return Stream(points.world)


@pytest.fixture
def code(coupons):
    said = {"campaign_id": "spring", "source_id": "s-1", "member": {"member_id": "taro"}}
    return coupons.post("/v1/issues", said).body["code"]


def redeem(coupons, code, redemption_id="r-1", **more):
    said = {"redemption_id": redemption_id, "codes": [code], "channel": "ec", "order_ref": "o", "basket": BASKET}
    answer = coupons.post("/v1/redemptions", said | more)
    assert answer.status == 201, answer.body


def void(coupons, redemption_id="r-1"):
    answer = coupons.post(f"/v1/redemptions/{redemption_id}/void", {"void_id": f"v-{redemption_id}"})
    assert answer.body["state"] == "voided"


def told(stream):
    """What the coupons tell since last time."""
    return [event for event in stream.run() if event["type"].split(".")[2] in ("redeemed", "voided")]


def deliver(points, *sent):
    """Hands messages to the inbox; the points' chains keep their promises after each."""
    records = [{"messageId": f"m-{n}", "body": json.dumps(event)} for n, event in enumerate(sent)]
    assert inbox.work(points.world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON) == {
        "batchItemFailures": []
    }
    watch = Watch(is_joined=False)
    for item in points.world.ledger.table.scan():
        assert watch.see(item) == []


def balance(points, member_id="taro"):
    return points.get(f"/v1/members/{member_id}/balance").body


def newest(points, member_id="taro"):
    return points.get(f"/v1/members/{member_id}/entries").body["items"][0]


def test_a_redeemed_coupon_brings_its_points_once(points, coupons, stream, code):
    redeem(coupons, code)
    (event,) = told(stream)
    for _ in range(3):
        deliver(points, event, event)
    assert balance(points)["available"] == BONUS
    entry = newest(points)
    assert (entry["kind"], entry["points"], entry["ref"]) == (
        "earned",
        BONUS,
        {"kind": "coupon", "id": event["data"]["coupon_id"]},
    )
    assert entry["explain"] == [{"rule": "campaign:spring", "points": BONUS, "detail": "a coupon of this campaign"}]
    assert entry["lots"] == [{"on": "2027-11-20", "points": BONUS, "kind": "regular"}]


def test_the_points_are_dated_by_the_redemption(points, coupons, stream, code, clock):
    redeem(coupons, code)
    sent = told(stream)
    clock.forward(days=8)
    deliver(points, *sent)
    entry = newest(points)
    assert (entry["occurred_at"], entry["recorded_at"]) == ("2026-11-20T03:00:00Z", "2026-11-20T03:00:00Z")


def test_a_void_takes_exactly_the_bonus_back_and_a_new_redemption_earns_anew(points, coupons, stream, code):
    redeem(coupons, code)
    void(coupons)
    redeem(coupons, code, "r-2")
    first, back, second = told(stream)
    deliver(points, first)
    deliver(points, back, back)
    assert balance(points)["available"] == 0
    deliver(points, second, back, first)
    assert balance(points)["available"] == BONUS


def test_points_that_were_spent_meanwhile_are_owed(points, coupons, stream, code):
    redeem(coupons, code)
    void(coupons)
    first, back = told(stream)
    deliver(points, first)
    spend = {"spend_id": "s", "member": {"member_id": "taro"}, "points": 50, "order_ref": "o"}
    assert points.post("/v1/spends", spend).status == 201
    deliver(points, back)
    assert (balance(points)["available"], balance(points)["debt"]) == (-50, 50)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_whatever_comes_first_the_last_redemption_counts(points, coupons, stream, code, order):
    redeem(coupons, code)
    void(coupons)
    redeem(coupons, code, "r-2")
    void(coupons, "r-2")
    redeem(coupons, code, "r-3")
    *sent, last = told(stream)
    deliver(points, *[sent[n] for n in order], last)
    deliver(points, *sent, last)
    assert balance(points)["available"] == BONUS


def test_a_hold_brings_its_bonus_when_it_is_captured(points, coupons, stream, code, clock):
    redeem(coupons, code, hold_seconds=600)
    assert told(stream) == []
    clock.forward(seconds=300)
    assert coupons.post("/v1/redemptions/r-1/capture", {}).status == 200
    clock.forward(days=1)
    void(coupons)
    first, back = told(stream)
    deliver(points, first)
    assert newest(points)["occurred_at"] == "2026-11-20T03:05:00Z"
    deliver(points, back)
    assert (newest(points)["recorded_at"], balance(points)["available"]) == ("2026-11-21T03:05:00Z", 0)


def _without_bonus(event):
    return event | {"data": {name: value for name, value in event["data"].items() if name != "bonus_points"}}


def test_a_coupon_that_gives_no_points_is_none_of_our_business(points, coupons, stream, code):
    redeem(coupons, code)
    void(coupons)
    sent = [_without_bonus(event) for event in told(stream)]
    before = len(points.world.ledger.table.scan())
    deliver(points, *sent)
    assert len(points.world.ledger.table.scan()) == before


@pytest.mark.parametrize("most", [200, 300])
def test_points_that_are_premiums_stay_within_the_law(points, coupons, stream, code, most):
    programme = points.as_(OPERATOR).get("/v1/programme").body
    assert points.as_(OPERATOR).put("/v1/programme", programme | {"premium_class": "premium"}).status == 200
    redeem(coupons, code)
    (event,) = told(stream)
    deliver(points, event | {"data": event["data"] | {"bonus_points": 500, "basket_amount": most * 5}})
    assert balance(points)["available"] == most


def test_a_code_on_paper_gives_its_points_to_whom_the_till_has_named(points, coupons, stream):
    said = CAMPAIGN | {"campaign_id": "paper", "offer": OFFER, "code": {"mode": "shared"}}
    code = coupons.as_(OPERATOR).post("/v1/campaigns", said).body["shared_code"]
    redeem(coupons, code, member={"member_id": "hanako"})
    void(coupons)
    redeem(coupons, code, "r-2", member={"member_id": "hanako"})
    first, back, second = told(stream)
    deliver(points, back, second, first, back)
    assert balance(points, "hanako")["available"] == BONUS


def test_a_code_on_paper_that_gives_none_needs_nobody(points, coupons, stream):
    said = CAMPAIGN | {"campaign_id": "paper", "code": {"mode": "shared"}}
    code = coupons.as_(OPERATOR).post("/v1/campaigns", said).body["shared_code"]
    redeem(coupons, code)
    void(coupons)
    deliver(points, *told(stream))
    assert points.world.transient.scan() == []


@pytest.mark.parametrize("bad", [{"redemption_id": "never"}, {"bonus_points": "70"}, {"campaign_id": None}])
def test_a_message_that_makes_no_sense_is_parked(points, coupons, stream, code, bad):
    redeem(coupons, code)
    (event,) = told(stream)
    deliver(points, event | {"data": event["data"] | bad})
    (parked,) = [item for item in points.world.transient.scan() if item["pk"].startswith("parked")]
    assert parked["reason"]
    assert balance(points)["available"] == 0


@pytest.mark.parametrize("seed", range(60))
def test_a_bonus_follows_its_members_through_merges(points, coupons, stream, code, clock, seed):
    """Books and accounts merge at different times; in the end each bonus stands once, or not at all."""
    chance = random.Random(seed)
    operator, waiting = points.as_(OPERATOR), []
    merges: list[str] = []
    open_, redeemed, number = None, 0, 0
    for _ in range(24):
        clock.forward(seconds=chance.choice((0, 1, 3600)))
        act = chance.randrange(5)
        if act == 0 and open_ is None:
            number += 1
            open_ = f"r-{number}"
            redeem(coupons, code, open_)
            redeemed += 1
        elif act == 1 and open_ is not None:
            void(coupons, open_)
            open_, redeemed = None, redeemed - 1
        elif act == 2 and number < 8:
            number += 1
            path, said = ("unmerge", {"merge_id": merges.pop()}) if merges else ("merge", {"merge_id": f"m-{number}"})
            said |= {"into_member_id": "hanako"} if path == "merge" else {}
            merges += [said["merge_id"]] if path == "merge" else []
            assert operator.post(f"/v1/members/taro/{path}", said).status == 200
        for event in stream.run():
            if event["type"].split(".")[2] in ("redeemed", "voided"):
                waiting.append(event)
            elif event["type"] in OF_COUPONS:
                records = [{"messageId": "m", "body": json.dumps(event)}]
                assert not inbox.work(points.world, {"Records": records}, reactions=OF_COUPONS)["batchItemFailures"]
        chance.shuffle(waiting)
        while waiting and chance.random() < 0.3:
            event = waiting.pop()
            deliver(points, event)
            waiting += [event] * (chance.random() < 0.2)
    deliver(points, *waiting)
    faults = invariants.faults(points.world.ledger.table.scan(), clock.now() + timedelta(days=1))
    assert [fault for fault in faults if "bonus" in fault] == []  # the campaign's figures have not been told
    for merge_id in merges:  # so that both are asked alone
        assert operator.post("/v1/members/taro/unmerge", {"merge_id": merge_id}).status == 200
    together = sum(balance(points, who)["available"] for who in ("taro", "hanako"))
    assert together == BONUS * redeemed
    assert not [item for item in points.world.transient.scan() if item["pk"].startswith("parked")]
