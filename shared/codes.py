"""One-time codes: 14 symbols that carry 60 sealed bits and catch every typing slip of one or two symbols.

The 60 bits are one FF1 permutation, under the stage's code key, of

    locator 14 | index 24 | tag 22        codes made in bulk: the index counts them
    locator 14 | index 40 | tag  6        coupons issued to a member: the index is a hash of what caused the issue

The locator stands for campaign, generation and form together, so looking it up tells how the rest is divided: no bit
is spent on the form, and nothing of the layout shows in a code. Whoever allocates locators gives a campaign one for
each form that it uses. The tag ties locator and index to the generation's own key, so that a leaked generation key
alone forges nothing, and a leaked code key still has to guess the tag.

A code need not be stored to exist: unsealing it finds its place, and one that was never made is refused without a read.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, NewType

from shared.ff1 import FF1

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CARRYING = 12
CHECKING = 2
LENGTH = CARRYING + CHECKING
LOCATORS = 1 << 14
TYPED_MAX = 64
"""Longer input is not looked at: 14 symbols with a separator after each fit twice."""

Code = NewType("Code", str)
"""14 symbols of the alphabet whose check symbols are right: what `normalise` and `Codec.encode` return."""

_BODY_BITS = 46


class Form(Enum):
    """How a generation's codes come to be, and by that how their bits are divided."""

    BULK = "bulk"
    ISSUED = "issued"
    SHARED = "shared"  # one code that everybody uses: index 0
    FOREIGN = "foreign"  # codes that somebody else made: none of ours reads as one of them

    @property
    def index_bits(self) -> int:
        return 24 if self in (Form.BULK, Form.SHARED) else 40

    @property
    def tag_bits(self) -> int:
        return _BODY_BITS - self.index_bits


@dataclass(frozen=True, slots=True)
class Generation:
    """What one locator stands for: the codes of one form that a campaign gives out under one key.

    `made` counts bulk codes: indexes below it exist. It is raised before the codes are handed out.
    """

    locator: int
    form: Form
    key: bytes = field(repr=False)
    made: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.locator < LOCATORS:
            raise ValueError("the locator has more than 14 bits")
        if not 0 <= self.made <= 1 << self.form.index_bits:
            raise ValueError("more codes than the index can count")

    def holds(self, index: int) -> bool:
        """Whether a code with this index may exist."""
        if self.form is Form.SHARED:
            return index == 0
        return self.form is Form.ISSUED or index < self.made


@dataclass(frozen=True, slots=True)
class Reading:
    """The place that a code names: its generation and its number there. Stores know codes by these two alone."""

    generation: Generation
    index: int


class NotACode(ValueError):
    """The text can't be a code: a typing error, told apart from a code that we do not know.

    It says nothing about any code that exists, so it may be shown to anyone and counts against no budget.
    """

    def __init__(self, reason: Literal["symbol", "length", "check"]) -> None:
        super().__init__(f"not a code: wrong {reason}")
        self.reason = reason


def _exponentials() -> list[int]:
    """The powers of alpha in GF(32) with x^5 + x^2 + 1, of which alpha is a root."""
    powers = [1]
    for _ in range(30):
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0b100101 if doubled & 32 else doubled)
    return powers


def _times(a: int, b: int) -> int:
    if not a or not b:
        return 0
    return _POWERS[(_POWERS.index(a) + _POWERS.index(b)) % 31]


_POWERS = _exponentials()
# Reed-Solomon: a code is right if the sum of its symbols and the sum of alpha^place * symbol are both 0. Both sums
# live in one integer of 10 bits. Any two places have independent columns (the powers differ), so no error in one or
# two symbols goes unseen; swaps and twins are such errors.
_SYNDROMES = tuple(
    {symbol: value << 5 | _times(_POWERS[place], value) for value, symbol in enumerate(ALPHABET)}
    for place in range(LENGTH)
)
_CHECKS = {_SYNDROMES[-2][a] ^ _SYNDROMES[-1][b]: a + b for a in ALPHABET for b in ALPHABET}


def _syndrome(symbols: Iterable[str]) -> int:
    syndrome = 0
    for column, symbol in zip(_SYNDROMES, symbols, strict=False):
        syndrome ^= column[symbol]
    return syndrome


def check_symbols(carrying: str) -> str:
    """The two symbols that make these twelve a code."""
    return _CHECKS[_syndrome(carrying)]


