"""What codes take off a basket together, why they do not, and which of their campaigns' limits that runs into.

A dry run and a redemption take this same path; they differ in what they do with its outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, TypeAlias, cast, get_args

from coupons import rules, store
from coupons.book import Asker, Counted, Taken, WhyUnusable, why_unusable
from coupons.homes import Homes, Shop, Sought
from coupons.model import Applied, Basket, NotApplied
from coupons.pool import Pool
from coupons.rules import Candidate, Outcome, Place, Validity
from coupons.store import Running
from shared import keys
from shared.auth import Principal
from shared.chain import Head
from shared.codes import Form
from shared.coupon_book import Coupon
from shared.tally import Tally
from shared.units import Money

Told: TypeAlias = Literal["used", "held", "expired", "paused", "asleep", "taken_back", "other_order"]
_TOLD: frozenset[str] = frozenset(get_args(Told))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about codes: the basket, the place, the time, and on whose behalf."""

    basket: Basket
    shop: Shop
    now: datetime
    by: bytes = b""
    order: bytes = b""
    wants_best_set: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """What a redemption takes of one of a campaign's limits. Of a budget that is the discount, known last.

    `instead` is the mark of the order's own hold of the same coupon, if there is one: it is never in the way.
    """

    head: Head[Pool]
    limit: int
    amount: int
    is_money: bool = False
    is_total: bool = False
    instead: bytes | None = None

    def is_over(self, more: int, at: datetime) -> bool:
        """Whether the limit has no room for so much more."""
        return self.head.state.tally.without(self.instead, at).used(at) + more > self.limit


@dataclass(frozen=True, slots=True)
class Usable:
    """A coupon that can be used, its campaign, and the limits that it runs into."""

    sought: Sought
    coupon: Coupon
    running: Running
    candidate: Candidate
    draws: tuple[Draw, ...] = ()
    counted: Counted | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What codes take off a basket together, and which can't be used at all."""

    outcome: Outcome
    unusable: tuple[tuple[Sought, WhyUnusable], ...] = ()
    used: tuple[tuple[Usable, Taken], ...] = ()

    @property
    def guesses(self) -> int:
        """How many codes of the right form were never made."""
        return len({one.code for one, _ in self.unusable if one.is_unknown})


def judge(homes: Homes, sought: Sequence[Sought], question: Question) -> Judged:
    """Which of these codes can be used, and what they take off the basket."""
    at = max([question.now, *(one.head.recorded_at for one in sought if one.head is not None)])
    day = question.shop.days.day(at)
    asker = Asker(at, day, question.by, question.order)
    unusable: list[tuple[Sought, WhyUnusable]] = []
    usable: list[Usable] = []
    for one in sought:
        found = _looked_at(homes, one, asker, question)
        if isinstance(found, Usable):
            usable.append(found)
        else:
            unusable.append((one, found))
    outcome = _outcome(usable, question, Place(question.shop.channel, question.shop.store_id, day), at)
    return Judged(outcome, tuple(unusable), tuple(_used(usable, outcome.applied)))


def _looked_at(homes: Homes, one: Sought, asker: Asker, question: Question) -> Usable | WhyUnusable:
    why = why_unusable(one.coupon, asker)
    if one.coupon is None or why is not None:
        return why or "not_found"
    coupon, locator = one.coupon, one.coupon.locator
    running = store.campaign(homes.world, homes.codebook.campaign_of(locator))
    campaign, form = running.campaign, homes.codebook.form(locator)
    if campaign.state in ("paused", "draft"):
        return "paused"
    if campaign.state == "ended" and form is Form.SHARED:
        return "expired"
    terms = store.terms(homes.world, campaign.campaign_id, coupon.edition)
    is_counted = one.is_on_paper and campaign.limits.per_member is not None
    if one.is_on_paper and homes.member_id is None and (is_counted or terms.offer.type == "bonus_points"):
        return "needs_member"
    limits = list(_draws(homes, running, form, asker.day, question.shop))
    tallies = [draw.head.state.tally for draw in limits]
    if is_counted:
        tallies.append(homes.of_member().state.tally(running.locator))
    is_shared = form is Form.SHARED
    instead = _own_use(homes, locator, tallies, asker) if is_shared else _own_hold(coupon, asker)
    draws = tuple(replace(draw, instead=instead) for draw in limits)
    counted = None
    if is_counted:
        assert campaign.limits.per_member is not None
        counted = Counted(running.locator, campaign.limits.per_member, campaign.campaign_id, instead)
    is_reached = any(draw.is_over(draw.amount, asker.at) for draw in draws) or (
        counted is not None and counted.is_reached(homes.of_member().state, asker.at)
    )
    candidate = Candidate(
        code=one.code,
        coupon_id=coupon.coupon_id,
        campaign_id=campaign.campaign_id,
        terms=terms,
        validity=Validity(coupon.first, coupon.last),
        limit_reached=is_reached,
    )
    return Usable(one, coupon, running, candidate, draws, counted)


