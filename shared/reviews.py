"""The list of check-ins that wait for a review: written after the entry, and by the relay, whatever became of that.

A place in it is only a pointer: whether a review is decided, its name says. So a place too many, or one that comes
back because a record was delivered again, is a look in vain. Each has two places, in the list of all and in its store's.
"""

from __future__ import annotations

from shared import finding, keys
from shared.chain import Entry
from shared.clock import to_ms
from shared.naming import Naming
from shared.table import Item
from shared.world import World

NAME = "review"
_ERASED = "erased"  # so visits say that their member is none any more (`checkin.visits.pack`)


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


def _is_nobodys(world: World, entry: Entry) -> bool:
    """Whether the member of a check-in, or whoever that member has become by a merge, was erased since."""
    table = world.ledger.table
    head = finding.raw_head(table, entry.account, consistent=True)
    *_, last = finding.way(table, finding.AS_PACKED, head, entry.sequence, None)
    return _ERASED in last.head.state


def follow(world: World, entry: Entry) -> None:
    """Put a flagged check-in into the lists, if it still waits; take one that is decided out of them."""
    if entry.kind == "flagged":
        wanted = review_id(entry)
        if name(world, wanted) is None and not _is_nobodys(world, entry):
            said = {"acc": entry.account, "x": dict(entry.data), "t": to_ms(entry.occurred_at)}
            for pk, sk in _places(entry, wanted):
                world.directory.table.put({"pk": pk, "sk": sk, **said})
    elif entry.kind in ("approved", "rejected"):
        take_out(world, entry, entry.data["review_id"])


def take_out(world: World, entry: Entry, wanted: str) -> None:
    """Take the review of a store's check-in out of all lists; harmless to repeat."""
    for key in _places(entry, wanted):
        world.directory.table.delete(*key)


def _places(entry: Entry, wanted: str) -> tuple[tuple[str, str], ...]:
    return keys.review(wanted), keys.review_at(entry.data["store_id"], wanted)
