"""From codes to coupons: which member's book holds each code of a basket, and what they take off together.

A dry run and a redemption take this same path; they differ in what they do with its outcome.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from coupons import rules, store
from coupons.book import Asker, Taken, WhyUnusable, why_unusable
from coupons.campaign import Channel
from coupons.model import Applied, Basket, NotApplied, Occasion
from coupons.rules import Candidate, Outcome, Place, Validity
from shared import keys, places
from shared.auth import Principal
from shared.business_day import DayRule
from shared.chain import Head
from shared.closings import Closing
from shared.codes import Form, NotACode, normalise, show
from shared.coupon_book import BOOK, Book, Coupon, Spot
from shared.coupons_of import Codebook, is_paused
from shared.errors import Forbidden, Invalid
from shared.http import Call
from shared.member_ref import require_member, resolve
from shared.reference import MemberRef
from shared.table import Item
from shared.world import World

Told: TypeAlias = Literal["used", "held", "expired", "paused"]


@dataclass(frozen=True, slots=True)
class Shop:
    """Where a basket is bought."""

    channel: Channel
    store_id: str | None
    days: DayRule


def shop(world: World, who: Principal, said: Occasion) -> Shop:
    """The place of a request: a till is always in its own store; the web shop goes by the programme's days."""
    if who.kind == "pos" and said.store_id not in (None, who.store_id):
        raise Forbidden("wrong_store")
    if who.kind == "pos" and said.channel != "pos":
        raise Forbidden("forbidden")
    store_id = said.store_id or (who.store_id if who.kind == "pos" else None)
    days = places.of_programme(world) if said.channel == "ec" else places.of_store(world, store_id)
    return Shop(said.channel, store_id, days)


def check_currency(world: World, basket: Basket) -> None:
    """`currency_mismatch` for a basket in foreign money."""
    expected = places.currency(world)
    if basket.currency not in (None, expected):
        raise Invalid("currency_mismatch", expected=expected)


def order_hash(order_ref: str) -> bytes:
    """The eight bytes by which a hold knows its order."""
    return hashlib.sha256(order_ref.encode()).digest()[:8]


@dataclass(frozen=True, slots=True)
class Sought:
    """One code of a request: what it is shown as, and the coupon and its home if there is one.

    `is_owners`: the request names the member whose coupon it is, so that its reader may learn more.
    """

    position: int
    code: str
    coupon: Coupon | None = None
    head: Head[Book] | None = None
    is_owners: bool = False


class Homes:
    """The books that the codes of one request live in, each read once."""

    def __init__(self, call: Call[Any], member: MemberRef | None, *, is_consistent: bool) -> None:
        self.world = call.world
        self.codebook = Codebook(call.world)
        self.member_id: str | None = None
        self._is_consistent = is_consistent
        self._heads: dict[str, Head[Book]] = {}
        self._closings: dict[str, tuple[Closing, ...]] = {}
        if member is not None:
            self.member_id = resolve(call.world, call.who, member, consistent=is_consistent).member_id
            if self._head(self.member_id).sequence == 0:
                require_member(call.world, self.member_id)

    def seek(self, codes: Sequence[str]) -> list[Sought]:
        """The coupons of codes as people typed them, in the same order."""
        return [self._one(position, typed) for position, typed in enumerate(codes)]

    def all_of_member(self) -> list[Sought]:
        """Every coupon of the member who was named, as if its code had been typed."""
        assert self.member_id is not None
        head = self._head(self.member_id)
        return [
            Sought(position, show(self.codebook.code(coupon)), coupon, head, is_owners=True)
            for position, coupon in enumerate(head.state.coupons)
        ]

    def _one(self, position: int, typed: str) -> Sought:
        try:
            code = normalise(typed)
        except NotACode:
            return Sought(position, typed)
        for reading in self.codebook.read(code):
            if reading.generation.form is not Form.ISSUED:
                continue  # nobody makes codes in bulk yet, so none can be good
            head = self._home((reading.generation.locator, reading.index))
            coupon = head.state.get((reading.generation.locator, reading.index)) if head else None
            if coupon is not None:
                return Sought(position, show(code), coupon, head, is_owners=self.member_id is not None)
        return Sought(position, show(code))

    def _home(self, spot: Spot) -> Head[Book] | None:
        """The book that a coupon is in: the member's who was named, one read already, or the one its name tells."""
        if self.member_id is not None:
            return self._head(self.member_id)
        known = next((head for head in self._heads.values() if head.state.get(spot)), None)
        if known is not None:
            return known
        name = self.world.ledger.table.get(keys.issue(*spot), 0, consistent=self._is_consistent)
        return None if name is None else self._keeper(name, spot)

    def _keeper(self, name: Item, spot: Spot) -> Head[Book]:
        """The book that a coupon is in: its member's, or one that this was merged into for a time."""
        member_id = keys.holder(name["acc"])
        head, closings = self._head(member_id), self._closings[member_id]
        if head.state.get(spot) is not None or not closings:
            return head
        others = [keys.holder(closing.account) for closing in closings]
        others.append(keys.holder(self.world.ledger.last_head(BOOK, name["acc"], name["seen"]).account))
        found = (other for one in others if (other := self._head(one)).state.get(spot) is not None)
        return next(found, head)

    def _head(self, member_id: str) -> Head[Book]:
        """The book that a member's coupons are in now. Each is read once, whoever leads to it."""
        if member_id not in self._heads:
            ledger = self.world.ledger
            own = ledger.head(BOOK, member_id, consistent=self._is_consistent)
            head = ledger.open_head(BOOK, member_id, consistent=True) if own.is_closed else own
            self._closings |= {keys.holder(head.account): head.closings, member_id: own.closings}
            self._heads[member_id] = self._heads.setdefault(keys.holder(head.account), head)
        return self._heads[member_id]


