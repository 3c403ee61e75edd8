"""What a member's stamp cards decide: stamps given, a full card's coupon, stamps that a return takes back. Pure.

A card and the coupons that it earned lie in one book, so a stamp and its coupon are one append, and so are a return's
stamp and the coupon that it takes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from coupons.campaign import Campaign
from coupons.giving import Issuing, issue
from coupons.rules import validity
from coupons.stamp_programme import StampProgramme
from shared.business_day import DayRule
from shared.chain import Decided, Step
from shared.codes import Generation, source_index
from shared.coupon_book import Book, Coupon, Status
from shared.errors import Conflict
from shared.stamp_card import Card, card_of, with_card

OWNER = "stamps"
_SHOWN = 40  # characters of a programme's id in a coupon's source, which is no longer than any id


@dataclass(frozen=True, slots=True)
class Prize:
    """The coupons of a programme's campaign as it is now.

    `seed` tells the operation that may earn them from all others, so that each coupon has a place of its own; at
    `attempt` n, the place after n that belong to other sources.
    """

    campaign: Campaign
    generation: Generation
    edition: int
    seed: str
    attempt: int = 0

    def issuing(self, programme_id: str, number: int, day: date) -> Issuing | None:
        """The coupon of a full card; None while the campaign gives none."""
        days = validity(self.campaign, day)
        if self.campaign.state != "active" or days.is_over(days.first):
            return None
        source = f"{OWNER}|{programme_id}|{self.seed}|{number}"
        index = source_index(self.generation, source, self.attempt)
        shown = f"{OWNER}.{programme_id[:_SHOWN]}.{number}"
        coupon = Coupon(self.generation.locator, index, self.edition, days.first, days.last, shown)
        return Issuing(coupon, self.campaign.campaign_id, OWNER, day, per_member=self.campaign.limits.per_member)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A programme, what its full cards earn, and the programme's days, by which stamps and coupons last."""

    programme: StampProgramme
    prize: Prize
    days: DayRule


@dataclass(frozen=True, slots=True)
class Occasion:
    """For what stamps come or go: its reference in the books, and the business day of the place where it was."""

    ref: tuple[str, str]
    day: date


def settle(card: Card, programme: StampProgramme, today: date) -> tuple[Card, tuple[Step, ...]]:
    """The card on a day: stamps after which none came for too long are gone."""
    ends = card.expires_on(programme.expires_days)
    if ends is None or ends >= today:
        return card, ()
    step = Step("lapsed", data={"programme_id": card.programme_id, "lapsed": card.stamps}, is_due=True)
    gone = replace(card, stamps=0, lapsed=card.lapsed + card.stamps, lapsed_on=max(card.lapsed_on, ends.toordinal()))
    return gone, (step,)


def give(
    book: Book, scheme: Scheme, wanted: int, occasion: Occasion, at: datetime
) -> tuple[Book, tuple[Step, ...], int]:
    """The book with these stamps if the day has room, and how many those are: all of them or none.

    A day takes stamps until it has had `per_day`; the occasion that reaches that counts whole. Full cards earn their coupons; what is over is on the next card.
    """
    programme, today, day = scheme.programme, scheme.days.day(at), occasion.day.toordinal()
    card, due = settle(card_of(book.cards, programme.programme_id), programme, today)
    given = wanted if card.has_room(day, programme.per_day) else 0
    if not given:
        return replace(book, cards=with_card(book.cards, card)), due, 0
    card = card.counted(day, given)
    card = replace(card, needed=programme.stamps, stamps=card.stamps + given, last=max(card.last, day))
    book, card, filled = _fill(book, card, scheme, today, at)
    step = Step("stamped", ref=occasion.ref, data={**_shown(card, programme), "added": given})
    return replace(book, cards=with_card(book.cards, card)), (*due, step, *filled), given


