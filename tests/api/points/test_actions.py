"""POST /v1/actions: what members do besides buying."""

import contextlib
import itertools
import json

import pytest

from infra import invariants
from points.reactions import CARRY_ON
from points.routes import ROUTES
from shared import inbox, relay
from shared.memory import MemoryTable
from tests.chain.test_crashes import HOW, Dies, FaultyTable
from tests.events.test_relay import Box
from tests.kit import CAFE, EC, NOON, OPERATOR, OTHER_TILL, TILL, Client, FakeClock, key, make_world, member
from tests.stream import record

BASE = {"rule_id": "base", "kind": "base", "points": 1, "per_amount": 100}
WHEN = {"actions": ["own_bag"]}
BAG = {"rule_id": "own-bag", "kind": "bonus", "points": 5, "when": WHEN}
CAPPED = BAG | {"cap": {"per_day": 7}}


@pytest.fixture
def shop(client):
    set_rules(client, CAPPED)
    return client


def set_rules(client, *rules, **settings):
    operator = client.as_(OPERATOR)
    version = operator.get("/v1/programme").body["version"]
    answer = operator.put("/v1/programme", {"version": version, "earning": [BASE, *rules], **settings})
    assert answer.status == 200, answer.body


def action(**changes):
    return {"action_id": "act-1", "member": {"member_id": "taro"}, "type": "own_bag"} | changes


def balance(client):
    return client.get("/v1/members/taro/balance").body


def test_an_action_earns_what_its_rule_gives(shop):
    answer = shop.as_(TILL).post("/v1/actions", action(staff_id="staff-7"))
    assert answer.status == 201
    assert answer.body == {
        "action_id": "act-1",
        "points": 5,
        "balance": 5,
        "explain": [{"rule": "own-bag", "points": 5, "detail": "a bonus of 5 points, at most 7 a day"}],
    }
    (entry,) = shop.get("/v1/members/taro/entries").body["items"]
    assert (entry["kind"], entry["points"], entry["ref"]) == ("earned", 5, {"kind": "action", "id": "act-1"})


def test_a_cap_cuts_and_the_answer_says_so(shop):
    shop.post("/v1/actions", action())
    second = shop.post("/v1/actions", action(action_id="act-2"), accept_language="ja").body
    assert (second["points"], second["balance"]) == (2, 7)
    assert second["explain"][0]["detail"] == "ボーナス5ポイント、1日7ポイントまで、上限に到達"
    third = shop.post("/v1/actions", action(action_id="act-3"))
    assert (third.status, third.body["points"], third.body["balance"]) == (201, 0, 7)
    assert third.body["explain"][0] == {
        "rule": "own-bag",
        "points": 0,
        "detail": "a bonus of 5 points, at most 7 a day, cut there",
    }


def test_an_action_that_no_rule_names_is_recorded_and_earns_nothing(shop):
    answer = shop.post("/v1/actions", action(type="selfie"))
    assert (answer.status, answer.body) == (201, {"action_id": "act-1", "points": 0, "balance": 0, "explain": []})
    assert shop.post("/v1/actions", action(type="selfie")).is_replay
    assert shop.post("/v1/actions", action()).code == "id_reused"
    unknown = shop.post("/v1/actions", action(action_id="act-2", type="selfie", member={"member_id": "nobody"}))
    assert (unknown.status, unknown.code) == (404, "member_not_found")


@pytest.mark.parametrize(
    "when",
    [{"until": "2026-11-19"}, {"store_ids": ["umeda"]}, {"tiers": ["gold"]}, {"channels": ["ec"]}],
    ids=["over", "elsewhere", "tier", "channel"],
)
def test_a_rule_that_does_not_apply_now_gives_nothing_and_refuses_nothing(client, when):
    tiers = {"levels": [{"name": "base", "from": 0}, {"name": "gold", "from": 100}]}
    set_rules(client, BAG | {"when": WHEN | when}, tiers=tiers)
    answer = client.as_(TILL).post("/v1/actions", action())
    assert (answer.status, answer.body["points"], answer.body["balance"]) == (201, 0, 0)
    assert answer.body["explain"] == []


def test_a_till_acts_for_its_own_store(client):
    set_rules(client, BAG | {"when": WHEN | {"store_ids": ["umeda"], "channels": ["pos"]}})
    here = client.as_(TILL).post("/v1/actions", action())
    there = client.as_(OTHER_TILL).post("/v1/actions", action(action_id="act-2"))
    server = client.as_(EC).post("/v1/actions", action(action_id="act-3"))
    assert [one.body["points"] for one in (here, there, server)] == [0, 5, 0]


def test_the_law_on_premiums_cuts_what_is_given_without_a_purchase(client):
    more = [BAG | {"rule_id": f"rule-{n}", "points": 150} for n in range(2)]
    set_rules(client, *more, premium_class="premium")
    answer = client.post("/v1/actions", action()).body
    assert (answer["points"], answer["balance"]) == (200, 200)
    assert answer["explain"][-1] == {"rule": "premium", "points": -100, "detail": "the legal limit for premiums"}


