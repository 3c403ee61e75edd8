"""A campaign's limits that redemptions run into: so many a store and day, so much money in all, so many of a shared code.

Each is a chain with one entry for each take, written in the redemption's own transaction: so it is exact to the last
unit, in every prefix, and what is voided comes back once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from coupons.book import reached
from coupons.pool import POOL, Pool
from shared.chain import Decided, Packed, Step
from shared.errors import Unavailable

LIMIT = POOL
"""A limit is kept as a campaign's pool is: a shared code draws on the pool itself."""
HELD_MAX = 500
"""So many open holds one limit carries: 15 KB of its head."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A redemption's share in one limit: so much of so much, for good or until a hold ends.

    `is_final` says of what is given back whether it had been taken for good. `instead` is the mark of the order's own
    hold whose coupon this takes over: what that holds is free for it.
    """

    redemption_id: str
    by: bytes
    amount: int
    limit: int
    hold_seconds: int | None = None
    is_final: bool = False
    campaign_id: str | None = None  # of whose total this is the last, if it is
    instead: bytes | None = None
    order: bytes = b""

    def step(self, kind: str, amount: int, more: Mapping[str, Any] | None = None) -> Step:
        return Step(kind, ref=("redemption", self.redemption_id), data={"amount": amount, **(more or {})})


def take(state: Pool, taking: Taking, at: datetime) -> Decided[Pool]:
    """Take, or refuse: `code_not_applicable` with `limit_reached`."""
    before = state.tally.without(taking.instead, at)
    if before.used(at) + taking.amount > taking.limit:
        raise reached()
    until = None if taking.hold_seconds is None else at + timedelta(seconds=taking.hold_seconds)
    after = state.with_tally(before.take(taking.by, taking.amount, at, until, taking.order))
    if len(after.held) > HELD_MAX:
        raise Unavailable
    ends = {} if until is None else {"ends": after.held[-1].ends}
    instead = {} if taking.instead is None else {"instead": taking.instead}
    step = taking.step("drawn", taking.amount, {"limit": taking.limit, **ends, **instead})
    return Decided(after, (step, *_exhausted(after, taking)))


def keep(state: Pool, taking: Taking, at: datetime) -> Decided[Pool]:
    """What was held is taken for good: if the hold is over, while the limit leaves room."""
    if not state.tally.has_hold(taking.by, at) and state.used(at) + taking.amount > taking.limit:
        raise reached()
    after = state.with_tally(state.tally.take(taking.by, taking.amount, at, None))
    return Decided(after, (taking.step("kept", taking.amount), *_exhausted(after, taking)))


def give_back(state: Pool, taking: Taking, at: datetime) -> Decided[Pool]:
    """What a voided redemption took is there again, if it still had it."""
    had = taking.amount if taking.is_final else sum(one.amount for one in state.held if one.by == taking.by)
    after = state.tally.give_back(taking.by, taking.amount, at, is_final=taking.is_final)
    return Decided(state.with_tally(after), (taking.step("undrawn", had),))


def _exhausted(after: Pool, taking: Taking) -> tuple[Step, ...]:
    """Whoever takes the last of a total says so."""
    if taking.campaign_id is None or after.taken != taking.limit:
        return ()
    return (Step("exhausted", data={"campaign_id": taking.campaign_id, "total": taking.limit}),)


def pack_taking(taking: Taking) -> Packed:
    packed: Packed = {"i": taking.redemption_id, "b": taking.by, "n": taking.amount, "l": taking.limit}
    more = {"u": taking.hold_seconds, "c": taking.campaign_id, "w": taking.instead, "o": taking.order or None}
    return packed | {name: value for name, value in more.items() if value is not None}


def unpack_taking(packed: Packed) -> Taking:
    ends, campaign_id, instead = packed.get("u"), packed.get("c"), packed.get("w")
    return Taking(
        packed["i"],
        packed["b"],
        packed["n"],
        packed["l"],
        ends,
        campaign_id=campaign_id,
        instead=instead,
        order=packed.get("o", b""),
    )
