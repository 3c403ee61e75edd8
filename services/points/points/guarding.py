"""The insider guard at work: each sale at a till is counted once and held against the rules, as its event is heard.

What is counted lies in the transient table, one item for a member, till and business day, written over with its
version as the condition. Every delivery is judged by what is counted then, so a process that dies in between, or an
event that comes again, changes nothing: an alert is there once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict

from points import alerts, guard_rules, packing, sales
from points.alerts import Finding
from points.bought import Bought
from points.day_close import Comparison
from points.guard_rules import PAST_DAYS, Circumstances, Counted, Past, Sale, Tally
from points.store import programme
from shared import guarded, keys, places
from shared.business_day import day_start
from shared.clock import to_ms
from shared.errors import NotFound, Unavailable
from shared.events import Received
from shared.member_ref import present
from shared.patience import attempts
from shared.retention import is_over
from shared.shapes import Id
from shared.table import Item
from shared.world import World

_OF_THE_DAY = ("same_member", "unusual_amount")
MISSING_MAX = 20
"""So many purchases that a journal has not are looked into, those with the most points first; the close tells all."""


class _Ref(BaseModel):
    id: str


class Recorded(BaseModel):
    """What the guard reads of `purchase.recorded`; what else the event says, and may say later, is not its business."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    member_id: Id
    ref: _Ref
    store_id: Id | None = None
    asked_of: Id | None = None


def on_recorded(world: World, event: Received) -> None:
    """Look at a purchase; only what a till of a store has sold is watched."""
    said = Recorded.model_validate_json(json.dumps(dict(event.data)))
    source, _, purchase_id = said.ref.id.partition("/")
    if source != "pos" or said.store_id is None:
        return
    name = _name(world, purchase_id)
    if name is None:  # an event of other books than these
        return
    bought = packing.unpack_bought(name["op"])
    sale = _sale(bought, said.store_id, said.member_id)
    members = tuple(dict.fromkeys(one for one in (said.member_id, said.asked_of) if one))
    day = places.of_store(world, said.store_id).day(sale.at)
    tally = _counted(world, sale, day, event.sequence)
    around = _circumstances(world, sale, tally, day, members)
    own = _row(sale, event.sequence)
    guard = programme(world).guard
    for rule, outcome in guard_rules.found(guard, sale, around):
        finding = Finding(rule, outcome, sale.store_id, sale.terminal_id, members, day)
        alerts.tell(world, finding, [own, *tally.sales] if rule in _OF_THE_DAY else [own])
    if (held_by := bought.more.get("held_by")) is not None:
        alerts.note_waiting(world, held_by, purchase_id)


def waiting(world: World, member_id: str, bought: Bought) -> Bought:
    """A purchase as it is recorded: points of a member on whom the guard has an eye wait, as those of a placed one do."""
    alert_id = guarded.held_by(world, bought.store_id, member_id)
    if alert_id is None:
        return bought
    return replace(bought, is_placed=True, more={**bought.more, "held_by": alert_id})


def on_closed(world: World, closed: Comparison) -> None:
    """Look at what gave points and is not in its store's journal."""
    outcome = programme(world).guard.not_in_journal.outcome
    missing = sorted((one for one in closed.missing_in_pos if one.points), key=lambda one: -(one.points or 0))
    if not missing or outcome == "off":
        return
    by_place: dict[tuple[str | None, str], list[Counted]] = defaultdict(list)
    for name in _names(world, [one.purchase_id for one in missing[:MISSING_MAX]]):
        sale = _sale(packing.unpack_bought(name["op"]), closed.store_id, keys.holder(name["acc"]))
        by_place[sale.terminal_id, sale.member_id].append(_row(sale, 0))
    for (terminal_id, member_id), rows in by_place.items():
        finding = Finding(
            "not_in_journal",
            outcome,
            closed.store_id,
            terminal_id,
            (member_id,),
            closed.business_day,
        )
        alerts.tell(world, finding, rows)


def _names(world: World, purchase_ids: Iterable[str]) -> list[Item]:
    wanted = [(keys.purchase("pos", one), 0) for one in purchase_ids]
    return [name for name in world.ledger.table.get_many(wanted, consistent=True) if "acc" in name]


def _name(world: World, purchase_id: str) -> Item | None:
    key = (keys.purchase("pos", purchase_id), 0)
    return world.ledger.table.get(*key) or world.ledger.table.get(*key, consistent=True)


def _sale(bought: Bought, store_id: str, member_id: str) -> Sale:
    terminal_id, staff_id = bought.more.get("terminal_id"), bought.more.get("staff_id")
    return Sale(bought.purchase_id, store_id, member_id, bought.total, bought.occurred_at, terminal_id, staff_id)


def _row(sale: Sale, sequence: int) -> Counted:
    return Counted(sale.purchase_id, sale.amount, to_ms(sale.at), sequence, sale.staff_id or "")


# ---- what a sale is held against -------------------------------------------------------------------------------------


def _circumstances(world: World, sale: Sale, tally: Tally, day: date, members: tuple[str, ...]) -> Circumstances:
    hours, zone = places.hours_of(world, sale.store_id) or (None, "UTC")
    around = Circumstances(tally, hours, zone, None, _is_own_card(world, sale.staff_id, members))
    if not guard_rules.needs_past(programme(world).guard, sale, around):
        return around
    return replace(around, past=_past(world, sale.store_id, day))


def _counted(world: World, sale: Sale, day: date, sequence: int) -> Tally:
    """The day's tally with a sale in it. A stale read can only lack sales, and then the condition fails."""
    pk, sk = keys.tally(sale.store_id, sale.terminal_id or "", day, sale.member_id)
    for attempt in attempts(world.clock):
        old = world.transient.get(pk, sk, consistent=attempt > 0)
        seen_before = old["seen"] if old and not is_over(old, world.clock.now()) else ()
        before = Tally(tuple(Counted(*row) for row in seen_before))
        after = before.with_(_row(sale, sequence))
        if after is before:
            return after
        version = old["version"] if old else 0
        seen = [list(row) for row in after.sales]
        item = {"pk": pk, "sk": sk, "version": version + 1, "seen": seen, "ttl": _ttl(world, sale.at)}
        if world.transient.replace(item, version) if old else world.transient.put_new(item) is None:
            return after
    raise Unavailable


def _is_own_card(world: World, staff_id: str | None, members: tuple[str, ...]) -> bool:
    """Whether whoever served is the member, by whatever id: both may have been merged since."""
    item = world.directory.setting(keys.staff(staff_id)) if staff_id else None
    if item is None:
        return False
    try:
        return item["member_id"] in members or present(world, item["member_id"])["member_id"] in members
    except NotFound:
        return False


def _past(world: World, store_id: str, day: date) -> Past:
    """What the store sold in the days before, reckoned once for each of its business days."""
    pk, sk = keys.past(store_id, day)
    item = world.transient.get(pk, sk)
    if item is None:
        rule = places.of_store(world, store_id)
        start, end = (day_start(one, rule.zone, rule.cutoff_hour) for one in (day - timedelta(PAST_DAYS), day))
        sold = sales.sold(world, store_id, start, end)
        past = guard_rules.past_of([sale.amount for sale in sold.standing.values()])
        made: Item = {"pk": pk, "sk": sk, "n": past.sales, "high": past.high, "ttl": _ttl(world, end)}
        item = world.transient.put_new(made) or made
    return Past(item["n"], item["high"])


def _ttl(world: World, at: datetime) -> int:
    days = programme(world).retention.guard_days
    return int((max(world.clock.now(), at) + timedelta(days=days)).timestamp())
