"""From the streams to the topic: every entry once as an event, names never, a bad record harms no neighbour."""

import pytest

from points.reactions import CARRY_ON
from points.recorded import BUY_SURELY, finish
from points.routes import ROUTES
from shared import events, keys, relay
from tests.kit import CAFE, OPERATOR, Client, FakeClock, make_world, member, purchase
from tests.stream import record


class Box:
    """An outbox that keeps what it is given; `deaf` events are not taken."""

    def __init__(self, deaf=()):
        self.sent, self.carried, self.parked, self.deaf = [], [], [], deaf

    def publish(self, wanted):
        self.sent += [event for event in wanted if event["type"] not in self.deaf]
        return [event for event in wanted if event["type"] in self.deaf]

    def carry_on(self, service, partition):
        self.carried.append((service, partition))

    def park(self, key, reason):
        self.parked.append((key, reason))


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(clock):
    client = Client(ROUTES, make_world(clock))
    client.post("/v1/members", {"member_id": "taro"})
    return client


def ledger_records(client):
    return [record(item) for item in client.world.ledger.table.scan()]


def test_an_entry_becomes_its_events_and_a_name_none(client):
    client.post("/v1/purchases", purchase())
    box = Box()
    relay.relay_ledger(client.world, ledger_records(client), box)
    assert [event["type"] for event in box.sent] == [
        "omotenashi.points.earned.v1",
        "omotenashi.purchase.recorded.v1",
    ]
    assert box.sent[0] == {
        "specversion": "1.0",
        "id": "M#taro:1:points.earned",
        "source": "/omotenashi/points",
        "type": "omotenashi.points.earned.v1",
        "time": "2026-11-20T03:00:00Z",
        "datacontenttype": "application/json",
        "sequence": "00000000000000000001",
        "partitionkey": "M#taro",
        "subject": "taro",
        "data": {
            "amount": 1000,
            "store_id": "shibuya",
            "points": 10,
            "balance": 10,
            "ref": {"kind": "purchase", "id": "pos/p-1"},
            "member_id": "taro",
            "occurred_at": "2026-11-20T02:55:00Z",
        },
    }
    assert (box.carried, box.parked) == ([], [])


def test_delivered_again_the_events_are_the_same(client):
    client.post("/v1/purchases", purchase())
    first, again = Box(), Box()
    relay.relay_ledger(client.world, ledger_records(client), first)
    relay.relay_ledger(client.world, ledger_records(client)[::-1], again)
    assert sorted(first.sent, key=str) == sorted(again.sent, key=str)


def test_a_name_whose_process_died_is_handed_to_its_service_and_finished(client):
    enter, client.world.ledger.enter = client.world.ledger.enter, None
    assert client.post("/v1/purchases", purchase()).status == 500
    client.world.ledger.enter = enter
    box = Box()
    relay.relay_ledger(client.world, ledger_records(client), box)
    assert box.carried == [("points", keys.name("purchase.pos", "shop", "p-1"))]
    for _ in range(2):
        finish(client.world, client.world.ledger.table.get(box.carried[0][1], 0))
    assert client.get("/v1/members/taro/balance").body["available"] == 10
    after = Box()
    relay.relay_ledger(client.world, ledger_records(client), after)
    assert after.carried == []


def test_a_name_that_may_be_refused_is_left_to_its_caller(client):
    client.post("/v1/purchases", purchase(lines=[{"line_id": "1", "quantity": 1, "amount": 10_000}]))
    enter, client.world.ledger.enter = client.world.ledger.enter, None
    client.post("/v1/spends", {"spend_id": "s", "member": {"member_id": "taro"}, "points": 5, "order_ref": "o"})
    client.post("/v1/purchases", purchase(purchase_id="p-2", points_used=5))
    client.world.ledger.enter = enter
    box = Box()
    relay.relay_ledger(client.world, ledger_records(client), box)
    assert box.carried == []


