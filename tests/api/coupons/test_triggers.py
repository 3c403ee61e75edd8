"""Coupons that something brings: what the shop's own systems tell, and any event that is about a member."""

import random

import pytest

from coupons import issues
from coupons.campaign import OCCASIONS
from coupons.reactions import REACTIONS
from infra import invariants
from shared import events
from shared.errors import Unavailable
from shared.event_types import TYPES
from shared.ledger import Ledger
from tests.kit import OPERATOR, TILL, member, purchase
from tests.passing import Passing


@pytest.fixture
def passing(client):
    return Passing(client.world)


def tell(client, type_="survey", trigger_id="t-1", member_id="taro", **data):
    said = {"trigger_id": trigger_id, "type": type_, "member": {"member_id": member_id}}
    return client.post("/v1/triggers", said | ({"data": data} if data else {}))


def coupons(client, member_id="taro"):
    return client.as_(member(member_id)).get("/v1/me/coupons?limit=100").body["items"]


def names(client, member_id="taro"):
    return sorted(one["campaign_id"] for one in coupons(client, member_id))


# ---- what the shop's own systems tell -------------------------------------------------------------------------------


def test_what_is_told_issues_the_coupons_of_the_campaigns_that_want_it(client, campaign):
    campaign("thanks", trigger={"event": "trigger.survey"})
    campaign("more", trigger={"event": "trigger.survey", "filter": {"shop": ["ginza", "umeda"], "stars": 5}})
    campaign("other", trigger={"event": "trigger.sample"})
    campaign("free")
    answer = tell(client, stars=5, shop="ginza")
    assert (answer.status, answer.body) == (
        202,
        {"trigger_id": "t-1", "type": "survey", "campaigns": ["more", "thanks"]},
    )
    assert names(client) == ["more", "thanks"]
    assert {one["source_id"] for one in coupons(client)} == {"t-1"}
    assert tell(client, trigger_id="t-2", stars=4).body["campaigns"] == ["thanks"]


def test_null_is_nothing_said(client, campaign):
    campaign(trigger={"event": "trigger.survey"})
    said = {"trigger_id": "t-1", "type": "survey", "member": {"member_id": "taro"}, "data": None}
    assert client.post("/v1/triggers", said).body["campaigns"] == ["spring"]


def test_what_nobody_wants_is_told_once_too(client):
    assert [tell(client).is_replay for _ in range(3)] == [False, True, True]  # all at one moment


def test_it_is_told_once(client, campaign, passing):
    campaign("thanks", trigger={"event": "trigger.survey"})
    first, again = tell(client), tell(client)
    assert (again.status, again.body, again.is_replay) == (202, first.body, True)
    passing.work()
    assert names(client) == ["thanks"]
    assert tell(client, stars=1).code == "id_reused"
    assert tell(client, "sample").code == "id_reused"


def test_a_campaign_that_is_made_later_does_not_want_what_was_told_before(client, campaign):
    assert tell(client).body["campaigns"] == []
    campaign("thanks", trigger={"event": "trigger.survey"})
    assert tell(client).body["campaigns"] == []
    assert tell(client, trigger_id="t-2").body["campaigns"] == ["thanks"]


def test_what_nobody_wants_is_taken_and_does_nothing(client, passing):
    answer = tell(client, "0_whatever_9")
    assert (answer.status, answer.body["campaigns"]) == (202, [])
    (name,) = client.world.ledger.table.scan()
    assert "carry" not in name
    assert passing.step() == []


def test_what_a_limit_forbids_is_not_issued(client, campaign, operator):
    campaign("once", trigger={"event": "trigger.survey"}, limits={"per_member": 1})
    campaign("paused", trigger={"event": "trigger.survey"})
    operator.post("/v1/campaigns/paused/pause")
    for n in range(3):
        assert tell(client, trigger_id=f"t-{n}").status == 202
    assert names(client) == ["once"]


def test_who_is_nobody_triggers_nothing(client, campaign):
    campaign("thanks", trigger={"event": "trigger.survey"})
    answer = tell(client, member_id="nobody")
    assert (answer.status, answer.code) == (404, "member_not_found")
    assert client.world.ledger.table.scan() == []


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"type": "a survey"}, "/type"),
        ({"type": "a" * 65}, "/type"),
        ({"type": ""}, "/type"),
        ({"trigger_id": "ü"}, "/trigger_id"),
        ({"data": [1]}, "/data"),
        ({"data": {f"f{n}": n for n in range(101)}}, "/data"),
        ({"member": {}}, "/member"),
    ],
    ids=str,
)
def test_a_bad_value_is_pointed_at(client, changes, where):
    said = {"trigger_id": "t-1", "type": "survey", "member": {"member_id": "taro"}} | changes
    answer = client.post("/v1/triggers", said)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert any(error["pointer"].startswith(where) for error in answer.body["errors"])


