"""A device and the members who check in with it: few, and not ever new ones. Pure.

One phone that holds a drawer full of accounts is how check-ins are farmed. A member is bound to a device for 30 days,
and takes one of its places for 60: so any 30 days see at most three members on it, wherever they begin.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shared import clock, keys
from shared.chain import Decided, Kind, Step
from shared.errors import Conflict

MEMBERS_PER_DEVICE = 3
DEVICES_PER_MEMBER = 5
BOUND_FOR = timedelta(days=30)
PLACE_KEPT = 2 * BOUND_FOR


class Bound(NamedTuple):
    """Who is bound (a member on a device, or a device with a member), and since when."""

    who: str
    at: datetime


Places = tuple[Bound, ...]


def is_bound(places: Places, who: str, at: datetime) -> bool:
    """Whether somebody may still go by what was bound before."""
    return any(one.who == who and at - one.at <= BOUND_FOR for one in places)


def others(places: Places, who: str, at: datetime) -> Places:
    """The places that others take at a time."""
    return tuple(one for one in places if one.who != who and at - one.at <= PLACE_KEPT)


def has_as_many_as_may(places: Places, device: str, at: datetime) -> bool:
    """Whether other devices are all that a member may have. One that two members had who became one counts once."""
    return len({one.who for one in others(places, device, at)}) >= DEVICES_PER_MEMBER


def apart(places: Places, brought: Places) -> Places:
    """The places without those that were brought: what was bound before by the other too, or anew since, is the other's."""
    return tuple((Counter(places) - Counter(brought)).elements())


def binding(name: str) -> str:
    """Under which name a device's chain knows that a check-in, named so itself, has bound its member."""
    return f"{name}/device"


def bind(places: Places, member_id: str, at: datetime) -> Decided[Places]:
    """Bind a member to the device, or once more; `device_shared` if others take all of its places."""
    left = others(places, member_id, at)
    if len(left) >= MEMBERS_PER_DEVICE:
        raise Conflict("device_shared")
    return Decided((*left, Bound(member_id, at)), (Step("bound", data={"member_id": member_id}),))


def unbind(places: Places, member_id: str, at: datetime) -> Decided[Places]:
    """Forget a member who was erased; what others take stays theirs."""
    return Decided(others(places, member_id, at), (Step("unbound", data={"member_id": member_id}),))


def pack(places: Places) -> list[str]:
    """Each place as one text; ids never hold a space."""
    return [f"{one.who} {clock.to_ms(one.at)}" for one in places]


def unpack(packed: list[str]) -> Places:
    """The places of `pack`."""
    pairs = (line.split(" ") for line in packed)
    return tuple(Bound(who, clock.from_ms(int(at))) for who, at in pairs)


def _pack_state(places: Places) -> dict[str, Any]:
    return {"m": pack(places)}


def _unpack_state(packed: dict[str, Any]) -> Places:
    return unpack(packed["m"])


DEVICE: Kind[Places] = Kind(keys.DEVICE, (), _pack_state, _unpack_state)
