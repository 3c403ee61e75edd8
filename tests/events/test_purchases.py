"""What the world hears of a purchase's life: each thing once, about the right member, and nothing of our own business."""

import json

import pytest

from points.reactions import CARRY_ON
from points.routes import ROUTES
from shared import inbox
from tests.api.points.shop import (
    buy,
    cancel,
    claim,
    complete,
    give_back,
    hold,
    of_nobody,
    part,
    reverse,
    set_programme,
    spend,
)
from tests.kit import Client, FakeClock, make_world
from tests.stream import Stream

ALWAYS = {"member_id", "ref", "occurred_at"}
OF_POINTS = ALWAYS | {"points", "balance"}
TOLD = {
    "purchase.recorded": OF_POINTS | {"amount", "store_id", "pending", "on", "first_purchase"},
    "purchase.completed": ALWAYS | {"amount", "amount_left", "bought_at", "store_id"},
    "purchase.cancelled": ALWAYS | {"amount", "amount_left", "bought_at"},
    "purchase.returned": ALWAYS | {"amount", "amount_left", "bought_at", "channel", "at"},
    "points.earned": OF_POINTS | {"amount", "store_id"},
    "points.pending": OF_POINTS | {"amount", "store_id", "pending", "on"},
    "points.spent": OF_POINTS | {"captured", "released", "by"},
    "points.held": OF_POINTS | {"expires_at"},
    "points.released": OF_POINTS | {"captured", "released"},
    "points.returned": OF_POINTS | {"clawed", "debt", "forgiven", "forfeited"},
    "points.reversed": OF_POINTS | {"debt", "forgiven", "forfeited"},
    "points.expired": OF_POINTS,
}
"""All that an event of a type may tell."""


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(clock):
    client = Client(ROUTES, make_world(clock))
    for member_id in ("taro", "hanako"):
        client.post("/v1/members", {"member_id": member_id})
    return client


@pytest.fixture
def stream(client):
    return Stream(client.world)


def short(event):
    return event["type"].removeprefix("omotenashi.").removesuffix(".v1")


def heard(stream):
    """What is new: type by type, what it tells; every event is of a known shape and about taro or nobody."""
    events = stream.run()
    for event in events:
        data = event["data"]
        assert set(data) <= TOLD[short(event)], event
        assert event.get("subject") == data.get("member_id")
        assert event.get("subject") in ("taro", None)
        assert json.loads(json.dumps(data)) == data
    return {short(event): event["data"] for event in events}


def test_an_order_from_placing_to_return(client, stream):
    buy(client, "first", 10_000)
    heard(stream)
    buy(client, "p-1", 1000, 500, state="placed", points_used=30)
    placed = heard(stream)
    assert list(placed) == ["points.spent", "points.pending", "purchase.recorded"]
    assert (placed["purchase.recorded"]["amount"], placed["points.pending"]["pending"]) == (1500, 13)
    complete(client)
    completed = heard(stream)
    assert sorted(completed) == ["points.earned", "purchase.completed"]
    assert completed["purchase.completed"] == {
        "member_id": "taro",
        "amount": 1500,
        "amount_left": 1500,
        "bought_at": "2026-11-20T02:55:00Z",
        "store_id": "shibuya",
        "ref": {"kind": "purchase", "id": "pos/p-1"},
        "occurred_at": "2026-11-20T03:00:00Z",
    }
    assert (completed["points.earned"]["points"], completed["points.earned"]["balance"]) == (13, 83)
    give_back(client, "p-1", "r-1", part("1"))
    returned = heard(stream)
    assert sorted(returned) == ["points.returned", "purchase.returned"]
    assert returned["purchase.returned"] == {
        "member_id": "taro",
        "channel": "pos",
        "bought_at": "2026-11-20T02:55:00Z",
        "amount": 1000,
        "amount_left": 500,
        "ref": {"kind": "return", "id": "pos/p-1/r-1"},
        "occurred_at": "2026-11-20T03:00:00Z",
    }
    complete(client)
    give_back(client, "p-1", "r-1", part("1"))
    assert heard(stream) == {}, "what is sent again is no news"


def test_points_that_come_back_and_those_that_are_taken_are_two_entries_of_one_kind(client, stream):
    buy(client, "first", 10_000)
    buy(client, "p-1", 5000, points_used=30)
    stream.run()
    give_back(client)
    told = [event["data"] for event in stream.run() if short(event) == "points.returned"]
    assert [(one["points"], one.get("clawed"), one["balance"]) for one in told] == [(30, None, 149), (-49, 49, 100)]


