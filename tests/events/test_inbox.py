"""A service's queue: each message once, in any order; what can never succeed is parked and harms no neighbour."""

import json

import pytest

from points.reactions import CARRY_ON, REACTIONS
from points.routes import ROUTES
from shared import inbox
from shared.errors import Unavailable
from tests.kit import Client, FakeClock, make_world, purchase


@pytest.fixture
def client():
    client = Client(ROUTES, make_world(FakeClock()))
    client.post("/v1/members", {"member_id": "taro"})
    return client


def checkin(n=1, **changes):
    data = {
        "checkin_id": f"c-{n}",
        "store_id": "shibuya",
        "business_day": "2026-11-20",
        "evidence_level": 0,
        "outcome": "awarded",
        "reward": {"points": 10, "campaigns": []},
        "occurred_at": "2026-11-20T03:00:00Z",
        "member_id": "taro",
    }
    return {
        "specversion": "1.0",
        "id": f"V#taro:{n}:checkin.accepted",
        "source": "/omotenashi/checkin",
        "type": "omotenashi.checkin.accepted.v1",
        "time": "2026-11-20T03:00:00Z",
        "subject": "taro",
        "sequence": f"{n:020d}",
        "data": data | changes.pop("data", {}),
    } | changes


def batch(*bodies):
    """A batch as Lambda gets it, every message with an id of its own."""
    return {
        "Records": [
            {
                "messageId": f"m-{n}",
                "eventSourceARN": "arn:aws:sqs:x:0:omo-test-points-inbox",
                "body": body if isinstance(body, str) else json.dumps(body),
            }
            for n, body in enumerate(bodies)
        ]
    }


def work(client, *bodies, reactions=REACTIONS):
    answer = inbox.work(client.world, batch(*bodies), reactions=reactions, carry_on=CARRY_ON)
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def balance(client):
    return client.get("/v1/members/taro/balance").body["available"]


def test_a_check_in_becomes_points(client):
    assert work(client, checkin()) == []
    assert balance(client) == 10
    entry = client.get("/v1/members/taro/entries").body["items"][0]
    assert (entry["kind"], entry["ref"]) == ("earned", {"kind": "checkin", "id": "c-1"})


def test_redelivered_and_reordered_events_count_once(client):
    for bodies in ([checkin(2), checkin(1)], [checkin(1), checkin(1), checkin(3)], [checkin(3), checkin(2)]):
        assert work(client, *bodies) == []
    assert balance(client) == 30


def test_an_event_of_a_week_ago_counts_once_too(client):
    for n in range(30):
        client.post("/v1/purchases", purchase(purchase_id=f"p{n}"))
    late = checkin(9, time="2026-11-13T03:00:00Z", data={"occurred_at": "2026-11-13T03:00:00Z"})
    assert work(client, late) == work(client, late) == []
    assert balance(client) == 310


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "null",
        json.dumps({"hello": 1}),
        json.dumps(checkin(7, data={"reward": {}})),
        json.dumps(checkin(7, data={"occurred_at": "soon"})),
        json.dumps(checkin(7, subject="nobody")),
        json.dumps(checkin(7, subject="nobody", data={"member_id": "nobody"})),
        json.dumps(checkin(7, data={"reward": {"points": 1.5}})),
        json.dumps(checkin(7, data={"reward": {"points": -5}})),
        json.dumps(checkin(7, data={"reward": {"points": 10**13}})),
        json.dumps(checkin(7, data={"store_id": 5})),
        json.dumps({"carry_on": "N#purchase.pos#shop#nothing"}),
        json.dumps({"carry_on": "nonsense"}),
        json.dumps({"carry_on": "N#unheard#of#it"}),
    ],
)
def test_a_message_that_can_never_succeed_is_parked_and_harms_no_neighbour(client, position, bad):
    bodies = [checkin(1), checkin(2)]
    bodies.insert(position, bad)
    assert work(client, *bodies) == []
    assert balance(client) == 20
    (parked,) = client.world.transient.scan()
    assert parked["body"] == bad
    assert parked["reason"]
    assert parked["pk"] == "parked#omo-test-points-inbox"


@pytest.mark.parametrize("failing", [{0}, {1}, {2}, {0, 1, 2}])
def test_only_what_may_succeed_later_comes_again(client, failing):
    def flaky(world, event):
        if event.sequence - 1 in failing:
            raise Unavailable
        REACTIONS[event.type](world, event)

    reactions = dict.fromkeys(REACTIONS, flaky)
    again = work(client, checkin(1), checkin(2), checkin(3), reactions=reactions)
    assert again == [f"m-{n}" for n in sorted(failing)]
    assert balance(client) == 10 * (3 - len(failing))
    assert work(client, checkin(1), checkin(2), checkin(3)) == []
    assert balance(client) == 30


def test_an_unknown_failure_comes_again_alone(client):
    def broken(world, event):
        raise RuntimeError

    assert work(client, checkin(1), reactions=dict.fromkeys(REACTIONS, broken)) == ["m-0"]


def test_events_that_are_nobodys_business_are_done(client):
    assert work(client, checkin(1, type="omotenashi.something.else.v1")) == []
    assert client.world.transient.scan() == []


def test_an_effect_costs_one_write_and_half_a_read(client):
    work(client, checkin(1))
    usage = client.world.ledger.table.usage
    usage.reset()
    work(client, checkin(2))
    assert usage.write_units == 1
    assert usage.read_units <= 0.5
    assert usage.round_trips == 2


def test_a_message_that_cannot_even_be_parked_comes_again_alone(client, monkeypatch):
    def full(_item):
        raise RuntimeError

    monkeypatch.setattr(client.world.transient, "put", full)
    assert work(client, "{", checkin(1)) == ["m-0"]
    assert balance(client) == 10


def test_a_parked_message_fits_into_an_item(client):
    assert work(client, "ü" * 400_000) == []
    (parked,) = client.world.transient.scan()
    assert 250_000 < len(parked["body"].encode()) <= 300_000
