"""The list of check-ins that wait for a review: written by the relay, for no key of the books serves it.

A place in it is only a pointer: whether a review is decided, its name says. So a place too many, or one that comes
back because a record was delivered again, is a look in vain.
"""

from __future__ import annotations

from shared import keys
from shared.chain import Entry
from shared.clock import to_ms
from shared.naming import Naming
from shared.table import Item
from shared.world import World

NAME = "review"


def review_id(entry: Entry) -> str:
    """What the review of a check-in is called: in order of their times."""
    return f"{to_ms(entry.occurred_at):013d}-{entry.operation.hex()}"


def name(world: World, wanted: str) -> Item | None:
    """The name of the decision, if it has been made."""
    return world.ledger.table.get(keys.name(NAME, keys.SHOP, wanted), 0, consistent=True)


def naming(world: World, wanted: str, *, is_approved: bool) -> Naming:
    """How a decision names itself: the first is the only one, whoever makes it and however it is sent."""
    print_ = world.secrets.fingerprint(b"approve" if is_approved else b"reject")
    return Naming(NAME, keys.SHOP, wanted, print_, world.clock.now())


def follow(world: World, entry: Entry) -> None:
    """Put a flagged check-in into the list, if it still waits; take one that is decided out of it."""
    if entry.kind == "flagged":
        wanted = review_id(entry)
        if name(world, wanted) is None:
            pk, sk = keys.review(wanted)
            place = {"pk": pk, "sk": sk, "acc": entry.account, "x": dict(entry.data), "t": to_ms(entry.occurred_at)}
            world.directory.table.put(place)
    elif entry.kind in ("approved", "rejected"):
        world.directory.table.delete(*keys.review(entry.data["review_id"]))
