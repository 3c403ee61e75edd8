"""GET /v1/reviews and the decisions of those who read them."""

from __future__ import annotations

import json

import pytest

from checkin.reactions import CARRY_ON as CHECKIN_CARRY_ON
from infra import invariants
from points.reactions import CARRY_ON, REACTIONS
from shared import inbox, keys, reviews as shared_reviews
from shared.chain import entries_of
from tests.kit import EC, key
from tests.stream import Stream

SECOND = key("operator", key_id="operator-2", owner="second-owner")


@pytest.fixture
def stream(operator):
    """What goes from the books to the list, to points and back to check-in, as often as it is run."""
    stream = Stream(operator.world)

    def run():
        records = [{"messageId": f"m-{n}", "body": json.dumps(event)} for n, event in enumerate(stream.run())]
        sent = [json.loads(record["body"]) for record in records]
        inbox.work(operator.world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON)
        return [event for event in sent if "checkin" in event["type"]]

    return run


@pytest.fixture
def flagged(taro, checkin, clock, stream):
    """A member was in Tokyo, and forty minutes later in Osaka."""
    taro.post("/v1/me/checkins", checkin())
    clock.forward(minutes=40)
    answer = taro.post("/v1/me/checkins", checkin("c-2", store_id="umeda"))
    assert answer.body["outcome"] == "pending_review"
    stream()
    return answer.body


def waiting(operator):
    answer = operator.get("/v1/reviews")
    assert answer.status == 200
    return answer.body["items"]


def balance(points):
    return points.get("/v1/members/taro/balance").body["available"]


def decide(operator, review_id, word):
    return operator.post(f"/v1/reviews/{review_id}/{word}", {})


def test_a_check_in_waits_in_the_list_before_any_event_is_heard(taro, operator, checkin, clock):
    taro.post("/v1/me/checkins", checkin())
    clock.forward(minutes=40)
    taro.post("/v1/me/checkins", checkin("c-2", store_id="umeda"))
    assert [item["checkin_id"] for item in waiting(operator)] == ["c-2"]


def test_what_waits_is_listed_with_its_reason_and_no_place(operator, flagged):
    (item,) = waiting(operator)
    assert item.pop("review_id")
    assert item == {
        "checkin_id": "c-2",
        "store_id": "umeda",
        "member_id": "taro",
        "business_day": "2026-11-20",
        "occurred_at": "2026-11-20T03:40:00Z",
        "evidence_level": 0,
        "reason": "travel",
        "distance_m": {"at_least": 0, "at_most": 100},
        "reward": {"points": 10, "campaigns": []},
        "state": "pending",
    }


def test_what_is_approved_is_paid_once_and_dated_by_the_visit(operator, points, flagged, stream, clock, taro, checkin):
    (item,) = waiting(operator)
    clock.forward(days=3)
    answer = decide(operator, item["review_id"], "approve")
    assert (answer.status, answer.body, answer.is_replay) == (200, item | {"state": "approved"}, False)
    (event,) = stream()
    assert (event["type"], event["subject"]) == ("omotenashi.checkin.accepted.v1", "taro")
    assert event["data"]["occurred_at"] == item["occurred_at"]
    assert event["data"]["reward"] == {"points": 10, "campaigns": []}
    assert balance(points) == 20
    again = decide(operator.as_(SECOND), item["review_id"], "approve")
    assert (again.status, again.body, again.is_replay) == (200, answer.body, True)
    stream()
    assert balance(points) == 20
    assert invariants.faults(operator.world.ledger.table.scan(), clock.now()) == []


def test_what_is_rejected_is_never_paid_and_frees_its_store_day(
    operator, points, flagged, stream, taro, checkin, clock
):
    (item,) = waiting(operator)
    assert decide(operator, item["review_id"], "reject").body["state"] == "rejected"
    assert stream() == []
    clock.forward(hours=6)
    answer = taro.post("/v1/me/checkins", checkin("c-3", store_id="umeda"))
    assert (answer.status, answer.body["outcome"], answer.body["business_day"]) == (201, "awarded", "2026-11-20")
    assert invariants.faults(operator.world.ledger.table.scan(), clock.now()) == []


def test_until_then_the_store_day_is_taken_and_after_it_the_answer_is_what_was_decided(
    operator, flagged, taro, checkin
):
    assert taro.post("/v1/me/checkins", checkin("c-3", store_id="umeda")).body == flagged | {"already": True}
    decide(operator, waiting(operator)[0]["review_id"], "approve")
    later = taro.post("/v1/me/checkins", checkin("c-4", store_id="umeda")).body
    assert (later["outcome"], later["reward"]["points"], later["already"]) == ("awarded", 10, True)


@pytest.mark.parametrize(("first", "other"), [("approve", "reject"), ("reject", "approve")])
def test_who_decides_otherwise_afterwards_is_told_so(operator, flagged, first, other, stream):
    review_id = waiting(operator)[0]["review_id"]
    assert decide(operator, review_id, first).status == 200
    for _ in range(2):
        refused = decide(operator.as_(SECOND), review_id, other)
        assert (refused.status, refused.code) == (409, "review_decided")
        stream()


