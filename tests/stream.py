"""The ledger's stream in tests: what is new goes through the real relay, and what it sends is kept."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from points import following
from shared import relay
from shared.dynamo import _dump_value
from shared.events import Event
from shared.table import Item
from shared.world import World
from tests import catalogue


def record(item: Item, old: Item | None = None) -> dict[str, Any]:
    """A stream record as Lambda gets it: tagged values, bytes in base 64."""
    image = {"Keys": _image({"pk": item["pk"], "sk": item["sk"]}), "NewImage": _image(item)}
    if old is not None:
        image["OldImage"] = _image(old)
    return {"eventName": "INSERT" if old is None else "MODIFY", "dynamodb": image}


def _image(item: Item) -> dict[str, Any]:
    return {name: _tagged(value) for name, value in item.items()}


def _tagged(value: Any) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case bytes():
            return {"B": base64.b64encode(value).decode()}
        case list() | tuple():
            return {"L": [_tagged(each) for each in value]}
        case dict():
            return {"M": _image(value)}
    return _dump_value(value)


@dataclass
class Stream:
    """Brings each new item of a world's ledger to the relay, once; it is the relay's outbox as well."""

    world: World
    sent: list[Event] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    _seen: set[tuple[str, int]] = field(default_factory=set)

    def run(self) -> list[Event]:
        """Relay what is new; the events that were sent for it."""
        before = len(self.sent)
        items = [item for item in self.world.ledger.table.scan(after=None, limit=100_000) if self._is_new(item)]
        relay.relay_ledger(self.world, [record(item) for item in items], self, following.follow)
        return self.sent[before:]

    def _is_new(self, item: Item) -> bool:
        key = (item["pk"], item["sk"])
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def publish(self, events: list[Event]) -> list[Event]:
        assert [fault for event in events for fault in catalogue.faults(event)] == []
        self.sent += events
        return []

    def carry_on(self, service: str, partition: str) -> None:
        self.carried.append(f"{service} {partition}")

    def park(self, key: dict[str, Any], reason: str) -> None:
        raise AssertionError(f"parked {key}: {reason}")
