"""POST /v1/adjustments and its approval: points given or taken by hand, with a reason, by two people if many."""

import contextlib
import itertools

import pytest

from infra import invariants
from points.routes import ROUTES
from shared.memory import MemoryTable
from tests.api.points.test_actions import relayed
from tests.chain.test_crashes import HOW, Dies, FaultyTable
from tests.kit import CAFE, EC, OPERATOR, TILL, Client, FakeClock, key, make_world, member, purchase

SECOND = key("operator", key_id="operator-2", owner="second-owner")
SAME_OWNER = key("operator", key_id="operator-3", owner=OPERATOR.owner)
WAITS = {"adjustment_id": "adj-1", "state": "awaiting_approval"}
MANY = 10_001  # one above the default programme's approval_above


@pytest.fixture
def desk(client):
    return client.as_(OPERATOR)


def adjustment(**changes):
    said = {"adjustment_id": "adj-1", "member": {"member_id": "taro"}, "points": 300, "reason": "誤登録の訂正"}
    return said | changes


def approve(client, adjustment_id="adj-1", who=SECOND):
    return client.as_(who).post(f"/v1/adjustments/{adjustment_id}/approve", {})


def balance(client):
    return client.as_(EC).get("/v1/members/taro/balance").body


def entries(client):
    return client.as_(EC).get("/v1/members/taro/entries").body["items"]


def set_programme(desk, **settings):
    version = desk.get("/v1/programme").body["version"]
    assert desk.put("/v1/programme", {"version": version, **settings}).status == 200


# ---- one person -----------------------------------------------------------------------------------------------------


def test_points_are_given_at_once(desk):
    answer = desk.post("/v1/adjustments", adjustment())
    assert answer.status == 201
    assert answer.body == {"adjustment_id": "adj-1", "state": "adjusted", "points": 300, "balance": 300}
    (entry,) = entries(desk)
    assert (entry["kind"], entry["points"], entry["ref"]) == ("adjusted", 300, {"kind": "adjustment", "id": "adj-1"})
    assert balance(desk)["expiring"] == [{"on": "2027-11-20", "points": 300, "kind": "regular"}]


def test_points_are_taken_in_the_order_of_spending(desk):
    for n, day in enumerate(("2026-01-05", "2026-11-01")):
        desk.post("/v1/purchases", purchase(purchase_id=f"p-{n}", occurred_at=f"{day}T03:00:00Z"))
    answer = desk.post("/v1/adjustments", adjustment(points=-15))
    assert (answer.status, answer.body["points"], answer.body["balance"]) == (201, -15, 5)
    assert balance(desk)["expiring"] == [{"on": "2027-11-01", "points": 5, "kind": "regular"}]
    assert [lot["points"] for lot in entries(desk)[0]["lots"]] == [10, 5]


def test_more_than_there_is_is_refused_and_the_id_stays_free(desk):
    desk.post("/v1/purchases", purchase())
    answer = desk.post("/v1/adjustments", adjustment(points=-11))
    assert (answer.status, answer.code) == (409, "insufficient_points")
    assert (answer.body["required"], answer.body["available"], answer.body["missing"]) == (11, 10, 1)
    assert desk.post("/v1/adjustments", adjustment(points=-10)).body["balance"] == 0


def test_minimum_and_step_of_spending_are_no_business_of_an_adjustment(desk):
    set_programme(desk, spending={"min": 100, "step": 50})
    desk.post("/v1/adjustments", adjustment())
    assert desk.post("/v1/adjustments", adjustment(adjustment_id="adj-2", points=-7)).status == 201


def test_the_same_adjustment_again_is_answered_as_before(desk):
    first = desk.post("/v1/adjustments", adjustment())
    desk.post("/v1/adjustments", adjustment(adjustment_id="adj-2"))
    set_programme(desk, approval_above=100)
    again = desk.as_(SECOND).post("/v1/adjustments", adjustment())
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert balance(desk)["available"] == 600


def test_the_same_id_with_other_content_is_refused(desk):
    desk.post("/v1/adjustments", adjustment())
    desk.post("/v1/adjustments", adjustment(adjustment_id="adj-2", points=MANY))
    for changes in ({"points": 301}, {"reason": "?"}, {"consideration": "paid"}, {"points": MANY}, {"points": -1}):
        assert desk.post("/v1/adjustments", adjustment(**changes)).code == "id_reused"
    assert desk.post("/v1/adjustments", adjustment(adjustment_id="adj-2", points=1)).code == "id_reused"


