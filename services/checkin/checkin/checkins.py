"""Check-ins: the member's own and the staff's scan.

A check-in is named and then appended to its member's visits. It can't be refused any more once it is named, so the
stream finishes what a dead process left. Its reward travels by the event of its entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from checkin import arrival as arrivals, attestations, challenges, devices, store_codes, visitor
from checkin.arrival import Arrival
from checkin.evidence import STAFF_SCAN, Shown, prove
from checkin.forgetting import forget_device
from checkin.model import CheckinAnswer, CheckinBody, Given, StaffScan
from checkin.rules import OVERRUN, Outcome, arrive, is_device_new, judge, next_possible_at, would_pay
from checkin.ruling import WITHHELD
from checkin.stores import find
from checkin.visits import VISITS, Visits
from shared import keys, reviews
from shared.chain import Decided, Head, Step
from shared.coupons_of import holds_out, is_held_out
from shared.errors import Conflict, Forbidden, Invalid, Refused
from shared.http import Call, Reply
from shared.ledger import Resolve
from shared.member_ref import require_member, resolve
from shared.naming import Done, Naming, Pending, Verb, check_same, done_of, named, unnamed
from shared.table import Item
from shared.world import World

NAME = "checkin"

KINDS = {"awarded": "accepted", "pending_review": "flagged", "recorded_no_award": "recorded"}
LIMITED = "limited"
"""Recorded as well: a store counts its member as a guest, though there was nothing left to give."""
UNATTESTED = "unattested"
"""Under this name an entry keeps why a platform's token did not count; no answer and no event tells it."""
# The second check-in of a store-day has an entry, so that its id is remembered; it is no check-in of its own.
_REPEATED = "repeated"


def decide(visits: Visits, arrival: Arrival, _at: Any) -> Decided[Visits]:
    """The entry of an arrival, dated by the arrival: a late append must not move it into another business day."""
    outcome = judge(visits, arrival)
    is_guest = outcome.is_limited and not outcome.is_known and arrival.doubt != OVERRUN
    kind = _REPEATED if outcome.already else LIMITED if is_guest else KINDS[outcome.outcome]
    data = _data(arrival, outcome)
    if visits.is_erased and arrival.name is not None:
        data["carry"] = ["checkin", arrival.name]  # so that its phone is forgotten, though this process dies
    return Decided(outcome.visits, (Step(kind, occurred_at=outcome.visits.at, data=data),))


CHECK_IN = Verb(VISITS, arrivals.pack, arrivals.unpack, decide, carried_by="checkin")
BIND = Verb(devices.DEVICE, unnamed, unnamed, devices.bind)


def check_in(call: Call[CheckinBody]) -> Reply:
    """The signed-in member is at a store, as the phone says."""
    wanted, world = call.body, call.world
    member_id = visitor.holder(call)
    naming = call.naming(NAME, wanted.checkin_id, f"member.{member_id}")
    shown = _shown(world, wanted, call.now)

    def found(consistent: bool) -> tuple[str, Arrival]:
        store = visitor.store_for(world, member_id, wanted.store_id, consistent=consistent)
        fault = attestations.fault(call, member_id) if wanted.attestation else None
        is_attested = wanted.attestation is not None and fault is None
        evidence = prove(wanted.location, replace(shown, is_attested=is_attested), store, call.now)
        device = challenges.device_of(world, wanted.device_id)
        has_stayed = challenges.is_passed(call, member_id)
        said = arrive(store, evidence, call.now, checkin_id=wanted.checkin_id, device=device, has_stayed=has_stayed)
        return member_id, _without_held_out(world, member_id, replace(said, unattested=fault))

    def agreed() -> None:
        """A wrong code is recorded like anything else, so it is counted before; a retry's was."""
        if shown.is_guess and world.ledger.name(naming) is None:
            call.count_guesses()

    return _perform(call, naming, found, agreed)


def scan(call: Call[StaffScan]) -> Reply:
    """A member of staff saw the guest and scanned the guest's code."""
    wanted, world, who = call.body, call.world, call.who
    store_id = wanted.store_id or who.store_id
    if store_id is None:
        raise Invalid.at("/store_id", "missing", "a store_id is required: this key has none")

    def found(consistent: bool) -> tuple[str, Arrival]:
        store, member_id = find(world, store_id), resolve(world, who, wanted.member, consistent=consistent).member_id
        if who.kind == "pos" and store_id != who.store_id:
            require_member(world, member_id)  # that there is nobody is told first
            raise Forbidden("wrong_store")
        said = arrive(store, STAFF_SCAN, call.now, checkin_id=wanted.checkin_id)
        return member_id, _without_held_out(world, member_id, said)

    return _perform(call, call.naming(NAME, wanted.checkin_id), found)


def finish(world: World, name: Item) -> None:
    """Bring a check-in into its member's visits whose process died after the name."""
    _carry_on(world, name, None)


def _without_held_out(world: World, member_id: str, arrival: Arrival) -> Arrival:
    """An arrival that promises no coupon of a campaign that its guest is held out of: none will come of it.

    Judged once, and kept by the check-in's name: whoever asks again is told the same, whatever the share is by then. As
    with the coupon itself, it is the account that counts: after a merge, of whom the id leads to. That costs half a read,
    and is asked only where a campaign holds somebody out.
    """
    if not any(holds_out(world, one) for one in arrival.campaigns):
        return arrival
    guest = keys.holder(world.ledger.open_head(VISITS, member_id).account)
    out = tuple(one for one in arrival.campaigns if is_held_out(world, one, guest))
    return replace(arrival, campaigns=tuple(one for one in arrival.campaigns if one not in out), held_out=out)


