"""Lines of what waits for an endpoint: one for each partition of events, so that a member's events keep their order.

Whatever is sent to an endpoint has a place in the line of its `partitionkey`, by its `sequence`. Only the first is tried;
who is behind is left alone, and sent for when the first has gone. So an endpoint that fails holds back what comes later for
the same member, and nothing else. An event that reaches the queue before an earlier one is not held back for it: nobody
could tell whether an earlier one of a type that is asked for will ever come.

All reads are consistent. Two that see each other nowhere can't be: who comes puts its place before it looks who is first,
and who goes takes its place away before it looks who is next.
"""

from __future__ import annotations

from shared import keys
from shared.table import Item
from shared.world import World

_SEEN = 20
"""So many places are looked at: of those that lie first, some may be over and not yet deleted."""


def put(world: World, endpoint: Item, item: Item) -> None:
    """Take the place of a delivery in its line; no matter if it has it."""
    place = _place(endpoint, item)
    if place is not None:
        world.transient.put_new({**place, "d": item["sk"], "ttl": item["ttl"]})


def is_first(world: World, endpoint: Item, item: Item) -> bool:
    """Whether it is this delivery's turn. If not, it will be sent for: it has its place in the line."""
    place = _place(endpoint, item)
    if place is None:
        return True
    if (first := _first(world, place["pk"])) is not None and first["sk"] == place["sk"]:
        return True
    put(world, endpoint, item)  # it may be from before the endpoint was disabled, or have had no line at all
    first = _first(world, place["pk"])
    return first is None or first["sk"] == place["sk"]


def leave(world: World, endpoint: Item, item: Item) -> str | None:
    """Give the place up; answers whose turn it is then: the key of a delivery."""
    place = _place(endpoint, item)
    if place is None:
        return None
    world.transient.delete(place["pk"], place["sk"])
    first = _first(world, place["pk"])
    return None if first is None else str(first["d"])


def _first(world: World, line: str) -> Item | None:
    """Whose turn it is. DynamoDB deletes late what is over, and in any order."""
    now = int(world.clock.now().timestamp())
    for seen in (1, _SEEN):
        found = world.transient.items(line, limit=seen, consistent=True)
        living = [one for one in found if one["ttl"] > now]
        if living or len(found) < seen:
            return living[0] if living else None
    return None


def _place(endpoint: Item, item: Item) -> Item | None:
    """An endpoint that was disabled begins new lines: of the old ones nobody knows what will be replayed."""
    if "line" not in item:
        return None  # it was put before there were lines
    partition, sequence = item["line"]
    began = int(endpoint["on"] if "on" in endpoint else endpoint["t"])
    pk, sk = keys.line(endpoint["sk"], began, partition, sequence, item["sk"].partition("#")[2])
    return {"pk": pk, "sk": sk}
