"""For how long what is over is kept, as far as a shop may choose; and that it is over when it is, not when it is deleted.

The periods are settings of the programme and are written into each row of the transient table as its `ttl`, so a change
holds for what is written from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from shared import keys
from shared.shapes import Shape
from shared.table import Item
from shared.world import World


class Retention(Shape):
    """Days after which rows with personal data are gone. None may be so short that what needs the row would miss it.

    `deliveries_days`: what was sent to webhooks, and can be sent again. `sales_days`: each store's sales by day, which
    the close of a day, `omo reconcile` and the insider guard look at. `guard_days`: what a member bought at a till on a
    day, for the guard. `parked_days`: messages that could not be handled, until somebody does them again.
    """

    deliveries_days: Annotated[int, Field(ge=2, le=90)] = 14
    sales_days: Annotated[int, Field(ge=32, le=3660)] = 731
    guard_days: Annotated[int, Field(ge=7, le=400)] = 40
    parked_days: Annotated[int, Field(ge=14, le=400)] = 90


def parked_for(world: World) -> timedelta:
    """How long a message that could not be handled is kept; for every service, so it stands beside the programme."""
    item = world.directory.setting(keys.programme()) or {}
    return timedelta(days=item.get("parked_days", Retention().parked_days))


def is_over(item: Item, now: datetime) -> bool:
    """Whether a row's time has come. DynamoDB deletes it within some days of that."""
    return "ttl" in item and bool(item["ttl"] <= now.timestamp())


def living(items: Iterable[Item], now: datetime) -> list[Item]:
    """The rows whose time has not come."""
    return [item for item in items if not is_over(item, now)]
