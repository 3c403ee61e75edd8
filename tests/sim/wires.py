"""Streams, topic and queues: at least once, late, twice and out of order, as AWS promises no better.

Records of one key keep their order; between keys there is none. A queue knows no order at all. What was received five
times in vain goes to the dead-letter queue, what the relay could not handle to the parking queue: both are sent again
by the operator when the weather is calm.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from zlib import crc32

from points import forgetting
from shared import inbox, relay
from shared.errors import Unavailable
from shared.events import Event
from shared.table import Item
from shared.world import World
from tests.sim.turns import Dies, Turns
from tests.sim.weather import Weather
from tests.stream import record

SHARDS = 3
BATCH = 10
RECEIVES_MAX = 5
WEEK, DAY = 7 * 86_400.0, 86_400.0


@dataclass(eq=False)
class Message:
    name: str
    body: str
    received: int = 0


@dataclass
class Consumer:
    """A service's queue, and what it does with a message."""

    reactions: Mapping[str, inbox.React]
    carry_on: Mapping[str, inbox.CarryOn]
    ready: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    is_awake: bool = False


@dataclass
class Shard:
    """Records in their order; those before `done` have been handled."""

    records: list[tuple[str, Item, Item | None]] = field(default_factory=list)
    done: int = 0
    is_awake: bool = False


