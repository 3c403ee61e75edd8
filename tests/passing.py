"""What passes between the services in tests: every new entry goes through the real relay, and on to the real inboxes."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from checkin.reactions import CARRY_ON as CHECKIN_CARRY_ON, REACTIONS as CHECKIN_REACTIONS
from coupons.reactions import CARRY_ON as COUPONS_CARRY_ON, REACTIONS as COUPONS_REACTIONS
from points.reactions import CARRY_ON as POINTS_CARRY_ON, REACTIONS as POINTS_REACTIONS
from shared import inbox
from shared.world import World
from tests.stream import Stream

INBOXES: dict[str, Any] = {
    "points": (POINTS_REACTIONS, POINTS_CARRY_ON),
    "coupons": (COUPONS_REACTIONS, COUPONS_CARRY_ON),
    "checkin": (CHECKIN_REACTIONS, CHECKIN_CARRY_ON),
}


@dataclass
class Passing:
    """The queues of a world. `work` empties them; with `random`, each message comes thrice and in any order."""

    world: World
    random: random.Random | None = None
    seen: list[dict[str, Any]] = field(default_factory=list)  # all events so far
    _stream: Stream = field(init=False)

    def __post_init__(self) -> None:
        self._stream = Stream(self.world)

    def step(self) -> list[tuple[str, dict[str, Any]]]:
        """What the relay makes of the entries that are new: messages, each with the service that gets it."""
        self._stream.carried.clear()
        events = self._stream.run()
        self.seen += events
        messages = [
            (service, event) for event in events for service, (react, _) in INBOXES.items() if event["type"] in react
        ]
        return messages + [(one.split()[0], {"carry_on": one.split(" ", 1)[1]}) for one in self._stream.carried]

    def deliver(self, messages: list[tuple[str, dict[str, Any]]]) -> None:
        """Hand messages to their inboxes; none may fail, and none may be parked."""
        for n, (service, body) in enumerate(messages):
            reactions, carry_on = INBOXES[service]
            records = [{"messageId": f"m-{n}", "body": json.dumps(body)}]
            failed = inbox.work(self.world, {"Records": records}, reactions=reactions, carry_on=carry_on)
            assert failed == {"batchItemFailures": []}, body
        parked = [item for item in self.world.transient.scan(after=None, limit=100) if item["pk"].startswith("parked")]
        assert not parked, parked

    def work(self) -> None:
        """Until nothing new happens."""
        while messages := self.step():
            if self.random is not None:
                messages = messages * 3
                self.random.shuffle(messages)
            self.deliver(messages)

    def types(self) -> list[str]:
        """The short types of all events so far."""
        return [event["type"].removeprefix("omotenashi.").removesuffix(".v1") for event in self.seen]
