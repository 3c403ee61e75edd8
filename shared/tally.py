"""A count that may not pass a limit: what was taken for good, and what holds keep until they end.

A hold that is over counts no more, without an entry that says so; who captures it late takes anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from shared.clock import to_ms


class Held(NamedTuple):
    """What a redemption holds: its mark, so much, until when (ms), and the hash of its order if it has one."""

    by: bytes
    amount: int
    ends: int
    order: bytes = b""


@dataclass(frozen=True, slots=True)
class Tally:
    """So much is taken for good, and so much is held."""

    taken: int = 0
    held: tuple[Held, ...] = ()

    def used(self, at: datetime) -> int:
        """What counts at a time."""
        return self.taken + sum(one.amount for one in self.held if one.ends > to_ms(at))

    def has_hold(self, by: bytes, at: datetime) -> bool:
        """Whether this mark holds something to this time; what was held before may be somebody else's by now."""
        return any(one.by == by and one.ends > to_ms(at) for one in self.held)

    def holds_of(self, order: bytes, at: datetime) -> list[bytes]:
        """The marks of what an order holds, the latest first."""
        return [one.by for one in reversed(self.held) if one.order == order and one.ends > to_ms(at)]

    def take(self, by: bytes, amount: int, at: datetime, until: datetime | None, order: bytes = b"") -> Tally:
        """With so much more: for good, or until a hold ends. Whoever takes again holds no more than once."""
        others = self._without(by, at)
        if until is None:
            return Tally(self.taken + amount, others)
        return Tally(self.taken, (*others, Held(by, amount, to_ms(until), order)))

    def without(self, by: bytes | None, at: datetime) -> Tally:
        """Without what this mark holds: another takes its place."""
        return self if by is None else Tally(self.taken, self._without(by, at))

    def give_back(self, by: bytes, amount: int, at: datetime, *, is_final: bool) -> Tally:
        """Without what was taken by this mark; `is_final`: for good, and not by a hold that may be over."""
        return Tally(self.taken - amount if is_final else self.taken, self._without(by, at))

    def _without(self, by: bytes, at: datetime) -> tuple[Held, ...]:
        return tuple(one for one in self.held if one.by != by and one.ends > to_ms(at))


def pack(tally: Tally) -> list[Any]:
    """A tally as an item keeps it."""
    return [tally.taken, *(list(one) for one in tally.held)]


def unpack(packed: Iterable[Any]) -> Tally:
    """What `pack` packed."""
    taken, *held = packed
    return Tally(
        int(taken), tuple(Held(bytes(by), int(amount), int(ends), bytes(order)) for by, amount, ends, order in held)
    )