# Marks that people and keyboards put between groups and that Unicode does not call dashes: the long vowel mark, the
# minus sign, the hyphen bullet, the modifier minus, box drawing lines. Scanners add tabs and line ends.
_SEPARATORS = "\u30fc\u2212\u2043\u02d7\u2500\u2501\t\r\n"
_SEPARATING = {"Pd", "Zs", "Cf"}
_LOWER = {ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}
_LOOK_ALIKES = {ord(typed): meant for typed, meant in zip("oOiIlL", "001111", strict=True)}
_FORGIVEN: dict[int, str | None] = {**_LOWER, **_LOOK_ALIKES, **{ord(mark): None for mark in _SEPARATORS}}


def normalise(text: str) -> Code:
    """The code that somebody typed or scanned: full-width, lower case, spaces, any hyphen, O for 0, I and L for 1."""
    if len(text) > TYPED_MAX:
        raise NotACode("length")
    symbols = _symbols(text)
    if not set(symbols) <= set(ALPHABET):
        raise NotACode("symbol")
    if len(symbols) != LENGTH:
        raise NotACode("length")
    if _syndrome(symbols):
        raise NotACode("check")
    return Code(symbols)


def _symbols(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).translate(_FORGIVEN)
    return "".join(char for char in plain if unicodedata.category(char) not in _SEPARATING)


def foreign(text: str) -> str:
    """A foreign code as it is known, whatever its alphabet: forgiven what `normalise` forgives; `NotACode` for none.

    Look-alikes are the same sign to us, so two codes that differ only in an O and a 0 are one.
    """
    symbols = _symbols(text).upper() if len(text) <= TYPED_MAX else ""
    if not 4 <= len(symbols) <= TYPED_MAX or not symbols.isprintable():
        raise NotACode("length")
    return symbols


def show(code: Code) -> str:
    """The code as people read it: `XXXX-XXXX-XXXX-CC`."""
    return "-".join((code[:4], code[4:8], code[8:12], code[12:]))


def source_index(generation: Generation, source: str, attempt: int = 0) -> int:
    """The index of the coupon that this source causes: same source, same coupon, same code.

    40 bits can't keep a million sources apart for certain. Whoever finds another source at the place tries the next
    `attempt`; the order of attempts is the same for everyone.
    """
    message = b"source" + generation.locator.to_bytes(2, "big") + attempt.to_bytes(2, "big") + source.encode()
    return int.from_bytes(hmac.digest(generation.key, message, "sha256")[:5], "big")


def _tag(generation: Generation, index: int) -> int:
    message = b"tag" + generation.locator.to_bytes(2, "big") + index.to_bytes(5, "big")
    digest = hmac.digest(generation.key, message, "sha256")
    return int.from_bytes(digest[:4], "big") >> 32 - generation.form.tag_bits


class Codec:
    """Turns places into codes and back under the stage's code key; codes of the key before are still read."""

    def __init__(self, current: bytes, previous: bytes | None = None) -> None:
        keys = [current] if previous is None else [current, previous]
        self._permutations = [FF1(key, radix=len(ALPHABET), length=CARRYING) for key in keys]

    def encode(self, generation: Generation, index: int) -> Code:
        """The code of this place, under the current key."""
        form = generation.form
        if not 0 <= index < 1 << form.index_bits:
            raise ValueError("the index has more bits than the form leaves it")
        body = index << form.tag_bits | _tag(generation, index)
        sealed = self._permutations[0].encrypt_number(generation.locator << _BODY_BITS | body)
        carrying = "".join([ALPHABET[sealed >> shift & 31] for shift in range(55, -1, -5)])
        return Code(carrying + check_symbols(carrying))

    def decode(self, code: Code, generation_of: Callable[[int], Generation | None]) -> tuple[Reading, ...]:
        """The places that a code may name, the likeliest first: none for a code that was never made, else one.

        While codes of two keys are read, a 6-bit tag lets about one issued code in 64 * 16384 / (live locators) also
        pass under the wrong key. Both places are then returned, and only one of them has a coupon.
        """
        sealed = 0
        for symbol in code[:CARRYING]:
            sealed = sealed << 5 | ALPHABET.index(symbol)
        readings = (self._read(permutation.decrypt_number(sealed), generation_of) for permutation in self._permutations)
        return tuple(reading for reading in readings if reading)

    def _read(self, bits: int, generation_of: Callable[[int], Generation | None]) -> Reading | None:
        generation = generation_of(bits >> _BODY_BITS)
        if generation is None:
            return None
        tag_bits = generation.form.tag_bits
        index = (bits & (1 << _BODY_BITS) - 1) >> tag_bits
        expected = _tag(generation, index).to_bytes(3, "big")
        given = (bits & (1 << tag_bits) - 1).to_bytes(3, "big")
        if not hmac.compare_digest(expected, given) or not generation.holds(index):
            return None
        return Reading(generation, index)
