"""A programme is tried out on past purchases: read from the members' chains, a page of members a call, nothing written.

The members' profiles are the list, as for the liability report. Of each member's chain the part is read that was
written since the first of these days; the item before it holds the account as it was then.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from points import packing, premium
from points.balances import ACCOUNT
from points.bought import Bought
from points.programme import Programme
from points.simulation import DAYS_MAX, Bill, Days, Simulation, SimulationAnswer
from points.store import programme
from shared import chain, keys
from shared.business_day import day_end, day_start
from shared.chain import Entry, head_of
from shared.clock import from_ms
from shared.cursor import next_cursor, read_cursor
from shared.errors import BadRequest, Invalid
from shared.http import AHEAD_MAX, Call
from shared.table import Item
from shared.world import World

PAGE = 100
"""So many items of the directory a call: some of them are members, each with two or three reads."""
ITEMS_MAX = 1000
"""Who has more in the time is no person; a call must end."""
PURCHASES_MAX = 1000
"""After so many purchases a call ends with the member it is at."""


def simulate(call: Call[Simulation]) -> dict[str, Any]:
    """What the purchases of some days would have earned under a programme, a page of members at a time."""
    asked, world = call.body, call.world
    in_force = programme(world)
    _check(asked, in_force)
    days = Days(day_start(asked.since, in_force.zone, 0), day_end(asked.until, in_force.zone, 0))
    items = world.directory.table.scan(after=_after(call), limit=PAGE)
    bill, last = Bill(), None
    for item in items:
        last = item
        if (item["pk"], item["sk"]) == keys.member(str(item.get("member_id"))):
            _add(world, bill, item["member_id"], days, (in_force, asked.programme))
        if bill.purchases >= PURCHASES_MAX:
            break
    is_over = len(items) < PAGE and (not items or last is items[-1])
    answer = SimulationAnswer(
        version=in_force.version,
        members=bill.members,
        left_out=bill.left_out,
        purchases=bill.purchases,
        amount=bill.amount,
        in_force=bill.in_force.total(),
        proposed=bill.proposed.total(),
        rules=bill.rules,
        next_cursor=next_cursor(call, None if is_over or last is None else _position(asked, last)),
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


# ---- where in the list ----------------------------------------------------------------------------------------------


def _after(call: Call[Simulation]) -> tuple[str, str] | None:
    position = read_cursor(call, call.body.cursor)
    if position is None:
        return None
    mark, pk, sk = json.loads(position)
    if mark != _mark(call.body):
        raise BadRequest("bad_cursor")
    return pk, sk


def _position(asked: Simulation, item: Item) -> str:
    return json.dumps([_mark(asked), item["pk"], item["sk"]])


def _mark(asked: Simulation) -> str:
    """What a cursor goes on with is the same programme and the same days."""
    return hashlib.sha256(asked.model_dump_json(exclude={"cursor"}).encode()).hexdigest()[:16]


# ---- one member -----------------------------------------------------------------------------------------------------


def _add(world: World, bill: Bill, member_id: str, days: Days, rules: tuple[Programme, Programme]) -> None:
    account, recorded_since = ACCOUNT.partition(member_id), days.start - AHEAD_MAX
    items = _items(world, account, recorded_since)
    if len(items) > ITEMS_MAX and from_ms(items[ITEMS_MAX]["t"]) >= recorded_since:
        bill.left_out += 1
        return
    since = [item for item in reversed(items) if from_ms(item["t"]) >= recorded_since]
    before = next((item for item in items if from_ms(item["t"]) < recorded_since), None)
    bill.add(head_of(ACCOUNT, account, before).state, _bought(world, since), days, rules)


def _items(world: World, account: str, start: datetime) -> list[Item]:
    """What a chain has from a time on and the item before it, the newest first; a little more than so many at most."""
    found, limit = world.ledger.table.items(account, newest_first=True, limit=_FIRST), _FIRST
    while len(found) == limit and len(found) <= ITEMS_MAX and from_ms(found[-1]["t"]) >= start:
        found += world.ledger.table.items(account, upto=found[-1]["sk"] - 1, newest_first=True, limit=_MORE)
        limit += _MORE
    return found


_MORE = 250
_FIRST = 10  # items: most members have no more in a month, and whoever did not come in it is read with a unit


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
