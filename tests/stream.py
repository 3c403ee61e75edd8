"""The ledger's stream in tests: what is new goes through the real relay, and what it sends is kept."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from shared import relay
from shared.dynamo import _dump
from shared.events import Event
from shared.table import Item
from shared.world import World


def record(item: Item) -> dict[str, Any]:
    """A stream record as Lambda gets it: bytes in base 64."""
    keys = {"pk": item["pk"], "sk": item["sk"]}
    return {"eventName": "INSERT", "dynamodb": {"Keys": _image(keys), "NewImage": _image(item)}}


def _image(item: Item) -> dict[str, Any]:
    return {name: _encoded(value) for name, value in _dump(item).items()}


def _encoded(value: dict[str, Any]) -> dict[str, Any]:
    ((tag, inner),) = value.items()
    match tag:
        case "B":
            return {"B": base64.b64encode(inner).decode()}
        case "L":
            return {"L": [_encoded(each) for each in inner]}
        case "M":
            return {"M": {name: _encoded(each) for name, each in inner.items()}}
    return value


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
        relay.relay_ledger(self.world, [record(item) for item in items], self)
        return self.sent[before:]

    def _is_new(self, item: Item) -> bool:
        key = (item["pk"], item["sk"])
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def publish(self, events: list[Event]) -> list[Event]:
        self.sent += events
        return []

    def carry_on(self, service: str, partition: str) -> None:
        self.carried.append(f"{service} {partition}")

    def park(self, key: dict[str, Any], reason: str) -> None:
        raise AssertionError(f"parked {key}: {reason}")
