"""Failure budgets: who asks for too many codes that do not exist has to wait, for those alone.

Kept of somebody is when each of the last failures was, at most as many as the budget has: so no ten minutes, wherever
they begin, have more of them. It is looked at only when a code has turned out to be unknown: a good one costs nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from shared import clock, keys, varint
from shared.auth import Principal
from shared.errors import Refused, TooMany, Unavailable
from shared.patience import attempts
from shared.table import Item
from shared.world import World

WINDOW_SECONDS = 600
OF_A_KEY, OF_A_MEMBER, OF_AN_ADDRESS = 60, 10, 100
IPV4_PREFIX, IPV6_PREFIX = 24, 56
"""What one connection is given: a neighbour's guesses are one's own, and another address of one's own is no way out."""

_WINDOW_MS = WINDOW_SECONDS * 1000
_HEARD_MAX = 10_000


class Budget(NamedTuple):
    """How many failures somebody has in ten minutes; `name` is what the answer calls it."""

    name: str
    subject: str
    quota: int


class Standing(NamedTuple):
    """What is left of a budget, and how long until it is more; 0 if it is whole."""

    left: int
    more_ms: int


# ---- the rule -------------------------------------------------------------------------------------------------------


def recent(times: Sequence[int], now: int) -> tuple[int, ...]:
    """The failures that still count, oldest first."""
    return tuple(at for at in times if at > now - _WINDOW_MS)


def wait_ms(times: Sequence[int], now: int, quota: int, more: int = 1) -> int:
    """How long until so many more fit among these failures; 0 if they do now."""
    counted = recent(times, now)
    over = len(counted) + more - quota
    return counted[over - 1] + _WINDOW_MS - now if over > 0 else 0


def standing(times: Sequence[int], now: int, quota: int) -> Standing:
    """What is left, and when the oldest failure is forgotten."""
    counted = recent(times, now)
    return Standing(max(quota - len(counted), 0), counted[0] + _WINDOW_MS - now if counted else 0)


def prefix(address: str) -> str:
    """The part of an address that stands for whoever uses it: IPv4 /24, IPv6 /56; what is none stands for itself."""
    try:
        there = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(there, ipaddress.IPv6Address) and there.ipv4_mapped is not None:
        there = there.ipv4_mapped
    bits = IPV4_PREFIX if there.version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network((there, bits), strict=False))


def budgets(who: Principal | None, address: str) -> tuple[Budget, ...]:
    """Whose budgets a failure counts for.

    A key answers for itself: the tills of a mall have one address. A login is quickly made, so its address counts too,
    and for a key that does not exist there is nothing else. These two are apart: a forgotten machine with an old key
    is in no member's way.
    """
    if who is None:
        return (Budget("address", f"keys from {prefix(address)}", OF_AN_ADDRESS),)
    if who.kind != "member":
        return (Budget("default", who.identity, OF_A_KEY),)
    near = Budget("address", f"members from {prefix(address)}", OF_AN_ADDRESS)
    return (Budget("default", who.identity, OF_A_MEMBER), near)


# ---- counting -------------------------------------------------------------------------------------------------------


class Counted(NamedTuple):
    """The failures that count now; and how long to wait, if those that were to be counted did not fit."""

    times: tuple[int, ...]
    wait_ms: int = 0


def count(world: World, budget: Budget, more: int, request_id: str) -> Counted:
    """Note so many failures with one write; with none if they do not fit.

    A stale read may only lack failures: then the write's condition fails. That there is no room is true on any read.
    """
    more = min(more, budget.quota)
    pk, sk = keys.guesses(world.secrets.digest("guesses", budget.subject))
    for attempt in attempts(world.clock):
        old = world.transient.get(pk, sk, consistent=attempt > 0)
        now, noted = clock.to_ms(world.clock.unmoved()), _times(old)
        counted, wait = recent(noted, now), wait_ms(noted, now, budget.quota, more)
        if wait:
            return Counted(counted, wait)
        latest = max((now, *noted[-1:]))  # nobody's clock goes back behind what another's has noted
        counted = (*counted, *[latest] * more)
        item = {"pk": pk, "sk": sk, "at": _packed(counted), "ttl": counted[-1] // 1000 + WINDOW_SECONDS + 1}
        item |= {"version": (old["version"] if old else 0) + 1, "q": request_id}  # tells it from a twin's write
        if world.transient.put_new(item) is None if old is None else world.transient.replace(item, old["version"]):
            return Counted(counted)
    raise Unavailable


def _packed(times: Sequence[int]) -> bytes:
    return varint.pack(at - before for before, at in zip((0, *times), times, strict=False))


def _times(item: Item | None) -> tuple[int, ...]:
    return tuple(accumulate(varint.unpack(item["at"]))) if item else ()


@dataclass(frozen=True)
class Guesser:
    """The caller of one request, as the failure budgets see it."""

    world: World
    who: Principal | None
    address: str
    request_id: str

    def wrong(self, more: int = 1) -> None:
        """Count codes that do not exist; `too_many_requests` instead of whatever would be said of them."""
        for budget in budgets(self.who, self.address):
            counted = count(self.world, budget, more, self.request_id)
            if len(self.world.heard) >= _HEARD_MAX:
                self.world.heard.clear()
            self.world.heard[budget.subject] = counted.times
            if counted.wait_ms:
                raise TooMany("too_many_requests", retry_after_seconds=_seconds(counted.wait_ms))

    def told(self, refused: Refused) -> Refused:
        """What the caller gets to hear of a refusal: it, or that it was one too many; what it says is counted."""
        try:
            if refused.guesses:
                self.wrong(refused.guesses)
        except Refused as instead:
            return instead
        return refused

    def headers(self) -> dict[str, str]:
        """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-09).

        What is left is what this process has last heard of: a good call asks nobody.
        """
        mine, now = budgets(self.who, self.address), clock.to_ms(self.world.clock.unmoved())
        left = [(one, standing(self.world.heard.get(one.subject, ()), now, one.quota)) for one in mine]
        return {
            "RateLimit-Policy": ", ".join(f'"{one.name}";q={one.quota};w={WINDOW_SECONDS}' for one in mine),
            "RateLimit": ", ".join(f'"{one.name}";r={there.left};t={_seconds(there.more_ms)}' for one, there in left),
        }


def _seconds(ms: int) -> int:
    """Whole seconds, rounded up: who waits so long has waited long enough."""
    return -(-ms // 1000)
