"""A member asks to be erased, and may take it back for some days; or the privacy officer does it at once.

Who is to be erased, and when, stands in the profile and in a list by time, always together. The list is what the job
goes through (`work`); who is due and was left by a process that died is in it still.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, NamedTuple

from points import erasure
from points.profiles import answer
from points.store import programme
from shared import clock, keys
from shared.errors import Forbidden, Invalid, NotFound, Unavailable
from shared.http import Call, Reply
from shared.member_ref import is_gone, signed_in
from shared.patience import attempts
from shared.shapes import Shape, Time, Words, either
from shared.table import Item, Put, Remove, Write
from shared.world import World

_PAGE = 100
_MERGES_MAX = 32
_log = logging.getLogger("omotenashi")


NOT_CONFIRMED: Final = ("not_confirmed", "true, or the member's own id")


class Leave(Shape):
    """The member's own word that all of it is to go: `true`, or the member's id."""

    confirm: Annotated[Literal[True] | Words, either(*NOT_CONFIRMED)]


class Erase(Shape):
    """The officer's request. The member is in the path; `confirm` may be said."""

    confirm: Literal[True] | None = None


class LeaveAnswer(Shape):
    """From when on nothing of the member can be brought back."""

    erase_after: Time


def leave(call: Call[Leave]) -> Reply:
    """The signed-in member asks to be erased; it happens when the time for second thoughts is over."""
    member = signed_in(call.world, call.who)
    member_id = member["member_id"]
    if call.body.confirm not in (True, member_id, call.who.subject):
        raise Invalid.at("/confirm", *NOT_CONFIRMED)
    days = programme(call.world).erasure_grace_days
    asked = ask(call.world, member_id, call.now + timedelta(days=days))
    if asked["erase_at"] <= clock.to_ms(call.now):
        erasure.erase(call.world, member_id)
    return Reply(LeaveAnswer(erase_after=clock.from_ms(asked["erase_at"])), 202)


def keep(call: Call[Any]) -> Reply:
    """The signed-in member stays after all."""
    member_id = signed_in(call.world, call.who)["member_id"]

    def staying(item: Item) -> tuple[Item, Sequence[Write]] | None:
        if is_gone(item, call.now) or item["state"] != "active":
            raise Forbidden("not_a_member")
        if "erase_at" not in item:
            return None
        kept = {name: value for name, value in item.items() if name != "erase_at"}
        return kept, [Remove(*_place(item))]

    return Reply(answer(call, erasure.rewrite(call.world, member_id, staying)), 200)


def erase(call: Call[Erase]) -> Reply:
    """Erase a member now, and everybody who was merged into it."""
    world = call.world
    for _ in attempts(world.clock):
        item = _present(world, call.path_id("member_id"))
        if item["state"] == "erased":
            return Reply(LeaveAnswer(erase_after=clock.from_ms(item["asked_for"])), 202, is_replay=True)
        try:
            ask(world, item["member_id"], call.now)
        except NotFound:
            continue  # merged or erased at this moment: who it is now is another question
        if erasure.erase(world, item["member_id"]):
            item = erasure.raw(world, item["member_id"])
            return Reply(LeaveAnswer(erase_after=clock.from_ms(item["asked_for"])), 202)
    raise Unavailable


def _present(world: World, member_id: str) -> Item:
    """The profile that an id leads to, though it may be erased, or about to be."""
    item = erasure.raw(world, member_id)
    for _ in range(_MERGES_MAX):
        host = item.get("merged_into") or item.get("host")
        if host is None:
            return item
        item = erasure.raw(world, host)
    raise Unavailable


def ask(world: World, member_id: str, at: datetime) -> Item:
    """Note when a member is to be erased; who is to be earlier, stays so. `member_not_found` for who is none now."""

    def leaving(item: Item) -> tuple[Item, Sequence[Write]] | None:
        if item["state"] != "active":
            raise NotFound("member_not_found")
        wanted = clock.to_ms(at)
        if item.get("is_leaving") or item.get("erase_at", wanted + 1) <= wanted:
            return None
        old = [Remove(*_place(item))] if "erase_at" in item else []
        new = item | {"erase_at": wanted}
        pk, sk = _place(new)
        return new, [Put({"pk": pk, "sk": sk, "member_id": member_id}), *old]

    return erasure.rewrite(world, member_id, leaving)


def _place(item: Item) -> tuple[str, str]:
    return keys.leaving(item["erase_at"], item["member_id"])


# ---- by the clock ---------------------------------------------------------------------------------------------------


class Worked(NamedTuple):
    """What a run did: members erased, those who could not be and are tried again, and whether nobody is left."""

    erased: int
    failed: int
    is_done: bool


def work(world: World, leave_at: float, erase: Callable[[World, str], bool] = erasure.erase) -> Worked:
    """Erase whose time has come, until `leave_at` (of the clock's `elapsed`).

    Whoever can't be erased now is logged, harms nobody else, and is tried again in an hour.
    """
    table, now, after = world.directory.table, world.clock.now(), None
    erased = failed = 0
    while page := table.items(keys.leaving(0, "")[0], after=after, limit=_PAGE, consistent=True):
        for place in page:
            if place["sk"] > keys.leaving(clock.to_ms(now), "~")[1]:
                return Worked(erased, failed, is_done=True)
            if world.clock.elapsed() >= leave_at:
                return Worked(erased, failed, is_done=False)
            try:
                erased += _work_off(world, place, erase)
            except Exception:  # noqa: BLE001 - whatever it is, the others must be erased
                failed += 1
                _log.exception("not erased", extra={"key": place["member_id"]})
        after = page[-1]["sk"]
    return Worked(erased, failed, is_done=True)


def _work_off(world: World, place: Item, erase: Callable[[World, str], bool]) -> bool:
    """Whether the member of a place was erased."""
    table, member_id = world.directory.table, place["member_id"]
    item = table.get(*keys.member(member_id), consistent=True)
    is_due = item is not None and item["state"] == "active" and "erase_at" in item
    if item is not None and is_due and _place(item) == (place["pk"], place["sk"]):
        return erase(world, member_id)
    table.delete(place["pk"], place["sk"])  # merged since, or kept, or asked anew: this place leads to nothing
    return False
