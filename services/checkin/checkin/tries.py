"""Stores where a member was on a day and the limits of member or device left nothing to give. Pure.

A guest knows that seldom; who farms check-ins knows it all day long, at one store after another. A store counts each
of them once a day among its guests, and a member who was in vain at many stores is believed by no place for a while.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date, datetime, timedelta
from typing import NamedTuple

MANY = 10
"""At so many stores in vain on one day nobody is looked at for it."""
RESTLESS_FOR = timedelta(days=30)
KEPT_MAX = 100
"""Of so many stores a day it is known; a member counts at no more of them."""

_SIGNS = 4  # 24 bits of a hash


class Tries(NamedTuple):
    """The day (UTC) and the signs of its stores, in their order; and the last day that had too many."""

    day: date = date.min
    stores: tuple[str, ...] = ()
    restless_on: date = date.min

    def of(self, at: datetime) -> tuple[str, ...]:
        """The stores of the day of this time."""
        return self.stores if self.day == at.date() else ()

    def knows(self, store_id: str, at: datetime) -> bool:
        """Whether the member was in vain at this store on this day already, or at too many to know."""
        stores = self.of(at)
        return _sign(store_id) in stores or len(stores) >= KEPT_MAX

    def and_at(self, store_id: str, at: datetime) -> Tries:
        """With one store more."""
        if self.knows(store_id, at):
            return self
        stores = (*self.of(at), _sign(store_id))
        return Tries(at.date(), stores, at.date() if len(stores) > MANY else self.restless_on)

    def is_restless(self, at: datetime) -> bool:
        """Whether this member was in vain at many stores, not long ago."""
        return self.restless_on > date.min and at.date() - self.restless_on <= RESTLESS_FOR

    def pruned(self, at: datetime) -> Tries:
        """Without what no longer matters."""
        return Tries(
            at.date() if self.of(at) else date.min, self.of(at), self.restless_on if self.is_restless(at) else date.min
        )


NONE = Tries()


def united(one: Tries, other: Tries) -> Tries:
    """The tries of two members who are one."""
    day = max(one.day, other.day)
    stores = tuple(dict.fromkeys(sign for each in (one, other) if each.day == day for sign in each.stores))
    return Tries(day, stores[:KEPT_MAX], max(one.restless_on, other.restless_on))


def pack(tries: Tries) -> str:
    """The tries as a short text; empty if there are none."""
    if tries == NONE:
        return ""
    return f"{tries.day.toordinal()} {tries.restless_on.toordinal()} {''.join(tries.stores)}"


def unpack(text: str) -> Tries:
    """The tries of `pack`."""
    if not text:
        return NONE
    day, restless_on, signs = text.split(" ")
    stores = tuple(signs[at : at + _SIGNS] for at in range(0, len(signs), _SIGNS))
    return Tries(date.fromordinal(int(day)), stores, date.fromordinal(int(restless_on)))


def _sign(store_id: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(store_id.encode()).digest()[:3]).decode()