def test_the_list_holds_what_waits_only_even_before_the_stream_has_come(operator, flagged, stream):
    review_id = waiting(operator)[0]["review_id"]
    decide(operator, review_id, "approve")
    assert waiting(operator) == []
    stream()
    assert operator.world.directory.table.get(*keys.review(review_id)) is None
    assert waiting(operator) == []


def test_a_record_that_comes_again_brings_no_decided_review_back(operator, flagged, stream):
    decide(operator, waiting(operator)[0]["review_id"], "reject")
    stream()
    for item in operator.world.ledger.table.items("V#taro"):
        for entry in entries_of(item):
            shared_reviews.follow(operator.world, entry)
    assert operator.world.directory.table.items("review") == []


def test_the_members_own_list_tells_what_was_decided(operator, flagged, taro):
    def outcomes():
        return [(one["checkin_id"], one["outcome"]) for one in taro.get("/v1/me/checkins").body["items"]]

    assert outcomes() == [("c-2", "pending_review"), ("c-1", "awarded")]
    decide(operator, waiting(operator)[0]["review_id"], "approve")
    assert outcomes() == [("c-2", "awarded"), ("c-1", "awarded")]
    assert taro.get("/v1/me/checkins").body["items"][0]["reward"] == {"points": 10, "campaigns": []}


def test_a_decision_whose_process_died_after_its_name_is_finished(operator, points, flagged, stream, monkeypatch):
    review_id = waiting(operator)[0]["review_id"]
    table, real = operator.world.ledger.table, operator.world.ledger.table.put_new

    def dies_at_the_chain(item):
        if item["pk"] == "V#taro":
            raise RuntimeError
        return real(item)

    with monkeypatch.context() as broken:
        broken.setattr(table, "put_new", dies_at_the_chain)
        assert decide(operator, review_id, "approve").status == 500
    name = keys.name("review", keys.SHOP, review_id)
    for _ in range(2):
        body = {"Records": [{"messageId": "m", "body": json.dumps({"carry_on": name})}]}
        assert inbox.work(operator.world, body, reactions={}, carry_on=CHECKIN_CARRY_ON) == {"batchItemFailures": []}
    stream()
    assert balance(points) == 20
    assert decide(operator, review_id, "approve").is_replay