def test_the_same_action_again_is_answered_as_before(shop):
    first = shop.post("/v1/actions", action())
    shop.post("/v1/actions", action(action_id="act-2"))
    set_rules(shop, BAG | {"when": {"actions": ["review"]}})  # nobody is paid for own bags any more
    again = shop.post("/v1/actions", action())
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert shop.post("/v1/actions", action(action_id="act-3")).body["points"] == 0


def test_the_same_id_with_other_content_is_refused(shop):
    shop.post("/v1/actions", action())
    assert shop.post("/v1/actions", action(member={"member_id": "hanako"})).code == "id_reused"
    assert shop.post("/v1/actions", action(occurred_at="2026-11-20T02:00:00Z")).code == "id_reused"
    assert shop.post("/v1/actions", action(type="selfie")).code == "id_reused"
    assert balance(shop)["available"] == 5


def test_the_header_may_name_it(shop):
    sent = {name: value for name, value in action().items() if name != "action_id"}
    answer = shop.post("/v1/actions", sent, idempotency_key="act-h")
    assert (answer.status, answer.body["action_id"]) == (201, "act-h")


def test_it_counts_on_the_day_on_which_it_happened(shop):
    for n in range(3):
        shop.post("/v1/actions", action(action_id=f"y-{n}", occurred_at="2026-11-19T03:00:00Z"))
    assert balance(shop)["available"] == 7
    assert shop.post("/v1/actions", action()).body["points"] == 5
    assert [one["on"] for one in balance(shop)["expiring"]] == ["2027-11-19", "2027-11-20"]


def test_a_time_to_come_is_refused(shop):
    assert shop.post("/v1/actions", action(occurred_at="2026-11-20T03:05:00Z")).status == 201
    answer = shop.post("/v1/actions", action(action_id="act-2", occurred_at="2026-11-20T03:05:01Z"))
    assert (answer.status, answer.code) == (422, "occurred_in_future")


def test_a_member_who_is_not_there_is_not_found(shop):
    assert shop.post("/v1/actions", action(member={"member_id": "nobody"})).code == "member_not_found"


@pytest.mark.parametrize(
    "changes",
    [{"type": ""}, {"type": "own bag"}, {"action_id": "a b"}, {"points": 5}, {"occurred_at": "now"}, {"staff_id": 7}],
)
def test_a_bad_action_is_refused(shop, changes):
    assert shop.post("/v1/actions", action(**changes)).code == "invalid_request"


@pytest.mark.parametrize("who", [CAFE, member("taro"), key("ec", scopes=frozenset({"points:read"}))])
def test_only_who_may_record_purchases_records_actions(shop, who):
    assert shop.as_(who).post("/v1/actions", action()).code == "forbidden"


def test_who_served_and_what_is_kept_of_it(shop):
    shop.as_(TILL).post("/v1/actions", action(staff_id="staff-7"))
    name = shop.world.ledger.table.get("N#action#shop#act-1", 0)
    assert name["op"]["f"] == "staff-7"
    assert "base" not in str(name["op"])
    assert "staff-7" not in str(shop.world.ledger.table.items("M#taro"))


@pytest.mark.parametrize(("fail_at", "how"), list(itertools.product([1, 2], HOW)))
def test_wherever_a_process_died_the_stream_or_the_retry_finishes_it_once(fail_at, how):
    table = FaultyTable()
    shop = Client(ROUTES, make_world(FakeClock(), (table, MemoryTable(), MemoryTable())))
    shop.post("/v1/members", {"member_id": "taro"})
    set_rules(shop, CAPPED)
    table.arm(fail_at, how)
    with contextlib.suppress(Dies):
        assert shop.post("/v1/actions", action()).status == 503
    is_named = table.get("N#action#shop#act-1", 0) is not None
    for _ in range(2):
        relayed(shop)
    assert balance(shop)["available"] == 5 * is_named
    assert shop.post("/v1/actions", action()).is_replay is is_named
    assert balance(shop)["available"] == 5
    assert invariants.faults(table.items("M#taro")) == []


def relayed(client):
    """What the stream sees of the ledger, and the inbox makes of it; the events that it sent."""
    box = Box()
    relay.relay_ledger(client.world, [record(item) for item in client.world.ledger.table.scan()], box)
    for service, name in box.carried:
        assert service == "points"
        message = {"messageId": "m", "body": json.dumps({"carry_on": name})}
        failed = inbox.work(client.world, {"Records": [message]}, reactions={}, carry_on=CARRY_ON)
        assert failed == {"batchItemFailures": []}
    assert not box.parked
    return box.sent


def test_the_event_names_the_action(shop):
    shop.post("/v1/actions", action())
    (event,) = relayed(shop)
    assert event["type"] == "omotenashi.points.earned.v1"
    assert (event["data"]["action"], event["data"]["points"]) == ("own_bag", 5)
    assert event["data"]["ref"] == {"kind": "action", "id": "act-1"}
    assert event["data"]["occurred_at"] == NOON.isoformat().replace("+00:00", "Z")
