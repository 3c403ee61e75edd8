"""A day in the whole shop, in one process: every function at work, over the apps' real front, with planted secrets.

`tests/security/test_grants.py` asks what was called in it, `tests/security/test_canary.py` where the planted is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from coupons import alarms
from coupons.reactions import STEPS
from points import delivering, jobs
from shared import inbox, relay
from shared.events import Event
from shared.queues import MemoryQueues
from shared.table import Item
from tests.api.points.receiver import Receiver
from tests.front import Front, HttpClient, Issuer
from tests.kit import EC, OPERATOR, TILL, Answer, FakeClock, key, make_world, member
from tests.passing import INBOXES, Passing
from tests.stream import Stream, record

NAME, ACCOUNT, DEVICE = "金糸雀カナリア", "canary-account-5b1f", "canary-phone-77c2"
GONE_NAME, GONE_PHONE = "消金糸雀キエタ", "+818066612399"
PHONE, CARD = "+818055512345", "2970000123457"
PLACE = {"lat": 35.659512347891, "lon": 139.70054321987, "accuracy_m": 17.6543219871}
DIGITS = ("35.65951", "139.70054", "17.65432", "3565951", "13970054")
"""Of the three, in degrees and in whole parts of one: whoever keeps so much keeps a place to a metre."""
FOREIGN = "KANARIA-4711-0815"
STORE = {"name": "渋谷", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo", "rewards": [{"points": 5}]}
CAFE = key("partner", partner_id="cafe")
CALLERS = {
    "ec": EC,
    "pos": TILL,
    "partner": CAFE,
    "operator": OPERATOR,
    "operator_second": key("operator", key_id="second-key", owner="second"),
}


@dataclass
class Day:
    """The shop, its queues and its clock; `planted` is what must be nowhere, `answers` all refusals."""

    front: Front
    issuer: Issuer
    hook: Receiver
    clock: FakeClock = field(default_factory=FakeClock)
    planted: dict[str, set[str]] = field(default_factory=dict)
    refusals: list[Answer] = field(default_factory=list)
    queued: list[Any] = field(default_factory=list)  # every message that went through a queue
    parked: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = replace(make_world(self.clock), has_test_clock=True)  # so that webhooks may go to this machine
        self.front.open(world)
        self.world = world
        self.passing = Passing(world)
        assert isinstance(world.queues, MemoryQueues)
        self._queues = world.queues
        self._profiles: dict[tuple[str, str], Item] = {}
        self._told = 0

    # ---- asking -----------------------------------------------------------------------------------------------------

    def client(self, who: str, service: str) -> HttpClient:
        name, _, member_id = who.partition(":")
        return HttpClient(self.front, self.issuer, service, member(member_id) if member_id else CALLERS[name])

    def ask(self, service: str, who: str, method: str, path: str, body: Any = None) -> Any:
        """What is answered; it must be a yes."""
        answer = self.client(who, service).send(method, path, body)
        assert answer.status < 300, (method, path, body, answer.body)
        return answer.body

    def refused(self, service: str, who: str, method: str, path: str, body: Any = None) -> Answer:
        """As `ask` for what must be refused."""
        answer = self.client(who, service).send(method, path, body)
        assert answer.status >= 400, (method, path, body, answer.body)
        self.refusals.append(answer)
        return answer

    def plant(self, kind: str, *texts: str) -> None:
        self.planted.setdefault(kind, set()).update(texts)

    @contextmanager
    def dying(self) -> Iterator[None]:
        """Each request dies between its name and its entry, so that the stream must carry it on."""
        table = self.world.ledger.table
        put_new, transact = table.put_new, table.transact

        def put_names(item: Item) -> Item | None:
            if item["sk"]:
                raise ConnectionError("the process is gone")
            return put_new(item)

        def put_nothing(_: Any) -> None:
            raise ConnectionError("the process is gone")

        table.put_new, table.transact = put_names, put_nothing  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            table.put_new, table.transact = put_new, transact  # type: ignore[method-assign]

    @contextmanager
    def without_settings(self) -> Iterator[None]:
        """Each request dies where it would change a setting."""
        table = self.world.directory.table
        replace_ = table.replace

        def dies(*_: Any) -> bool:
            raise ConnectionError("the process is gone")

        table.replace = dies  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            table.replace = replace_  # type: ignore[method-assign]

    # ---- what goes on by itself -------------------------------------------------------------------------------------

    def work(self) -> None:
        """Streams, inboxes, jobs and webhooks, until nothing is left to do."""
        while self._relayed() or self._jobs_done() or self._delivered():
            pass

    def _relayed(self) -> bool:
        told = self._relay_directory()
        heard = [(service, event) for event in told for service, of in INBOXES.items() if event["type"] in of[0]]
        messages = heard + self.passing.step()
        self.queued += messages
        self._queues.asked += [(service, one["carry_on"]) for service, one in messages if service == "codes"]
        self.passing.deliver([one for one in messages if one[0] != "codes"])
        return bool(messages)

    def _relay_directory(self) -> list[Event]:
        items = {(one["pk"], one["sk"]): one for one in self.world.directory.table.scan(after=None, limit=100_000)}
        changed = [record(one, self._profiles.get(at)) for at, one in items.items() if self._profiles.get(at) != one]
        self._profiles = items
        outbox = Stream(self.world)
        relay.relay_directory(changed, outbox)
        self.passing.seen += outbox.sent
        return outbox.sent

    def _jobs_done(self) -> bool:
        asked, self._queues.asked[:] = self._queues.asked[:], []
        self.queued += asked
        for service, partition in asked:
            found = {"codes": ({}, STEPS)} | INBOXES
            self._message(found[service], {"carry_on": partition})
        return bool(asked)

    def _message(self, consumer: tuple[Any, Any], body: Any) -> None:
        records = [{"messageId": "m", "body": json.dumps(body), "eventSourceARN": "arn:aws:sqs:::omo-test-x-inbox"}]
        done = inbox.work(self.world, {"Records": records}, reactions=consumer[0], carry_on=consumer[1])
        assert done == {"batchItemFailures": []}, body

    def _delivered(self) -> bool:
        news, self._told = self.passing.seen[self._told :], len(self.passing.seen)
        sent, self._queues.sent[:] = [body for _, body, _ in self._queues.sent], []
        self.queued += [*news, *sent]
        for n, body in enumerate([*news, *sent]):
            delivering.work(self.world, {"Records": [{"messageId": str(n), "body": json.dumps(body)}]})
        if sent:
            self.clock.forward(seconds=40)
        return bool(news or sent)

    def nonsense(self) -> None:
        """Messages and records that nobody can make anything of."""
        for consumer in (*INBOXES.values(), ({}, STEPS)):
            self._message(consumer, {"carry_on": f"N#{next(iter(consumer[1]))}#shop#nowhere"})
        box = _Parking()
        broken = {"eventName": "INSERT", "dynamodb": {"Keys": {}, "NewImage": {"x": 1}}}
        relay.relay_ledger(self.world, [broken], box)
        relay.relay_directory([broken], box)
        self.parked += box.parked

    def bring(self, queue: str, partition: str) -> None:
        """A queue brings a message once more."""
        self._queues.carry_on(queue, partition)

    def hours(self, count: int) -> None:
        self.clock.forward(hours=count)
        jobs.hourly(self.world)
        alarms.hourly(self.world)
        self.work()


@dataclass
class _Parking:
    parked: list[Any] = field(default_factory=list)

    def publish(self, events: Any) -> Any:
        raise AssertionError(events)

    def carry_on(self, service: str, partition: str) -> None:
        raise AssertionError((service, partition))

    def park(self, key: Any, reason: str) -> None:
        self.parked.append((key, reason))
