"""Codes that a till's scanner reads: EAN-13 with its check digit (GS1 General Specifications, section 7.9)."""

from __future__ import annotations


def ean13(first_twelve: str) -> str:
    """Twelve digits and their check digit: weights 1 and 3 in turn, filled up to the next ten."""
    if len(first_twelve) != 12 or not first_twelve.isascii() or not first_twelve.isdigit():
        raise ValueError("twelve digits are required")
    weighted = sum(int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(first_twelve))
    return first_twelve + str(-weighted % 10)
