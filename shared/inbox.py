"""A service's queue: every message once and for all, in any order, and no message harms its neighbours.

What can never succeed goes to the parking place with its reason and counts as done; what may succeed later is
reported back alone, and the queue brings it again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from shared import clock, events, keys
from shared.errors import Refused
from shared.events import Received
from shared.retention import parked_for
from shared.world import World

_BODY_MAX = 300_000  # bytes: an item holds 400 KB
_log = logging.getLogger("omotenashi")

React = Callable[[World, Received], None]
CarryOn = Callable[[World, Any], None]


def work(
    world: World,
    queue_event: Mapping[str, Any],
    *,
    reactions: Mapping[str, React],
    carry_on: Mapping[str, CarryOn] | None = None,
) -> dict[str, Any]:
    """Handle a batch: `reactions` by event type, `carry_on` by a name's kind. Answers what must come again."""
    failed = []
    for record in queue_event["Records"]:
        try:
            about = _handle(world, json.loads(record["body"]), reactions, carry_on or {})
            _log.info("message handled", extra={"message_id": record["messageId"], "event": about})
        except (Refused, ValueError, LookupError, TypeError) as error:
            if (isinstance(error, Refused) and error.is_retryable) or not _is_parked(world, record, error):
                failed.append(record["messageId"])
        except Exception:  # noqa: BLE001 - unknown: it comes again, and ends in the dead-letter queue if it never works
            _log.exception("message failed", extra={"message_id": record["messageId"]})
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


def _handle(world: World, body: Any, reactions: Mapping[str, React], carry_on: Mapping[str, CarryOn]) -> str:
    """What a message asked for, done: the id of its event, or the name that it carried on."""
    if isinstance(body, dict) and set(body) == {"carry_on"}:
        _finish(world, str(body["carry_on"]), carry_on)
        return str(body["carry_on"])
    event = events.read(body)
    react = reactions.get(event.type)
    if react is not None:
        react(world, event)
    return event.id


def _finish(world: World, partition: str, carry_on: Mapping[str, CarryOn]) -> None:
    partition = partition.partition("/")[0]  # behind it stands which effect of the name's chain is open
    kind = partition.split("#")[1]
    name = world.ledger.table.get(partition, 0, consistent=True)
    if name is None:
        raise ValueError(f"there is no name of this kind: {kind}")
    if name.get("state") != "reversed":
        carry_on[kind](world, name)


def _is_parked(world: World, record: Mapping[str, Any], error: Exception) -> bool:
    """Keep what can never succeed, with its reason; False if that failed, and the message must come again."""
    try:
        _park(world, record, error)
    except Exception:  # noqa: BLE001 - whatever it is, it must harm no neighbour
        _log.exception("message not parked", extra={"message_id": record["messageId"]})
        return False
    return True


def _park(world: World, record: Mapping[str, Any], error: Exception) -> None:
    reason = error.code if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    queue = str(record.get("eventSourceARN", "")).rpartition(":")[2]
    now = clock.utc_now()
    pk, sk = keys.parked(queue, record["messageId"])
    world.transient.put(
        {
            "pk": pk,
            "sk": sk,
            "reason": reason[:500],
            "body": str(record["body"]).encode()[:_BODY_MAX].decode(errors="ignore"),
            "t": clock.to_ms(now),
            "ttl": int((now + parked_for(world)).timestamp()),
        }
    )
    said = {"message_id": record["messageId"], "queue": queue, "reason": reason[:500]}
    _log.error("message parked", extra={**said, "metrics": {"Parked": 1}})
