"""Whether a campaign has brought anything: the members who got the coupon against those who were held out. Pure.

Sums are exact integers, means and variances exact fractions; only roots, quantiles and what is told are floats.
"""

from __future__ import annotations

import math
from fractions import Fraction
from statistics import NormalDist
from typing import NamedTuple

from shared.units import Money

CONFIDENCE = 0.95
MEMBERS_MIN, BUYERS_MIN = 100, 10
"""With fewer members in an arm nothing is said; with fewer buyers in one, nothing about money: its spread is not known."""

_Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


class Arm(NamedTuple):
    """Some members: how many of them bought, what they spent in all, and the sum of the squares of what each spent."""

    members: int = 0
    buyers: int = 0
    spent: Money = 0
    squares: int = 0

    @property
    def mean(self) -> Fraction:
        """What a member has spent on average, those who bought nothing included; of at least one."""
        return Fraction(self.spent, self.members)

    @property
    def variance(self) -> Fraction:
        """The variance of the mean, from that of the members (unbiased); of at least two."""
        n = self.members
        return (self.squares - Fraction(self.spent**2, n)) / ((n - 1) * n)


class Interval(NamedTuple):
    """An estimate, and the bounds that hold the truth in 95 of 100 campaigns."""

    value: float
    low: float
    high: float


class Lift(NamedTuple):
    """What the coupon has brought a member on average: more money, more buyers (a share), and more money in relation.

    None of a part is said as long as there is too little to say it.
    """

    spent: Interval | None = None
    buyers: Interval | None = None
    relative: Interval | None = None


def lift(treated: Arm, held_out: Arm) -> Lift:
    """The difference that the coupon made, as far as it can be told."""
    if min(treated.members, held_out.members) < MEMBERS_MIN:
        return Lift()
    buyers = buyers_difference(treated, held_out)
    if min(treated.buyers, held_out.buyers) < BUYERS_MIN:
        return Lift(buyers=buyers)
    return Lift(mean_difference(treated, held_out), buyers, relative_difference(treated, held_out))


def mean_difference(treated: Arm, held_out: Arm) -> Interval:
    """The difference of the means with the interval of Welch, Biometrika 34 (1947) 28-35: the arms may spread unalike."""
    value = float(treated.mean - held_out.mean)
    reach = _t(treated, held_out) * math.sqrt(treated.variance + held_out.variance)
    return Interval(value, value - reach, value + reach)


def buyers_difference(treated: Arm, held_out: Arm) -> Interval:
    """The difference of the shares of buyers, with the interval of Newcombe.

    Statistics in Medicine 17 (1998) 873-890, method 10: it joins the score intervals of Wilson (JASA 22, 1927, 209-212) of
    both arms, and so holds for few buyers, too.
    """
    one, other = _wilson(treated), _wilson(held_out)
    value = one.value - other.value
    low = value - math.hypot(one.value - one.low, other.high - other.value)
    high = value + math.hypot(one.high - one.value, other.value - other.low)
    return Interval(value, low, high)


def relative_difference(treated: Arm, held_out: Arm) -> Interval | None:
    """By how much the mean is greater, in relation to that of the held out (0.1: a tenth), with the interval of Fieller.

    JRSS B 16 (1954) 175-185. None where the mean of the held out can't be told from 0, so that there is no bound.
    """
    t = _t(treated, held_out)
    mean, base = float(treated.mean), float(held_out.mean)
    spread, spread_of_base = float(treated.variance), float(held_out.variance)
    sure = base * base - t * t * spread_of_base
    if sure <= 0:
        return None
    product = mean * base
    reach = math.sqrt(max(0.0, product * product - sure * (mean * mean - t * t * spread)))
    return Interval(mean / base - 1, (product - reach) / sure - 1, (product + reach) / sure - 1)


def _wilson(arm: Arm) -> Interval:
    n, share = arm.members, arm.buyers / arm.members
    middle = (share + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    reach = _Z / (1 + _Z * _Z / n) * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
    return Interval(share, middle - reach, middle + reach)


def _t(treated: Arm, held_out: Arm) -> float:
    """The quantile of Student's t, by Abramowitz and Stegun 26.7.5, at the degrees of freedom of Welch and Satterthwaite."""
    one, other = treated.variance, held_out.variance
    if one + other == 0:
        return _Z
    free = (one + other) ** 2 / (one**2 / (treated.members - 1) + other**2 / (held_out.members - 1))
    n = float(free)
    return _Z + (_Z**3 + _Z) / (4 * n) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * n * n)