class Wires:
    """Everything between the services. `world` hands out the world of one environment."""

    def __init__(
        self, turns: Turns, weather: Weather, consumers: dict[str, Consumer], world: Callable[[], World]
    ) -> None:
        self.turns, self.weather, self.random = turns, weather, turns.random
        self.consumers = consumers
        self.published: Counter[str] = Counter()
        self.parked: list[tuple[Any, str]] = []
        self.deliveries: Counter[str] = Counter()
        self._world = world
        self._shards = [Shard() for _ in range(SHARDS)]
        self._messages = 0

    # ---- streams ----------------------------------------------------------------------------------------------------

    def wrote(self, table: str, item: Item, old: Item | None) -> None:
        """An item is in the stream of its table."""
        shard = self._shards[crc32(item["pk"].encode()) % SHARDS]
        shard.records.append((table, item, old))
        self._wake(shard)

    def _wake(self, shard: Shard) -> None:
        if not shard.is_awake:
            shard.is_awake = True
            after = self.random.random() * 3
            if self.weather.strikes("late", self.random):
                after = self.random.random() * 600
            self.turns.spawn(lambda: self._relay(shard), after)

    def _relay(self, shard: Shard) -> None:
        """One invocation of the relay: a batch, which comes again if the function dies or fails."""
        shard.is_awake = False
        first = shard.done
        if self.weather.strikes("twice", self.random):
            first = max(0, first - self.random.randint(1, BATCH))
        batch = shard.records[first : first + BATCH]
        if not batch:
            return
        try:
            self.relay(batch)
            shard.done = max(shard.done, first + len(batch))
        except Unavailable:  # even parking failed: the whole batch comes again
            pass
        finally:
            if shard.done < len(shard.records):
                self._wake(shard)

    def relay(self, batch: list[tuple[str, Item, Item | None]]) -> None:
        """Hand records to the real relay of their table."""
        world, box = self._world(), Outbox(self)
        self.deliveries["stream"] += len(batch)
        of_ledger = [record(item) for table, item, _ in batch if table == "ledger"]
        of_directory = [record(item, old) for table, item, old in batch if table == "directory"]
        if of_ledger:
            relay.relay_ledger(world, of_ledger, box, forgetting.follow)
        if of_directory:
            relay.relay_directory(of_directory, box)
        if self.weather.strikes("relay_dies", self.random):
            raise Dies

    # ---- queues -----------------------------------------------------------------------------------------------------

    def send(self, service: str, body: Any, after: float = 0) -> None:
        """Put a message into a service's queue; it may come late, twice, or days later once more."""
        times = 2 if self.weather.strikes("twice", self.random) else 1
        text = json.dumps(body)
        for again in range(times):
            wait = after + self.random.random() * 2
            if self.weather.strikes("late", self.random):
                wait += self.random.random() * 900
            if again and self.weather.strikes("days_late", self.random):
                wait += self.random.random() * 9 * DAY
            self._messages += 1
            self._arrive(service, Message(f"m{self._messages}", text), wait)

    def _arrive(self, service: str, message: Message, after: float) -> None:
        if service in self.weather.down and self.turns.now < WEEK * 1000:
            after = max(after, WEEK - self.turns.now / 1000)
        self.turns.spawn(lambda: self._receive(service, message), after, places=0)

    def _receive(self, service: str, message: Message) -> None:
        consumer = self.consumers[service]
        consumer.ready.append(message)
        if not consumer.is_awake:
            consumer.is_awake = True
            self.turns.spawn(lambda: self._consume(service), self.random.random() * 0.2)

    def _consume(self, service: str) -> None:
        """One invocation of an inbox: what it reports, or all if it dies, comes again after a while."""
        consumer = self.consumers[service]
        consumer.is_awake = False
        self.random.shuffle(consumer.ready)
        batch, consumer.ready = consumer.ready[:BATCH], consumer.ready[BATCH:]
        if consumer.ready:
            consumer.is_awake = True
            self.turns.spawn(lambda: self._consume(service), 0)
        left = {message.name: message for message in batch}
        try:
            for name in set(left) - self.work(service, batch):
                del left[name]
        finally:
            for name in sorted(left):
                self._come_again(service, left[name])

    def work(self, service: str, batch: list[Message]) -> set[str]:
        """Hand messages to the real inbox of a service; the names of those that must come again."""
        consumer = self.consumers[service]
        self.deliveries["queue"] += len(batch)
        records = [{"messageId": message.name, "body": message.body} for message in batch]
        done = inbox.work(self._world(), {"Records": records}, reactions=consumer.reactions, carry_on=consumer.carry_on)
        if self.weather.strikes("consumer_dies", self.random):
            raise Dies
        return {failed["itemIdentifier"] for failed in done["batchItemFailures"]}

    def _come_again(self, service: str, message: Message) -> None:
        message.received += 1
        if message.received >= RECEIVES_MAX:
            self.consumers[service].dead.append(message)
        else:
            self._arrive(service, message, 30 * message.received)

    # ---- the operator -----------------------------------------------------------------------------------------------

    def redrive(self) -> bool:
        """Send everything again that was given up; whether there was anything."""
        parked, self.parked = self.parked, []
        for key, _ in parked:
            pk, sk = key["pk"]["S"], key["sk"]
            found = [one for shard in self._shards for one in shard.records if one[1]["pk"] == pk]
            wanted = [one for one in found if str(one[1]["sk"]) == str(sk.get("N", sk.get("S")))]
            self.turns.spawn(partial(self.relay, wanted[-1:]))
        dead = [(service, one) for service, consumer in self.consumers.items() for one in consumer.dead]
        for service, message in dead:
            self.consumers[service].dead.remove(message)
            message.received = 0
            self._arrive(service, message, 0)
        return bool(parked or dead)


class Outbox:
    """Where the real relay sends."""

    def __init__(self, wires: Wires) -> None:
        self._wires = wires

    def publish(self, events: list[Event]) -> list[Event]:
        """To the topic, and from there to every queue that asks for the type; answers those that were not taken."""
        wires, strikes, random = self._wires, self._wires.weather.strikes, self._wires.random
        wires.turns.step()
        if strikes("unsent", random):
            raise Unavailable
        taken = [event for event in events if not strikes("half_sent", random)]
        for event in taken:
            wires.published[event["id"]] += 1
            for service, consumer in wires.consumers.items():
                if event["type"] in consumer.reactions:
                    wires.send(service, event)
        if strikes("sent_unsaid", random):
            raise Unavailable
        return [event for event in events if all(event is not one for one in taken)]

    def carry_on(self, service: str, partition: str) -> None:
        self._call()
        self._wires.send(service, {"carry_on": partition}, relay.CARRY_ON_DELAY_SECONDS)

    def park(self, key: dict[str, Any], reason: str) -> None:
        self._call()
        self._wires.parked.append((key, reason))

    def _call(self) -> None:
        self._wires.turns.step()
        if self._wires.weather.strikes("unsent", self._wires.random):
            raise Unavailable
