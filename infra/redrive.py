"""What lies in the dead-letter queues and the parking places, sent on its way once more.

A message is sent before it is taken away: if this dies in between it is sent twice, and twice is once, for every
consumer knows what it has done. What fails again is parked again, with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from points import following
from shared import keys, queues, relay
from shared.errors import Unavailable
from shared.events import Event
from shared.table import Item
from shared.world import World

PARKING = "parking"
QUEUES = (*keys.INBOXES, PARKING)
_HIDDEN_SECONDS = 60  # so long nobody else is given what is being looked at
_PAGE = 100
_PAGES_MAX = 100  # of a stream, for at most 100 records: a page may be empty

From: TypeAlias = Literal["dead", "parked"]


class Lying(NamedTuple):
    """A message that lies somewhere: where, why if that is known, and what it says."""

    of: From
    reason: str
    body: str
    handle: str


@dataclass
class Redriven:
    """What became of a queue's messages: sent on, not needed any more, left where they are with the reason."""

    sent: int = 0
    settled: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)


class Redrive:
    """The dead letters of one stage. `clients` gives an AWS client by its service's name."""

    def __init__(self, world: World, clients: queues.Clients) -> None:
        self._world, self._clients, self._sqs = world, clients, clients("sqs")

    def lying(self, queue: str) -> Iterator[Lying]:
        """What lies there now; in an order of its own."""
        stage = self._world.stage
        if queue == PARKING:
            yield from self._received(stage.parking)
            return
        yield from self._received(stage.dead(queue))
        yield from self._parked(stage.inbox(queue))

    def again(self, queue: str) -> Redriven:
        """Send everything that lies there on its way once more."""
        redriven = Redriven()
        for one in self.lying(queue):
            try:
                is_sent = self._carried(one) if queue == PARKING else self._sent(queue, one)
            except Exception as error:  # noqa: BLE001 - it stays where it is, and the others go on
                redriven.left.append((one.body[:200], f"{type(error).__name__}: {error}"))
                continue
            self._take_away(queue, one)
            redriven.sent += is_sent
            redriven.settled += not is_sent
        return redriven

    # ---- where it lies ----------------------------------------------------------------------------------------------

    def _received(self, name: str) -> Iterator[Lying]:
        url = self._url(name)
        while messages := self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=_HIDDEN_SECONDS, WaitTimeSeconds=1
        ).get("Messages"):
            for message in messages:
                yield Lying("dead", _reason(message["Body"]), message["Body"], message["ReceiptHandle"])

    def _parked(self, inbox: str) -> Iterator[Lying]:
        partition, after = keys.parked(inbox, "")[0], None
        while items := self._world.transient.items(partition, after=after, limit=_PAGE, consistent=True):
            for item in items:
                yield Lying("parked", item["reason"], item["body"], item["sk"])
            after = items[-1]["sk"]

    def _take_away(self, queue: str, one: Lying) -> None:
        stage = self._world.stage
        if one.of == "parked":
            self._world.transient.delete(*keys.parked(stage.inbox(queue), one.handle))
            return
        name = stage.parking if queue == PARKING else stage.dead(queue)
        self._sqs.delete_message(QueueUrl=self._url(name), ReceiptHandle=one.handle)

    def _url(self, name: str) -> str:
        return str(self._sqs.get_queue_url(QueueName=name)["QueueUrl"])

    # ---- on its way -------------------------------------------------------------------------------------------------

    def _sent(self, queue: str, one: Lying) -> bool:
        self._sqs.send_message(QueueUrl=self._url(self._world.stage.inbox(queue)), MessageBody=one.body)
        return True

    def _carried(self, one: Lying) -> bool:
        """Relay what the relay could not. A run of a job that failed needs nothing: the next one has done its work."""
        said = json.loads(one.body)
        outbox = _Strict(relay.AwsOutbox(self._world, self._clients))
        if "key" in said:
            self._relay_item(said["key"], outbox)
            return True
        if "DDBStreamBatchInfo" in said:
            self._relay_batch(said["DDBStreamBatchInfo"], outbox)
            return True
        if "requestContext" in said:
            return False
        raise ValueError("nothing that we have parked")

    def _relay_item(self, key: dict[str, Any], outbox: relay.Outbox) -> None:
        pk, sk = key["pk"]["S"], key["sk"].get("S") or int(key["sk"]["N"])
        ledger, directory = self._world.ledger.table, self._world.directory.table
        of_ledger = ledger.get(pk, sk, consistent=True) if isinstance(sk, int) else None
        item: Item | None = of_ledger or directory.get(pk, sk, consistent=True)
        if item is None:
            raise LookupError(f"there is no item {pk} {sk}")
        relay.again(self._world, item, outbox, is_ledgers=of_ledger is not None, follow=following.follow)

    def _relay_batch(self, info: dict[str, Any], outbox: relay.Outbox) -> None:
        """Records of a stream on which the relay crashed; a stream keeps them for a day."""
        streams, last = self._clients("dynamodbstreams"), int(info["endSequenceNumber"])
        iterator = streams.get_shard_iterator(
            StreamArn=info["streamArn"],
            ShardId=info["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=info["startSequenceNumber"],
        )["ShardIterator"]
        found: list[dict[str, Any]] = []
        for _ in range(_PAGES_MAX):
            page = streams.get_records(ShardIterator=iterator)
            found += [one["dynamodb"] for one in page["Records"]]
            iterator = page.get("NextShardIterator")
            if iterator is None or (found and int(found[-1]["SequenceNumber"]) >= last):
                break
        if not found or int(found[-1]["SequenceNumber"]) < last:
            raise LookupError("the stream does not have these records any more")
        for one in found:
            if int(one["SequenceNumber"]) <= last:
                self._relay_item(one["Keys"], outbox)


class _Strict:
    """An outbox that parks nothing: what fails stays where it lies."""

    def __init__(self, outbox: relay.Outbox) -> None:
        self._outbox = outbox
        self.carry_on = outbox.carry_on

    def publish(self, events: list[Event]) -> list[Event]:
        return self._outbox.publish(events)

    def park(self, key: dict[str, Any], reason: str) -> None:  # noqa: ARG002 - an outbox has it
        raise Unavailable


def _reason(body: str) -> str:
    """Why a message lies there, as far as it says so itself."""
    try:
        said = json.loads(body)
    except ValueError:
        return "no JSON"
    if not isinstance(said, dict):
        return "no object"
    context = said.get("requestContext") or {}
    return str(said.get("reason") or context.get("condition") or "received too often")
