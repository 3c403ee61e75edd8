"""From a check-in to points: entry → event → queue → account, once, however the queue behaves."""

import json
import random

import pytest

from checkin.checkins import CHECK_IN
from checkin.reactions import CARRY_ON as CHECKIN_CARRY_ON, REACTIONS as CHECKIN_REACTIONS
from checkin.routes import ROUTES as CHECKIN
from points.reactions import CARRY_ON, REACTIONS
from points.routes import ROUTES as POINTS
from shared import chain, events, inbox, keys, relay
from tests.kit import OPERATOR, Client, FakeClock, make_world, member

SHIBUYA = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def points(clock):
    client = Client(POINTS, make_world(clock))
    said = {"member_id": "taro", "consents": {"location": {"granted": True, "version": "1"}}}
    assert client.post("/v1/members", said).status == 201
    return client


@pytest.fixture
def taro(points):
    checkin = Client(CHECKIN, points.world, OPERATOR)
    rewards = [{"points": 10, "campaign_id": "visit-10"}]
    for store_id, lat in (("shibuya", 35.6595), ("umeda", 32.0)):
        assert checkin.put(f"/v1/stores/{store_id}", SHIBUYA | {"lat": lat, "rewards": rewards}).status == 200
    return checkin.as_(member("taro"))


def check_in(taro, clock, checkin_id, *, store_id="shibuya", lat=35.6595):
    fix = {"lat": lat, "lon": 139.7005, "accuracy_m": 10, "captured_at": clock.now().isoformat()}
    return taro.post("/v1/me/checkins", {"checkin_id": checkin_id, "store_id": store_id, "location": fix})


def published(world):
    """The events of all visits, as the relay makes them of the entries."""
    items = [item for item in world.ledger.table.scan() if item["pk"].startswith(f"{keys.VISITS}#")]
    return [event for item in items for entry in chain.entries_of(item) for event in events.of_entry(entry)]


def deliver(world, sent):
    records = [{"messageId": f"m-{n}", "body": json.dumps(event)} for n, event in enumerate(sent)]
    return inbox.work(world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON)


def balance(points):
    return points.get("/v1/members/taro/balance").body["available"]


def test_a_checkin_becomes_points_once(points, taro, clock):
    assert check_in(taro, clock, "c-1").body["outcome"] == "awarded"
    (event,) = published(points.world)
    assert event["type"] == "omotenashi.checkin.accepted.v1"
    assert (event["source"], event["subject"]) == ("/omotenashi/checkin", "taro")
    assert event["data"] == {
        "checkin_id": "c-1",
        "store_id": "shibuya",
        "business_day": "2026-11-20",
        "outcome": "awarded",
        "evidence_level": 0,
        "reward": {"points": 10, "campaigns": ["visit-10"]},
        "member_id": "taro",
        "occurred_at": "2026-11-20T03:00:00Z",
    }
    for _ in range(3):
        assert deliver(points.world, [event, event]) == {"batchItemFailures": []}
    assert balance(points) == 10
    assert points.world.transient.scan() == []


def test_points_of_many_checkins_come_once_in_any_order(points, taro, clock):
    for n in range(30):
        assert check_in(taro, clock, f"c-{n}").body["outcome"] == "awarded"
        check_in(taro, clock, f"again-{n}")
        clock.forward(days=1)
    sent = published(points.world) * 3
    assert len(sent) == 90
    random.Random(5).shuffle(sent)
    for start in range(0, len(sent), 10):
        assert deliver(points.world, sent[start : start + 10]) == {"batchItemFailures": []}
    assert balance(points) == 300


def test_points_are_dated_by_the_checkin_not_by_their_arrival(points, taro, clock):
    check_in(taro, clock, "c-1")
    clock.forward(days=8)
    deliver(points.world, published(points.world))
    (entry,) = points.get("/v1/members/taro/entries").body["items"]
    assert (entry["occurred_at"], entry["ref"]) == ("2026-11-20T03:00:00Z", {"kind": "checkin", "id": "c-1"})
    assert entry["lots"][0]["on"] == "2027-11-20"


def test_only_an_award_brings_points(points, taro, clock):
    check_in(taro, clock, "c-1")
    check_in(taro, clock, "c-2", lat=35.9)
    clock.forward(minutes=31)
    assert check_in(taro, clock, "c-3", store_id="umeda", lat=32.0).body["outcome"] == "pending_review"
    types = [event["type"] for event in published(points.world)]
    assert types == ["omotenashi.checkin.accepted.v1", "omotenashi.checkin.flagged.v1"]
    deliver(points.world, published(points.world))
    assert balance(points) == 10


# ---- a process that dies between the name and the entry -------------------------------------------------------------


class _Outbox:
    """An outbox that keeps what it is told."""

    def __init__(self):
        self.carried = []

    def publish(self, sent):
        return []

    def carry_on(self, service, partition):
        self.carried.append((service, partition))

    def park(self, key, reason):
        raise AssertionError(reason)


@pytest.fixture
def orphan(points, taro, clock, monkeypatch):
    """The name of a check-in whose process died before its entry."""
    monkeypatch.setattr(type(points.world.ledger), "enter", _die)
    with pytest.raises(KeyboardInterrupt):
        check_in(taro, clock, "c-1")
    monkeypatch.undo()
    (name,) = points.world.ledger.table.scan()
    return name


def _die(*_args, **_more):
    raise KeyboardInterrupt


def finish(world, partition):
    body = json.dumps({"carry_on": partition})
    records = [{"messageId": "m", "body": body}]
    return inbox.work(world, {"Records": records}, reactions=CHECKIN_REACTIONS, carry_on=CHECKIN_CARRY_ON)


def test_the_stream_finishes_what_was_named_and_dates_it_by_the_visit(points, taro, clock, orphan):
    outbox = _Outbox()
    assert relay._of_ledger(points.world, orphan, outbox) == []
    assert outbox.carried == [("checkin", orphan["pk"])]
    clock.forward(days=2)
    for _ in range(3):
        assert finish(points.world, orphan["pk"]) == {"batchItemFailures": []}
    (event,) = published(points.world)
    assert (event["data"]["business_day"], event["data"]["occurred_at"]) == ("2026-11-20", "2026-11-20T03:00:00Z")
    deliver(points.world, [event])
    assert balance(points) == 10
    assert relay._of_ledger(points.world, orphan, outbox) == []
    assert len(outbox.carried) == 1
    assert check_in(taro, clock, "c-2").body["outcome"] == "awarded"  # the visit of two days ago did not take today


def test_a_retry_of_the_caller_and_the_stream_finish_it_once(points, taro, clock, orphan):
    answer = check_in(taro, clock, "c-1")
    assert (answer.status, answer.body["outcome"]) == (201, "awarded")
    finish(points.world, orphan["pk"])
    assert len(published(points.world)) == 1


def test_what_is_finished_later_is_decided_by_what_was_so_at_the_visit(points, taro, clock, orphan):
    operator = taro.as_(OPERATOR)
    assert operator.put("/v1/stores/shibuya", SHIBUYA | {"rewards": [{"points": 999}], "state": "closed"}).status == 200
    finish(points.world, orphan["pk"])
    (event,) = published(points.world)
    assert event["data"]["reward"] == {"points": 10, "campaigns": ["visit-10"]}
    assert CHECK_IN.carried_by == "checkin"


def test_a_name_that_is_not_there_is_parked(points):
    assert finish(points.world, keys.name("checkin", "shop", "nothing")) == {"batchItemFailures": []}
    (parked,) = points.world.transient.scan()
    assert "no name" in parked["reason"]
