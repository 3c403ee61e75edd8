"""Merging members, and parting them again: first in the ledger, then in the profile of the one who is merged away."""

from __future__ import annotations

from functools import partial
from typing import Any

from pydantic import ConfigDict, Field

from points import profiles
from points.balances import ACCOUNT
from points.merging import merger
from points.store import programme
from shared import keys, merging, moves
from shared.errors import Invalid, NotFound
from shared.http import Call, Reply
from shared.member_ref import require_member
from shared.moves import Merge
from shared.naming import Done
from shared.shapes import Id, Shape
from shared.table import Item
from shared.world import World


class MergeRequest(Shape):
    """`into_member_id` stays; the member of the path is merged into it."""

    merge_id: Id
    into_member_id: Id


class UnmergeRequest(Shape):
    """The merge to be ended; it must be the one in force."""

    merge_id: Id


class MergeAnswer(Shape):
    """What moved; below 0 if the member owed more than it had. A merge that is ended moves back what is left."""

    model_config = ConfigDict(serialize_by_alias=True)

    merge_id: str
    from_: str = Field(alias="from")
    into: str
    points_moved: int


def merge(call: Call[MergeRequest]) -> Reply:
    """Merge a member into another, who has all points from now on; the old id keeps leading there."""
    wanted = Merge(call.body.merge_id, call.path_id("member_id"), call.body.into_member_id)
    if wanted.leaver == wanted.host:
        raise Invalid.at("/into_member_id", "itself", "a member is merged into another one")
    done, name = merging.merge(
        call.world.ledger,
        call.naming("merge", wanted.merge_id),
        merger(programme(call.world)),
        wanted,
        partial(require_member, call.world),
    )
    return _told(call, done, name)


def unmerge(call: Call[UnmergeRequest]) -> Reply:
    """End a merge: the member has its own account again, with what is left of what it had brought."""
    done, name = merging.unmerge(
        call.world.ledger,
        call.naming("unmerge", call.body.merge_id),
        merger(programme(call.world)),
        merging.Ending(call.body.merge_id, call.path_id("member_id")),
        partial(require_member, call.world),
    )
    return _told(call, done, name)


def finish(world: World, name: Item) -> None:
    """Let the profile follow, though the process died that had merged the account or ended that."""
    follow(world, moves.named(name["shares"][0]["op"]).leaver)


def _told(call: Call[Any], done: list[Done[Any]], name: Item) -> Reply:
    wanted = moves.named(name["shares"][0]["op"])
    follow(call.world, wanted.leaver)
    moved = done[1].last.data["points_moved"]
    answer = {"merge_id": wanted.merge_id, "from": wanted.leaver, "into": wanted.host, "points_moved": moved}
    return Reply(MergeAnswer.model_validate(answer), is_replay=done[0].is_replay)


def follow(world: World, member_id: str) -> None:
    """Write into a member's profile what its account says now.

    The profile is read before the account and written only if nobody else did meanwhile. So of two that follow at
    once the one that has seen less comes first, and what stays is the latest. Who had asked to be erased lives on in
    another member, and may ask again there.
    """

    def change(item: Item) -> Item:
        head = world.ledger.head(ACCOUNT, member_id, consistent=True)
        others = {name: value for name, value in item.items() if name not in ("merged_into", "erase_at")}
        if not head.is_closed:
            return others | {"state": "active"}
        return others | {"state": "merged", "merged_into": keys.holder(head.closings[-1].account)}

    try:
        profiles.change(world, member_id, change)
    except NotFound:
        return  # erased since: there is no profile to tell it
