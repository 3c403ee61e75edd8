"""Many sales heard of at once, the same ones twice, and people who resolve meanwhile; with a control that loses count."""

import json
import sys
import time

import pytest

from points.reactions import REACTIONS
from points.routes import ROUTES
from shared import inbox, keys
from shared.clock import Clock
from shared.memory import MemoryTable
from tests.api.points.shop import buy
from tests.kit import OPERATOR, TILL, Client, make_world
from tests.races.test_chain import all_at_once
from tests.stream import Stream

MANY = 12


@pytest.fixture(autouse=True)
def _switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def sold(transient=None, outcome="block"):
    """A till at which one member has bought many times; nobody has heard of it yet."""
    client = Client(ROUTES, make_world(Clock(), (MemoryTable(), MemoryTable(), transient or MemoryTable())), OPERATOR)
    assert client.post("/v1/members", {"member_id": "taro"}).status == 201
    programme = client.get("/v1/programme").body
    client.put("/v1/programme", programme | {"guard": {"same_member": {"outcome": outcome, "per_day": MANY}}})
    for n in range(MANY):
        assert buy(client, f"p-{n}", terminal_id="till-1").status == 201
    events = [one for one in Stream(client.world).run() if one["type"] == "omotenashi.purchase.recorded.v1"]
    assert len(events) == MANY
    return client, events


def hear(client, event):
    """As a queue does: again while it fails."""
    for _ in range(20):
        records = {"Records": [{"messageId": "m", "body": json.dumps(event)}]}
        if inbox.work(client.world, records, reactions=REACTIONS) == {"batchItemFailures": []}:
            return
    raise AssertionError("never heard")


def test_each_sale_is_counted_once_and_the_alert_is_there_once():
    client, events = sold()
    all_at_once(2 * MANY, lambda n: hear(client, events[n % MANY]))
    (alert,) = client.get("/v1/alerts").body["items"]
    assert len(alert["evidence"]) == MANY
    (tally,) = [item for item in client.world.transient.scan() if item["pk"].startswith("tally#")]
    assert len(tally["seen"]) == MANY
    client.world.directory.wait()
    assert client.as_(TILL).post("/v1/purchases", {}).code == "terminal_paused"


class Careless(MemoryTable):
    """Is looked at for a moment, and writes over whatever has come since."""

    def get(self, pk, sk, *, consistent=False):
        found = super().get(pk, sk, consistent=consistent)
        time.sleep(0.002)
        return found

    def put_new(self, item):
        self.put(item)

    def replace(self, item, version):
        self.put(item)
        return True


def test_control_without_the_condition_sales_are_lost():
    client, events = sold(Careless())
    all_at_once(MANY, lambda n: hear(client, events[n]))
    (tally,) = [item for item in client.world.transient.scan() if item["pk"].startswith("tally#")]
    assert len(tally["seen"]) < MANY


def test_what_is_resolved_while_it_is_heard_of_stops_nothing():
    client, events = sold()
    for event in events:
        hear(client, event)
    (alert,) = client.get("/v1/alerts").body["items"]
    path = f"/v1/alerts/{alert['alert_id']}/resolve"

    def act(n):
        return client.post(path, {"verdict": "harmless"}) if n % 2 else hear(client, events[n % MANY])

    answers = [one for one in all_at_once(2 * MANY, act) if one is not None]
    assert {answer.status for answer in answers} == {200}
    assert client.get("/v1/alerts").body["items"] == []
    assert client.world.directory.table.get(*keys.guarded("shibuya"))["by"] == {}


def test_of_two_verdicts_at_once_one_stands():
    client, events = sold()
    for event in events:
        hear(client, event)
    (alert,) = client.get("/v1/alerts").body["items"]
    path = f"/v1/alerts/{alert['alert_id']}/resolve"
    verdicts = ("harmless", "fraud")
    answers = all_at_once(MANY, lambda n: client.post(path, {"verdict": verdicts[n % 2]}))
    stands = client.get(f"/v1/alerts/{alert['alert_id']}").body["resolution"]["verdict"]
    won = {answer.body["resolution"]["verdict"] for answer in answers if answer.status == 200}
    assert won == {stands}
    assert {answer.code for answer in answers if answer.status != 200} == {"alert_resolved"}
