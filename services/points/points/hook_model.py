"""What the routes about webhooks take and give, and what is signed. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from shared.event_types import TYPES, short_name
from shared.shapes import Id, Shape, Time

PREFIX = "whsec_"
OVERLAP_MAX = 7 * 86_400
PAUSES = (5, 60, 300, 1800, 7200, 18_000, 25_200, 32_400)
"""Seconds after each failed try: nine tries over some 24 hours, then the endpoint is disabled."""


def _known(type_: str) -> str:
    if short_name(type_) not in TYPES:
        raise ValueError("no such type of event")
    return type_


EventType = Annotated[str, Field(max_length=64), AfterValidator(_known)]


class NewWebhook(Shape):
    """Where events of these types shall be sent; a type is written `points.earned` or `omotenashi.points.earned.v1`."""

    webhook_id: Id
    url: Annotated[str, Field(min_length=8, max_length=2000, pattern=r"^[!-~]+$")]
    types: Annotated[list[EventType], Field(min_length=1, max_length=len(TYPES))]


class Rotate(Shape):
    """For how long the secrets of before still sign as well."""

    overlap_seconds: Annotated[int, Field(ge=0, le=OVERLAP_MAX)] = 86_400


class Replay(Shape):
    """Since when events shall be sent again, by their own time."""

    from_: Annotated[Time, Field(alias="from")]


class WebhookAnswer(Shape):
    """An endpoint. `secret` is there once, when it is made; `disabled_*` where it was given up."""

    webhook_id: str
    url: str
    types: list[str]
    state: Literal["active", "disabled"]
    created_at: Time
    disabled_at: Time | None = None
    disabled_reason: str | None = None
    secret: str | None = None


class WebhookPage(Shape):
    items: list[WebhookAnswer]
    next_cursor: str | None


class ReplayAnswer(Shape):
    webhook_id: str
    state: Literal["replaying"] = "replaying"


class Delivery(Shape):
    """One event on its way to one endpoint. `error` says what the last try met: a status, or how the line broke."""

    id: str
    event_id: str
    type: str
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    occurred_at: Time
    last_at: Time | None = None
    next_at: Time | None = None
    status: int | None = None
    error: str | None = None


class DeliveryPage(Shape):
    items: list[Delivery]
    next_cursor: str | None


def message_id(event: dict[str, Any]) -> str:
    """The `webhook-id` of an event: the same at every try, every replay and every endpoint."""
    named = f"{event.get('source', '')}:{event['id']}"
    return "msg_" + hashlib.sha256(named.encode()).hexdigest()[:32]


def signature(secrets: Iterable[str], message: str, timestamp: int, body: bytes) -> str:
    """One `v1` signature for each secret (Standard Webhooks 1.0: HMAC-SHA-256 over id, time and body)."""
    content = f"{message}.{timestamp}.".encode() + body
    digests = (hmac.digest(base64.b64decode(one.removeprefix(PREFIX)), content, "sha256") for one in secrets)
    return " ".join("v1," + base64.b64encode(one).decode() for one in digests)
