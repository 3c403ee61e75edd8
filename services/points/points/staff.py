"""Which member somebody is who serves at tills, so that the guard knows whose card is their own."""

from __future__ import annotations

from typing import Any

from points.guard_model import StaffAnswer, StaffCard
from shared import keys
from shared.errors import NotFound
from shared.http import Call, Reply
from shared.member_ref import require_member
from shared.table import Item


def put(call: Call[StaffCard]) -> StaffAnswer:
    """Say which member a member of staff is; in force everywhere when this has answered."""
    require_member(call.world, call.body.member_id)
    staff_id = call.path_id("staff_id")
    item = call.world.directory.change(keys.staff(staff_id), lambda _: {"member_id": call.body.member_id})
    return _answer(item)


def read(call: Call[Any]) -> StaffAnswer:
    """Which member a member of staff is."""
    item = call.world.directory.table.get(*keys.staff(call.path_id("staff_id")), consistent=True)
    if item is None:
        raise NotFound("staff_not_found")
    return _answer(item)


def delete(call: Call[Any]) -> Reply:
    """Forget which member somebody was."""
    call.world.directory.table.delete(*keys.staff(call.path_id("staff_id")))
    call.world.directory.wait()
    return Reply(None, 204)


def _answer(item: Item) -> StaffAnswer:
    return StaffAnswer(staff_id=item["sk"], member_id=item["member_id"])
