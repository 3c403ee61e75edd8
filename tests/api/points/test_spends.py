"""POST /v1/spends."""

import pytest

from tests.kit import CAFE, EC, TILL, key, member, purchase


@pytest.fixture
def rich(client):
    client.post("/v1/purchases", purchase(lines=[{"line_id": "1", "quantity": 1, "amount": 50_000}]))
    return client


def spend(**changes):
    return {"spend_id": "s-1", "member": {"member_id": "taro"}, "points": 120, "order_ref": "o-1"} | changes


def test_points_are_taken_at_once(rich):
    answer = rich.post("/v1/spends", spend())
    assert (answer.status, answer.body) == (201, {"spend_id": "s-1", "points": 120, "balance": 380})


def test_the_same_spend_again_is_answered_as_before(rich):
    first = rich.post("/v1/spends", spend())
    rich.post("/v1/spends", spend(spend_id="s-2"))
    again = rich.post("/v1/spends", spend())
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)


def test_the_same_id_with_other_content_is_refused(rich):
    rich.post("/v1/spends", spend())
    assert rich.post("/v1/spends", spend(points=121)).code == "id_reused"
    assert rich.post("/v1/spends", spend(member={"member_id": "hanako"})).code == "id_reused"


def test_more_than_there_is_is_refused_and_the_id_stays_free(rich):
    answer = rich.post("/v1/spends", spend(points=501))
    assert (answer.status, answer.code, answer.body["retryable"]) == (409, "insufficient_points", False)
    assert (answer.body["required"], answer.body["available"], answer.body["missing"]) == (501, 500, 1)
    assert rich.post("/v1/spends", spend(points=500)).body["balance"] == 0


def test_a_refusal_speaks_the_callers_language(rich):
    assert "501ポイント" in rich.post("/v1/spends", spend(points=501), accept_language="ja").body["detail"]
    assert "501 points" in rich.post("/v1/spends", spend(points=501)).body["detail"]


def test_expired_points_are_not_spent(rich, clock):
    clock.forward(days=366)
    assert rich.post("/v1/spends", spend(points=1)).code == "insufficient_points"


@pytest.mark.parametrize("ref", [{"member_id": "taro"}, {"identity": {"type": "card", "value": "card-taro"}}])
def test_a_till_needs_the_members_presence(rich, ref):
    answer = rich.as_(TILL).post("/v1/spends", spend(member=ref))
    assert (answer.status, answer.code) == (403, "presence_required")


def test_that_there_is_no_such_member_is_told_before_that_presence_is_missing(rich):
    answer = rich.as_(TILL).post("/v1/spends", spend(member={"member_id": "nobody"}))
    assert (answer.status, answer.code) == (404, "member_not_found")


def test_a_static_code_or_its_scan_is_no_presence(rich):
    code = rich.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    till = rich.as_(TILL)
    scan = till.post("/v1/members/resolve", {"member": {"code": code}}).body
    assert scan["code_level"] == "static"
    for ref in ({"code": code}, {"scan": scan["scan"]}):
        assert till.post("/v1/spends", spend(member=ref)).code == "presence_required"


@pytest.mark.parametrize(
    "changes", [{"points": 0}, {"points": -1}, {"points": "1"}, {"order_ref": ""}, {"more": 1}, {"spend_id": ""}]
)
def test_a_bad_spend_is_refused(rich, changes):
    assert rich.post("/v1/spends", spend(**changes)).code == "invalid_request"


@pytest.mark.parametrize("who", [CAFE, member("taro"), key("ec", scopes=frozenset({"points:read"}))])
def test_only_who_may_spend_spends(rich, who):
    assert rich.as_(who).post("/v1/spends", spend()).code == "forbidden"


def test_a_spend_costs_two_writes_and_half_a_read(rich):
    usage = rich.world.ledger.table.usage
    usage.reset()
    rich.as_(EC).post("/v1/spends", spend())
    assert (usage.write_units, usage.read_units, usage.round_trips) == (2, 0.5, 3)


def test_a_refusal_writes_nothing_and_reads_the_head_and_the_name_consistently(rich):
    usage = rich.world.ledger.table.usage
    usage.reset()
    rich.post("/v1/spends", spend(points=9999))
    assert (usage.write_units, usage.read_units) == (0, 2.5)