def test_the_header_may_name_it(desk):
    sent = {name: value for name, value in adjustment().items() if name != "adjustment_id"}
    assert desk.post("/v1/adjustments", sent, idempotency_key="adj-h").body["adjustment_id"] == "adj-h"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"points": 0}, "/points"),
        ({"points": "5"}, "/points"),
        ({"points": 10**12 + 1}, "/points"),
        ({"points": -(10**12) - 1}, "/points"),
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 201}, "/reason"),
        ({"consideration": "gift"}, "/consideration"),
        ({"more": 1}, "/more"),
        ({"adjustment_id": "a b"}, "/adjustment_id"),
    ],
)
def test_a_bad_adjustment_is_refused_at_its_field(desk, changes, pointer):
    answer = desk.post("/v1/adjustments", adjustment(**changes))
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [error["pointer"] for error in answer.body["errors"]] == [pointer]


def test_a_member_who_is_not_there_is_not_found(desk):
    for points in (1, -1, MANY):
        nobody = adjustment(points=points, member={"member_id": "nobody"})
        assert desk.post("/v1/adjustments", nobody).code == "member_not_found"


@pytest.mark.parametrize("who", [EC, TILL, CAFE, member("taro"), key("operator", scopes=frozenset({"points:spend"}))])
def test_only_who_administers_points_adjusts_and_approves(desk, who):
    desk.post("/v1/adjustments", adjustment(points=MANY))
    assert desk.as_(who).post("/v1/adjustments", adjustment(adjustment_id="adj-2")).code == "forbidden"
    assert approve(desk, who=who).code == "forbidden"


# ---- two people -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", [MANY, -MANY])
def test_above_the_threshold_nothing_happens_before_somebody_else_approves(desk, points):
    desk.post("/v1/adjustments", adjustment(adjustment_id="before", points=10_000))
    desk.post("/v1/adjustments", adjustment(adjustment_id="more", points=10_000))
    waiting = desk.post("/v1/adjustments", adjustment(points=points))
    assert (waiting.status, waiting.body, waiting.is_replay) == (202, WAITS, False)
    assert balance(desk)["available"] == 20_000
    for who in (OPERATOR, SAME_OWNER):
        refused = approve(desk, who=who)
        assert (refused.status, refused.code) == (403, "approval_required")
        assert refused.body["detail"] == "Somebody else must approve this."
    done = approve(desk)
    expected = {"adjustment_id": "adj-1", "state": "adjusted", "points": points, "balance": 20_000 + points}
    assert (done.status, done.body, done.is_replay) == (201, expected, False)
    for who in (SECOND, OPERATOR):
        again = approve(desk, who=who)
        assert (again.status, again.body, again.is_replay) == (201, expected, True)
    assert balance(desk)["available"] == 20_000 + points


def test_a_retry_of_the_request_still_waits_after_the_approval(desk):
    for _ in range(2):
        desk.post("/v1/adjustments", adjustment(points=MANY))
    approve(desk)
    again = desk.post("/v1/adjustments", adjustment(points=MANY))
    assert (again.status, again.body, again.is_replay) == (202, WAITS, True)
    assert balance(desk)["available"] == MANY


def test_what_waits_says_that_it_is_a_replay_though_no_time_has_passed(desk):
    first, again = (desk.post("/v1/adjustments", adjustment(points=MANY)) for _ in range(2))
    assert (first.status, first.is_replay) == (202, False)
    assert (again.status, again.body, again.is_replay) == (202, first.body, True)


def test_the_threshold_of_when_it_was_made_counts(desk):
    set_programme(desk, approval_above=100)
    assert desk.post("/v1/adjustments", adjustment()).status == 202
    set_programme(desk, approval_above=1000)
    assert desk.post("/v1/adjustments", adjustment()).status == 202  # a retry brings nothing in by itself
    assert desk.post("/v1/adjustments", adjustment(adjustment_id="adj-2")).status == 201
    set_programme(desk, approval_above=100)
    assert desk.post("/v1/adjustments", adjustment(adjustment_id="adj-2")).status == 201
    assert balance(desk)["available"] == 300
    assert approve(desk, who=OPERATOR).code == "approval_required"
    assert approve(desk).body["balance"] == 600


