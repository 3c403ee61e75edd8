"""What the guard costs each sale of a till, and what it costs a till that nobody has stopped."""

import json

import pytest

from points.reactions import REACTIONS
from points.routes import ROUTES
from shared import inbox
from tests.api.points.shop import buy
from tests.kit import Client, FakeClock, make_world
from tests.stream import Stream


@pytest.fixture
def client():
    client = Client(ROUTES, make_world(FakeClock()))
    client.post("/v1/members", {"member_id": "taro"})
    return client


def heard(client, times=1):
    """What it costs to hear of what is new: units of the ledger, the directory and the transient table, and trips."""
    events = [one for one in Stream(client.world).run() if one["type"] == "omotenashi.purchase.recorded.v1"]
    records = [{"messageId": f"m-{n}", "body": json.dumps(one)} for n, one in enumerate(events)]
    tables = (client.world.ledger.table, client.world.directory.table, client.world.transient)
    for _ in range(times):
        for table in tables:
            table.usage.reset()
        assert inbox.work(client.world, {"Records": records}, reactions=REACTIONS) == {"batchItemFailures": []}
    writes = tuple(table.usage.write_units for table in tables)
    reads = tuple(table.usage.read_units for table in tables if table is not client.world.directory.table)
    return writes, reads, sum(table.usage.round_trips for table in (tables[0], tables[2]))


def warmed(client):
    """Settings are in the cache."""
    buy(client, "warm", store_id="shibuya", terminal_id="another")
    heard(client)
    return client


def test_a_sale_is_one_write_one_read_and_three_trips(client):
    warmed(client)
    events = Stream(client.world)
    events.run()
    buy(client, "p-1", terminal_id="till-1")
    (event,) = [one for one in events.run() if one["type"] == "omotenashi.purchase.recorded.v1"]
    ledger, directory, transient = client.world.ledger.table, client.world.directory.table, client.world.transient
    for table in (ledger, directory, transient):
        table.usage.reset()
    inbox.work(client.world, {"Records": [{"messageId": "m", "body": json.dumps(event)}]}, reactions=REACTIONS)
    assert (ledger.usage.write_units, directory.usage.write_units, transient.usage.write_units) == (0, 0, 1)
    assert (ledger.usage.read_units, directory.usage.read_units, transient.usage.read_units) == (0.5, 0, 0.5)
    assert ledger.usage.round_trips + transient.usage.round_trips == 3


def test_what_is_heard_again_writes_nothing(client):
    buy(client, "p-1", terminal_id="till-1")
    writes, reads, _ = heard(client, times=2)
    assert (writes, reads) == ((0, 0, 0), (0.5, 0.5))


def test_a_finding_is_written_once(client):
    for n in range(6):
        buy(client, f"p-{n}", terminal_id="till-1")
    assert heard(client)[0][1] == 4  # an alert and where it is found while it is open, in one transaction
    assert heard(client)[0] == (0, 0, 0)
