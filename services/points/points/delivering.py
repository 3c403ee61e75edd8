"""Events on their way to webhooks: a queue and a function of their own, so that no endpoint ever delays the product.

An event from the topic becomes a delivery for each endpoint that asks for its type: an item of the transient table that
holds the event, and a message with its key. A try that fails is a new message for later (SQS waits at most 15
minutes, so a long pause is several). A message that comes twice, or a process that dies after it has sent, is a second
delivery with the same `webhook-id`, and no more.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from points import hook_lines, outbound, webhooks
from points.hook_model import PAUSES, message_id, signature
from points.store import programme
from shared import clock, events, keys
from shared.event_types import short_name
from shared.retention import living
from shared.table import Item
from shared.world import World

_WAIT_MAX = 900  # seconds: a message of SQS waits no longer
_PAGE = 100
_GONE, _BUSY = 410, (429, 503)
_REST, _GIVEN_UP = timedelta(seconds=30), timedelta(days=1)
_log = logging.getLogger("omotenashi")


def work(world: World, queue_event: Mapping[str, Any]) -> dict[str, Any]:
    """Handle messages; answers those that must come again."""
    failed = []
    for record in queue_event["Records"]:
        try:
            handle(world, json.loads(record["body"]))
        except Exception:  # noqa: BLE001 - it comes again, and ends in the dead-letter queue if it never works
            _log.exception("webhook message failed", extra={"message_id": record["messageId"]})
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


def handle(world: World, body: dict[str, Any]) -> None:
    """One message: an event of the topic, a delivery to try, or a replay to go on with."""
    if "deliver" in body:
        _deliver(world, *body["deliver"])
    elif "replay" in body:
        _replay(world, *body["replay"])
    else:
        _fan_out(world, body)


def _fan_out(world: World, event: dict[str, Any]) -> None:
    read = events.read(event)
    for endpoint in world.directory.settings(keys.webhook("")[0]):
        if short_name(read.type) in map(short_name, endpoint["types"]):
            item = _new(world, endpoint["sk"], event, read.time)
            old = world.transient.put_new(item)
            is_open = (
                old is None or old["state"] == "pending"
            )  # whoever put it may have died before it sent the message
            if is_open and endpoint["state"] == "active":  # else it is kept for a replay
                hook_lines.put(world, endpoint, item)
                _send(world, endpoint["sk"], item["sk"])


def _new(world: World, webhook_id: str, event: dict[str, Any], at: datetime) -> Item:
    goes = world.clock.now() + timedelta(days=programme(world).retention.deliveries_days)
    return {
        "pk": keys.deliveries(webhook_id),
        "sk": keys.delivery(clock.to_ms(at), message_id(event)),
        "id": event["id"],
        "type": event["type"],
        "state": "pending",
        "line": [event["partitionkey"], int(event["sequence"])],
        "a": 0,
        "t": clock.to_ms(at),
        "body": json.dumps(event, separators=(",", ":")),
        "ttl": int(goes.timestamp()),
    }


def _send(world: World, webhook_id: str, place: str, seconds: float = 0) -> None:
    world.queues.send(webhooks.QUEUE, {"deliver": [webhook_id, place]}, int(min(_WAIT_MAX, max(0, seconds))))


# ---- one delivery ---------------------------------------------------------------------------------------------------


def _deliver(world: World, webhook_id: str, place: str) -> None:
    """One try, if it is due and the first in its line. What is over, or has no endpoint any more, is left alone."""
    endpoint = world.directory.setting(keys.webhook(webhook_id))
    item = world.transient.get(keys.deliveries(webhook_id), place, consistent=True)
    now = world.clock.now()
    if endpoint is None or endpoint["state"] != "active" or item is None or not living([item], now):
        return
    if item["state"] != "pending":  # whoever noted it may have died before it sent for the next
        _next(world, endpoint, item)
        return
    if not hook_lines.is_first(world, endpoint, item):
        return
    rest = world.transient.get(*keys.rest(webhook_id))
    due = max(item.get("n", 0), rest["u"] if rest else 0)
    left = (clock.from_ms(due) - now).total_seconds()
    if left > 0:
        _send(world, webhook_id, place, left + 1)
        return
    told = outbound.post(
        endpoint["url"], _headers(world, endpoint, item, now), _body(item), is_local=world.has_test_clock
    )
    is_over = _rested(world, webhook_id, rest, told, now)
    _note(world, webhook_id, item, told, now, is_over=is_over)
    if told.is_taken:
        _next(world, endpoint, item)


def _next(world: World, endpoint: Item, item: Item) -> None:
    """What came behind a delivery may go now."""
    if (place := hook_lines.leave(world, endpoint, item)) is not None:
        _send(world, endpoint["sk"], place)


def _rested(world: World, webhook_id: str, rest: Item | None, told: outbound.Told, now: datetime) -> bool:
    """Let an endpoint rest that gives no answer, or has too much to do; whether it has been so for a day.

    Else each of its deliveries would wait for it anew, and all other endpoints behind them.
    """
    pk, sk = keys.rest(webhook_id)
    if told.status is not None and told.status not in _BUSY:
        if rest is not None:
            world.transient.delete(pk, sk)
        return False
    since = clock.from_ms(rest["s"]) if rest else now
    until, ttl = clock.to_ms(now + _REST), int((now + 2 * _GIVEN_UP).timestamp())
    world.transient.put({"pk": pk, "sk": sk, "s": clock.to_ms(since), "u": until, "ttl": ttl})
    return now - since > _GIVEN_UP


def _body(item: Item) -> bytes:
    return str(item["body"]).encode()


def _headers(world: World, endpoint: Item, item: Item, now: datetime) -> dict[str, str]:
    message, timestamp = item["sk"].partition("#")[2], int(now.timestamp())
    return {
        "Content-Type": "application/cloudevents+json",
        "User-Agent": "Omotenashi-Webhooks/1",
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(webhooks.signing(world, endpoint, now), message, timestamp, _body(item)),
    }


def _note(world: World, webhook_id: str, item: Item, told: outbound.Told, now: datetime, *, is_over: bool) -> None:
    """Keep what a try met. After the last one the endpoint is disabled; so it is when it says that it is gone."""
    tries = item["a"] + 1
    kept = {name: value for name, value in item.items() if name not in ("n", "status", "error")}
    kept |= {"a": tries, "l": clock.to_ms(now)}
    kept |= {name: value for name, value in (("status", told.status), ("error", told.error)) if value is not None}
    if told.is_taken:
        world.transient.put(kept | {"state": "delivered"})
    elif tries <= len(PAUSES) and told.status != _GONE and not is_over:
        pause = PAUSES[tries - 1]
        world.transient.put(kept | {"n": clock.to_ms(now + timedelta(seconds=pause))})
        _send(world, webhook_id, item["sk"], pause + 1)
    else:
        webhooks.disable(world, webhook_id, told.error or "no answer", now)
        world.transient.put(kept | {"state": "failed"})


# ---- replays --------------------------------------------------------------------------------------------------------


def _replay(world: World, webhook_id: str, from_ms: int, upto: str) -> None:
    """Send a page of kept events again, the oldest first, and leave the next page to the next message."""
    endpoint = world.directory.setting(keys.webhook(webhook_id))
    if endpoint is None:
        return
    pk, last = keys.deliveries(webhook_id), upto or keys.delivery(from_ms, "~")
    items = world.transient.items(pk, upto=last, newest_first=True, limit=_PAGE, consistent=True)
    for item in living(items, world.clock.now()):
        kept = {name: value for name, value in item.items() if name not in ("n", "l", "status", "error")}
        world.transient.put(kept | {"state": "pending", "a": 0})
        hook_lines.put(world, endpoint, item)
        _send(world, webhook_id, item["sk"])
    if len(items) == _PAGE:  # the last of this page is the first of the next: a place, not an offset
        world.queues.send(webhooks.QUEUE, {"replay": [webhook_id, from_ms, items[-1]["sk"]]})
