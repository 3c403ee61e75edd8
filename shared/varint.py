"""Whole numbers from 0 up in as few bytes as they need: seven bits to the byte, the lowest first (LEB128)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def pack(numbers: Iterable[int]) -> bytes:
    """The bytes of some numbers, one behind the other."""
    packed = bytearray()
    for number in numbers:
        rest = number
        while rest > 0x7F:
            packed.append(rest & 0x7F | 0x80)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def unpack(packed: bytes) -> Iterator[int]:
    """The numbers that `pack` packed."""
    if packed.isascii():  # no number takes a second byte
        yield from packed
        return
    number = shift = 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number = shift = 0


def zigzag(number: int) -> int:
    """A small number below 0 as a small number above."""
    return number * 2 if number >= 0 else -number * 2 - 1


def unzigzag(number: int) -> int:
    """The number of `zigzag`."""
    return number // 2 if number % 2 == 0 else -(number + 1) // 2
