"""POST /v1/me/approaches."""

from __future__ import annotations

import pytest

from tests.kit import EC, member
from tests.stream import Stream

BODY = {"approach_id": "a-1", "store_id": "shibuya"}


@pytest.fixture
def heard(operator):
    """The approaches that anybody hears of, since the last look."""
    stream = Stream(operator.world)
    return lambda: [event for event in stream.run() if event["type"] == "omotenashi.store.approached.v1"]


def test_an_approach_is_told_with_the_member_and_the_store(taro, heard):
    answer = taro.post("/v1/me/approaches", BODY)
    assert (answer.status, answer.body) == (202, BODY)
    (event,) = heard()
    assert (event["source"], event["subject"]) == ("/omotenashi/checkin", "taro")
    assert event["data"] == BODY | {"member_id": "taro", "occurred_at": "2026-11-20T03:00:00Z"}


def test_the_same_approach_again_is_told_once(taro, heard, clock):
    taro.post("/v1/me/approaches", BODY)
    clock.forward(days=3)
    again = taro.post("/v1/me/approaches", BODY)
    assert (again.status, again.body, again.is_replay) == (202, BODY, True)
    assert taro.post("/v1/me/approaches", BODY | {"store_id": "umeda"}).code == "id_reused"
    assert len(heard()) == 1


def test_nobody_hears_of_one_twice_a_day_and_the_answer_does_not_tell(taro, heard, clock):
    first = taro.post("/v1/me/approaches", BODY)
    clock.forward(hours=1)
    second = taro.post("/v1/me/approaches", BODY | {"approach_id": "a-2"})
    assert (second.status, second.body | {"approach_id": "a-1"}) == (first.status, first.body)
    clock.forward(hours=23)
    taro.post("/v1/me/approaches", BODY | {"approach_id": "a-3"})
    assert [event["data"]["approach_id"] for event in heard()] == ["a-1", "a-3"]


@pytest.mark.parametrize(("hours", "quiet"), [(8.99, None), (9, True), (20.99, True), (21, None)])
def test_at_night_the_event_says_that_it_is_quiet(taro, heard, clock, hours, quiet):
    clock.forward(hours=hours)  # from noon in Tokyo
    assert taro.post("/v1/me/approaches", BODY).status == 202
    (event,) = heard()
    assert event["data"].get("quiet") is quiet


def test_a_closed_store_calls_nobody(taro, operator, heard):
    store = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
    assert operator.put("/v1/stores/shibuya", store | {"state": "closed"}).status == 200
    assert taro.post("/v1/me/approaches", BODY).status == 202
    assert heard() == []


def test_refusals_leave_nothing_behind(operator, taro):
    unknown = taro.post("/v1/me/approaches", BODY | {"store_id": "nowhere"})
    assert (unknown.status, unknown.code) == (404, "store_not_found")
    without = operator.as_(member("hanako")).post("/v1/me/approaches", BODY)
    assert (without.status, without.code) == (403, "consent_required")
    assert operator.as_(member("nobody")).post("/v1/me/approaches", BODY).code == "not_a_member"
    assert operator.as_(EC).post("/v1/me/approaches", BODY).code == "forbidden"
    for wrong in ({}, {"approach_id": "a"}, BODY | {"lat": 35.0}, BODY | {"approach_id": "a b"}):
        assert taro.post("/v1/me/approaches", wrong).status == 422
    assert taro.world.ledger.table.scan() == []


def test_the_header_may_name_the_approach(taro, heard):
    body = {"store_id": "shibuya"}
    assert taro.post("/v1/me/approaches", body, idempotency_key="a-1").body == BODY
    assert taro.post("/v1/me/approaches", body, idempotency_key="a-1").is_replay
