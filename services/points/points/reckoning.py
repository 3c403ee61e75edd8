"""What a purchase's lines earn by rules that are known to apply: the arithmetic behind `points.earning`. Pure.

A line earns its basis × the rate of its base rule × the factors of its multipliers, in exact fractions, rounded once:
line by line, or the order's sum. Of this product each rule has its own points: the base what it gives alone, each
multiplier the difference that it makes.

**Caps.** Rules with a cap are reckoned after those without, in the order written. Where caps bite, a purchase earns
the least of what it earns with this or that choice of capped rules taken out and their rooms put in their place. That
is each rule's own points cut at its room; said in this way, rounding included, it never grows when a line shrinks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from points.programme import Basis, Programme, Rounding
from points.rule import Rule
from shared.units import Money, Points

PRODUCT_MAX = 1000
"""Multipliers that fit together count at most so many times: a slip of the pen must not break the books."""


class Sold(NamedTuple):
    """One line as it counts now, after what has been returned: `share` is its share of the points used."""

    amount: Money
    tax: Money = 0
    share: Points = 0
    category: str | None = None
    quantity: int = 1

    @property
    def is_left(self) -> bool:
        """Whether anything of it was not returned."""
        return bool(self.amount or self.quantity)

    def basis(self, basis: Basis) -> Money:
        """What of the line earns."""
        amount = self.amount + (self.tax if basis.tax == "incl" else 0)
        return max(0, amount - (self.share if basis.deduct_points_used else 0))


class Given(NamedTuple):
    """What one rule that applied gave: 0, and for factors below 1 negative, included.

    `is_capped`: its cap cut it. Keep all three where a purchase may be returned: `remaining` needs them.
    """

    rule_id: str
    points: Points
    is_capped: bool = False


def rounded(above: int, below: int, mode: str) -> Points:
    """The fraction above/below, not negative, as a whole number: `floor` down, `ceil` up, `half_up` to the nearest."""
    if mode == "ceil":
        return -(-above // below)
    return (2 * above + below) // (2 * below) if mode == "half_up" else above // below


def reckon(
    programme: Programme,
    rules: Sequence[Rule],
    lines: Sequence[Sold],
    rooms: Mapping[str, Points],
    cut: Collection[str],
) -> list[Given]:
    """What each of the rules that fits any line gives.

    `rooms`: at most so many points of a rule. `cut`: the rules of those that may have been cut at their room.
    """
    product = _Product(programme, rules, lines)
    return [*product.given(rooms, cut), *_bonuses(programme, rules, lines, rooms)]


def _bonuses(
    programme: Programme, rules: Iterable[Rule], lines: Sequence[Sold], rooms: Mapping[str, Points]
) -> Iterator[Given]:
    for rule in rules:
        fitting = [line for line in lines if rule.conditions.is_for(line.category)]
        if rule.kind != "bonus" or not fitting:
            continue
        if rule.per_amount is None:
            assert rule.points is not None
            points = rule.points if any(line.is_left for line in fitting) else 0
        else:
            amounts = [line.basis(programme.basis) for line in fitting]
            points = _sum([(amounts, rule.rate)], programme.rounding)
        room = rooms.get(rule.rule_id, points)
        yield Given(rule.rule_id, min(points, room), is_capped=points > room)


def _sum(groups: Iterable[tuple[Sequence[Money], Fraction]], rounding: Rounding) -> Points:
    """The points of amounts at their rates, rounded line by line or once."""
    if rounding.scope == "order":
        exact = sum((sum(amounts) * rate for amounts, rate in groups), Fraction())
        return rounded(exact.numerator, exact.denominator, rounding.mode)
    return sum(
        rounded(amount * rate.numerator, rate.denominator, rounding.mode)
        for amounts, rate in groups
        for amount in amounts
    )


# ---- base × factors -------------------------------------------------------------------------------------------------


class _Product:
    """Base × factors over the lines, grouped by the rules that fit them."""

    def __init__(self, programme: Programme, rules: Sequence[Rule], lines: Sequence[Sold]) -> None:
        bases = [rule for rule in rules if rule.kind == "base"]
        multipliers = sorted(
            (rule for rule in rules if rule.kind == "multiplier"), key=lambda rule: rule.cap is not None
        )
        self.rounding = programme.rounding
        self.groups: dict[tuple[int, tuple[int, ...]], list[Money]] = {}
        for line in lines:
            base = next((n for n, rule in enumerate(bases) if rule.conditions.is_for(line.category)), None)
            if base is not None:
                fitting = tuple(n for n, rule in enumerate(multipliers) if rule.conditions.is_for(line.category))
                self.groups.setdefault((base, fitting), []).append(line.basis(programme.basis))
        self.bases, self.multipliers = bases, multipliers

    def given(self, rooms: Mapping[str, Points], cut: Collection[str]) -> Iterator[Given]:
        used = sorted({base for base, _ in self.groups})
        fitting = sorted({n for _, ns in self.groups for n in ns})
        walk = [self.bases[n] for n in used] + [self.multipliers[n] for n in fitting]
        total, out = self._least(frozenset(rule.rule_id for rule in walk if rule.rule_id in cut), rooms)
        steps = [*((n + 1, 0) for n in used), *((None, n + 1) for n in fitting)]
        sums = [*(self._total(out, bases=bases, multipliers=most) for bases, most in steps[:-1]), total]
        own = {
            rule.rule_id: after - before
            for rule, before, after in zip(walk, [0, *sums], sums, strict=False)
            if rule.rule_id not in out
        }
        own = _shared_out(total, own, rooms)
        for rule in walk:
            is_out = rule.rule_id in out
            yield Given(rule.rule_id, rooms[rule.rule_id] if is_out else own[rule.rule_id], is_capped=is_out)

    def _least(self, cut: frozenset[str], rooms: Mapping[str, Points]) -> tuple[Points, frozenset[str]]:
        """The least that these lines earn: without the rules that are out, whose rooms come on top; and which are."""
        if not cut:
            return self._total(cut), cut
        choices = (frozenset(out) for size in range(len(cut) + 1) for out in combinations(sorted(cut), size))
        best = min(choices, key=lambda out: self._total(out) + sum(rooms[rule_id] for rule_id in out))
        return self._total(best), best

    def _total(self, out: frozenset[str], *, bases: int | None = None, multipliers: int | None = None) -> Points:
        """The points of the lines of the first base rules, with the first multipliers, without the rules that are out."""
        groups = [
            (amounts, self._rate(base, [n for n in ns if multipliers is None or n < multipliers], out))
            for (base, ns), amounts in self.groups.items()
            if bases is None or base < bases
        ]
        return _sum(groups, self.rounding)

    def _rate(self, base: int, multipliers: Sequence[int], out: frozenset[str]) -> Fraction:
        """Points for each minor unit.

        A multiplier that is out leaves the difference that it makes out. A base rule that is out leaves out what it
        gives alone, factors below 1 included: what is left is what the others add, and that is never negative.
        """
        rule = self.bases[base]
        if not multipliers and not out:
            return rule.rate
        product = lessened = Fraction(1)
        missing = Fraction()
        for n in multipliers:
            factor = self.multipliers[n]
            before, product = product, min(product * factor.ratio, Fraction(PRODUCT_MAX))
            if factor.rule_id in out:
                missing += product - before
            lessened *= min(factor.ratio, Fraction(1))
        if rule.rule_id in out:
            missing += lessened
        return rule.rate * (product - missing)


def _shared_out(total: Points, own: Mapping[str, Points], rooms: Mapping[str, Points]) -> dict[str, Points]:
    """Each rule's own points within its room; what one has no room for is another's, so that the sum is `total`."""
    kept = {rule_id: min(points, rooms.get(rule_id, points)) for rule_id, points in own.items()}
    rest = total - sum(kept.values())
    for rule_id, points in kept.items():
        step = min(rest, rooms.get(rule_id, points + rest) - points)
        kept[rule_id] = points + step
        rest -= step
    assert rest == 0, "the rules that are not cut have room for what they give"
    return kept
