"""A member who comes near a store: told to whoever sends the messages, but seldom, and at night as quiet. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shared import clock, keys
from shared.business_day import zone
from shared.chain import Decided, Kind, Step

TOLD_EVERY = timedelta(hours=20)
"""At most once in so long for one store and member: the daily way past it makes one message a day."""
STORES_MAX = 20
"""Of so many stores a member hears in that time; a long ride through a town is no reason for more."""
QUIET_FROM, QUIET_TO = 21, 9  # o'clock where the store is


@dataclass(frozen=True)
class Approach:
    """A member has come near a store; of one that `is_closed` nobody hears, and in a quiet hour nobody should ring."""

    approach_id: str
    store_id: str
    at: datetime
    is_closed: bool
    is_quiet: bool = False


class Told(NamedTuple):
    """A store that a member heard of, and when."""

    store_id: str
    at: datetime


class State(NamedTuple):
    """The last time that is known of, and what was told in the hours before it."""

    at: datetime = clock.EPOCH
    told: tuple[Told, ...] = ()
    is_erased: bool = False  # its holder is no member any more: nothing stays in it


def is_night(at: datetime, time_zone: str) -> bool:
    """Whether it is between nine in the evening and nine in the morning where the store is."""
    hour = at.astimezone(zone(time_zone)).hour
    return hour >= QUIET_FROM or hour < QUIET_TO


def decide(state: State, approach: Approach, _at: datetime) -> Decided[State]:
    """The entry of an approach: `approached` makes an event, `noted` does not. What comes late is judged like the last."""
    at = max(approach.at, state.at)
    told = tuple(one for one in state.told if at - one.at < TOLD_EVERY)
    is_known = any(one.store_id == approach.store_id for one in told)
    is_told = not (approach.is_closed or is_known or state.is_erased or len(told) >= STORES_MAX)
    if is_told:
        told = (*told, Told(approach.store_id, at))
    data = {"approach_id": approach.approach_id, "store_id": approach.store_id, **_quiet(approach)}
    return Decided(State(at, told), (Step("approached" if is_told else "noted", occurred_at=at, data=data),))


def _quiet(approach: Approach) -> dict[str, bool]:
    """What the event says at night; by day it says nothing of it."""
    return {"quiet": True} if approach.is_quiet else {}


def pack(approach: Approach) -> dict[str, Any]:
    """An approach as its name keeps it."""
    at, is_closed = clock.to_ms(approach.at), int(approach.is_closed)
    quiet = {"n": 1} if approach.is_quiet else {}
    return {"i": approach.approach_id, "s": approach.store_id, "t": at, "q": is_closed, **quiet}


def unpack(packed: dict[str, Any]) -> Approach:
    """The approach of `pack`."""
    return Approach(packed["i"], packed["s"], clock.from_ms(int(packed["t"])), bool(packed["q"]), "n" in packed)


def _pack_state(state: State) -> dict[str, Any]:
    told = [f"{one.store_id} {clock.to_ms(one.at)}" for one in state.told]
    return {"t": clock.to_ms(state.at), **({"s": told} if told else {}), **({"x": 1} if state.is_erased else {})}


def _unpack_state(packed: dict[str, Any]) -> State:
    pairs = (line.split(" ") for line in packed.get("s", ()))
    told = tuple(Told(store_id, clock.from_ms(int(at))) for store_id, at in pairs)
    return State(clock.from_ms(int(packed["t"])), told, "x" in packed)


def _erase(state: State) -> Decided[State]:
    return Decided(State(state.at, is_erased=True), ())


APPROACHES: Kind[State] = Kind(
    keys.APPROACHES, State(), _pack_state, _unpack_state, is_erased=lambda state: state.is_erased, erase=_erase
)
