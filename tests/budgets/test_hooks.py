"""What an event for an endpoint costs, from what the table reports: its delivery, and its place in the line."""

from dataclasses import replace

from points import delivering, outbound
from points.routes import ROUTES
from tests.kit import EC, Client, FakeClock, make_world, sent
from tests.races.test_hook_lines import event

WEBHOOK = {"webhook_id": "hook", "url": "http://127.0.0.1:9/", "types": ["points.earned"]}


def test_an_event_is_four_writes_and_three_consistent_reads(monkeypatch):
    monkeypatch.setattr(outbound, "post", lambda *_, **__: outbound.Told(204))
    world = replace(make_world(FakeClock()), has_test_clock=True)
    assert Client(ROUTES, world).as_(EC).post("/v1/webhooks", WEBHOOK).status == 201
    usage = world.transient.usage
    usage.reset()
    delivering.handle(world, event("taro", 1))
    assert (usage.write_units, usage.read_units) == (2, 0)
    delivering.handle(world, sent(world).pop()[1])
    assert (usage.write_units, usage.read_units) == (4, 3.5), "the rest of the endpoint is read as it lies"
    assert sent(world) == []


def test_who_is_behind_reads_and_keeps_its_place(monkeypatch):
    monkeypatch.setattr(outbound, "post", lambda *_, **__: outbound.Told(500))
    world = replace(make_world(FakeClock()), has_test_clock=True)
    assert Client(ROUTES, world).as_(EC).post("/v1/webhooks", WEBHOOK).status == 201
    delivering.handle(world, event("taro", 1))
    delivering.handle(world, event("taro", 2))
    usage = world.transient.usage
    usage.reset()
    delivering.handle(world, sent(world).pop()[1])
    assert (usage.write_units, usage.read_units) == (1, 3)
