"""What a till may give away without a line: its allowance of a business day, the keys it checks by, and the losses."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from coupons import terminal, tokens
from coupons.offline_model import (
    AllowanceRequest,
    Keys,
    Losses,
    PublicKey,
    Run,
    TerminalDay,
)
from coupons.terminal import TILL, Allowing, Spent, Terminal
from shared import keys, places
from shared.business_day import DayRule, day_end, day_start
from shared.chain import Packed
from shared.clock import from_ms, to_ms, to_text
from shared.errors import Forbidden, Invalid, NotFound
from shared.http import Call, Reply
from shared.naming import Verb
from shared.offline_token import sign_allowance, spelt
from shared.table import Item
from shared.units import Money
from shared.world import World

MAX_REDEMPTIONS = 50
MAX_VALUE: Money = 50_000
"""So many coupons, and so much money in minor units, may one till give away on one business day: its largest loss."""
DAYS_AHEAD = 7
GRACE = timedelta(hours=3)
"""So long after the end of its business day may a till still use an allowance: it closes later than the books."""


def pack_allowing(allowing: Allowing) -> Packed:
    times = [to_ms(allowing.starts_at), to_ms(allowing.expires_at)]
    limits = [allowing.max_redemptions, allowing.max_value]
    place = [allowing.store_id, allowing.terminal_id]
    return {"i": allowing.allowance_id, "p": place, "d": allowing.day.toordinal(), "t": times, "l": limits}


def unpack_allowing(packed: Packed) -> Allowing:
    (store_id, terminal_id), (redemptions, value) = packed["p"], packed["l"]
    starts, expires = map(from_ms, packed["t"])
    day = date.fromordinal(packed["d"])
    return Allowing(packed["i"], store_id, terminal_id, day, starts, expires, redemptions, value)


ALLOW = Verb(TILL, pack_allowing, unpack_allowing, terminal.allow, carried_by="coupons")
"""It can't be refused, so the stream finishes it."""


def allow(call: Call[AllowanceRequest]) -> Reply:
    """Give a till its allowance of a business day; a second one of the same day is bounded by the same limits."""
    asked = call.body
    terminal_id = asked.terminal_id or call.who.terminal_id
    if terminal_id is None:
        raise Invalid.at("/terminal_id", "missing", "Field required")
    naming = call.naming("allowance", asked.allowance_id)

    def find(_: bool) -> tuple[str, Allowing]:
        store_id = store_of(call, terminal_id, asked.store_id)
        days = places.of_store(call.world, store_id)
        today, day = days.day(call.now), asked.business_day
        if not today <= day <= today + timedelta(days=DAYS_AHEAD):
            raise Invalid.at("/business_day", "out_of_range", f"from {today} to {DAYS_AHEAD} days ahead")
        allowing = Allowing(
            asked.allowance_id, store_id, terminal_id, day, *_times(days, day), MAX_REDEMPTIONS, MAX_VALUE
        )
        return keys.terminal(store_id, terminal_id), allowing

    done = call.world.ledger.perform(ALLOW, naming, find)
    if done.operation.terminal_id != terminal_id:
        raise Invalid("id_reused")  # two tills that name none of them send the same content
    return Reply(_answer(call.world, done.operation, done.last.data), 201, is_replay=done.is_replay)


def finish(world: World, name: Item) -> None:
    """Bring an allowance into its till's chain, whose process died."""
    world.ledger.carry_on(ALLOW, name, world.clock.now())


def named_in(world: World, allowance_id: str) -> Allowing:
    """The allowance of this id; `allowance_not_found` for none."""
    partition = keys.name("allowance", keys.SHOP, allowance_id)
    name = world.ledger.table.get(partition, 0) or world.ledger.table.get(partition, 0, consistent=True)
    if name is None or "op" not in name:
        raise NotFound("allowance_not_found")
    return unpack_allowing(name["op"])


def of_day(world: World, account: str, till: Terminal, at: datetime) -> Allowing:
    """The allowance of the business day on which something happened; `allowance_not_found` for none."""
    store_id, terminal_id = keys.terminal_of(account)
    days = places.of_store(world, store_id)
    spent = till.of(days.day(at))
    if spent is None:
        raise NotFound("allowance_not_found")
    return Allowing(
        "", store_id, terminal_id, spent.day, *_times(days, spent.day), spent.max_redemptions, spent.max_value
    )


def _times(days: DayRule, day: date) -> tuple[datetime, datetime]:
    """From when to when a till may use the allowance of a business day."""
    return day_start(day, days.zone, days.cutoff_hour), day_end(day, days.zone, days.cutoff_hour) + GRACE


def store_of(call: Call[Any], terminal_id: str, store_id: str | None) -> str:
    """The store of a till: a till's own, that which is named, or that of the one key that is bound to the till.

    A till has to do with itself alone; `terminal_not_found` if no key says where it stands.
    """
    if call.who.kind == "pos":
        if store_id not in (None, call.who.store_id):
            raise Forbidden("wrong_store")
        if terminal_id != call.who.terminal_id:
            raise Forbidden("forbidden")
        return str(call.who.store_id)
    if store_id is not None:
        return store_id
    known = call.world.directory.settings(keys.api_key("")[0])
    stores = {one["store_id"] for one in known if one.get("terminal_id") == terminal_id}
    if len(stores) != 1:
        raise NotFound("terminal_not_found")
    return str(stores.pop())


def _answer(world: World, allowing: Allowing, decided: Any) -> dict[str, Any]:
    told = {
        "allowance_id": allowing.allowance_id,
        "terminal_id": allowing.terminal_id,
        "store_id": allowing.store_id,
        "business_day": allowing.day.isoformat(),
        "max_redemptions": decided["max_redemptions"],
        "max_value": decided["max_value"],
        "public_keys": [one.model_dump() for one in _keys(world)],
        "expires_at": to_text(allowing.expires_at),
    }
    return told | {"signature": sign_allowance(tokens.signing_key(world), told)}


def public_keys(call: Call[Any]) -> Keys:
    """The keys that tokens are signed with: the present one first, then the one before."""
    return Keys(public_keys=_keys(call.world))


def _keys(world: World) -> tuple[PublicKey, ...]:
    return tuple(PublicKey(kid=kid, key=spelt(key)) for kid, key in tokens.public_keys(world).items())


def day_of_till(call: Call[Any]) -> TerminalDay:
    """What a till's business day without a line cost, and which of its sequence numbers never came."""
    terminal_id, asked = call.path_id("terminal_id"), call.query
    store_id = store_of(call, terminal_id, asked.store_id)
    head = call.world.ledger.head(TILL, keys.terminal(store_id, terminal_id), consistent=True)
    state = head.state
    day = state.of(asked.business_day) or Spent(asked.business_day, 0, 0)
    return TerminalDay(
        terminal_id=terminal_id,
        store_id=store_id,
        business_day=day.day,
        max_redemptions=day.max_redemptions,
        max_value=day.max_value,
        absorbed=Losses(count=day.absorbed, value=day.absorbed_value),
        refused=Losses(count=day.refused, value=day.refused_value),
        last_seq=state.runs[-1][1] if state.runs else None,
        missing=[Run(first=first, last=last) for first, last in state.missing],
        repeated=state.repeated,
    )
