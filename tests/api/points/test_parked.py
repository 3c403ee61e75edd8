"""GET /v1/reports/parked: what could not be done, counted by place and cause."""

import json

import pytest

from points import parked
from points.reactions import REACTIONS
from shared import inbox, keys
from tests.kit import OPERATOR, TILL


@pytest.fixture
def operator(client):
    return client.as_(OPERATOR)


def park(world, message_id, body, queue="points"):
    """A message that points can't do, through its own inbox."""
    arn = f"arn:aws:sqs:region:1:{world.stage.inbox(queue)}"
    record = {"messageId": message_id, "body": body, "eventSourceARN": arn}
    assert inbox.work(world, {"Records": [record]}, reactions=REACTIONS) == {"batchItemFailures": []}


def test_where_nothing_lies_is_told_too(operator):
    places = operator.get("/v1/reports/parked").body["places"]
    assert [one["place"] for one in places] == ["points", "coupons", "checkin", "codes", "alarms"]
    assert {(one["count"], one["is_whole"]) for one in places} == {(0, True)}


def test_what_lies_there_is_counted_by_what_went_wrong_and_its_words_stay_there(operator):
    for n in range(2):
        park(operator.world, f"m-{n}", "no json at all: hanako@example.com")
    park(operator.world, "m-3", json.dumps({"carry_on": "N#nothing#of#ours"}), "coupons")
    answer = operator.get("/v1/reports/parked")
    points, coupons, *_ = answer.body["places"]
    assert (points["count"], points["causes"]) == (2, [{"cause": "JSONDecodeError", "count": 2}])
    assert (coupons["count"], "latest_at" in coupons) == (1, True)
    assert "hanako" not in json.dumps(answer.body)


def test_what_is_over_is_not_counted_whether_it_is_deleted_yet_or_not(operator, clock):
    park(operator.world, "m-1", "no json at all")
    assert operator.get("/v1/reports/parked").body["places"][0]["count"] == 1
    clock.forward(days=401)
    assert operator.get("/v1/reports/parked").body["places"][0]["count"] == 0


def test_more_than_a_hundred_are_not_counted(operator, monkeypatch):
    monkeypatch.setattr(parked, "COUNTED_MAX", 2)
    for n in range(3):
        park(operator.world, f"m-{n}", "no json")
    (points, *_) = operator.get("/v1/reports/parked").body["places"]
    assert (points["count"], points["is_whole"]) == (2, False)


def test_members_on_whom_the_hourly_job_failed_are_counted(operator):
    pk, sk = keys.parked("alarms", "M#taro")
    operator.world.transient.put({"pk": pk, "sk": sk, "reason": "KeyError: 'lots'", "t": 1, "ttl": 1 << 32, "day": 3})
    assert operator.get("/v1/reports/parked").body["places"][-1]["causes"] == [{"cause": "KeyError", "count": 1}]


def test_it_is_five_reads_at_most(operator):
    usage = operator.world.transient.usage
    usage.reset()
    operator.get("/v1/reports/parked")
    assert (usage.round_trips, usage.write_units) == (5, 0)


def test_a_till_is_refused(client):
    assert client.as_(TILL).get("/v1/reports/parked").code == "forbidden"
