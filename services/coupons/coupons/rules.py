"""What coupons take off a basket: pure rules over whole amounts, in one order that everybody can read.

Coupons are applied one after another: small `priority` first, then item_free, percent_off, amount_off, then as sent.
Each takes from what the ones before left of its eligible lines, without tax, and never more than that. Percentages
round down over the sum of the eligible lines. What it takes is spread over these lines by `shared.units.spread`.

Whether a coupon may be used at all (its state, its last day, whose it is) is settled before: that is
`code_not_usable`, and nobody is told more. Here is what every till may be told: the coupon is good, this basket is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from coupons.campaign import Campaign, Channel, Offer, Terms, Trigger
from coupons.model import Applied, Basket, Explained, Line, LineDiscount, NotApplied, Reason
from shared.units import Money, spread

SEARCHED_MAX = 10
"""So many coupons are searched for the best set: as many as one redemption takes."""

_TYPE_ORDER = {"item_free": 0, "percent_off": 1, "amount_off": 2, "bonus_points": 3}


@dataclass(frozen=True, slots=True)
class Validity:
    """The days on which a coupon may be used; each ends with the business day of the store (ec: of the programme)."""

    first: date
    last: date | None = None

    def is_ahead(self, day: date) -> bool:
        return day < self.first

    def is_over(self, day: date) -> bool:
        return self.last is not None and day > self.last


@dataclass(frozen=True, slots=True)
class Candidate:
    """A usable coupon that somebody wants applied. `limit_reached`: its campaign's limits leave nothing for it."""

    code: str
    coupon_id: str
    campaign_id: str
    terms: Terms
    validity: Validity
    limit_reached: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where and on which business day a basket is bought."""

    channel: Channel
    store_id: str | None
    business_day: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was taken off and what was not, both in the order of application."""

    applied: tuple[Applied, ...] = ()
    refused: tuple[NotApplied, ...] = ()

    @property
    def discount_total(self) -> Money:
        return sum(applied.discount for applied in self.applied)


def validity(campaign: Campaign, issued_on: date | None = None) -> Validity:
    """The days of a coupon issued on this day, or of a bulk code, which nobody issued: the campaign's own window.

    `valid_days` n: usable to the end of the day that is n days after the day of issue, if the window lasts so long.
    """
    if issued_on is None:
        return Validity(campaign.valid_from, campaign.valid_until)
    ends = [campaign.valid_until] if campaign.valid_until else []
    if campaign.valid_days is not None:
        ends.append(issued_on + timedelta(days=campaign.valid_days))
    return Validity(max(campaign.valid_from, issued_on), min(ends, default=None))


def is_triggered(trigger: Trigger | None, event: str, data: Mapping[str, Any]) -> bool:
    """Whether this event issues a coupon: its type fits, and each field of the filter has one of the values named."""
    if trigger is None or trigger.event != event:
        return False
    return all(
        any(type(value) is type(data.get(name)) and value == data.get(name) for value in _several(wanted))
        for name, wanted in trigger.filter.items()
    )