def test_an_order_that_is_off_is_told_once_though_it_is_reversed_too(client, stream):
    buy(client, state="placed")
    heard(stream)
    cancel(client)
    told = heard(stream)
    assert sorted(told) == ["points.returned", "purchase.cancelled"]
    assert (told["purchase.cancelled"]["amount"], told["purchase.cancelled"]["amount_left"]) == (1000, 0)
    reverse(client)
    assert list(heard(stream)) == ["points.reversed"]


def test_a_reversed_purchase_is_cancelled_for_the_world(client, stream):
    buy(client, "p-1", 1000, 500)
    give_back(client, "p-1", "r-1", part("1"))
    heard(stream)
    reverse(client)
    told = heard(stream)
    assert sorted(told) == ["points.reversed", "purchase.cancelled"]
    assert (told["purchase.cancelled"]["amount"], told["points.reversed"]["points"]) == (500, -5)


def test_a_purchase_of_nobody_is_about_nobody_until_it_is_claimed(client, stream):
    of_nobody(client, "p-1", 1000, 500, state="placed")
    assert heard(stream) == {}
    complete(client)
    give_back(client, "p-1", "r-1", part("1"))
    told = heard(stream)
    assert sorted(told) == ["purchase.completed", "purchase.returned"]
    assert not any("member_id" in data for data in told.values())
    claim(client, 1500)
    claimed = heard(stream)
    assert sorted(claimed) == ["points.earned", "purchase.recorded"]
    assert (claimed["purchase.recorded"]["amount"], claimed["points.earned"]["points"]) == (500, 5)
    give_back(client, "p-1", "r-2")
    assert heard(stream)["purchase.returned"]["member_id"] == "taro"


def test_points_that_wait_are_told_when_they_wait_and_when_they_come(client, stream, clock):
    set_programme(client, pending={"ec": {"days": 3}, "pos": "complete"})
    buy(client, source="ec", state="placed")
    heard(stream)
    complete(client, source="ec")
    told = heard(stream)
    assert sorted(told) == ["points.pending", "purchase.completed"], "the purchase itself was told before"
    assert (told["points.pending"]["pending"], told["points.pending"]["points"]) == (10, 0)
    clock.forward(days=4)
    spend(client, 1)
    assert heard(stream)["points.earned"] == {
        "points": 10,
        "balance": 10,
        "ref": {"kind": "activation", "id": "2026-11-23"},
        "member_id": "taro",
        "occurred_at": "2026-11-22T15:00:00Z",
    }


def test_a_purchase_from_a_hold_tells_of_both(client, stream):
    buy(client, "first", 10_000)
    hold(client, 60)
    heard(stream)
    buy(client, "p-1", 5000, points_used=45, hold_id="h-1")
    told = heard(stream)
    assert sorted(told) == ["points.earned", "points.spent", "purchase.recorded"]
    assert (told["points.spent"]["captured"], told["points.spent"]["released"]) == (45, 15)


def test_what_is_missing_and_what_is_gone_are_told(client, stream, clock):
    set_programme(client, clawback="clamp")
    buy(client, "first", 10_000)
    buy(client, "p-1", 1000, points_used=50)
    spend(client, 59)
    clock.forward(days=366)
    heard(stream)
    give_back(client)
    events = [event["data"] for event in stream.run() if short(event) == "points.returned"]
    assert [one.get("forfeited") for one in events] == [50, None]
    assert (events[1]["clawed"], events[1]["forgiven"]) == (0, 9)


@pytest.mark.parametrize("act", [complete, cancel, give_back, reverse])
def test_delivered_again_and_carried_on_the_events_stay_the_same(client, act):
    buy(client, "p-1", 1000, 500, state="placed")
    act(client)
    first, again = Stream(client.world), Stream(client.world)
    first.run()
    for one in first.carried:
        message = {"messageId": "m", "body": json.dumps({"carry_on": one.removeprefix("points ")})}
        assert inbox.work(client.world, {"Records": [message]}, reactions={}, carry_on=CARRY_ON) == {
            "batchItemFailures": []
        }
    again.run()
    assert first.sent == again.sent
    ids = [event["id"] for event in first.sent]
    assert len(ids) == len(set(ids))


def test_a_members_first_purchase_is_told_as_such(client, stream):
    def is_first():
        return heard(stream)["purchase.recorded"]["first_purchase"]

    buy(client, "one", 1000)
    assert is_first() is True
    buy(client, "two", 1000)
    assert is_first() is False
    for purchase_id in ("one", "two"):
        assert reverse(client, purchase_id).status == 200
    stream.run()
    buy(client, "three", 1000)
    assert is_first() is True  # what was reversed was none
