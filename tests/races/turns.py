"""A shop whose requests take turns at the store, in an order that a seed decides; and the stream that cleans up.

Some reads are stale, some processes rest for long between two calls or die there. Whoever got no answer asks again.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from points.reactions import CARRY_ON
from points.routes import ROUTES
from shared import inbox, relay
from shared.clock import Clock
from shared.memory import MemoryTable
from tests.api.points.shop import balance, faults
from tests.chain.schedule import Schedule, SteppedTable
from tests.events.test_relay import Box
from tests.kit import NOON, Client, FakeClock, make_world
from tests.stream import record


class StaleTable(SteppedTable):
    """A query that may be stale does not show the newest items of its partition, the name itself included."""

    def get(self, pk, sk, *, consistent=False):
        found = super().get(pk, sk, consistent=consistent)
        return None if found and not consistent and sk in self._unseen(pk) else found

    def items(self, pk, **asked):
        found = super().items(pk, **asked)
        is_newest = asked.get("limit") == 1 and "newest_first" in asked  # whose staleness `newest` has decided
        if is_newest or asked.get("consistent"):
            return found
        unseen = self._unseen(pk)
        return [item for item in found if item["sk"] not in unseen]

    def _unseen(self, pk):
        if not self._schedule.is_running:
            return ()
        behind = self._schedule.random.choice((0, 0, 0, 1, 2))
        return self._order.get(pk, [])[-behind:] if behind else ()


class LastWins(StaleTable):
    """For controls: without the condition of some chains' appends, whoever comes last has it."""

    def __init__(self, schedule, prefix):
        super().__init__(schedule)
        self._prefix = prefix

    def put_new(self, item):
        if not (item["pk"].startswith(self._prefix) and item["sk"] and self._schedule.is_running):
            return super().put_new(item)
        self._schedule.step()
        self.put(item)
        return None


@dataclass
class Turns:
    """One run. `setup` happens before; what `does` adds happens at once."""

    seed: int
    lastwins: str = ""
    late: float = 0  # seconds between `before` and the run; ten turns are a second
    with_profiles: bool = False  # the directory takes turns, too
    acts: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        self.schedule = Schedule(Random(self.seed))
        table = LastWins(self.schedule, self.lastwins) if self.lastwins else StaleTable(self.schedule)
        directory = SteppedTable(self.schedule) if self.with_profiles else MemoryTable()
        self.tables = table, directory, MemoryTable()
        self.before = Client(ROUTES, make_world(FakeClock(), self.tables))
        for member_id in ("taro", "hanako"):
            self.before.post("/v1/members", {"member_id": member_id})

    def client(self):
        clock = Clock(self._now, lambda _: None, lambda: 0.0)
        return Client(ROUTES, make_world(clock, self.tables))

    def _now(self):
        return NOON + timedelta(seconds=self.late + self.schedule.tick / 10)

    def does(self, name, act, *args, **kwargs):
        self.acts[name] = lambda client: act(client, *args, **kwargs)

    def run(self):
        """Everything at once, then the stream, then those who got no answer; the answers."""
        for name, act in self.acts.items():
            at = self.schedule.random.randint(0, 12)
            self.schedule.spawn(name, partial(self._act, act), at)
        self.schedule.run()
        for process in self.schedule.processes:
            assert process.answer == "died" or hasattr(process.answer, "status"), process.answer
            self.answers[process.name] = process.answer
        self.sweep()
        self.after = self.client()
        for name in self.acts:
            while self.answers[name] == "died" or self.answers[name].status == 503:
                self.answers[name] = self.acts[name](self.after)
            assert self.answers[name].status != 500
        self.sweep()
        return self.answers

    def _act(self, act):
        return act(self.client())

    def sweep(self):
        """What the stream sees of the ledger, and the inbox makes of it, until nothing is open."""
        world = self.client().world
        box = Box()
        relay.relay_ledger(world, [record(item) for item in world.ledger.table.scan()], box)
        for n, (_, name) in enumerate(box.carried):
            message = {"messageId": str(n), "body": json.dumps({"carry_on": name})}
            done = inbox.work(world, {"Records": [message]}, reactions={}, carry_on=CARRY_ON)
            assert done == {"batchItemFailures": []}
        assert not [item for item in world.transient.scan() if item["pk"].startswith("parked")]

    def points(self, member_id="taro"):
        said = balance(self.after, member_id)
        return said["available"], said["pending"], said["held"]

    def codes(self):
        return {name: answer.code or answer.status for name, answer in self.answers.items()}

    def is_sound(self):
        return faults(self.after) == []
