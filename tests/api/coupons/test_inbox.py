"""Coupons that come by event: once for each check-in, in any order, and no message harms its neighbours."""

import json
import random

import pytest

from coupons.reactions import CARRY_ON, REACTIONS, source_of
from shared import events, inbox
from shared.errors import Unavailable
from shared.ledger import Ledger
from tests.kit import member

VISIT = {"event": "checkin.accepted"}


def checkin(n=1, member_id="taro", **data):
    """A check-in's event, as the relay publishes it."""
    return {
        "specversion": "1.0",
        "id": f"V#{member_id}:{n}:checkin.accepted",
        "source": "/omotenashi/checkin",
        "type": events.type_name("checkin.accepted"),
        "time": "2026-11-20T03:00:00Z",
        "subject": member_id,
        "sequence": f"{n:020d}",
        "partitionkey": f"V#{member_id}",
        "data": {
            "checkin_id": f"c-{n}",
            "store_id": "shibuya",
            "business_day": "2026-11-20",
            "evidence_level": 2,
            "reward": {"points": 10, "campaigns": []},
            "member_id": member_id,
            "occurred_at": "2026-11-20T03:00:00Z",
        }
        | data,
    }


def deliver(world, *bodies):
    """One batch of the queue; answers the numbers of the messages that come again."""
    records = [
        {
            "messageId": f"m-{n}",
            "body": body if isinstance(body, str) else json.dumps(body),
            "eventSourceARN": "arn:aws:sqs:ap-northeast-1:000000000000:omo-test-coupons-inbox",
        }
        for n, body in enumerate(bodies)
    ]
    answer = inbox.work(world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON)
    return [int(one["itemIdentifier"].removeprefix("m-")) for one in answer["batchItemFailures"]]


def coupons(client, member_id="taro"):
    return client.as_(member(member_id)).get("/v1/me/coupons?limit=100").body["items"]


def test_a_checkin_issues_the_coupon_of_a_triggered_campaign(client, campaign):
    campaign("visit", trigger=VISIT)
    campaign("spring")
    assert deliver(client.world, checkin()) == []
    (coupon,) = coupons(client)
    assert (coupon["campaign_id"], coupon["state"]) == ("visit", "issued")
    assert coupon["source_id"] == source_of(events.read(checkin()))


def test_the_same_event_issues_once_however_often_it_comes(client, campaign):
    campaign("visit", trigger=VISIT)
    for _ in range(3):
        assert deliver(client.world, checkin(), checkin()) == []
    assert len(coupons(client)) == 1


def test_events_in_any_order_issue_once_each(client, campaign):
    campaign("visit", trigger=VISIT, limits={"total": 60})
    campaign("again", trigger=VISIT)
    sent = [checkin(n, who) for n in range(20) for who in ("taro", "hanako")] * 3
    random.Random(7).shuffle(sent)
    for start in range(0, len(sent), 10):
        assert deliver(client.world, *sent[start : start + 10]) == []
    for who in ("taro", "hanako"):
        found = [coupon["campaign_id"] for coupon in coupons(client, who)]
        assert (found.count("visit"), found.count("again")) == (20, 20)
    assert client.world.transient.scan() == []


@pytest.mark.parametrize(
    ("filter_", "count"),
    [
        ({"store_id": "shibuya"}, 1),
        ({"store_id": ["umeda", "shibuya"], "evidence_level": [2, 3]}, 1),
        ({"store_id": "umeda"}, 0),
        ({"evidence_level": 3}, 0),
        ({"colour": "red"}, 0),
    ],
)
def test_a_trigger_looks_at_what_the_event_says(client, campaign, filter_, count):
    campaign("visit", trigger=VISIT | {"filter": filter_})
    deliver(client.world, checkin())
    assert len(coupons(client)) == count


def test_a_stores_reward_names_campaigns_too(client, campaign):
    """Once, also if the campaign has the trigger besides; a name of nothing issues nothing."""
    campaign("reward", trigger=VISIT)
    campaign("other")
    reward = {"points": 0, "campaigns": ["reward", "nothing", "other", 5]}
    assert deliver(client.world, checkin(reward=reward)) == []
    assert sorted(coupon["campaign_id"] for coupon in coupons(client)) == ["other", "reward"]


def test_what_a_limit_forbids_is_not_issued_and_nobody_is_told(client, campaign, operator):
    campaign("once", trigger=VISIT, limits={"per_member": 1})
    campaign("scarce", trigger=VISIT, limits={"total": 1})
    campaign("paused", trigger=VISIT)
    operator.post("/v1/campaigns/paused/pause")
    assert deliver(client.world, *[checkin(n) for n in range(3)]) == []
    assert sorted(coupon["campaign_id"] for coupon in coupons(client)) == ["once", "scarce"]
    assert client.world.transient.scan() == []


def test_a_coupon_is_dated_by_the_checkin_and_not_by_its_arrival(client, campaign, clock):
    campaign("visit", trigger=VISIT, valid_days=7)
    clock.forward(days=3)
    deliver(client.world, checkin())
    (coupon,) = coupons(client)
    assert (coupon["valid_from"], coupon["valid_until"]) == ("2026-11-20", "2026-11-27")


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    "bad",
    [
        "not json",
        "[]",
        {"carry_on": "N#nothing#00001#0"},
        {"id": "x"},
        checkin() | {"subject": None},
        checkin(9, "nobody"),
        checkin(9, reward=5),
        checkin(9, reward={"campaigns": 7}),
    ],
)
def test_a_message_that_can_never_succeed_is_parked_and_harms_no_neighbour(client, campaign, place, bad):
    campaign("visit", trigger=VISIT)
    batch = [checkin(1), checkin(2)]
    batch.insert(place, bad)
    assert deliver(client.world, *batch) == []
    assert len(coupons(client)) == 2
    (parked,) = client.world.transient.scan()
    assert (parked["sk"], bool(parked["reason"])) == (f"m-{place}", True)


@pytest.mark.parametrize("failing", [{0}, {1}, {2}, {0, 1, 2}])
def test_a_message_that_may_succeed_later_comes_again_alone(client, campaign, monkeypatch, failing):
    campaign("visit", trigger=VISIT)
    batch = [checkin(n) for n in range(3)]
    table, put_new = client.world.ledger.table, client.world.ledger.table.put_new
    broken = {source_of(events.read(batch[n])) for n in failing}

    def weak(item):
        if any(source.encode() in item.get("op", {}).get("c", b"") for source in broken):
            raise Unavailable
        return put_new(item)

    monkeypatch.setattr(table, "put_new", weak)
    assert deliver(client.world, *batch) == sorted(failing)
    assert len(coupons(client)) == 3 - len(failing)
    monkeypatch.undo()
    assert deliver(client.world, *batch) == []
    assert len(coupons(client)) == 3


def test_a_late_event_is_not_given_up_after_a_failed_append(client, campaign, monkeypatch):
    """A queue brings it until it is done; a caller's open name dies after a day, an event's does not."""
    campaign("visit", trigger=VISIT)
    campaign("spring")
    late = checkin(1) | {"time": "2026-11-18T03:00:00Z"}
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "enter", lambda *_args, **_more: (_ for _ in ()).throw(Unavailable))
        assert deliver(client.world, late) == [0]
    said = {"campaign_id": "spring", "source_id": "s-1", "member": {"member_id": "taro"}}
    assert client.post("/v1/issues", said).status == 201  # so that the name was not put a moment ago
    for _ in range(2):
        assert deliver(client.world, late) == []
    assert [one["campaign_id"] for one in coupons(client)] == ["visit", "spring"]
