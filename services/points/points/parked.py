"""What was acknowledged and could not be done behind it: how much lies in which parking place, and of what kind.

Only counted here, by what went wrong: a message's words stay where they are, and sending it on is the command line's.
What a queue itself has set apart (five times in vain, and the relay's own) is a number: SQS tells no more unless a
message is taken.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from shared import keys
from shared.clock import from_ms
from shared.http import Call
from shared.retention import living
from shared.shapes import Shape, Time
from shared.table import Item

COUNTED_MAX = 100
ALARMS = "alarms"
INBOXES = ("points", "coupons", "checkin", "codes")


class Cause(Shape):
    """What went wrong: the code of a refusal, or the name of an error."""

    cause: str
    count: int


class ParkingPlace(Shape):
    """A service's inbox, or the alarms of the hourly jobs. `is_whole`: false where more than 100 lie there."""

    place: str
    count: int
    is_whole: bool
    latest_at: Time | None = None
    causes: list[Cause]


class DeadLetterQueue(Shape):
    """A queue by its name within the stage, and approximately how many messages lie in it, as SQS counts them."""

    queue: str
    waiting: int


class DeadLetters(Shape):
    """What each inbox received five times in vain, and `parking`, where lies what the relay or a job could not do."""

    queues: list[DeadLetterQueue]


class Parked(Shape):
    """Every parking place, also those where nothing lies."""

    places: list[ParkingPlace]


def parked(call: Call[Any]) -> dict[str, Any]:
    """How many messages could not be done, by place and cause."""
    world = call.world
    names = {**{one: world.stage.inbox(one) for one in INBOXES}, ALARMS: ALARMS}
    places = []
    for place, queue in names.items():
        pk, _ = keys.parked(queue, "")
        lying = living(world.transient.items(pk, limit=COUNTED_MAX + 1), call.now)
        places.append(_place(place, lying))
    return Parked(places=places).model_dump(mode="json", exclude_none=True)


def dead_letters(call: Call[Any]) -> DeadLetters:
    """How much lies in the dead-letter queues, approximately; `temporarily_unavailable` if one of them can't be asked."""
    stage, queues = call.world.stage, call.world.queues
    names = [*(stage.dead(inbox) for inbox in keys.INBOXES), stage.parking]
    return DeadLetters(
        queues=[DeadLetterQueue(queue=stage.short(name), waiting=queues.waiting(name)) for name in names]
    )


def _place(place: str, items: list[Item]) -> ParkingPlace:
    counted = items[:COUNTED_MAX]
    causes = Counter(str(item["reason"]).partition(":")[0] for item in counted)
    return ParkingPlace(
        place=place,
        count=len(counted),
        is_whole=len(items) <= COUNTED_MAX,
        latest_at=max((_at(item) for item in counted), default=None),
        causes=[Cause(cause=cause, count=count) for cause, count in causes.most_common()],
    )


def _at(item: Item) -> datetime:
    return from_ms(item["t"])