def test_an_approval_may_come_long_after_and_the_points_last_from_then_on(desk, clock):
    desk.post("/v1/adjustments", adjustment(points=MANY))
    for n in range(40):  # the ring has forgotten what was before
        clock.forward(days=1)
        desk.post("/v1/purchases", purchase(purchase_id=f"p-{n}"))
    clock.forward(days=60)
    assert approve(desk).body["balance"] == MANY + 400
    assert approve(desk).is_replay
    assert {"on": "2028-02-28", "points": MANY, "kind": "regular"} in balance(desk)["expiring"]
    assert entries(desk)[0]["occurred_at"] == "2027-02-28T03:00:00Z"


def test_an_approval_follows_a_member_who_was_merged_meanwhile_and_counts_once(desk):
    desk.post("/v1/adjustments", adjustment(points=MANY))
    merge = {"merge_id": "m-1", "into_member_id": "hanako"}
    assert desk.post("/v1/members/taro/merge", merge).status == 200
    assert approve(desk).body["balance"] == MANY
    assert desk.post("/v1/members/taro/unmerge", {"merge_id": "m-1"}).status == 200
    assert approve(desk).is_replay
    assert desk.post("/v1/adjustments", adjustment(points=MANY)).status == 202
    assert balance(desk)["available"] == 0
    assert desk.get("/v1/members/hanako/balance").body["available"] == MANY


def test_what_is_taken_must_be_there_when_it_is_asked_for_and_when_it_is_approved(desk):
    assert desk.post("/v1/adjustments", adjustment(points=-MANY)).code == "insufficient_points"
    for n in range(2):
        desk.post("/v1/adjustments", adjustment(adjustment_id=f"before-{n}", points=8_000))
    assert desk.post("/v1/adjustments", adjustment(points=-MANY)).status == 202
    spend = {"spend_id": "s-1", "member": {"member_id": "taro"}, "points": 6_000, "order_ref": "o"}
    assert desk.post("/v1/spends", spend).status == 201
    refused = approve(desk)
    assert (refused.status, refused.code) == (409, "insufficient_points")
    assert (refused.body["required"], refused.body["available"], refused.body["missing"]) == (MANY, 10_000, 1)
    assert desk.post("/v1/adjustments", adjustment(adjustment_id="one", points=1)).status == 201
    assert approve(desk).body["balance"] == 0


def test_what_needed_no_approval_is_answered_as_it_was_and_what_never_came_is_not_found(desk):
    first = desk.post("/v1/adjustments", adjustment())
    for who in (OPERATOR, SECOND):
        answer = approve(desk, who=who)
        assert (answer.status, answer.body, answer.is_replay) == (201, first.body, True)
    for adjustment_id in ("adj-2", "a%20b"):
        missing = approve(desk, adjustment_id)
        assert (missing.status, missing.code) == (404, "adjustment_not_found")
    assert approve(desk, "adj-2", OPERATOR).code == "adjustment_not_found"


def test_an_approval_takes_nothing_in_its_body(desk):
    desk.post("/v1/adjustments", adjustment(points=MANY))
    path = "/v1/adjustments/adj-1/approve"
    assert desk.as_(SECOND).post(path, {"points": 5}).code == "invalid_request"
    assert desk.as_(SECOND).post(path).status == 201


def test_neither_the_reason_nor_a_person_is_in_the_chain_or_the_events(desk):
    desk.post("/v1/adjustments", adjustment(points=MANY))
    approve(desk)
    said = str(desk.world.ledger.table.items("M#taro")) + str(sent := relayed(desk))
    assert not [word for word in ("誤登録", str(OPERATOR.owner), str(SECOND.owner)) if word in said]
    (event,) = sent
    assert event["type"] == "omotenashi.points.adjusted.v1"
    assert {name: event["data"][name] for name in ("points", "balance", "approved_by", "ref")} == {
        "points": MANY,
        "balance": MANY,
        "approved_by": "operator-2",
        "ref": {"kind": "adjustment", "id": "adj-1"},
    }
    name = desk.world.ledger.table.get("N#adjustment#shop#adj-1", 0)
    assert (name["op"]["w"], name["op"]["k"]) == ("誤登録の訂正", OPERATOR.owner)
    assert "carry" not in name


# ---- free and paid --------------------------------------------------------------------------------------------------


