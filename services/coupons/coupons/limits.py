"""A campaign's limits that redemptions run into: so many a store and day, so much money in all, so many of a shared code.

Each is a chain with one entry for each take, written in the redemption's own transaction: so it is exact to the last
unit, in every prefix, and what is voided comes back once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared import tally
from shared.chain import Decided, Kind, Packed, Step
from shared.errors import Conflict, Unavailable
from shared.keys import POOL
from shared.tally import Tally

HELD_MAX = 500
"""So many open holds one limit carries: 10 KB of its head."""


def _pack(state: Tally) -> Packed:
    return {"n": state.taken} | ({"h": tally.pack(state)[1:]} if state.held else {})


def _unpack(packed: Packed) -> Tally:
    return tally.unpack([packed["n"], *packed.get("h", ())])


LIMIT: Kind[Tally] = Kind(POOL, Tally(), _pack, _unpack)


@dataclass(frozen=True, slots=True)
class Taking:
    """A redemption's share in one limit: so much of so much, for good or until a hold ends.

    `is_final` says of what is given back whether it had been taken for good.
    """

    redemption_id: str
    by: bytes
    amount: int
    limit: int
    hold_seconds: int | None = None
    is_final: bool = False

    def step(self, kind: str, amount: int, more: Mapping[str, Any] | None = None) -> Step:
        return Step(kind, ref=("redemption", self.redemption_id), data={"amount": amount, **(more or {})})


def take(state: Tally, taking: Taking, at: datetime) -> Decided[Tally]:
    """Take, or refuse: `code_not_applicable` with `limit_reached`."""
    if state.used(at) + taking.amount > taking.limit:
        raise reached()
    until = None if taking.hold_seconds is None else at + timedelta(seconds=taking.hold_seconds)
    after = state.take(taking.by, taking.amount, at, until)
    if len(after.held) > HELD_MAX:
        raise Unavailable
    ends = {} if until is None else {"limit": taking.limit, "ends": after.held[-1].ends}
    return Decided(after, (taking.step("drawn", taking.amount, ends or {"limit": taking.limit}),))


def keep(state: Tally, taking: Taking, at: datetime) -> Decided[Tally]:
    """What was held is taken for good: if the hold is over, while the limit leaves room."""
    is_held = any(one.by == taking.by for one in state.held)
    if not is_held and state.used(at) + taking.amount > taking.limit:
        raise reached()
    return Decided(state.take(taking.by, taking.amount, at, None), (taking.step("kept", taking.amount),))


def give_back(state: Tally, taking: Taking, at: datetime) -> Decided[Tally]:
    """What a voided redemption took is there again, if it still had it."""
    had = taking.amount if taking.is_final else sum(one.amount for one in state.held if one.by == taking.by)
    after = state.give_back(taking.by, taking.amount, at, is_final=taking.is_final)
    return Decided(after, (taking.step("undrawn", had),))


def reached() -> Conflict:
    """The refusal of whoever comes too late."""
    return Conflict("code_not_applicable", reason="limit_reached")


def pack_taking(taking: Taking) -> Packed:
    packed: Packed = {"i": taking.redemption_id, "b": taking.by, "n": taking.amount, "l": taking.limit}
    return packed | ({} if taking.hold_seconds is None else {"u": taking.hold_seconds})


def unpack_taking(packed: Packed) -> Taking:
    return Taking(packed["i"], packed["b"], packed["n"], packed["l"], packed.get("u"))