def _fill(book: Book, card: Card, scheme: Scheme, today: date, at: datetime) -> tuple[Book, Card, tuple[Step, ...]]:
    """A coupon for each full card, as long as the campaign and the book take one more; else the card stays full."""
    programme, steps = scheme.programme, []
    while card.stamps >= programme.stamps:
        number = card.number + 1
        issuing = scheme.prize.issuing(programme.programme_id, number, today)
        if issuing is None:
            break
        try:
            book, issued, _ = issue(book, issuing, at)
        except Conflict:
            break
        coupon = issuing.coupon
        card = replace(card, stamps=card.stamps - programme.stamps, completed=card.completed + 1, number=number)
        card = card.with_coupon(coupon.spot)
        data = {"programme_id": programme.programme_id, "coupon_id": coupon.coupon_id, "used": programme.stamps}
        steps += [*issued, Step("filled", ref=("coupon", coupon.coupon_id), data=data)]
    return book, card, tuple(steps)


def take(book: Book, scheme: Scheme, count: int, occasion: Occasion, at: datetime) -> tuple[Book, tuple[Step, ...]]:
    """The book after so many stamps that this occasion had given have come back.

    If they lie under a card that was full, the latest coupon that nobody has used is taken back with them; if there is
    none, the card stands below 0. What has lapsed can't be missed again.
    """
    programme, today, day = scheme.programme, scheme.days.day(at), occasion.day.toordinal()
    card, due = settle(card_of(book.cards, programme.programme_id), programme, today)
    lapsed = min(count, card.lapsed) if day <= card.lapsed_on else 0
    card = card.counted(day, -count)
    card = replace(card, stamps=card.stamps - count + lapsed, lapsed=card.lapsed - lapsed)
    revoked: list[Step] = []
    while card.stamps < 0 and (coupon := _unused(book, card, today, at)) is not None:
        book = book.with_(replace(coupon, status=Status.VOIDED, use=None))
        card = replace(card, stamps=card.stamps + programme.stamps, completed=card.completed - 1)
        data = {
            "coupon_id": coupon.coupon_id,
            "campaign_id": scheme.prize.campaign.campaign_id,
            "programme_id": programme.programme_id,
            "back": programme.stamps,
            "taken_back": True,
        }
        revoked.append(Step("revoked", ref=occasion.ref, data=data))
    data = {**_shown(card, programme), "taken": count, "of_lapsed": lapsed}
    step = Step("unstamped", ref=occasion.ref, data=data)
    return replace(book, cards=with_card(book.cards, card)), (*due, step, *revoked)


def _unused(book: Book, card: Card, today: date, at: datetime) -> Coupon | None:
    coupons = (book.get(spot) for spot in reversed(card.coupons))
    return next((coupon for coupon in coupons if coupon is not None and _is_unused(coupon, today, at)), None)


def _is_unused(coupon: Coupon, today: date, at: datetime) -> bool:
    return coupon.state(at, today) == "issued"


def _shown(card: Card, programme: StampProgramme) -> dict[str, Any]:
    ends = card.expires_on(programme.expires_days)
    shown = {
        "programme_id": programme.programme_id,
        "stamps": card.stamps,
        "needed": programme.stamps,
        "completed": card.completed,
    }
    return shown | ({"expires_on": ends.isoformat()} if ends else {})


# ---- visits, and what staff and partners give ------------------------------------------------------------------------


def visit(book: Book, schemes: Sequence[Scheme], occasion: Occasion, at: datetime) -> Decided[Book]:
    """A stamp in each programme of visits; if the day has no room, an entry all the same: it is judged once."""
    steps: list[Step] = []
    for scheme in schemes if not book.is_erased else ():
        book, more, _ = give(book, scheme, 1, occasion, at)
        steps += more
    return Decided(book, (*steps, Step("noted", ref=occasion.ref)))


@dataclass(frozen=True, slots=True)
class Granting:
    """Stamps that somebody gives by hand."""

    stamp_id: str
    seed: str
    programme_id: str
    count: int
    day: date


def grant(book: Book, granting: Granting, scheme: Scheme, at: datetime) -> Decided[Book]:
    """All of the stamps, or `stamp_limit_reached` if the day has had its stamps."""
    programme = scheme.programme
    if not card_of(book.cards, programme.programme_id).has_room(granting.day.toordinal(), programme.per_day):
        raise Conflict("stamp_limit_reached", per_day=programme.per_day)
    occasion = Occasion(("stamp", granting.stamp_id), granting.day)
    book, steps, _ = give(book, scheme, granting.count, occasion, at)
    return Decided(book, steps)
