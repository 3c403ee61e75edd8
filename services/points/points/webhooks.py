"""Webhooks: endpoints that are told of events. The secret is shown once and lies sealed in the directory."""

from __future__ import annotations

import base64
import logging
import secrets
from datetime import datetime, timedelta
from typing import Any

from points import outbound
from points.hook_model import PREFIX, Delivery, NewWebhook, Replay, ReplayAnswer, Rotate, WebhookAnswer
from points.model import Page
from shared import clock, keys
from shared.cursor import next_cursor, read_cursor
from shared.errors import Invalid, NotFound
from shared.http import Call, Reply
from shared.retention import living
from shared.table import Item
from shared.world import World

QUEUE = "webhooks"
_SECRETS_MAX = 5
_log = logging.getLogger("omotenashi")


def create(call: Call[NewWebhook]) -> Reply:
    """A new endpoint. Asked again with the same content, the same endpoint without its secret."""
    wanted, directory = call.body, call.world.directory
    key = keys.webhook(wanted.webhook_id)
    print_ = call.world.secrets.fingerprint(call.content)
    old = directory.table.get(*key, consistent=True)
    if old is None:
        _check(call.world, wanted.url)
        secret = _new_secret()
        item: Item = {
            "pk": key[0],
            "sk": key[1],
            "version": 1,
            "fp": print_,
            "state": "active",
            "url": wanted.url,
            "types": list(wanted.types),
            "t": clock.to_ms(clock.utc_now()),
            "secrets": [{"s": _sealed(call.world, wanted.webhook_id, secret)}],
        }
        old = directory.table.put_new(item)
        if old is None:
            directory.wait()
            return Reply(_answer(item, secret), 201)
    if old["fp"] != print_:
        raise Invalid("id_reused")
    return Reply(_answer(old), 201, is_replay=True)


def listed(call: Call[Any]) -> dict[str, Any]:
    """A page of the endpoints, without secrets."""
    page: Page = call.query
    after = read_cursor(call, page.cursor)
    items = call.world.directory.table.items(keys.webhook("")[0], after=after, limit=page.limit + 1, consistent=True)
    more = items[page.limit - 1]["sk"] if len(items) > page.limit else None
    shown = [_answer(item).model_dump(mode="json", exclude_none=True) for item in items[: page.limit]]
    return {"items": shown, "next_cursor": next_cursor(call, more)}


def read(call: Call[Any]) -> WebhookAnswer:
    """One endpoint, without its secret."""
    return _answer(_found(call))


def delete(call: Call[Any]) -> Reply:
    """Nothing is sent to the endpoint any more, and nothing is known of it."""
    _found(call)
    call.world.directory.table.delete(*keys.webhook(call.path_id("webhook_id")))
    call.world.directory.wait()
    return Reply(None, 204)


def rotate(call: Call[Rotate]) -> Reply:
    """A new secret. Those of before sign as well until the overlap is over, so that nothing is lost on the way."""
    _found(call)
    webhook_id, now = call.path_id("webhook_id"), call.world.clock.now()
    secret, until = _new_secret(), clock.to_ms(now + timedelta(seconds=call.body.overlap_seconds))

    def rotated(old: Item | None) -> Item:
        held = _existing(old)
        kept = [one | {"u": min(until, one.get("u", until))} for one in held["secrets"]]
        kept = [one for one in kept if one["u"] > clock.to_ms(now)][-(_SECRETS_MAX - 1) :]
        return held | {"secrets": [*kept, {"s": _sealed(call.world, webhook_id, secret)}]}

    return Reply(_answer(call.world.directory.change(keys.webhook(webhook_id), rotated), secret), 201)


def replay(call: Call[Replay]) -> Reply:
    """Send all kept events since a time again, in the background; an endpoint that was disabled is tried again."""
    item, webhook_id = _found(call), call.path_id("webhook_id")
    if item["state"] == "disabled":
        began = clock.to_ms(call.world.clock.now())
        call.world.directory.change(keys.webhook(webhook_id), lambda old: _enabled(old, began))
    call.world.queues.send(QUEUE, {"replay": [webhook_id, clock.to_ms(call.body.from_), ""]})
    return Reply(ReplayAnswer(webhook_id=webhook_id), 202)


def deliveries(call: Call[Any]) -> dict[str, Any]:
    """What was sent to an endpoint, or will be, as far as it is kept: the newest events first."""
    _found(call)
    page: Page = call.query
    after = read_cursor(call, page.cursor)
    pk = keys.deliveries(call.path_id("webhook_id"))
    items = call.world.transient.items(pk, after=after, limit=page.limit + 1, consistent=True)
    more = items[page.limit - 1]["sk"] if len(items) > page.limit else None
    kept = living(items[: page.limit], call.now)
    shown = [_delivery(item).model_dump(mode="json", exclude_none=True) for item in kept]
    return {"items": shown, "next_cursor": next_cursor(call, more)}


def disable(world: World, webhook_id: str, reason: str, at: datetime) -> None:
    """Give an endpoint up, for all to see; nothing is lost that a replay can't bring."""

    def disabled(old: Item | None) -> Item:
        held = _existing(old)
        if held["state"] == "disabled":
            return held
        return held | {"state": "disabled", "dt": clock.to_ms(at), "why": reason}

    try:
        world.directory.write(keys.webhook(webhook_id), disabled)
        _log.warning("webhook given up", extra={"reason": reason, "key": webhook_id, "metrics": {"GivenUpWebhooks": 1}})
    except NotFound:
        return  # it was deleted meanwhile


def signing(world: World, item: Item, at: datetime) -> list[str]:
    """The secrets that sign at a time: the newest first."""
    now = clock.to_ms(at)
    found = [
        world.secrets.unseal("webhook", item["sk"], one["s"]) for one in item["secrets"] if one.get("u", now) >= now
    ]
    return [one for one in reversed(found) if one is not None]


# ---- parts ----------------------------------------------------------------------------------------------------------


def _check(world: World, url: str) -> None:
    try:
        outbound.check(url, is_local=world.has_test_clock)
    except outbound.NotAllowed as refused:
        raise Invalid.at("/url", "address", str(refused)) from None


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _sealed(world: World, webhook_id: str, secret: str) -> str:
    return world.secrets.seal("webhook", webhook_id, secret)


def _enabled(old: Item | None, began: int) -> Item:
    held = _existing(old)
    if held["state"] == "active":
        return held
    return {name: value for name, value in held.items() if name not in ("dt", "why")} | {"state": "active", "on": began}


def _found(call: Call[Any]) -> Item:
    return _existing(call.world.directory.table.get(*keys.webhook(call.path_id("webhook_id")), consistent=True))


def _existing(item: Item | None) -> Item:
    if item is None:
        raise NotFound("webhook_not_found")
    return item


def _answer(item: Item, secret: str | None = None) -> WebhookAnswer:
    return WebhookAnswer(
        webhook_id=item["sk"],
        url=item["url"],
        types=item["types"],
        state=item["state"],
        created_at=clock.from_ms(item["t"]),
        disabled_at=clock.from_ms(item["dt"]) if "dt" in item else None,
        disabled_reason=item.get("why"),
        secret=secret,
    )


def _delivery(item: Item) -> Delivery:
    times = {name: clock.from_ms(item[short]) for name, short in (("last_at", "l"), ("next_at", "n")) if short in item}
    return Delivery(
        id=item["sk"].partition("#")[2],
        event_id=item["id"],
        type=item["type"],
        state=item["state"],
        attempts=item["a"],
        occurred_at=clock.from_ms(item["t"]),
        status=item.get("status"),
        error=item.get("error"),
        **times,
    )