def test_points_that_were_paid_for_stand_apart(desk):
    bought = desk.post("/v1/adjustments", adjustment(points=500, consideration="paid"))
    assert (bought.status, bought.body["balance"]) == (201, 500)
    assert balance(desk)["paid"] == 500
    refused = desk.post("/v1/adjustments", adjustment(adjustment_id="adj-2", points=-1))
    assert (refused.code, refused.body["available"]) == ("insufficient_points", 0)
    desk.post("/v1/adjustments", adjustment(adjustment_id="adj-3", points=20))
    refused = desk.post("/v1/adjustments", adjustment(adjustment_id="adj-4", points=-501, consideration="paid"))
    assert (refused.code, refused.body["available"]) == ("insufficient_points", 500)
    back = adjustment(adjustment_id="adj-5", points=-500, consideration="paid")
    assert desk.post("/v1/adjustments", back).body["balance"] == 20
    assert "paid" not in balance(desk)
    assert [event["data"].get("consideration") for event in relayed(desk)] == ["paid", None, "paid"]


def test_a_debt_is_not_paid_with_bought_points_and_keeps_nobody_from_using_them(desk):
    desk.post("/v1/purchases", purchase(lines=[{"line_id": "1", "quantity": 1, "amount": 10_000}]))
    spend = {"spend_id": "s-1", "member": {"member_id": "taro"}, "points": 100, "order_ref": "o"}
    desk.post("/v1/spends", spend)
    undo = {"reverse_id": "r", "kind": "purchase", "source": "pos"}
    assert desk.post("/v1/operations/p-1/reverse", undo).body["balance"] == -100
    desk.post("/v1/adjustments", adjustment(points=70, consideration="paid"))
    found = balance(desk)
    assert (found["available"], found["debt"], found["paid"]) == (-30, 100, 70)
    assert desk.post("/v1/spends", spend | {"spend_id": "s-2", "points": 71}).body["available"] == 70
    assert desk.post("/v1/spends", spend | {"spend_id": "s-3", "points": 70}).body["balance"] == -100
    desk.post("/v1/adjustments", adjustment(adjustment_id="adj-2", points=120))
    assert (balance(desk)["available"], balance(desk)["debt"]) == (20, 0)


# ---- processes that die ---------------------------------------------------------------------------------------------


def shop_over(table, *prepared):
    desk = Client(ROUTES, make_world(FakeClock(), (table, MemoryTable(), MemoryTable())), OPERATOR)
    desk.post("/v1/members", {"member_id": "taro"})
    for sent in prepared:
        assert desk.post("/v1/adjustments", sent).status in (201, 202)
    return desk


def died(request):
    """Send a request whose process dies, or whose answer says that it should be sent again."""
    with contextlib.suppress(Dies):
        assert request().status == 503


@pytest.mark.parametrize(("fail_at", "how"), list(itertools.product([1, 2], HOW)))
def test_what_is_given_is_finished_by_the_stream_and_what_is_taken_by_its_caller_alone(fail_at, how):
    for points in (30, -30):
        table = FaultyTable()
        desk = shop_over(table, adjustment(adjustment_id="before", points=100))
        table.arm(fail_at, how)
        died(lambda desk=desk, points=points: desk.post("/v1/adjustments", adjustment(points=points)))
        is_named = table.get("N#adjustment#shop#adj-1", 0) is not None
        has_entered = len(table.items("M#taro")) == 2
        relayed(desk)
        there = 100 + points * (has_entered or (is_named and points > 0))
        assert balance(desk)["available"] == there
        unknown = approve(desk)  # nobody's word brings in what needed none
        assert unknown.status == (201 if there != 100 else 404)
        assert balance(desk)["available"] == there
        assert desk.post("/v1/adjustments", adjustment(points=points)).body["balance"] == 100 + points
        assert desk.post("/v1/adjustments", adjustment(points=points)).is_replay
        assert invariants.faults(table.items("M#taro")) == []


@pytest.mark.parametrize("how", HOW)
def test_an_approval_whose_process_died_is_given_again_and_counts_once(how):
    table = FaultyTable()
    desk = shop_over(table, adjustment(points=MANY))
    relayed(desk)  # the stream leaves what waits alone
    assert balance(desk)["available"] == 0
    table.arm(1, how)
    died(lambda: approve(desk))
    is_replay = bool(table.items("M#taro"))
    again = approve(desk)
    assert (again.status, again.body["balance"], again.is_replay) == (201, MANY, is_replay)
    assert approve(desk).is_replay
    assert balance(desk)["available"] == MANY
