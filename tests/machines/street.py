"""What the machines share: the real apps over one world, what was answered so far, and what is on its way between them."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from importlib import import_module
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from infra.invariants import Watch
from shared import inbox, relay
from shared.events import Event
from shared.world import World
from tests.front import SERVICES, Front, HttpClient, Issuer
from tests.kit import Answer, FakeClock, make_world
from tests.stream import record

PICK = st.integers(0, 10**6)  # one of what is there, whatever there is
ZONE = "Asia/Tokyo"
_REACTING = {service: import_module(f"{service}.reactions") for service in SERVICES}


class Post:
    """The stream, the relay and the queues, with a watch over the books that they are read from."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.watch = Watch(ZONE)
        self.waiting: list[tuple[str, Any]] = []
        self.brought: dict[tuple[str, str], tuple[str, Event]] = {}  # once for each service and event
        self._seen: set[tuple[str, int | str]] = set()

    def collect(self) -> list[str]:
        """Read what is new in the books; what is wrong with it."""
        everything = self.world.ledger.table.scan(after=None, limit=sys.maxsize)
        items = [item for item in everything if (item["pk"], item["sk"]) not in self._seen]
        self._seen |= {(item["pk"], item["sk"]) for item in items}
        relay.relay_ledger(self.world, [record(item) for item in items], self)
        return [fault for item in items for fault in self.watch.see(item)]

    def publish(self, events: list[Event]) -> list[Event]:
        for event in events:
            self.waiting += [(service, event) for service in SERVICES if event["type"] in _REACTING[service].REACTIONS]
        return []

    def carry_on(self, service: str, partition: str) -> None:
        self.waiting.append((service, {"carry_on": partition}))

    def park(self, key: dict[str, Any], reason: str) -> None:
        raise AssertionError(f"parked {key}: {reason}")

    def deliver(self, picks: list[int], *, again: bool) -> None:
        """Bring some messages in this order, some of them twice; `again`: the queue will bring them once more."""
        chosen = [pick % len(self.waiting) for pick in picks] if self.waiting else []
        done = {place for place in chosen if self._bring(*self.waiting[place])}
        if not again:
            self.waiting = [message for place, message in enumerate(self.waiting) if place not in done]

    def _bring(self, service: str, message: Any) -> bool:
        records = {"Records": [{"messageId": "m", "body": json.dumps(message)}]}
        reacting = _REACTING[service]
        failed = inbox.work(self.world, records, reactions=reacting.REACTIONS, carry_on=reacting.CARRY_ON)
        if failed["batchItemFailures"]:
            return False
        if "id" in message:
            self.brought[service, message["id"]] = (service, message)
        return True

    def finish(self) -> None:
        """Everything arrives at last."""
        for _ in range(20):
            faults = self.collect()
            assert not faults, faults
            if not self.waiting:
                return
            self.deliver(list(range(len(self.waiting)))[::-1], again=False)
        raise AssertionError(f"never done: {self.waiting}")


class Street(RuleBasedStateMachine):
    """Rules that hold for every machine: messages come in any order, and whatever was answered is answered again."""

    front: ClassVar[Front]
    issuer: ClassVar[Issuer]

    def begin(self) -> None:
        """A new world at noon."""
        self.clock = FakeClock()
        self.front.open(make_world(self.clock))
        self.client: Any = HttpClient(self.front, self.issuer)
        self.post = Post(self.front.world)
        self.sent: list[tuple[HttpClient, str, Any, Answer, str]] = []
        self.closed: set[str] = set()

    @property
    def has_begun(self) -> bool:
        return hasattr(self, "post")

    def ask(self, path: str, body: Any, wanted: Any, of: str, client: Any = None) -> Answer:
        """Send a request whose answer's status or code is known; a yes is kept, to be sent again."""
        client = client or self.client
        answer: Answer = client.post(path, body)
        said = answer.status if answer.status < 300 else answer.code
        assert said == wanted, (path, body, answer.status, answer.body, wanted)
        if answer.status < 300:
            self.sent.append((client, path, body, answer, of))
        return answer

    def one(self, pick: int, things: dict[str, Any]) -> tuple[str, Any]:
        """One of these, if there are any."""
        name = sorted(things)[pick % len(things)]
        return name, things[name]

    @precondition(lambda self: self.has_begun and self.sent)
    @rule(pick=PICK)
    def again(self, pick: int) -> None:
        client, path, body, first, of = self.sent[pick % len(self.sent)]
        answer = client.post(path, body)
        if of in self.closed:
            assert (answer.status, answer.code) == (409, "reversed"), (path, body, of, answer.status, answer.body)
        else:
            assert (answer.status, answer.body) == (first.status, first.body), (path, body, answer.body, first.body)

    @precondition(lambda self: self.has_begun and self.sent)
    @rule(pick=PICK)
    def again_with_other_content(self, pick: int) -> None:
        client, path, body, _, of = self.sent[pick % len(self.sent)]
        other = otherwise(body)
        if other is not None:
            answer = client.post(path, other)
            is_gone = path.endswith("/returns") and of in self.closed  # then there is nothing that could be returned
            wanted = (409, "reversed") if is_gone else (422, "id_reused")
            assert (answer.status, answer.code) == wanted, (path, other, answer.body)

    @precondition(lambda self: self.has_begun and self.post.waiting)
    @rule(picks=st.lists(PICK, min_size=1, max_size=5), again=st.booleans())
    def deliver(self, picks: list[int], again: bool) -> None:
        self.post.deliver(picks, again=again)

    @invariant()
    def the_books_are_clean_and_nothing_is_parked(self) -> None:
        if self.has_begun:
            faults = self.post.collect()
            assert not faults, faults

    def teardown(self) -> None:
        if self.has_begun:
            self.post.finish()
            self.at_the_end()
            faults = list(self.post.watch.end(self.clock.now() + timedelta(days=1)))
            assert not faults, faults
            left = self.front.world.transient.scan(after=None, limit=sys.maxsize)
            assert not [item for item in left if "reason" in item]

    def at_the_end(self) -> None:
        """What must be true when everything has arrived."""


def otherwise(body: dict[str, Any]) -> dict[str, Any] | None:
    """The same id with other content that is well-formed; None where no id is named or nothing can be said otherwise."""
    for name in ("order_ref", "reason", "staff_id"):
        if name in body:
            return body | {name: f"not {body[name]}"}
    if "occurred_at" in body:
        return body | {"staff_id": "another"}
    if "return_id" in body:
        return body | {"channel": "pos" if body["channel"] == "ec" else "ec"}
    return None