def _own_hold(coupon: Coupon, asker: Asker) -> bytes | None:
    """The mark of another redemption of the same order, which holds this coupon that can be used: its place is taken."""
    return coupon.use.by if coupon.use is not None and coupon.is_held(asker.at) and coupon.use.by != asker.by else None


def _own_use(homes: Homes, locator: int, tallies: Sequence[Tally], asker: Asker) -> bytes | None:
    """The mark of another redemption of the same order, which holds a place in these limits by the same shared code.

    Each use of such a code stands for itself, so only the limits know what the order holds.
    """
    marks = (mark for tally in tallies for mark in tally.holds_of(asker.order, asker.at) if asker.order)
    return next((mark for mark in marks if mark != asker.by and homes.is_shared_use(locator, mark)), None)


def _draws(homes: Homes, running: Running, form: Form, day: date, shop: Shop) -> Iterator[Draw]:
    campaign_id, limits = running.campaign.campaign_id, running.campaign.limits
    if limits.total is not None and form in (Form.SHARED, Form.FOREIGN):
        yield Draw(homes.limit(keys.limit(campaign_id)), limits.total, 1, is_total=True)
    if limits.per_store_day is not None:
        holder = keys.limit(campaign_id, shop.counter, day.isoformat())
        yield Draw(homes.limit(holder), limits.per_store_day, 1)
    if limits.budget is not None:
        yield Draw(homes.limit(keys.limit(campaign_id, "budget")), limits.budget, 1, is_money=True)


def _outcome(usable: Sequence[Usable], question: Question, place: Place, at: datetime) -> Outcome:
    """What is taken off. What a budget has no room for is not, and what the others take then is reckoned anew."""
    apply = rules.best_set if question.wants_best_set else rules.discount
    candidates = [one.candidate for one in usable]
    budgets = {one.candidate.coupon_id: [draw for draw in one.draws if draw.is_money] for one in usable}
    while True:
        outcome = apply(question.basket, candidates, place)
        over = (
            one.coupon_id
            for one in outcome.applied
            if any(draw.is_over(one.discount, at) for draw in budgets[one.coupon_id])
        )
        first = next(over, None)
        if first is None:
            return outcome
        candidates = [replace(one, limit_reached=True) if one.coupon_id == first else one for one in candidates]


def _used(usable: Sequence[Usable], applied: Sequence[Applied]) -> Iterator[tuple[Usable, Taken]]:
    """What each applied coupon took off, in the form that a name keeps."""
    by_id = {one.coupon.coupon_id: one for one in reversed(usable)}
    for place, what in enumerate(applied):
        one = by_id[what.coupon_id]
        offer = one.candidate.terms.offer
        yield (
            one,
            Taken(
                place=place,
                position=one.sought.position,
                campaign_id=one.candidate.campaign_id,
                discount=what.discount,
                lines=tuple((line.line_id, line.discount) for line in what.lines),
                explain=tuple((step.rule, step.amount, step.detail) for step in what.explain),
                bonus_points=offer.value if offer.type == "bonus_points" else 0,
                sealed=one.sought.sealed,
            ),
        )


def drawn(draw: Draw, discount: Money) -> int:
    """How much of a limit a coupon takes."""
    return discount if draw.is_money else draw.amount


def refused(who: Principal, judged: Judged) -> list[NotApplied]:
    """Why codes took nothing off. Whoever may read coupons and has named the owner learns what is wrong with it."""
    told = [
        NotApplied(code=one.code, reason=reason_told(who, one, why) or "code_not_usable")
        for one, why in judged.unusable
    ]
    return [*told, *judged.outcome.refused]


def reason_told(who: Principal, one: Sought, why: WhyUnusable) -> Told | None:
    """The true reason, for those who may know it."""
    may_know = one.is_owners and why in _TOLD and "coupons:read" in who.scopes
    return cast("Told", why) if may_know else None
