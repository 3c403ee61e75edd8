"""Two accounts become one, and two again: what every service does with its own chains when members are merged.

A merge is one transaction of three items: the name, an entry that closes one account, an entry that opens its
contents in the other. Its end is one too. So no moment shows the contents twice or not at all, and of two merges in
opposite directions one comes first. What enters late follows the closing: `shared.closings`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from shared import chain, keys
from shared.chain import Head
from shared.closings import CLOSINGS_MAX, Into, Reopened
from shared.errors import Conflict, NotFound, Unavailable
from shared.ledger import Ledger
from shared.moves import MOVED, Merge, Merger, Move
from shared.naming import Done, Naming
from shared.table import Item
from shared.together import Share, perform_all

S = TypeVar("S")


def merge(
    ledger: Ledger, naming: Naming, merger: Merger[S], wanted: Merge, unused: Callable[[str], None] = lambda _: None
) -> tuple[list[Done[Any]], Item]:
    """Close the leaver's account into the host's. `already_merged` if either of them is closed."""

    def plan(consistent: bool) -> list[Share[Any, Any]]:
        source = ledger.head(merger.kind, wanted.leaver, consistent=consistent)
        target = ledger.head(merger.kind, wanted.host, consistent=consistent)
        for holder, head in ((wanted.leaver, source), (wanted.host, target)):
            _require_open(holder, head)
            if merger.kind.is_nobodys(head):
                unused(holder)
        return _shares(merger, wanted, source, target, target)

    return perform_all(ledger, naming, plan)


def merge_as_told(ledger: Ledger, naming: Naming, merger: Merger[S], wanted: Merge) -> None:
    """As `merge`, but it was decided elsewhere: into wherever the host's account leads by now.

    If the leaver's is closed still, the end of an earlier merge has not been heard of yet: later.
    """

    def plan(consistent: bool) -> list[Share[Any, Any]]:
        source = ledger.head(merger.kind, wanted.leaver, consistent=consistent)
        host = target = ledger.head(merger.kind, wanted.host, consistent=consistent)
        if host.is_closed:  # nobody is sent on by a stale read
            host = ledger.head(merger.kind, wanted.host, consistent=True)
            target = ledger.open_head(merger.kind, wanted.host, consistent=True)
        if source.is_closed or target.account == source.account:
            raise Unavailable
        return _shares(merger, wanted, source, host, target)

    perform_all(ledger, naming, plan)


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a merge that somebody wants: which merge, and who was merged away by it."""

    merge_id: str
    leaver: str


def unmerge(
    ledger: Ledger, naming: Naming, merger: Merger[S], wanted: Ending, unused: Callable[[str], None] = lambda _: None
) -> tuple[list[Done[Any]], Item]:
    """Open the leaver's account again, with what is left of what it brought.

    `not_merged` if it is open, `merge_not_found` if another merge is in force, `already_merged` if the host itself has
    been merged away since: that merge must end first.
    """

    def plan(consistent: bool) -> list[Share[Any, Any]]:
        source = ledger.head(merger.kind, wanted.leaver, consistent=consistent)
        if merger.kind.is_nobodys(source):
            unused(wanted.leaver)
        if not source.is_closed:
            raise Conflict("not_merged")
        if merge_in_force(source) != wanted.merge_id:
            raise NotFound("merge_not_found")
        host = keys.holder(source.closings[-1].account)
        target = ledger.head(merger.kind, host, consistent=consistent)
        _require_open(host, target)
        if merger.kind.is_erased(target.state):
            unused(host)
        return _shares_back(merger, Merge(wanted.merge_id, wanted.leaver, host), source, target)

    return perform_all(ledger, naming, plan)


def unmerge_as_told(ledger: Ledger, naming: Naming, merger: Merger[S], wanted: Merge) -> None:
    """As `unmerge`, but it was decided elsewhere. If another merge is in force, its end must be heard of first."""

    def plan(consistent: bool) -> list[Share[Any, Any]]:
        source = ledger.head(merger.kind, wanted.leaver, consistent=consistent)
        if merge_in_force(source) != wanted.merge_id:
            raise Unavailable
        target = ledger.open_head(merger.kind, wanted.host, consistent=consistent)
        return _shares_back(merger, wanted, source, target)

    perform_all(ledger, naming, plan)


def merge_in_force(head: Head[Any]) -> str | None:
    """The id of the merge that keeps an account closed."""
    if not head.is_closed or head.item is None:
        return None
    ref = chain.entries_of(head.item)[-1].ref
    return ref[1] if ref else None


def _require_open(holder: str, head: Head[Any]) -> None:
    if head.is_closed:
        raise Conflict("already_merged", member_id=holder, merged_into=keys.holder(head.closings[-1].account))


def _shares(merger: Merger[S], wanted: Merge, source: Head[S], host: Head[S], target: Head[S]) -> list[Share[Any, Any]]:
    """The closing of `source` into the host's account, and the opening of its contents in `target`."""
    if len(source.closings) >= CLOSINGS_MAX:
        raise Conflict("too_many_merges", limit=CLOSINGS_MAX)
    move = Move(wanted, source.state, target.state)
    leaving, joining = merger.verb(merger.leave), merger.verb(merger.join)
    return [
        Share(leaving, wanted.leaver, move, source, Into(host.account, host.sequence)),
        Share(joining, keys.holder(target.account), move, target),
    ]


def _shares_back(merger: Merger[S], wanted: Merge, source: Head[S], target: Head[S]) -> list[Share[Any, Any]]:
    assert source.item is not None
    brought = merger.kind.unpack(chain.entries_of(source.item)[-1].data[MOVED])
    move = Move(wanted, brought, target.state)
    return [
        Share(merger.verb(merger.come_back), wanted.leaver, move, source, Reopened()),
        Share(merger.verb(merger.part), keys.holder(target.account), move, target),
    ]