def test_pages_go_on_where_they_ended(operator, taro, checkin, clock, stream):
    taro.post("/v1/me/checkins", checkin())
    for n in range(5):
        clock.forward(days=3, minutes=1)
        taro.post("/v1/me/checkins", checkin(f"far-{n}", store_id="shibuya"))
        clock.forward(minutes=31)
        there = taro.post("/v1/me/checkins", checkin(f"there-{n}", store_id="umeda"))
        assert there.body["outcome"] == "pending_review"
    stream()
    found, cursor = [], ""
    while cursor is not None:
        page = operator.get(f"/v1/reviews?limit=2{cursor and f'&cursor={cursor}'}").body
        found += [item["checkin_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == [f"there-{n}" for n in range(5)]
    assert operator.get("/v1/reviews?cursor=made-up").code == "bad_cursor"
    assert operator.get("/v1/reviews?limit=0").status == 422


def test_an_unknown_review_is_not_found_and_strangers_are_not_let_in(operator, flagged):
    review_id = waiting(operator)[0]["review_id"]
    assert (decide(operator, "nothing", "approve").status, decide(operator, "nothing", "approve").code) == (
        404,
        "review_not_found",
    )
    assert operator.post(f"/v1/reviews/{review_id}/approve", {"more": 1}).status == 422
    assert decide(operator.as_(EC), review_id, "approve").code == "forbidden"
    assert operator.as_(EC).get("/v1/reviews").code == "forbidden"
    assert len(waiting(operator)) == 1


# ---- of one store, and many at once ----------------------------------------------------------------------------------


@pytest.fixture
def many(operator, taro, checkin, clock, stream):
    """Five that wait at Umeda and one at Harajuku; the review ids by the check-ins'."""
    taro.post("/v1/me/checkins", checkin())
    for n in range(5):
        clock.forward(days=3, minutes=1)
        taro.post("/v1/me/checkins", checkin(f"far-{n}", store_id="shibuya"))
        clock.forward(minutes=31)
        taro.post("/v1/me/checkins", checkin(f"there-{n}", store_id="umeda"))
    clock.forward(minutes=31)
    taro.post("/v1/me/checkins", checkin("back", store_id="harajuku"))
    stream()
    return {item["checkin_id"]: item["review_id"] for item in waiting(operator)}


def names(answer):
    return [item["checkin_id"] for item in answer.body["items"]]


def test_the_list_of_one_store(operator, many):
    assert names(operator.get("/v1/reviews")) == [*(f"there-{n}" for n in range(5)), "back"]
    assert names(operator.get("/v1/reviews?store_id=harajuku")) == ["back"]
    assert names(operator.get("/v1/reviews?store_id=shibuya")) == []
    assert names(operator.get("/v1/reviews?store_id=nowhere")) == []
    assert operator.get("/v1/reviews?store_id=no%20id").status == 422
    assert operator.get("/v1/reviews?store_id=").status == 422


def test_pages_of_one_store_go_on_and_serve_no_other(operator, many):
    first = operator.get("/v1/reviews?store_id=umeda&limit=3")
    rest = operator.get(f"/v1/reviews?store_id=umeda&limit=3&cursor={first.body['next_cursor']}")
    assert names(first) + names(rest) == [f"there-{n}" for n in range(5)]
    assert rest.body["next_cursor"] is None
    for query in ("store_id=harajuku&limit=3", "limit=3"):
        assert operator.get(f"/v1/reviews?{query}&cursor={first.body['next_cursor']}").code == "bad_cursor"


def test_what_is_decided_leaves_both_lists(operator, many, stream):
    decide(operator, many["there-0"], "approve")
    assert names(operator.get("/v1/reviews?store_id=umeda")) == [f"there-{n}" for n in range(1, 5)]
    stream()
    table = operator.world.directory.table
    assert {len(table.items(pk)) for pk in ("review#umeda",)} == {4}
    assert len(table.items("review")) == 5


def test_a_record_that_comes_again_brings_nothing_back_into_a_stores_list(operator, many, stream):
    decide(operator, many["back"], "reject")
    stream()
    for item in operator.world.ledger.table.items("V#taro"):
        for entry in entries_of(item):
            shared_reviews.follow(operator.world, entry)
    assert operator.world.directory.table.items("review#harajuku") == []


def several(operator, *decisions):
    answer = operator.post("/v1/reviews/batch", {"reviews": list(decisions)})
    assert answer.status == 200, answer.body
    return answer.body["results"]


def decision(review_id, word="approve"):
    return {"review_id": review_id, "decision": word}


def test_many_are_decided_in_one_call_and_each_once(operator, points, many, stream, clock):
    before = balance(points)
    wanted = [decision(many[f"there-{n}"]) for n in range(4)] + [decision(many["there-4"], "reject")]
    results = several(operator, *wanted)
    assert [(one["review_id"], one["status"]) for one in results] == [(one["review_id"], 200) for one in wanted]
    assert [one["body"]["state"] for one in results] == ["approved"] * 4 + ["rejected"]
    stream()
    assert balance(points) == before + 40
    assert names(operator.get("/v1/reviews")) == ["back"]
    again = several(operator.as_(SECOND), *wanted)
    assert [one["body"] for one in again] == [one["body"] for one in results]
    stream()
    assert balance(points) == before + 40
    assert invariants.faults(operator.world.ledger.table.scan(), clock.now()) == []


def test_one_of_a_batch_is_decided_as_it_would_be_alone(operator, many):
    """Its answer is the single route's, and either meets what the other has decided."""
    (first,) = several(operator, decision(many["there-0"]))
    alone = decide(operator, many["there-0"], "approve")
    assert (alone.is_replay, alone.body) == (True, first["body"])
    other = decide(operator, many["there-1"], "reject")
    assert several(operator, decision(many["there-1"], "reject"))[0]["body"] == other.body
    (refused,) = several(operator, decision(many["there-1"]))
    assert (refused["status"], refused["body"]["code"]) == (409, "review_decided")


def test_a_bad_one_harms_no_other(operator, many):
    results = several(
        operator,
        decision("nothing"),
        decision(many["there-0"]),
        decision(many["there-0"]),
        decision(many["there-0"], "reject"),
        decision(many["there-1"], "pay"),
        {"decision": "approve"},
        {"review_id": 7, "decision": "approve"},
        "there-2",
        decision(many["there-3"]) | {"more": 1},
        decision(many["back"], "reject"),
    )
    told = [(one["review_id"], one["status"], one["body"].get("code")) for one in results]
    assert told == [
        ("nothing", 404, "review_not_found"),
        (many["there-0"], 200, None),
        (many["there-0"], 200, None),
        (many["there-0"], 409, "review_decided"),
        (many["there-1"], 422, "invalid_request"),
        (None, 422, "invalid_request"),
        (None, 422, "invalid_request"),
        (None, 422, "invalid_request"),
        (many["there-3"], 422, "invalid_request"),
        (many["back"], 200, None),
    ]
    assert results[4]["body"]["errors"][0]["pointer"] == "/reviews/4/decision"
    assert len(waiting(operator)) == 4


@pytest.mark.parametrize("body", [{}, {"reviews": []}, {"reviews": [decision("x")] * 101}, {"reviews": {}}])
def test_a_batch_of_none_or_too_many_is_refused_whole(operator, body):
    answer = operator.post("/v1/reviews/batch", body)
    assert (answer.status, answer.code) == (422, "invalid_request")


def test_a_hundred_are_not_too_many(operator):
    assert {one["status"] for one in several(operator, *[decision(f"r-{n}") for n in range(100)])} == {404}


def test_who_may_decide_one_may_decide_many_and_nobody_else(operator, many):
    body = {"reviews": [decision(many["back"])]}
    assert operator.as_(EC).post("/v1/reviews/batch", body).code == "forbidden"
    only = key("operator", key_id="reviewer", scopes=frozenset({"checkins:review"}))
    assert operator.as_(only).post("/v1/reviews/batch", body).status == 200
