"""For how long rows with personal data are kept is the shop's to say: at that time they are gone, and not before.

DynamoDB deletes some days later, these tables never: so what is gone here is what nobody is shown any more.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from points import delivering
from points.reactions import REACTIONS
from shared import clock as clocks, inbox, keys
from shared.clock import to_text
from tests.api.points.shop import buy, line, set_programme
from tests.kit import EC, NOON, OPERATOR, TILL, purchase
from tests.stream import Stream

TICK = timedelta(seconds=1)


@pytest.fixture
def stream(client):
    return Stream(client.world)


def keeps(client, **days):
    set_programme(client, retention=client.as_(OPERATOR).get("/v1/programme").body["retention"] | days)


# ---- what was sent to webhooks --------------------------------------------------------------------------------------


def told(client, stream):
    """An endpoint that hears of a purchase; nobody is there, but it stands in the list."""
    said = {"webhook_id": "hook", "url": "https://192.0.43.7/hook", "types": ["points.earned"]}
    assert client.as_(EC).post("/v1/webhooks", said).status == 201
    buy(client)
    events = [event for event in stream.run() if event["type"] == "omotenashi.points.earned.v1"]
    for event in events:
        delivering.handle(client.world, event)


def deliveries(client):
    return len(client.as_(EC).get("/v1/webhooks/hook/deliveries").body["items"])


@pytest.mark.parametrize(("said", "days"), [({}, 14), ({"deliveries_days": 3}, 3)])
def test_deliveries_go_after_the_days_that_were_set(client, clock, stream, said, days):
    keeps(client, **said)
    told(client, stream)
    clock.forward(days=days)
    clock.at -= TICK
    assert deliveries(client) == 1
    clock.at += TICK
    assert deliveries(client) == 0


def test_what_is_gone_is_neither_sent_again_nor_tried(client, clock, stream):
    keeps(client, deliveries_days=2)
    told(client, stream)
    client.world.queues.sent.clear()
    (item,) = client.world.transient.items(keys.deliveries("hook"))
    again = {"replay": ["hook", 0, ""]}
    clock.forward(days=2)
    delivering.handle(client.world, again)
    delivering.handle(client.world, {"deliver": ["hook", item["sk"]]})
    assert client.world.queues.sent == []
    clock.at -= TICK
    delivering.handle(client.world, again)
    assert [body for _, body, _ in client.world.queues.sent] == [{"deliver": ["hook", item["sk"]]}]


def test_a_change_holds_for_what_is_written_from_then_on(client, clock, stream):
    told(client, stream)
    keeps(client, deliveries_days=2)
    clock.forward(days=3)
    assert deliveries(client) == 1


# ---- a store's sales by day -----------------------------------------------------------------------------------------


def not_in_journal(client, number):
    body = {"reconciliation_id": f"close-{number}", "store_id": "shibuya", "business_day": "2026-11-20", "lines": []}
    return [one["purchase_id"] for one in client.as_(OPERATOR).post("/v1/reconciliations", body).body["missing_in_pos"]]


@pytest.mark.parametrize(("said", "days"), [({}, 731), ({"sales_days": 32}, 32)])
def test_a_stores_sales_go_after_the_days_that_were_set(client, clock, stream, said, days):
    keeps(client, **said)
    buy(client)
    stream.run()
    clock.forward(days=days)
    clock.at -= TICK
    assert not_in_journal(client, 1) == ["p-1"]
    clock.at += TICK
    assert not_in_journal(client, 2) == []


# ---- what the insider guard looks at --------------------------------------------------------------------------------


def at_till(client, stream, number):
    """A sale of the same member, till and day, whenever its till comes to send it; and what the guard makes of it."""
    said = purchase(purchase_id=f"p-{number}", lines=[line(100)], occurred_at=to_text(NOON))
    assert client.as_(TILL).post("/v1/purchases", said).status == 201
    records = [{"messageId": str(n), "body": json.dumps(event)} for n, event in enumerate(stream.run())]
    assert inbox.work(client.world, {"Records": records}, reactions=REACTIONS) == {"batchItemFailures": []}
    return len(client.as_(OPERATOR).get("/v1/alerts").body["items"])


@pytest.mark.parametrize(("days_later", "alerts"), [(6, 1), (7, 0)])
def test_what_the_guard_has_counted_goes_after_the_days_that_were_set(client, clock, stream, days_later, alerts):
    set_programme(client, guard={"same_member": {"per_day": 3}})
    keeps(client, guard_days=7)
    assert [at_till(client, stream, n) for n in (1, 2)] == [0, 0]
    clock.forward(days=days_later)
    assert at_till(client, stream, 3) == alerts


# ---- what could not be handled --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "days"), [({}, 90), ({"parked_days": 14}, 14)])
def test_a_parked_message_goes_after_the_days_that_were_set(client, monkeypatch, said, days):
    keeps(client, **said)
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    monkeypatch.setattr(clocks, "utc_now", lambda: now)
    inbox.work(client.world, {"Records": [{"messageId": "m", "body": "{}"}]}, reactions=REACTIONS)
    (parked,) = client.world.transient.items(keys.parked("", "m")[0])
    assert parked["ttl"] == int((now + timedelta(days=days)).timestamp())


def test_a_shop_that_never_set_anything_keeps_parked_messages_for_ninety_days(client):
    inbox.work(client.world, {"Records": [{"messageId": "m", "body": "{}"}]}, reactions=REACTIONS)
    (parked,) = client.world.transient.items(keys.parked("", "m")[0])
    assert parked["ttl"] - parked["t"] // 1000 == 90 * 86_400


# ---- a value that makes no sense ------------------------------------------------------------------------------------


def test_a_bad_period_is_told_where(client):
    settings = client.as_(OPERATOR).get("/v1/programme").body
    answer = client.as_(OPERATOR).put("/v1/programme", settings | {"retention": {"sales_days": 5}})
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.body["errors"][0]["pointer"] == "/retention/sales_days"
