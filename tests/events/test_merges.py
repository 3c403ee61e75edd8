"""A merge and its end as events: told once, by the account that took the other in, and followed by every service."""

import itertools
import json

import pytest

from checkin.reactions import REACTIONS as OF_CHECKIN
from coupons.reactions import REACTIONS as OF_COUPONS
from points.reactions import REACTIONS as OF_POINTS
from points.routes import ROUTES
from shared import inbox, relay
from tests.events.test_relay import Box, ledger_records
from tests.kit import OPERATOR, Client, FakeClock, make_world, purchase


@pytest.fixture
def rich():
    """Taro has 100 points, Hanako 50."""
    client = Client(ROUTES, make_world(FakeClock()))
    for member_id, amount in (("taro", 10_000), ("hanako", 5_000)):
        client.post("/v1/members", {"member_id": member_id})
        lines = [{"line_id": "1", "quantity": 1, "amount": amount}]
        body = purchase(purchase_id=f"of-{member_id}", member={"member_id": member_id}, lines=lines)
        assert client.post("/v1/purchases", body).status == 201
    return client


def merge(client):
    body = {"merge_id": "m-1", "into_member_id": "hanako"}
    assert client.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200


def unmerge(client):
    assert client.as_(OPERATOR).post("/v1/members/taro/unmerge", {"merge_id": "m-1"}).status == 200


def published(client):
    box = Box()
    relay.relay_ledger(client.world, ledger_records(client), box)
    return box.sent


def test_a_merge_and_its_end_are_told_once_by_the_account_that_took_the_other_in(rich):
    merge(rich)
    unmerge(rich)
    merged, unmerged = [event for event in published(rich) if ".member." in event["type"]]
    assert merged["type"] == "omotenashi.member.merged.v1"
    assert unmerged["type"] == "omotenashi.member.unmerged.v1"
    for event in (merged, unmerged):
        assert (event["subject"], event["source"]) == ("hanako", "/omotenashi/points")
        told = {name: event["data"][name] for name in ("merge_id", "from", "into", "points_moved")}
        assert told == {"merge_id": "m-1", "from": "taro", "into": "hanako", "points_moved": 100}
        assert not {"carry", "alarm", "moved"} & set(event["data"])
    assert merged["id"] == "M#hanako:2:member.merged"


def deliver(world, event):
    """As the three queues do; answers whether all of them are done with it."""
    records = {"Records": [{"messageId": "m", "body": json.dumps(event)}]}
    answers = [inbox.work(world, records, reactions=reactions) for reactions in (OF_COUPONS, OF_CHECKIN, OF_POINTS)]
    return all(answer == {"batchItemFailures": []} for answer in answers)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_all_services_come_to_the_same_end_in_whatever_order_they_hear(rich, order):
    """A merge, its end, and the next merge. What can't be followed yet comes again."""
    merge(rich)
    unmerge(rich)
    body = {"merge_id": "m-2", "into_member_id": "hanako"}
    assert rich.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200
    events = [event for event in published(rich) if ".member." in event["type"]]
    waiting = [events[n] for n in order]
    for _ in range(3):
        waiting = [event for event in waiting if not deliver(rich.world, event)]
    assert waiting == []
    table = rich.world.ledger.table
    for letter in "BV":
        last = table.newest(f"{letter}#taro")
        assert [row[1] for row in last["c"]][-1] == "hanako"
        assert len(last["c"][-1]) == 3  # closed
    assert [event for event in published(rich) if event["source"] != "/omotenashi/points"] == []
    assert [item for item in rich.world.transient.scan() if item["pk"].startswith("parked")] == []