def test_an_award_that_the_budget_took_and_the_member_did_not_get_is_handed_on(client):
    client.as_(OPERATOR).put("/v1/partners/cafe", {"name": "c", "budget": {"kind": "monthly", "points": 100}})
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    enter = client.world.ledger.enter

    def die_at_the_member(verb, account, *rest, **options):
        if account.startswith("M#"):
            raise RuntimeError
        return enter(verb, account, *rest, **options)

    client.world.ledger.enter = die_at_the_member
    award = {"award_id": "a-1", "member": {"code": code}, "points": 60, "reason": "latte"}
    assert client.as_(CAFE).post("/v1/awards", award).status == 500
    client.world.ledger.enter = enter
    box = Box()
    relay.relay_ledger(client.world, ledger_records(client), box)
    assert box.carried == [("points", keys.name("award", "partner.cafe", "a-1"))]
    for _ in range(2):
        CARRY_ON["award"](client.world, client.world.ledger.table.get(box.carried[0][1], 0))
    assert client.get("/v1/members/taro/balance").body["available"] == 60
    after = Box()
    relay.relay_ledger(client.world, ledger_records(client), after)
    assert after.carried == []


def test_the_look_at_a_name_costs_half_a_read(client):
    client.post("/v1/purchases", purchase())
    name = client.world.ledger.table.get(keys.name("purchase.pos", "shop", "p-1"), 0)
    client.world.ledger.table.usage.reset()
    relay.relay_ledger(client.world, [record(name)], Box())
    usage = client.world.ledger.table.usage
    assert (usage.read_units, usage.write_units) == (0.5, 0)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_record_that_cannot_be_read_is_parked_by_its_key_and_the_others_go_on(client, position):
    client.post("/v1/purchases", purchase())
    bad = {"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "M#x"}}, "NewImage": {"pk": {"S": "M#x"}}}}
    records = ledger_records(client)
    records.insert(position, bad)
    box = Box()
    relay.relay_ledger(client.world, records, box)
    assert len(box.sent) == 2
    assert [key for key, _ in box.parked] == [{"pk": {"S": "M#x"}}]


def test_what_the_topic_does_not_take_is_parked(client):
    client.post("/v1/purchases", purchase())
    box = Box(deaf=("omotenashi.points.earned.v1",))
    relay.relay_ledger(client.world, ledger_records(client), box)
    assert len(box.sent) == 1
    assert box.parked[0][1] == "not published"


def test_if_parking_fails_too_the_batch_comes_again(client):
    class Broken(Box):
        def park(self, key, reason):
            raise ConnectionError

    with pytest.raises(ConnectionError):
        relay.relay_ledger(client.world, [{"eventName": "INSERT", "dynamodb": {"NewImage": {"x": 1}}}], Broken())


def test_joining_and_consents_become_events(client):
    before = client.world.directory.table.get("member#taro", "member")
    client.as_(member("taro")).put("/v1/me/consents/location", {"granted": True, "version": "v1"})
    after = client.world.directory.table.get("member#taro", "member")
    box = Box()
    relay.relay_directory([record(before), record(after, before), record(after, after)], box)
    assert [event["type"] for event in box.sent] == [
        "omotenashi.member.created.v1",
        "omotenashi.consent.changed.v1",
    ]
    assert box.sent[1]["data"] == {"member_id": "taro", "purpose": "location", "granted": True, "version": "v1"}


def test_settings_and_removals_make_no_events(client):
    client.as_(OPERATOR).put("/v1/partners/cafe", {"name": "c", "budget": {"kind": "monthly", "points": 1}})
    items = [item for item in client.world.directory.table.scan() if item["sk"] != "member"]
    box = Box()
    removal = {"eventName": "REMOVE", "dynamodb": {"Keys": {}}}
    relay.relay_directory([*map(record, items), removal], box)
    assert (box.sent, box.parked) == ([], [])


def test_every_event_can_be_read_back(client):
    client.post("/v1/purchases", purchase())
    box = Box()
    relay.relay_ledger(client.world, ledger_records(client), box)
    received = events.read(box.sent[0])
    assert (received.subject, received.sequence, received.type) == ("taro", 1, "omotenashi.points.earned.v1")


@pytest.mark.parametrize(
    "body", [None, [], {}, {"id": "1"}, {"id": 1, "type": "t", "time": "2026-01-01T00:00:00Z", "data": {"a": 1}}]
)
def test_what_is_no_event_is_said_to_be_none(body):
    with pytest.raises(ValueError, match="event"):
        events.read(body)


def test_only_operations_that_cannot_be_refused_are_carried():
    assert BUY_SURELY.carried_by == "points"


@pytest.fixture
def award(client):
    """An award that the partner café may give."""
    said = {"name": "c", "budget": {"kind": "monthly", "points": 1000}, "caps": {"per_member_day": 100}}
    client.as_(OPERATOR).put("/v1/partners/cafe", said)
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    return {"award_id": "a-1", "member": {"code": code}, "points": 60, "reason": "latte"}


def dying_at(client, letter, before=lambda: None):
    """Lets the process die before it enters the next account of this kind; `before` runs first, undisturbed."""
    ledger, enter = client.world.ledger, client.world.ledger.enter

    def dies(verb, account, *rest, **options):
        if account.startswith(letter):
            ledger.enter = enter
            before()
            raise RuntimeError
        return enter(verb, account, *rest, **options)

    ledger.enter = dies


def finish_awards(client, box):
    for _, name in box.carried:
        CARRY_ON["award"](client.world, client.world.ledger.table.get(name, 0))


def test_an_award_that_a_retry_brought_to_the_budget_is_handed_on_too(client, clock, award):
    cafe = client.as_(CAFE)
    dying_at(client, "P#")
    assert cafe.post("/v1/awards", award).status == 500
    clock.forward(seconds=5)
    dying_at(client, "M#")
    assert cafe.post("/v1/awards", award).status == 500
    box = Box()
    relay.relay_ledger(client.world, ledger_records(client), box)
    assert box.carried == [("points", keys.name("award", "partner.cafe", "a-1"))]
    finish_awards(client, box)
    assert client.get("/v1/members/taro/balance").body["available"] == 60


def test_a_budget_comes_back_whose_process_died_after_the_members_refusal(client, award):
    cafe, ledger = client.as_(CAFE), client.world.ledger
    enter = ledger.enter

    def twin_then_refused(verb, account, *rest, **options):
        if not account.startswith("M#"):
            return enter(verb, account, *rest, **options)
        ledger.enter = enter
        assert cafe.post("/v1/awards", award | {"award_id": "twin"}).status == 201
        dying_at(client, "P#")
        return enter(verb, account, *rest, **options)

    ledger.enter = twin_then_refused
    assert cafe.post("/v1/awards", award).status == 500
    assert cafe.get("/v1/partner/budget").body["left"] == 880
    for _ in range(2):
        box = Box()
        relay.relay_ledger(client.world, ledger_records(client), box)
        finish_awards(client, box)
        assert cafe.get("/v1/partner/budget").body["left"] == 940
    told = [event for event in box.sent if event["type"] == "omotenashi.points.refused.v1"]
    assert [("carry" in event["data"], event["data"]["cap"]) for event in told] == [(False, "per_member_day")]


def test_a_topic_that_takes_none_of_a_batch_is_asked_for_each_and_what_it_refuses_is_parked(client):
    class Choosy(Box):
        def publish(self, wanted):
            if any(event["type"] == "omotenashi.points.earned.v1" for event in wanted):
                raise ConnectionError
            return super().publish(wanted)

    client.post("/v1/purchases", purchase())
    box = Choosy()
    relay.relay_ledger(client.world, ledger_records(client), box)
    assert [event["type"] for event in box.sent] == ["omotenashi.purchase.recorded.v1"]
    assert [(key["pk"], reason) for key, reason in box.parked] == [({"S": "M#taro"}, "not published")]
