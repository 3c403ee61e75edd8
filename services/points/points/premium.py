"""The Japanese law on premiums: how much may be given to everybody who buys or comes by. Pure.

A help for those who set up a programme. It is no legal advice.

Points that pay in the shop's own shops alone are a discount, which the law leaves alone: `premium_class`
"self_discount". Points that can be turned into somebody else's goods or points are premiums, "premium" (景品表示法,
総付景品: 昭和52年公正取引委員会告示第5号). Then the limits are

- with a purchase: 200 yen below 1,000 yen, else two tenths of its value (CAA FAQ on premiums, Q110). The value is what
  is paid, with tax, and what is paid with points counts as paid;
- without one, for coming by or for an action: 200 yen, as the purchase is deemed to be one of 100 yen (Q111);
- 1 point counts as 1 yen. Where points are exchanged for less, these limits are stricter than the law.

Not looked at: prizes by lot (懸賞), which have other limits; the limits of single trades (newspapers, property,
medicine); a shop whose cheapest goods cost more than 1,000 yen, which may give more for coming by; and premiums of
several campaigns or companies for one purchase that this software does not know of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from points.programme import Programme
from points.reckoning import Given, Sold
from points.rule import Rule
from shared.errors import Conflict, Invalid
from shared.units import Money, Points

RULE_ID = "premium"
"""Under which name an explanation tells what this took away; no rule of a programme may have it."""
LEAST = 200
"""The limit for small purchases, and without a purchase (yen)."""
SHARE = Fraction(2, 10)
"""The limit's share of a purchase of 1,000 yen or more."""
_PERCENT = 20


def applies(programme: Programme) -> bool:
    """Whether the points are premiums for the law."""
    return programme.premium_class == "premium"


def limit(total_with_tax: Money) -> Points:
    """The most that may be given with a purchase."""
    return max(LEAST, total_with_tax * SHARE.numerator // SHARE.denominator)


def within_law(programme: Programme, lines: Sequence[Sold], given: Sequence[Given]) -> tuple[Given, ...]:
    """What rules gave and, where it is more than the purchase allows, what the law takes away. An action is none."""
    if not applies(programme):
        return tuple(given)
    over = sum(one.points for one in given) - limit(sum(line.amount + line.tax for line in lines))
    return (*given, *([Given(RULE_ID, -over)] if over > 0 else []))


def check_award(programme: Programme, points: Points) -> None:
    """Refuse an award that is more than may be given without a purchase."""
    if applies(programme) and points > LEAST:
        raise Conflict("cap_exceeded", cap="premium", limit=LEAST)


def for_coming_by(programme: Programme, points: Points) -> Points:
    """What of a check-in's reward may be given."""
    return min(points, LEAST) if applies(programme) else points


def of_coupon(programme: Programme, points: Points, basket: Money) -> Points:
    """What of a coupon's bonus may be given with a basket, whose amount is known without tax only."""
    return min(points, limit(basket)) if applies(programme) else points


def check(programme: Programme) -> None:
    """Refuse settings by which points would always exceed the limit. What only some purchases exceed is cut there."""
    faults = list(_faults(programme)) if applies(programme) else []
    if faults:
        errors = [{"pointer": where, "code": "premium_limit_exceeded", "detail": text} for where, _, text in faults]
        raise Invalid("premium_limit_exceeded", pointer=faults[0][0], limit=faults[0][1], errors=errors)


def _faults(programme: Programme) -> Iterator[tuple[str, int, str]]:
    """Where settings exceed a limit: pointer, limit (yen for an action, percent for a rate), and why."""
    rates = [rule.rate for rule in programme.earning if rule.kind == "base"]
    highest = max(rates, default=Fraction())
    for n, rule in enumerate(programme.earning):
        if rule.conditions.actions is not None and _at_once(rule) > LEAST:
            yield f"/earning/{n}/points", LEAST, f"without a purchase at most {LEAST} yen may be given"
        if rule.per_amount is not None and rule.rate > SHARE:
            yield f"/earning/{n}/points", _PERCENT, f"at most {_PERCENT} % of a purchase may be given"
        if rule.kind == "multiplier" and rule.ratio > 1 and highest <= SHARE < highest * rule.ratio:
            yield f"/earning/{n}/factor", _PERCENT, f"the highest rate times this is more than {_PERCENT} %"


def _at_once(rule: Rule) -> Points:
    points = rule.points or 0
    return min(points, rule.cap.whole) if rule.cap else points