@pytest.mark.parametrize("kind", ["survey.answered", "Survey-Answered", "x" * 64])
def test_other_systems_name_things_and_say_things_as_they_like(client, campaign, kind):
    campaign("thanks", trigger={"event": f"trigger.{kind}", "filter": {"stars": [4, 5]}})
    said = {"stars": 5, "mean": 4.5, "why": None, "answers": {"q 1": ["yes", 2]}, "text": "x" * 5000, "": 1}
    assert tell(client, kind, **said).body["campaigns"] == ["thanks"]
    assert tell(client, kind, trigger_id="t-2", stars=4.0).body["campaigns"] == []
    assert tell(client, kind, trigger_id="t-2", stars=4.0).is_replay


def test_the_answers_that_somebody_gave_are_not_kept(client, campaign):
    campaign("thanks", trigger={"event": "trigger.survey"})
    tell(client, opinion="it was too cold in there")
    assert "cold" not in str(client.world.ledger.table.scan())


def test_the_stream_issues_what_a_dead_process_left_dated_by_what_was_told(
    client, campaign, passing, monkeypatch, clock
):
    campaign("thanks", trigger={"event": "trigger.survey"}, valid_days=7)
    campaign("more", trigger={"event": "trigger.survey"}, limits={"total": 5})
    issue = issues.issue
    with monkeypatch.context() as patched:
        patched.setattr(
            issues, "issue", lambda world, asked: _dies() if asked.campaign_id == "thanks" else issue(world, asked)
        )
        with pytest.raises(KeyboardInterrupt):
            tell(client)
    clock.forward(days=3)
    passing.work()
    assert names(client) == ["more", "thanks"]
    assert {one["valid_from"] for one in coupons(client)} == {"2026-11-20"}
    assert tell(client).is_replay
    assert invariants.faults(client.world.ledger.table.scan(), clock.now()) == []


def _dies():
    raise KeyboardInterrupt


def test_who_is_told_to_come_again_finishes_it(client, campaign, monkeypatch, clock):
    campaign("thanks", trigger={"event": "trigger.survey"})
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "enter", lambda *_args, **_more: (_ for _ in ()).throw(Unavailable))
        assert tell(client).status == 503
    clock.forward(seconds=1)
    assert tell(client).is_replay
    assert names(client) == ["thanks"]


def test_what_is_done_is_not_carried_on(client, campaign, passing):
    campaign("thanks", trigger={"event": "trigger.survey"})
    tell(client)
    assert [body for _, body in passing.step() if "carry_on" in body] == []


# ---- events ---------------------------------------------------------------------------------------------------------


def test_a_first_purchase_brings_a_coupon_and_a_second_does_not(client, campaign, points, passing):
    first = {"event": "purchase.recorded", "filter": {"first_purchase": True}}
    campaign("hello", trigger=first)
    campaign("again", trigger={"event": "purchase.recorded", "filter": {"first_purchase": False}})
    for n in range(3):
        body = purchase(purchase_id=f"p-{n}", source="ec", store_id=None)
        assert points.post("/v1/purchases", {k: v for k, v in body.items() if v is not None}).status == 201
    passing.work()
    assert names(client) == ["again", "again", "hello"]


def test_a_purchase_brings_a_coupon_when_it_is_complete_and_only_then(client, campaign, points, passing):
    campaign("done", trigger={"event": "purchase.completed"})
    order = {k: v for k, v in purchase(source="ec", store_id=None, state="placed").items() if v is not None}
    assert points.post("/v1/purchases", order).status == 201
    passing.work()
    assert names(client) == []
    assert points.post("/v1/purchases/ec/p-1/complete", {}).status == 200
    passing.work()
    assert names(client) == ["done"]
    points.as_(TILL).post("/v1/purchases", purchase(purchase_id="p-2"))
    passing.work()
    assert names(client) == ["done", "done"]


def test_a_purchase_of_nobody_brings_nothing(client, campaign, points, passing):
    campaign("hello", trigger={"event": "purchase.recorded"})
    body = purchase()
    del body["member"]
    assert points.as_(TILL).post("/v1/purchases", body).status == 201
    passing.work()
    assert client.get("/v1/members/taro/coupons").body["items"] == []


