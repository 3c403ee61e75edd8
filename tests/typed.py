"""Codes as somebody types them who has none."""

import random

from shared.codes import ALPHABET, CARRYING, check_symbols


def made_up(count, seed=7):
    """Codes of the right form that were never made."""
    drawn = random.Random(seed)
    carrying = ["".join(drawn.choices(ALPHABET, k=CARRYING)) for _ in range(count)]
    return [symbols + check_symbols(symbols) for symbols in carrying]


def mistyped(count):
    """The same with a wrong check symbol."""
    return [code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 32] for code in made_up(count)]
