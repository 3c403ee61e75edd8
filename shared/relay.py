"""From the tables' streams to the topic: entries become events as they were written, names never.

A name whose operation may not be refused and is not in its chain yet goes to the inbox of the service that finishes
it. An alarm that an entry asks for is put where the job of its day finds it, a check-in that waits for people where
they look. Each record stands for itself: what fails is parked by its key, and the batch goes on. Items never change,
so the key is enough to do it again, in a year too.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from shared import alarms, aws, chain, events, finding, keys, queues, reviews, telling
from shared.dynamo import load
from shared.errors import Unavailable
from shared.events import Event
from shared.naming import Pending
from shared.table import Item
from shared.world import World

CARRY_ON_DELAY_SECONDS = 5  # the writer of a name needs some milliseconds for its entry; a dead one is found later
_BATCH = 10
_log = logging.getLogger("omotenashi")


class Outbox(Protocol):
    """Where the relay sends."""

    def publish(self, events: list[Event]) -> list[Event]:
        """Send to the topic; answers those that were not taken."""

    def carry_on(self, service: str, partition: str) -> None:
        """Ask a service to finish a name."""

    def park(self, key: dict[str, Any], reason: str) -> None:
        """Keep the key of a record that could not be handled."""


Follow = Callable[[World, Item], None]


def relay_ledger(world: World, records: Iterable[dict[str, Any]], outbox: Outbox, follow: Follow | None = None) -> None:
    """Handle a batch of the ledger's stream. `follow` is shown every item, for a list that no key of the ledger serves."""
    _relay(records, outbox, lambda _, new: _told(world, new, outbox, follow))


def relay_directory(records: Iterable[dict[str, Any]], outbox: Outbox) -> None:
    """Handle a batch of the directory's stream."""
    _relay(records, outbox, _of_directory)


def again(world: World, item: Item, outbox: Outbox, *, is_ledgers: bool, follow: Follow | None = None) -> None:
    """Relay one item that was parked by its key: the same events under the same ids, and shown to `follow` as ever.

    Raises what is wrong with it; `Unavailable` if the topic does not take all of its events.
    """
    found = _told(world, item, outbox, follow) if is_ledgers else _of_directory(None, item)
    for start in range(0, len(found), _BATCH):
        if _not_published(outbox, found[start : start + _BATCH]):
            raise Unavailable


def _relay(records: Iterable[dict[str, Any]], outbox: Outbox, read: Callable[[Item | None, Item], list[Event]]) -> None:
    found: list[tuple[dict[str, Any], Event]] = []
    records = list(records)
    for record in records:
        image = record["dynamodb"]
        key = image.get("Keys", {})
        try:
            if "NewImage" in image and record["eventName"] != "REMOVE":
                old = _from_stream(image["OldImage"]) if "OldImage" in image else None
                found += [(key, event) for event in read(old, _from_stream(image["NewImage"]))]
        except Exception as error:  # noqa: BLE001 - one record must not hold up the shard: it is parked with its reason
            _park(outbox, key, f"{type(error).__name__}: {error}")
    for start in range(0, len(found), _BATCH):
        part = found[start : start + _BATCH]
        for event in _not_published(outbox, [event for _, event in part]):
            _park(outbox, next(key for key, sent in part if sent is event), "not published")
    telling.relayed((event for _, event in found), records)


def _not_published(outbox: Outbox, wanted: list[Event]) -> list[Event]:
    """The events that the topic does not take. If it takes none of a batch, each is tried alone: one may be at fault."""
    try:
        return outbox.publish(wanted)
    except Exception:  # noqa: BLE001 - whatever it is, it must not hold up the shard
        if len(wanted) == 1:
            _log.exception("not published")
            return wanted
    return [event for one in wanted for event in _not_published(outbox, [one])]


def _park(outbox: Outbox, key: dict[str, Any], reason: str) -> None:
    _log.error("record parked", extra={"reason": reason, "key": json.dumps(key), "metrics": {"Parked": 1}})
    outbox.park(key, reason)


def _told(world: World, item: Item, outbox: Outbox, follow: Follow | None) -> list[Event]:
    if follow is not None:
        follow(world, item)
    return _of_ledger(world, item, outbox)


def _of_ledger(world: World, item: Item, outbox: Outbox) -> list[Event]:
    if item["sk"] == 0:  # a name; what follows it, if anything, is a chain of its own
        marks = item.get("opens", (item["pk"],))  # a name that only opens others is done when those are
        if "carry" in item and not all(has_entered(world, one, item["acc"], item["seen"]) for one in marks):
            outbox.carry_on(item["carry"], item["pk"])
        return []
    entries = chain.entries_of(item)
    for entry in entries:
        if "alarm" in entry.data:
            day = alarms.relayed(entry.data["alarm"], world.clock.now().date())
            alarms.put(world, entry.account, day)
        if entry.account[0] == keys.VISITS:
            reviews.follow(world, entry)
        if "carry" in entry.data:  # what this chain decided must enter another one; a refusal always asks
            service, name, *where = entry.data["carry"]
            if not where or not has_entered(world, name, *where):
                outbox.carry_on(service, name)
    return [event for entry in entries for event in events.of_entry(entry)]


def has_entered(world: World, name: str, account: str, seen: int) -> bool:
    """Whether a named operation, or its reversal, is in a chain, as far as a stale read knows: half a read unit in the usual case."""
    pending = Pending(
        operation=None,
        mark=chain.operation(name),
        reversal=chain.operation(name, is_reversal=True),
        at=world.clock.now(),
        seen=seen,
    )
    head = finding.raw_head(world.ledger.table, account)
    return world.ledger.mark_of(head, pending) is not None


def _of_directory(old: Item | None, new: Item) -> list[Event]:
    is_member = (new["pk"], new["sk"]) == keys.member(str(new.get("member_id")))
    return list(events.of_member(old, new)) if is_member else []


def _from_stream(image: dict[str, Any]) -> Item:
    return load(image, binary=base64.b64decode)


class AwsOutbox:
    """SNS for events, SQS for what a service must finish and for what is parked."""

    def __init__(self, world: World, clients: queues.Clients = aws.client) -> None:
        self._stage, self._queues, self._clients = world.stage, world.queues, clients

    def publish(self, events: list[Event]) -> list[Event]:
        sns = self._clients("sns")
        entries = [
            {
                "Id": str(n),
                "Message": json.dumps(event),  # escaped: SQS takes no U+FFFE or U+FFFF
                "MessageAttributes": {"type": {"DataType": "String", "StringValue": event["type"]}},
            }
            for n, event in enumerate(events)
        ]
        topic = f"arn:aws:sns:{sns.meta.region_name}:{aws.account_id(self._clients)}:{self._stage.topic}"
        answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
        return [events[int(failed["Id"])] for failed in answer.get("Failed", [])]

    def carry_on(self, service: str, partition: str) -> None:
        self._queues.carry_on(service, partition, CARRY_ON_DELAY_SECONDS)

    def park(self, key: dict[str, Any], reason: str) -> None:
        queues.send(self._stage.parking, {"key": key, "reason": reason[:500]}, clients=self._clients)