@dataclass(frozen=True, slots=True)
class Judged:
    """What codes take off a basket together, and which can't be used at all."""

    outcome: Outcome
    unusable: tuple[tuple[Sought, WhyUnusable], ...] = ()
    used: tuple[tuple[Sought, Taken], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about codes: the basket, the place, the time, and on whose behalf."""

    basket: Basket
    shop: Shop
    now: datetime
    by: bytes = b""
    order: bytes = b""
    wants_best_set: bool = False


def judge(world: World, codebook: Codebook, sought: Sequence[Sought], question: Question) -> Judged:
    """Which of these codes can be used, and what they take off the basket."""
    heads = [one.head.recorded_at for one in sought if one.head is not None]
    at = max([question.now, *heads])
    day = question.shop.days.day(at)
    asker = Asker(at, day, question.by, question.order)
    unusable: list[tuple[Sought, WhyUnusable]] = []
    candidates: list[Candidate] = []
    for one in sought:
        reason = why_unusable(one.coupon, asker)
        if one.coupon is None or reason is not None:
            unusable.append((one, reason or "not_found"))
            continue
        campaign_id = codebook.campaign_of(one.coupon.locator)
        if is_paused(world, campaign_id):
            unusable.append((one, "paused"))
            continue
        candidates.append(_candidate(world, one, one.coupon, campaign_id))
    apply = rules.best_set if question.wants_best_set else rules.discount
    place = Place(question.shop.channel, question.shop.store_id, day)
    outcome = apply(question.basket, candidates, place)
    return Judged(outcome, tuple(unusable), tuple(_used(codebook, sought, outcome.applied)))


def _candidate(world: World, one: Sought, coupon: Coupon, campaign_id: str) -> Candidate:
    return Candidate(
        code=one.code,
        coupon_id=coupon.coupon_id,
        campaign_id=campaign_id,
        terms=store.terms(world, campaign_id, coupon.edition),
        validity=Validity(coupon.first, coupon.last),
    )


def _used(codebook: Codebook, sought: Sequence[Sought], applied: Sequence[Applied]) -> list[tuple[Sought, Taken]]:
    """What each applied coupon took off, in the form that a name keeps."""
    by_id = {one.coupon.coupon_id: (one, one.coupon) for one in reversed(sought) if one.coupon is not None}
    used = []
    for place, what in enumerate(applied):
        one, coupon = by_id[what.coupon_id]
        taken = Taken(
            place=place,
            position=one.position,
            campaign_id=codebook.campaign_of(coupon.locator),
            discount=what.discount,
            lines=tuple((line.line_id, line.discount) for line in what.lines),
            explain=tuple((step.rule, step.amount, step.detail) for step in what.explain),
        )
        used.append((one, taken))
    return used


def refused(who: Principal, judged: Judged) -> list[NotApplied]:
    """Why codes took nothing off. Whoever may read coupons and has named the owner learns what is wrong with it."""
    told = [
        NotApplied(code=one.code, reason=reason_told(who, one, why) or "code_not_usable")
        for one, why in judged.unusable
    ]
    return [*told, *judged.outcome.refused]


def reason_told(who: Principal, one: Sought, why: WhyUnusable) -> Told | None:
    """The true reason, for those who may know it."""
    return why if one.is_owners and why != "not_found" and "coupons:read" in who.scopes else None
