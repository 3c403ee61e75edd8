"""Holding points for an order, capturing them, letting them go. Pure.

A hold takes its lots out of the account; what it does not use comes back. Its *end*, a capture or a release, is one
operation under one mark, so that only one of them can enter. A hold that lapsed leaves the account by itself; a
capture that comes later is a fresh spend of what is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from points.balances import Account, Held, give_back, settle, spend_lots, take
from points.lots import Lot, pack_lots
from shared import keys
from shared.chain import Decided, Step, operation
from shared.clock import to_ms
from shared.errors import Conflict
from shared.units import Points

OPEN_MAX = 16


@dataclass(frozen=True, slots=True)
class Holding:
    """Points that an order wants kept."""

    hold_id: str
    points: Points
    order_ref: str
    ttl_seconds: int
    zone: str
    store_id: str | None = None

    @property
    def ref(self) -> tuple[str, str]:
        return "hold", self.hold_id

    @property
    def is_shown(self) -> bool:
        """Whether a till made it: its member was there, and showed it. No other key has a store."""
        return self.store_id is not None

    @property
    def mark(self) -> bytes:
        """The operation that makes it; a hold's id is the shop's."""
        return operation(keys.name("hold", keys.SHOP, self.hold_id))

    @property
    def reversal(self) -> bytes:
        """The operation that reverses it."""
        return operation(keys.name("hold", keys.SHOP, self.hold_id), is_reversal=True)

    @property
    def end_mark(self) -> bytes:
        """Its end: capture and release are one operation, so only one of them can enter."""
        return operation(end_name(keys.name("hold", keys.SHOP, self.hold_id)))


def end_name(name: str) -> str:
    """The name of a hold's end, from the hold's own."""
    return f"{name}/end"


def hold(account: Account, holding: Holding, at: datetime) -> Decided[Account]:
    """Take points out of the account for a while."""
    account, steps = settle(account, at, holding.zone)
    if len(account.holds) >= OPEN_MAX:
        raise Conflict("too_many_holds", limit=OPEN_MAX)
    account, taken = spend_lots(account, holding.points)
    ends = at + timedelta(seconds=holding.ttl_seconds)
    account = account._replace(holds=(*account.holds, Held(holding.mark, holding.hold_id, ends, taken)))
    data = {"lots": pack_lots(taken), "ends": to_ms(ends)}
    return Decided(account, (*steps, Step("held", -holding.points, ref=holding.ref, data=data)))


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a hold: so many of its points captured, the rest let go; all let go if `points` is 0."""

    holding: Holding
    points: Points

    @property
    def zone(self) -> str:
        return self.holding.zone


def end(account: Account, ending: Ending, at: datetime) -> Decided[Account]:
    """Capture or release. A lapsed hold is captured from what is there, if it is."""
    holding = ending.holding
    account, steps = settle(account, at, holding.zone)
    held = _open(account, holding)
    kind = "captured" if ending.points else "released"
    if held is None:
        taken: tuple[Lot, ...] = ()
        if ending.points:
            account, taken = spend_lots(account, ending.points)
        data = {"captured": ending.points, "released": holding.points - ending.points, "lots": pack_lots(taken)}
        return Decided(account, (*steps, Step(kind, -ending.points, ref=holding.ref, data=data)))
    rest, taken = take(Account(held.lots), ending.points)
    account = give_back(account, replace(held, lots=rest.lots))
    data = {"captured": ending.points, "released": held.points - ending.points, "lots": pack_lots(taken)}
    step = Step(kind, held.points - ending.points, ref=holding.ref, data=data)
    account, due = settle(account, at, holding.zone)
    return Decided(account, (*steps, step, *due))


@dataclass(frozen=True, slots=True)
class Extending:
    """More time for an open hold."""

    holding: Holding
    ttl_seconds: int

    @property
    def zone(self) -> str:
        return self.holding.zone


def extend(account: Account, extending: Extending, at: datetime) -> Decided[Account]:
    """Keep a hold until `ttl_seconds` from now, if that is later: repeating it is harmless."""
    account, steps = settle(account, at, extending.holding.zone)
    held = _open(account, extending.holding)
    if held is None:
        raise Conflict("hold_closed")
    later = replace(held, ends=max(held.ends, at + timedelta(seconds=extending.ttl_seconds)))
    account = account._replace(holds=tuple(later if one.mark == held.mark else one for one in account.holds))
    return Decided(account, (*steps, Step("held", ref=extending.holding.ref, data={"ends": to_ms(later.ends)})))


def _open(account: Account, holding: Holding) -> Held | None:
    return next((held for held in account.holds if held.mark == holding.mark), None)
