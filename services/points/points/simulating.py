"""A programme is tried out on past purchases: read from the members' chains, a page of members a call."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from points import packing, premium
from points.balances import ACCOUNT
from points.bought import Bought
from points.programme import Programme
from points.simulation import DAYS_MAX, Bill, Days, Simulation, SimulationAnswer
from points.store import programme
from points.walking import Walk
from shared import chain, keys
from shared.business_day import day_end, day_start
from shared.chain import Entry, head_of
from shared.clock import from_ms
from shared.errors import Invalid
from shared.http import AHEAD_MAX, Call
from shared.table import Item
from shared.world import World


def simulate(call: Call[Simulation]) -> dict[str, Any]:
    """What the purchases of some days would have earned under a programme, a page of members at a time."""
    asked, world = call.body, call.world
    in_force = programme(world)
    _check(asked, in_force)
    days = Days(day_start(asked.since, in_force.zone, 0), day_end(asked.until, in_force.zone, 0))
    recorded_since = days.start - AHEAD_MAX
    bill, walk = Bill(), Walk(call, asked.cursor, _mark(asked))
    for account, items in walk.chains(recorded_since):
        since = [item for item in reversed(items) if from_ms(item["t"]) >= recorded_since]
        before = next((item for item in items if from_ms(item["t"]) < recorded_since), None)
        state = head_of(ACCOUNT, account, before).state
        bill.add(state, _bought(world, since), days, (in_force, asked.programme))
    answer = SimulationAnswer(
        version=in_force.version,
        members=bill.members,
        left_out=walk.left_out,
        purchases=bill.purchases,
        amount=bill.amount,
        in_force=bill.in_force.total(),
        proposed=bill.proposed.total(),
        rules=bill.rules,
        next_cursor=walk.next_cursor(),
    )
    return answer.model_dump(mode="json")


def _check(asked: Simulation, in_force: Programme) -> None:
    premium.check(asked.programme)
    for name in ("zone", "currency"):
        if getattr(asked.programme, name) != getattr(in_force, name):
            raise Invalid.at(f"/programme/{name}", "fixed", f"the programme's {name} is for good")
    if asked.until < asked.since:
        raise Invalid.at("/until", "window_empty", "until lies before since")
    if asked.until - asked.since >= timedelta(days=DAYS_MAX):
        raise Invalid.at("/until", "too_long", f"at most {DAYS_MAX} days")


def _mark(asked: Simulation) -> str:
    """What a cursor goes on with is the same programme and the same days."""
    return hashlib.sha256(asked.model_dump_json(exclude={"cursor"}).encode()).hexdigest()[:16]


def _bought(world: World, items: list[Item]) -> list[Bought]:
    """The purchases that these items of a member's chain have recorded, in their order."""
    entries = [entry for item in items for entry in chain.entries_of(item)]
    wanted = [name for entry in entries if (name := _name_of(entry)) is not None]
    names = {name["pk"]: name for name in world.ledger.table.get_many([(name, 0) for name in wanted])}
    found = [names[name] for name in wanted if name in names]
    return [packing.unpack_bought(name["op"]) for name in found if "op" in name]


def _name_of(entry: Entry) -> str | None:
    """The partition of the purchase that an entry has recorded: the one that tells what its rules gave."""
    if entry.ref is None or entry.ref[0] != "purchase" or not {"amount", "explain"} <= entry.data.keys():
        return None
    source, _, purchase_id = entry.ref[1].partition("/")
    return keys.purchase(source, purchase_id)
