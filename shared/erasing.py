"""A member is erased: what every service does with its own chains, and who else was merged into that member.

One append closes an account for good. It is the decision: what had entered before is gone with it, and whatever still
enters, however late, is let go of in its own item (`Verb.decided`). So there is nothing left to take back, and a chain
stays as verifiable as it was, under an id that leads to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from shared import chain, keys
from shared.chain import Decided, Entry, Head, Kind, Part, Step
from shared.errors import Unavailable
from shared.events import Received
from shared.ledger import Ledger
from shared.patience import attempts
from shared.shapes import Id
from shared.table import Item, Table
from shared.world import World

S = TypeVar("S")
_PAGE = 200


def close(
    ledger: Ledger,
    kind: Kind[S],
    holder: str,
    may: Callable[[Head[S]], bool] = lambda _: True,
    decide: Callable[[S, datetime], Decided[S]] | None = None,
) -> bool:
    """Close an account for good, once; whether it is closed so. Never one that a merge leads on from.

    `may` is asked about the head of an account that is not closed yet, and says whether it may be. `decide` says what
    the closing tells; without it, no more than that it was.
    """
    mark = chain.operation(f"erasure/{kind.partition(holder)}")
    for _ in attempts(ledger.clock):
        head = ledger.head(kind, holder, consistent=True)
        if kind.is_erased(head.state):
            return True
        if not may(head) or head.is_closed:
            return False
        at = max(ledger.clock.now(), head.recorded_at)
        decided = decide(head.state, at) if decide else _silently(kind, head.state)
        item = chain.next_item(kind, head, [Part(mark, decided.steps)], decided.state, at)
        if ledger.put(item) is None:
            return True
    raise AssertionError("attempts end by raising")


def _silently(kind: Kind[S], state: S) -> Decided[S]:
    assert kind.erase is not None
    left = kind.erase(state)
    return Decided(left.state, (*left.steps, Step("erased")))


# ---- what other services hear ----------------------------------------------------------------------------------------


class Erased(BaseModel):
    """What is read of `member.erased`: who, who had been merged into that member, and into whom it had been merged."""

    model_config = ConfigDict(hide_input_in_errors=True)

    member_id: Id
    guests: frozenset[Id] = frozenset()
    merged_into: Id | None = None


def hear(world: World, event: Received, *kinds: Kind[Any]) -> str:
    """Close a member's accounts of some kinds, as the points have closed theirs; answers who it is.

    In whatever order merges are heard of: if a merge is known here that had ended by then, its end must come first;
    and whose merge has not been heard of is closed alone, so that nothing is left for the merge to bring.
    """
    said = Erased.model_validate(dict(event.data))

    def may(head: Head[Any]) -> bool:
        if head.is_closed:
            if said.merged_into is None:
                raise Unavailable
            return False  # all of it is where the merge has led, and goes there
        if guests_of(world.ledger.table, head.account) - said.guests:
            raise Unavailable
        return True

    for kind in kinds:
        close(world.ledger, kind, said.member_id, may)
    return said.member_id


# ---- who goes with a member ------------------------------------------------------------------------------------------


def items_of(table: Table, account: str) -> Iterator[Item]:
    """All items of an account, the oldest first, however many there are."""
    after = 0
    while page := table.items(account, after=after, limit=_PAGE, consistent=True):
        yield from page
        after = page[-1]["sk"]


def entries_of(table: Table, account: str) -> Iterator[Entry]:
    """All entries of an account, the oldest first."""
    return (entry for item in items_of(table, account) for entry in chain.entries_of(item))


def guests_of(table: Table, account: str) -> set[str]:
    """Who is merged into an account now, by its own entries; who was merged into those in turn, theirs tell."""
    found: set[str] = set()
    for entry in entries_of(table, account):
        if entry.kind == "merged" and entry.data["into"] == keys.holder(account):
            is_end = entry.ref is not None and entry.ref[0] == "unmerge"
            (found.discard if is_end else found.add)(str(entry.data["from"]))
    return found


def all_guests_of(table: Table, letter: str, holder: str) -> dict[str, set[str]]:
    """A member and everybody who is merged into it, at however many removes, each with its own guests."""
    found: dict[str, Any] = {}
    wanted = [holder]
    while wanted:
        one = wanted.pop()
        found[one] = guests_of(table, keys.account(letter, one))
        wanted += sorted(found[one] - found.keys())
    return found


def all_ever_in(table: Table, letter: str, holder: str) -> list[str]:
    """A member and everybody who has been merged into it, at however many removes, also who was parted since.

    Whose request an entry of the account comes from, and so whose name leads to it, is one of these.
    """
    found = [holder]
    for one in found:  # which grows
        entries = entries_of(table, keys.account(letter, one))
        guests = {str(entry.data["from"]) for entry in entries if entry.kind == "merged"}
        found += sorted(guests.difference(found))
    return found
