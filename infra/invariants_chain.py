"""What every chain of the ledger promises, whatever it is the account of; item by item, from its first."""

from __future__ import annotations

from typing import Any

from shared import closings, ring
from shared.clock import from_ms
from shared.ring import RING_SIZE
from shared.table import Item

_SLOT = 9  # bytes of a ring's slot whose operation entered less than 128 numbers ago
_NEXT = bytes((ago + 1) & 0xFF for ago in range(256))


class Chain:
    """A chain as far as it was seen: what the next item must follow from."""

    __slots__ = ("at", "balance", "closings", "floor", "hash", "horizon", "marks", "number", "ring")

    def __init__(self) -> None:
        self.number = 0  # of the last entry
        self.hash = b""  # of the last item
        self.at = 0
        self.balance = 0
        self.closings: tuple[Any, ...] = ()
        self.marks: set[bytes] = set()
        self.ring = b""
        self.floor = 0
        self.horizon = 0

    def faults(self, item: Item, digest: bytes) -> list[str]:
        """What is wrong with the item that follows, whose own hash is `digest`."""
        if self._is_plain(item):
            self.number, self.hash, self.at, self.balance = item["sk"], digest, item["t"], item["b"]
            return []
        found: list[str] = []
        number, at, entries = item["sk"], item["t"], item["e"]
        if number != self.number + 1:
            found.append(f"follows entry {self.number}")
        if item["h"] != self.hash:
            found.append("the hash of the item before it does not match")
        if at < self.at:
            found.append("dated before the entry ahead of it")
        points = self.balance
        for raw in entries:
            if "p" in raw:
                points += raw["p"]
        if item["b"] != points:
            found.append(f"the balance is {item['b']}, the sum of the points {points}")
        if not entries:
            found.append("without an entry")
        last = number + len(entries) - 1
        self._look_at_closings(item, last, found)
        own = self._look_at_marks(entries, found)
        self._look_at_ring(item, last, own, found)
        self.number, self.hash, self.at, self.balance = last, digest, at, item["b"]
        return found

    def _is_plain(self, item: Item) -> bool:
        """Whether the item is in every byte what follows if one operation has entered with one entry, as most do."""
        entries, ring_before = item["e"], self.ring
        if len(entries) != 1 or self.closings or "c" in item:
            return False
        raw, number, agos = entries[0], self.number, ring_before[_SLOT - 1 :: _SLOT]
        if "o" not in raw or raw["o"] in self.marks or len(ring_before) % _SLOT or b"\x7f" in agos:
            return False
        later, mark, floor, horizon = bytearray(ring_before), raw["o"], self.floor, self.horizon
        later[_SLOT - 1 :: _SLOT] = agos.translate(_NEXT)
        later += mark + b"\0"
        if len(agos) == RING_SIZE:
            del later[:_SLOT]
            floor, horizon = number - agos[0], self.at
        is_plain = (
            item["r"] == later
            and item["h"] == self.hash
            and item["sk"] == number + 1
            and item["b"] == self.balance + raw.get("p", 0)
            and item["t"] >= self.at
            and item["f"] == floor
            and item["z"] == horizon
        )
        if is_plain:
            self.marks.add(mark)
            self.ring, self.floor, self.horizon = item["r"], floor, horizon
        return bool(is_plain)

    def _look_at_closings(self, item: Item, last: int, found: list[str]) -> None:
        packed = item.get("c")
        if packed is None and not self.closings:
            return
        kept = closings.unpack(packed or (), item["pk"])
        if not closings.follows(self.closings, kept, last, from_ms(item["t"])):
            found.append("the closings do not follow from those before")
        self.closings = kept

    def _look_at_marks(self, entries: list[dict[str, Any]], found: list[str]) -> list[bytes]:
        """An operation enters a chain once, in one item."""
        own: list[bytes] = []
        for raw in entries:
            mark = raw.get("o")
            if mark is not None and (not own or own[-1] != mark):
                if mark in self.marks:
                    found.append(f"the operation {mark.hex()} has entered before, or may not enter any more")
                own.append(mark)
                self.marks.add(mark)
        return own

    def _look_at_ring(self, item: Item, last: int, own: list[bytes], found: list[str]) -> None:
        """The ring keeps the last operations, and from which number and time on it knows of all.

        Parts of an item that only settled what was due have slots, and no entry of their mark.
        """
        before, after = ring.unpack(self.ring, self.number), ring.unpack(item["r"], last)
        new = [slot for slot in after if slot.sequence > self.number]
        kept, marks = [slot for slot in after if slot.sequence <= self.number], {slot.operation for slot in new}
        forgotten = before[: len(before) - len(kept)]
        is_full = len(after) == RING_SIZE or not forgotten
        is_whole = set(own) <= marks or len(after) == RING_SIZE
        if not new or new[-1].sequence != last or not is_full or not is_whole or kept != list(before)[len(forgotten) :]:
            found.append("the ring does not follow from the one before")
        floor, horizon = (forgotten[-1].sequence, self.at) if forgotten else (self.floor, self.horizon)
        if len(own) > RING_SIZE:  # it has forgotten operations of its own item
            floor, horizon = item["f"], item["t"]
        if (item["f"], item["z"]) != (floor, horizon):
            found.append("the ring does not tell from where on it knows all operations")
        self.ring, self.floor, self.horizon = item["r"], item["f"], item["z"]
