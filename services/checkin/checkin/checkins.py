"""Check-ins: the member's own, the staff's scan, and what was recorded.

A check-in is named and then appended to its member's visits. It can't be refused any more once it is named, so the
stream finishes what a dead process left. Its reward travels by the event of its entry.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from checkin import arrival as arrivals
from checkin.arrival import Arrival
from checkin.model import CheckinAnswer, CheckinBody, CheckinListed, CheckinPage, Given, Page, StaffScan
from checkin.rules import STAFF_SCAN, Outcome, arrive, judge, next_possible_at, weigh
from checkin.stores import find
from checkin.visits import VISITS, Visits
from shared import chain, clock
from shared.chain import Decided, Entry, Step
from shared.cursor import next_cursor, read_cursor
from shared.errors import Forbidden, Invalid, NotFound
from shared.http import Call, Reply
from shared.ledger import Resolve
from shared.member_ref import login_holder, present, require_member, resolve
from shared.naming import Done, Naming, Verb
from shared.table import Item
from shared.world import World

NAME = "checkin"

_KINDS = {"awarded": "accepted", "pending_review": "flagged", "recorded_no_award": "recorded"}
# The second check-in of a store-day has an entry, so that its id is remembered; it is no check-in of its own.
_REPEATED = "repeated"
_HIDDEN = (_REPEATED, "merged")
# A page looks past this many queries' worth of repeated check-ins, then goes on with a cursor.
_ROUNDS_MAX = 5


def decide(visits: Visits, arrival: Arrival, _at: Any) -> Decided[Visits]:
    """The entry of an arrival, dated by the arrival: a late append must not move it into another business day."""
    outcome = judge(visits, arrival)
    kind = _REPEATED if outcome.already else _KINDS[outcome.outcome]
    return Decided(outcome.visits, (Step(kind, occurred_at=outcome.visits.at, data=_data(arrival, outcome)),))


CHECK_IN = Verb(VISITS, arrivals.pack, arrivals.unpack, decide, carried_by="checkin")


def check_in(call: Call[CheckinBody]) -> Reply:
    """The signed-in member is at a store, as the phone says."""
    wanted, world = call.body, call.world
    try:
        member_id = login_holder(world, call.who)
    except NotFound:
        raise Forbidden("not_a_member") from None

    def found(consistent: bool) -> tuple[str, Arrival]:
        try:
            member = present(world, member_id, consistent=consistent)
        except NotFound:
            raise Forbidden("not_a_member") from None
        store = find(world, wanted.store_id)
        if not member["consents"].get("location", {}).get("granted"):
            raise Forbidden("consent_required")
        evidence = weigh(wanted.location, store, call.now)
        return member_id, arrive(store, evidence, call.now, checkin_id=wanted.checkin_id)

    return _perform(call, call.naming(NAME, wanted.checkin_id, f"member.{member_id}"), found)


def scan(call: Call[StaffScan]) -> Reply:
    """A member of staff saw the guest and scanned the guest's code."""
    wanted, world, who = call.body, call.world, call.who
    store_id = wanted.store_id or who.store_id
    if store_id is None:
        raise Invalid.at("/store_id", "missing", "a store_id is required: this key has none")

    def found(consistent: bool) -> tuple[str, Arrival]:
        if who.kind == "pos" and store_id != who.store_id:
            raise Forbidden("wrong_store")
        member = resolve(world, who, wanted.member, consistent=consistent)
        return member.member_id, arrive(find(world, store_id), STAFF_SCAN, call.now, checkin_id=wanted.checkin_id)

    return _perform(call, call.naming(NAME, wanted.checkin_id), found)


def finish(world: World, name: Item) -> None:
    """Bring a check-in into its member's visits whose process died after the name."""
    world.ledger.carry_on(CHECK_IN, name, world.clock.now())


def _perform(call: Call[Any], naming: Naming, found: Resolve[Arrival]) -> Reply:
    done = call.world.ledger.perform(CHECK_IN, naming, found, partial(require_member, call.world))
    answer = _answer(done)
    return Reply(answer.model_dump(mode="json"), 200 if answer.already else 201, is_replay=done.is_replay)


# ---- what an entry keeps --------------------------------------------------------------------------------------------


def _data(arrival: Arrival, outcome: Outcome) -> dict[str, Any]:
    """What the entry says, and the event with it: the answer, and for us the reason; never a coordinate."""
    told = {
        "checkin_id": outcome.checkin_id,
        "store_id": arrival.store_id,
        "business_day": outcome.day.isoformat(),
        "outcome": outcome.outcome,
        "reward": {"points": outcome.points, "campaigns": list(outcome.campaigns)},
        "evidence_level": outcome.level,
        "reason": outcome.reason,
        "repeated_by": arrival.checkin_id if outcome.already else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _answer(done: Done[Arrival]) -> CheckinAnswer:
    """What the member is told: everything but the reason."""
    said = done.last.data
    day = date.fromisoformat(said["business_day"])
    return CheckinAnswer(
        checkin_id=said["checkin_id"],
        store_id=said["store_id"],
        business_day=day,
        outcome=said["outcome"],
        already=done.last.kind == _REPEATED,
        evidence_level=said.get("evidence_level"),
        reward=_given(said),
        next_possible_at=next_possible_at(done.operation, day),
    )


def _given(said: Any) -> Given:
    return Given(points=said["reward"]["points"], campaigns=tuple(said["reward"]["campaigns"]))


# ---- lists ----------------------------------------------------------------------------------------------------------


def listed(call: Call[Any], member_id: str) -> dict[str, Any]:
    """A page of a member's check-ins, newest first."""
    page: Page = call.query
    position = read_cursor(call, page.cursor)
    if position is None:
        account = call.world.ledger.open_head(VISITS, member_id, consistent=True).account
        shown, more = _page(call.world, account, None, page.limit)
    else:
        upto, _, account = position.partition(":")  # the account in which the list began, whatever was merged meanwhile
        shown, more = _page(call.world, account, int(upto), page.limit)
    if not shown and position is None:
        require_member(call.world, member_id)
    items = [_listed(entry) for entry in shown]
    cursor = next_cursor(call, None if more is None else f"{more}:{account}")
    return CheckinPage(items=items, next_cursor=cursor).model_dump(mode="json")


def _page(world: World, account: str, upto: int | None, limit: int) -> tuple[list[Entry], int | None]:
    """The newest entries up to a number that are shown, and the number at which the next page begins."""
    shown: list[Entry] = []
    for _ in range(_ROUNDS_MAX):
        items = world.ledger.table.items(account, upto=upto, newest_first=True, limit=limit + 1, consistent=True)
        found = (entry for item in items for entry in reversed(chain.entries_of(item)))
        for entry in found:
            if entry.kind in _HIDDEN or (upto is not None and entry.sequence > upto):
                continue
            if len(shown) == limit:
                return shown, entry.sequence
            shown.append(entry)
        if len(items) <= limit:
            return shown, None
        upto = items[-1]["sk"] - 1
    return shown, upto


def _listed(entry: Entry) -> CheckinListed:
    said = entry.data
    return CheckinListed(
        checkin_id=said["checkin_id"],
        store_id=said["store_id"],
        business_day=date.fromisoformat(said["business_day"]),
        outcome=said["outcome"],
        evidence_level=said.get("evidence_level"),
        reward=_given(said),
        occurred_at=clock.from_ms(clock.to_ms(entry.occurred_at)),
    )
