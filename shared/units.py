"""Points and money: integers in the smallest unit, and the one way to spread an amount over lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Points: TypeAlias = int
Money: TypeAlias = int

AMOUNT_MAX = 10**12
"""The largest amount or number of points that a request may name: sums of 500 lines stay within 64 bits."""


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Spread `total` over lines in proportion to their weights, exactly: the shares add up to `total`.

    A line's share is floor(total * weight / sum of weights); the remainder goes to the first of the largest lines.
    That is the rule that Japanese shops expect of points used (EC-CUBE's plan A: pro rata, the rest to the largest
    line). No share exceeds its weight, so that no line goes below 0: a remainder for which the largest line has no
    room left flows to the next largest. Only a `total` above the sum of all weights exceeds them, because
    somebody has to carry it. Without any weight the first line takes all.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("neither the total nor a weight may be negative")
    if not total:
        return [0] * len(weights)
    if not weights:
        raise ValueError("there is no line to carry the total")
    whole = sum(weights)
    shares = [total * weight // whole if whole else 0 for weight in weights]
    rest = total - sum(shares)
    largest_first = sorted(range(len(weights)), key=lambda line: -weights[line])  # stable: the first of equals leads
    if total <= whole:
        for line in largest_first:
            if not rest:
                break
            taken = min(rest, weights[line] - shares[line])
            shares[line] += taken
            rest -= taken
    shares[largest_first[0]] += rest
    return shares
