"""Workers that race for what waits for an endpoint: each member's events get there in their order, and all get there."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from points import delivering, hook_lines, outbound
from points.routes import ROUTES
from shared.memory import MemoryTable
from tests.chain.schedule import Dies, Schedule, SteppedTable
from tests.kit import EC, NOON, Client, FakeClock, make_world, sent

SEEDS = range(60)
MEMBERS, WORKERS, EVENTS = ("taro", "hanako"), 3, 4


def event(member, sequence):
    """An event as the topic brings it."""
    return {
        "specversion": "1.0",
        "id": f"M#{member}:{sequence}:points.earned",
        "source": "/omotenashi/points",
        "type": "omotenashi.points.earned.v1",
        "subject": member,
        "time": (NOON + timedelta(seconds=sequence)).isoformat(),
        "sequence": str(sequence),
        "partitionkey": f"M#{member}",
        "data": {"member_id": member},
    }


class Stepped(SteppedTable):
    """What is put or deleted without a condition is a turn, too."""

    def put(self, item):
        self._schedule.step()
        super().put(item)

    def delete(self, pk, sk):
        self._schedule.step()
        super().delete(pk, sk)


class Race:
    """One run: some events wait already, others come while workers deliver, fail and die."""

    def __init__(self, seed, monkeypatch):
        self.schedule, self.clock, self.taken = Schedule(Random(seed)), FakeClock(), []
        self.world = make_world(self.clock, (MemoryTable(), MemoryTable(), Stepped(self.schedule)))
        self.world = replace(self.world, has_test_clock=True)
        hook = {"webhook_id": "hook", "url": "http://127.0.0.1:9/", "types": ["points.earned"]}
        assert Client(ROUTES, self.world).as_(EC).post("/v1/webhooks", hook).status == 201
        monkeypatch.setattr(outbound, "post", self.post)

    def post(self, _url, _headers, body, **_):
        self.schedule.step()
        if self.schedule.random.random() < 0.2:
            return outbound.Told(500, "status 500")
        self.taken.append(body)
        self.schedule.step()
        return outbound.Told(204)

    def come(self, sequences):
        for sequence in sequences:
            for member in MEMBERS:
                delivering.handle(self.world, event(member, sequence))

    def deliver(self, count):
        """Handle what is in the queue; what is not handled to the end comes again, some of it twice."""
        queue, random = sent(self.world), self.schedule.random
        for _ in range(count):
            self.schedule.step()
            if not (now := [one for one in queue if not one[2]]):
                continue
            message = random.choice(now)
            if is_last := random.random() < 0.8:
                queue.remove(message)
            try:
                delivering.handle(self.world, message[1])
            except Dies:
                queue.extend([message] if is_last else [])
                raise

    def run(self):
        self.come(range(1, EVENTS))
        self.schedule.spawn("relay", lambda: self.come(range(EVENTS, 2 * EVENTS)), is_mortal=False)
        for n in range(WORKERS):
            self.schedule.spawn(n, lambda: self.deliver(12))
        self.schedule.run()
        for _ in range(2000):
            if not (queue := sent(self.world)):
                break
            self.clock.forward(seconds=queue[0][2])
            delivering.handle(self.world, queue.pop(0)[1])
        return self

    def first_of(self, member):
        """The sequence numbers in the order in which they came first; who comes again is known by its id."""
        numbers = [n for body in self.taken for n in range(2 * EVENTS) if body == delivering_body(member, n)]
        return list(dict.fromkeys(numbers))


def delivering_body(member, sequence):
    return delivering._body(delivering._new(make_world(), "hook", event(member, sequence), NOON))


def are_in_order(race):
    return all(race.first_of(member) == sorted(race.first_of(member)) for member in MEMBERS)


def are_all_there(race):
    return all(set(race.first_of(member)) == set(range(1, 2 * EVENTS)) for member in MEMBERS)


def test_each_members_events_come_in_order_and_all_come(monkeypatch):
    races = {seed: Race(seed, monkeypatch).run() for seed in SEEDS}
    assert [seed for seed, race in races.items() if not are_all_there(race)] == []
    assert [seed for seed, race in races.items() if not are_in_order(race)] == []


def test_without_lines_they_overtake_each_other(monkeypatch):
    monkeypatch.setattr(hook_lines, "is_first", lambda *_: True)
    assert not all(are_in_order(Race(seed, monkeypatch).run()) for seed in SEEDS)


def test_who_goes_before_its_place_is_taken_away_leaves_the_others_waiting(monkeypatch):
    """The control of the order of steps: looked at first, deleted then, the next is never sent for."""
    real = hook_lines.leave

    def looked_first(world, endpoint, item):
        place = hook_lines._place(endpoint, item)
        assert place is not None
        behind = world.transient.items(place["pk"], limit=2, consistent=True)
        real(world, endpoint, item)
        return behind[1]["d"] if len(behind) > 1 else None

    monkeypatch.setattr(hook_lines, "leave", looked_first)
    assert not all(are_all_there(Race(seed, monkeypatch).run()) for seed in SEEDS)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_is_the_same_each_time(seed, monkeypatch):
    assert Race(seed, monkeypatch).run().taken == Race(seed, monkeypatch).run().taken