def test_a_tier_that_is_reached_brings_a_coupon(client, campaign, points, passing):
    programme = points.as_(OPERATOR).get("/v1/programme").body
    tiers = {"window": "calendar_year", "levels": [{"name": "basic", "from": 0}, {"name": "gold", "from": 20}]}
    answer = points.as_(OPERATOR).put("/v1/programme", programme | {"tiers": tiers})
    assert answer.status == 200, answer.body
    campaign("gold", trigger={"event": "tier.changed", "filter": {"tier": "gold"}})
    campaign("basic", trigger={"event": "tier.changed", "filter": {"tier": "basic"}})
    points.as_(TILL).post("/v1/purchases", purchase(lines=[{"line_id": "1", "quantity": 1, "amount": 2500}]))
    passing.work()
    assert names(client) == ["gold"]


def test_who_joins_is_welcomed(client, campaign):
    campaign("welcome", trigger={"event": "member.created"})
    event = {
        "specversion": "1.0",
        "id": "member:taro:created",
        "source": "/omotenashi/points",
        "type": events.type_name("member.created"),
        "time": "2026-11-20T03:00:00Z",
        "subject": "taro",
        "sequence": "1",
        "data": {"member_id": "taro"},
    }
    passing = Passing(client.world)
    passing.deliver([("coupons", event)] * 3)
    assert names(client) == ["welcome"]


def test_a_campaign_is_not_triggered_by_its_own_coupons(client, campaign, issue, redemption, passing):
    campaign("spring")
    campaign("next", trigger={"event": "coupon.redeemed"})
    till = client.as_(TILL)
    for n in range(4):
        code = issue(f"s-{n}").get("code") if n == 0 else coupons(client)[0]["code"]
        assert till.post("/v1/redemptions", redemption(code, redemption_id=f"r-{n}")).status in (201, 409)
        passing.work()
    assert names(client) == ["next", "spring"]


def test_an_event_that_nobody_wants_costs_no_write(client, campaign, points, passing):
    campaign("gold", trigger={"event": "tier.changed"})
    points.as_(TILL).post("/v1/purchases", purchase())
    messages = [one for one in passing.step() if one[0] == "coupons"]
    assert messages
    client.world.directory.settings("campaign")
    usage = client.world.ledger.table.usage
    usage.reset()
    passing.deliver(messages)
    assert (usage.write_units, usage.read_units, usage.round_trips) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(10))
def test_events_in_any_order_and_however_often_issue_once_each(client, campaign, points, seed):
    chance = random.Random(seed)
    passing = Passing(client.world, chance)
    campaign("all", trigger={"event": "purchase.recorded"})
    campaign("few", trigger={"event": "points.earned"}, limits={"total": 3})
    for n in range(6):
        who = chance.choice(("taro", "hanako"))
        assert (
            points.as_(TILL).post("/v1/purchases", purchase(purchase_id=f"p-{n}", member={"member_id": who})).status
            == 201
        )
        if chance.random() < 0.3:
            passing.work()
    passing.work()
    both = names(client) + names(client, "hanako")
    assert (both.count("all"), both.count("few")) == (6, 3)


def test_every_event_that_may_trigger_is_listened_to():
    assert {events.type_name(one) for one in OCCASIONS} <= set(REACTIONS)
    assert OCCASIONS < TYPES


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("purchase.recorded", None),
        ("trigger.survey_2", None),
        ("coupon.redeemed", None),
        ("stamp_card.completed", None),
        ("purchase.recorderd", "unknown_event"),
        ("survey.answered", "unknown_event"),
        ("coupon.issued", "not_a_trigger"),
        ("coupon.reserved", "not_a_trigger"),
        ("coupon.expired", "not_a_trigger"),
        ("campaign.exhausted", "not_a_trigger"),
        ("campaign.exposed", "not_a_trigger"),
        ("campaign.attributed", "not_a_trigger"),
        ("checkin.flagged", "not_a_trigger"),
        ("checkin.limited", "not_a_trigger"),
        ("Trigger.x", "string_pattern_mismatch"),
    ],
)
def test_a_campaign_names_an_event_that_comes(operator, event, code):
    said = {
        "campaign_id": "c",
        "name": {"ja": "c", "en": "c"},
        "offer": {"type": "amount_off", "value": 1},
        "valid_from": "2026-11-01",
        "trigger": {"event": event},
    }
    answer = operator.post("/v1/campaigns", said)
    if code is None:
        assert answer.status == 201
    else:
        assert answer.status == 422
        assert answer.body["errors"][0]["pointer"] == "/trigger/event"
        assert answer.body["errors"][0]["code"] == code


def test_what_an_event_gives_out_has_no_price(operator):
    said = {
        "campaign_id": "c",
        "name": {"ja": "c", "en": "c"},
        "offer": {"type": "amount_off", "value": 1},
        "valid_from": "2026-11-01",
        "trigger": {"event": "purchase.recorded"},
        "price_points": 5,
    }
    answer = operator.post("/v1/campaigns", said)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/price_points")
