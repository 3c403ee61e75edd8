"""The ring of a chain's last operations: what each item remembers, so that a retry is found without a search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

RING_SIZE = 16


class Slot(NamedTuple):
    """Where one of the latest operations entered."""

    operation: bytes
    sequence: int


def latest(ring: Sequence[Slot], wanted: Sequence[bytes], *, after: int) -> Slot | None:
    """The latest slot of one of these operations that entered after a number."""
    return next((slot for slot in reversed(ring) if slot.sequence > after and slot.operation in wanted), None)


def pack(slots: Sequence[Slot], last: int) -> bytes:
    """Each operation's eight bytes, and how many numbers ago it entered, seven bits to the byte."""
    packed = bytearray()
    for slot in slots:
        packed += slot.operation
        ago = last - slot.sequence
        while ago > 0x7F:
            packed.append(ago & 0x7F | 0x80)
            ago >>= 7
        packed.append(ago)
    return bytes(packed)


def unpack(packed: bytes, last: int) -> tuple[Slot, ...]:
    """The ring of `pack`, in the item whose last number this is."""
    if packed[8::9].isascii():  # no step takes a second byte, so each slot takes nine
        marks = [packed[at : at + 8] for at in range(0, len(packed), 9)]
        return tuple(map(Slot, marks, [last - ago for ago in packed[8::9]]))
    slots, at = [], 0
    while at < len(packed):
        mark, at = packed[at : at + 8], at + 8
        ago = shift = 0
        while packed[at] & 0x80:
            ago, shift, at = ago | (packed[at] & 0x7F) << shift, shift + 7, at + 1
        slots.append(Slot(mark, last - (ago | packed[at] << shift)))
        at += 1
    return tuple(slots)