def _several(wanted: Any) -> tuple[Any, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def why_not(candidate: Candidate, basket: Basket, place: Place) -> Reason | None:
    """Why this coupon alone does not fit: first what no other basket would change, then the basket as it was sent."""
    terms = candidate.terms
    faults: tuple[tuple[Reason, bool], ...] = (
        ("not_yet_valid", candidate.validity.is_ahead(place.business_day)),
        ("wrong_channel", terms.channels is not None and place.channel not in terms.channels),
        ("wrong_store", terms.stores is not None and place.store_id not in terms.stores),
        ("limit_reached", candidate.limit_reached),
        ("minimum_not_met", terms.min_purchase is not None and basket.amount < terms.min_purchase),
        ("no_eligible_item", not any(line.amount for line in basket.lines if _is_eligible(line, terms.offer))),
    )
    return next((reason for reason, is_so in faults if is_so), None)


def _is_eligible(line: Line, offer: Offer) -> bool:
    if offer.skus is None and offer.categories is None:
        return True
    return line.sku in (offer.skus or ()) or line.category in (offer.categories or ())


def clashes(candidate: Candidate, others: Iterable[Candidate]) -> bool:
    """Whether these coupons can't go together: one campaign twice, one group twice, or one that wants to be alone."""
    stacking = candidate.terms.stacking
    return any(
        candidate.campaign_id == other.campaign_id
        or stacking.exclusive
        or other.terms.stacking.exclusive
        or (stacking.group is not None and stacking.group == other.terms.stacking.group)
        for other in others
    )


def in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The order of application; equal ones stay as they were sent."""
    return sorted(candidates, key=_rank)


def _rank(candidate: Candidate) -> tuple[int, int]:
    return candidate.terms.stacking.priority, _TYPE_ORDER[candidate.terms.offer.type]


def discount(basket: Basket, candidates: Iterable[Candidate], place: Place) -> Outcome:
    """Apply the coupons to the basket. Of those that clash, the one that is applied first stays."""
    left = [line.amount for line in basket.lines]
    taken: list[Candidate] = []
    applied: list[Applied] = []
    refused: list[NotApplied] = []
    for candidate in in_order(candidates):
        reason = why_not(candidate, basket, place)
        if reason is None and clashes(candidate, taken):
            reason = "not_stackable"
        if reason is not None:
            refused.append(NotApplied(code=candidate.code, reason=reason))
            continue
        shares, explain = _take(candidate.terms.offer, basket, left)
        left = [amount - share for amount, share in zip(left, shares, strict=True)]
        taken.append(candidate)
        applied.append(_applied(candidate, basket, shares, explain))
    assert all(amount >= 0 for amount in left)
    return Outcome(tuple(applied), tuple(refused))


def _applied(candidate: Candidate, basket: Basket, shares: list[Money], explain: tuple[Explained, ...]) -> Applied:
    lines = tuple(
        LineDiscount(line_id=line.line_id, discount=share)
        for line, share in zip(basket.lines, shares, strict=True)
        if share
    )
    return Applied(
        code=candidate.code, coupon_id=candidate.coupon_id, discount=sum(shares), lines=lines, explain=explain
    )


def _take(offer: Offer, basket: Basket, left: Sequence[Money]) -> tuple[list[Money], tuple[Explained, ...]]:
    """What the offer takes off each line of what is left of it, and how that came about."""
    weights = [amount if _is_eligible(line, offer) else 0 for line, amount in zip(basket.lines, left, strict=True)]
    if offer.type == "item_free":
        weights = _free_items(offer.value, basket, weights)
    explain = tuple(_steps(offer, sum(weights)))
    return spread(sum(step.amount for step in explain), weights), explain


def _free_items(count: int, basket: Basket, left: Sequence[Money]) -> list[Money]:
    """What so many items are worth: the dearest ones first, of equal ones those of the first line.

    An item of a line that holds several is worth its share of the line, rounded down; all of a line's items together
    are worth all of it. A line that names no quantity is one item.
    """
    free = [0] * len(left)
    items = [max(1, line.quantity) for line in basket.lines]
    for line in sorted(range(len(left)), key=lambda line: -(left[line] // items[line])):
        taken = min(count, items[line]) if left[line] else 0
        free[line] = left[line] * taken // items[line]
        count -= taken
    return free


def _steps(offer: Offer, eligible: Money) -> Iterator[Explained]:
    """The discount on a sum, step by step: what the offer promises, less what goes above its limits."""
    if offer.type == "bonus_points":
        yield Explained(rule="bonus_points", amount=0, detail=f"+{offer.value}")
        return
    if offer.type == "percent_off":
        worth = eligible * offer.value // 100  # rounds down, once, over the whole sum
        yield Explained(rule="percent_off", amount=worth, detail=f"{eligible} × {offer.value} %")
    elif offer.type == "item_free":
        worth = eligible
        yield Explained(rule="item_free", amount=worth, detail=f"× {offer.value}")
    else:
        worth = offer.value
        yield Explained(rule="amount_off", amount=worth, detail=f"{worth}")
    if offer.max_discount is not None and worth > offer.max_discount:
        yield Explained(rule="max_discount", amount=offer.max_discount - worth, detail=f"≤ {offer.max_discount}")
        worth = offer.max_discount
    if worth > eligible:
        yield Explained(rule="nothing_left", amount=eligible - worth, detail=f"≤ {eligible}")


def best_set(basket: Basket, candidates: Iterable[Candidate], place: Place) -> Outcome:
    """Of a member's coupons those that together take off the most; of equal sets one with fewer coupons.

    Exact among the ten campaigns whose coupon takes off most alone (others are not looked at): coupons are tried in
    the order of application, with and without each. A branch is left as soon as what it has and what the remaining
    coupons would take off alone can't beat the best set; taken together they never take more than alone.
    """
    shortlist = _shortlist(basket, candidates, place)
    ahead = [sum(alone for _, alone in shortlist[start:]) for start in range(len(shortlist) + 1)]
    best: tuple[Candidate, ...] = ()
    best_total = 0
    open_branches: list[tuple[int, tuple[Candidate, ...], list[Money]]] = [(0, (), [x.amount for x in basket.lines])]
    while open_branches:
        start, chosen, left = open_branches.pop()
        total = basket.amount - sum(left)
        if (total, -len(chosen)) > (best_total, -len(best)):
            best, best_total = chosen, total
        if start == len(shortlist) or total + ahead[start] < best_total:
            continue
        candidate, _ = shortlist[start]
        open_branches.append((start + 1, chosen, left))
        if not clashes(candidate, chosen):
            shares, _ = _take(candidate.terms.offer, basket, left)
            after = [amount - share for amount, share in zip(left, shares, strict=True)]
            open_branches.append((start + 1, (*chosen, candidate), after))
    return discount(basket, best, place)


def _shortlist(basket: Basket, candidates: Iterable[Candidate], place: Place) -> list[tuple[Candidate, Money]]:
    """The coupons worth trying, in the order of application, each with what it takes off alone.

    One of each campaign: the one that takes off most; of equals the one that ends first.
    """
    full = [line.amount for line in basket.lines]
    sent = [candidate for candidate in candidates if why_not(candidate, basket, place) is None]
    alone = [sum(_take(candidate.terms.offer, basket, full)[0]) for candidate in sent]
    best_first = sorted(range(len(sent)), key=lambda at: (-alone[at], sent[at].validity.last or date.max))
    one_each: dict[str, int] = {}
    for at in best_first:
        if alone[at]:
            one_each.setdefault(sent[at].campaign_id, at)
    chosen = sorted(list(one_each.values())[:SEARCHED_MAX], key=lambda at: (*_rank(sent[at]), at))
    return [(sent[at], alone[at]) for at in chosen]