def _shown(world: World, wanted: CheckinBody, now: datetime) -> Shown:
    """What the visitor showed beside the location. Whatever of it is wrong makes all of it wrong."""
    typed, qr = wanted.presence_code, wanted.qr
    if qr is not None and store_codes.is_rotating(qr):  # the screen's code, scanned
        typed, qr = typed or qr, None
    step = store_codes.step_of_code(world, wanted.store_id, typed, now) if typed is not None else None
    has_qr = qr is not None and store_codes.store_of_qr(world, qr) == wanted.store_id
    wrong = [text for text, is_right in ((typed, step is not None), (qr, has_qr)) if text is not None and not is_right]
    guessed = [text for text in wrong if store_codes.is_well_formed(text) and not store_codes.store_of_qr(world, text)]
    return Shown(has_qr, step, bool(wrong), bool(guessed))


def _perform(
    call: Call[Any], naming: Naming, found: Resolve[Arrival], agreed: Callable[[], None] = lambda: None
) -> Reply:
    world = call.world
    name, pending, head = world.ledger.put_name(CHECK_IN, naming, found, partial(require_member, world), agreed)
    if pending is None:
        check_same(name, naming)
        done = _carry_on(world, name, head)
    else:
        done = _enter(world, name, pending, head)
        if (
            done.last.kind == KINDS["pending_review"]
        ):  # it waits in the list when this has answered; else the relay does it
            reviews.follow(world, done.last)
    answer = _answer(done)
    return Reply(answer.model_dump(mode="json"), 200 if answer.already else 201, is_replay=done.is_replay)


def _carry_on(world: World, name: Item, head: Head[Visits] | None) -> Done[Arrival]:
    """What a name became; finished now if its process died. What has entered asks no device again."""
    pending = named(CHECK_IN, name)
    if pending.operation.device is None:
        return world.ledger.carry_on(CHECK_IN, name, world.clock.now(), head)
    newest = world.ledger.head(VISITS, keys.holder(name["acc"]), consistent=True)
    found = world.ledger.find(newest, pending)
    return _without_phone(world, name, done_of(pending, found)) if found else _enter(world, name, pending, newest)


def _enter(world: World, name: Item, pending: Pending[Arrival], head: Head[Visits] | None) -> Done[Arrival]:
    """Append a check-in; before that a device that the visits do not know binds the member, or has no place left.

    Only for what would be paid then; and that it would not is never said on a stale read.
    """
    arrival = pending.operation
    if arrival.device is not None:
        arrival = replace(arrival, name=name["pk"])
        pending = pending._replace(operation=arrival)
    if head is None or is_device_new(head.state, arrival):
        head = world.ledger.head(VISITS, keys.holder(name["acc"]), consistent=True)
        is_somebodys = not head.state.is_erased
        if is_somebodys and is_device_new(head.state, arrival) and would_pay(head.state, arrival):
            pending = pending._replace(operation=replace(arrival, bound_at=_bound_at(world, name, arrival)))
    return _without_phone(world, name, world.ledger.enter_one(CHECK_IN, name["acc"], pending, head))


def _without_phone(world: World, name: Item, done: Done[Arrival]) -> Done[Arrival]:
    """What came in for a member who was erased meanwhile, and whose phone nobody is to know."""
    if "v" in name["op"] and VISITS.is_erased(VISITS.unpack(done.item["s"])):
        forget_device(world, name)
    return done


def _bound_at(world: World, name: Item, arrival: Arrival) -> datetime | None:
    """Since when the device's own chain binds the member; None if others have all its places, or it has let go. Once a check-in."""
    asked = (devices.binding(name["pk"]), arrival.at, keys.holder(name["acc"]))
    (done,) = world.ledger.obey(BIND, str(arrival.device), [asked])
    if isinstance(done, Conflict):
        return None
    if isinstance(done, Refused):
        raise done
    return done.last.recorded_at


# ---- what an entry keeps --------------------------------------------------------------------------------------------


def _data(arrival: Arrival, outcome: Outcome) -> dict[str, Any]:
    """What the entry says, and the event with it: the answer, and for us the reason; never a coordinate."""
    told = {
        "checkin_id": outcome.checkin_id,
        "store_id": arrival.store_id,
        "business_day": outcome.day.isoformat(),
        "outcome": outcome.outcome,
        "reward": {"points": outcome.points, "campaigns": list(outcome.campaigns)},
        "held_out": (outcome.outcome == "awarded" and not outcome.already and list(arrival.held_out)) or None,
        "evidence_level": outcome.level,
        "reason": outcome.reason,
        UNATTESTED: arrival.unattested if not outcome.already else None,
        "counted_before": (outcome.is_known and outcome.outcome != "recorded_no_award" and not outcome.already) or None,
        "repeated_by": arrival.checkin_id if outcome.already else None,
        WITHHELD: _withheld(arrival) if outcome.outcome == "pending_review" and not outcome.already else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _withheld(arrival: Arrival) -> dict[str, Any]:
    """What people who review it go by: what it would be paid, and between which distances the guest was."""
    would: dict[str, Any] = {"points": arrival.points, "campaigns": list(arrival.campaigns)}
    would |= {"held_out": list(arrival.held_out)} if arrival.held_out else {}
    return would | ({"apart": list(arrival.apart)} if arrival.apart else {})


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
        reward=given(said),
        next_possible_at=next_possible_at(done.operation, day),
    )


def given(said: Any) -> Given:
    """The reward that an entry tells of."""
    return Given(points=said["reward"]["points"], campaigns=tuple(said["reward"]["campaigns"]))
