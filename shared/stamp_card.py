"""A member's stamp card as their coupon book keeps it: its stamps, the cards that were full, and what a return must know.

At every moment: all stamps given and not taken back = completed * needed + stamps + lapsed. So a card may stand below
0: a coupon that was used can't be taken back, and the stamps of later purchases make up for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate, islice
from typing import TypeAlias

from shared import varint
from shared.varint import unzigzag, zigzag

_Spot: TypeAlias = tuple[int, int]  # a coupon's place among all codes: locator and index

DAYS_KEPT = 16
"""So many business days with stamps a card remembers; an occasion of an older one gets none."""
COUPONS_KEPT = 16
"""So many of the coupons it gave, the latest, a card knows and can take back."""


@dataclass(frozen=True, slots=True)
class Card:
    """A member's card of one programme. Days are ordinals, 0 for none.

    `needed` stamps fill it. `number` is that of the last coupon it gave, and never runs back. `last` is the day of the
    latest stamp. `lapsed` stamps were not used in time, the last good day of the latest of them was `lapsed_on`. `days`
    tell how many stamps a business day has had; `forgotten` is the latest that is not among them any more.
    """

    programme_id: str
    needed: int = 0
    stamps: int = 0
    completed: int = 0
    number: int = 0
    last: int = 0
    lapsed: int = 0
    lapsed_on: int = 0
    forgotten: int = 0
    days: tuple[tuple[int, int], ...] = ()
    coupons: tuple[_Spot, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether it says nothing that anybody would miss."""
        return not (self.stamps or self.completed or self.lapsed or self.days or self.coupons)

    def has_room(self, day: int, per_day: int) -> bool:
        """Whether a business day may still bring stamps."""
        return day > self.forgotten and dict(self.days).get(day, 0) < per_day

    def counted(self, day: int, more: int) -> Card:
        """The card after so many stamps more of a day, or less."""
        if day <= self.forgotten:
            return self
        counts = dict(self.days)
        return self.on_days({**counts, day: counts.get(day, 0) + more})

    def with_coupon(self, spot: _Spot) -> Card:
        """The card after it was full, and gave this coupon."""
        return replace(self, coupons=(*self.coupons, spot)[-COUPONS_KEPT:])

    def expires_on(self, expires_days: int | None) -> date | None:
        """The last day on which its stamps are good; None if they last.

        There may be none to lose; and a full card waits for its coupon (its campaign may be paused), and loses nothing.
        """
        if expires_days is None or not 0 < self.stamps < self.needed:
            return None
        return date.fromordinal(self.last + expires_days)

    def on_days(self, counts: Mapping[int, int]) -> Card:
        """The card with so many stamps of each day."""
        days = tuple(sorted((day, n) for day, n in counts.items() if n > 0))
        dropped, kept = days[:-DAYS_KEPT], days[-DAYS_KEPT:]
        return replace(self, days=kept, forgotten=max([self.forgotten, *(day for day, _ in dropped)]))

    # ---- merges -----------------------------------------------------------------------------------------------------

    def joined(self, other: Card) -> Card:
        """Two members' cards as one: all stamps, all coupons; the later last day counts."""
        return replace(
            self,
            stamps=self.stamps + other.stamps,
            completed=self.completed + other.completed,
            number=max(self.number, other.number),
            last=max(self.last, other.last),
            lapsed=self.lapsed + other.lapsed,
            lapsed_on=max(self.lapsed_on, other.lapsed_on),
            forgotten=max(self.forgotten, other.forgotten),
            coupons=(*self.coupons, *other.coupons),
        ).on_days(Counter(dict(self.days)) + Counter(dict(other.days)))

    def parted(self, back: Card) -> Card:
        """What stays when this card goes back. Stamps that have lapsed here are not missed here again."""
        stamps, lapsed = self.stamps - back.stamps, self.lapsed - back.lapsed
        if stamps < 0 < lapsed and self.lapsed_on >= back.last:
            stamps, lapsed = stamps + min(-stamps, lapsed), lapsed - min(-stamps, lapsed)
        return replace(
            self,
            stamps=stamps,
            completed=self.completed - back.completed,
            lapsed=lapsed,
            coupons=tuple(spot for spot in self.coupons if spot not in back.coupons),
        ).on_days(Counter(dict(self.days)) - Counter(dict(back.days)))

    def coming_back(self, back: Iterable[_Spot], revoked: Iterable[_Spot]) -> Card:
        """The card as it was brought, with those of its coupons that go back; one that was taken back is stamps again."""
        there, count = set(back), len(set(revoked) & set(self.coupons))
        return replace(
            self,
            stamps=self.stamps + count * self.needed,
            completed=self.completed - count,
            coupons=tuple(spot for spot in self.coupons if spot in there),
        )


Cards: TypeAlias = tuple[Card, ...]


def card_of(cards: Cards, programme_id: str) -> Card:
    """The card of a programme; a new one if there is none."""
    return next((card for card in cards if card.programme_id == programme_id), Card(programme_id))


def with_card(cards: Cards, card: Card) -> Cards:
    """The cards with this one in place of that of its programme; one that says nothing is none."""
    others = (one for one in cards if one.programme_id != card.programme_id)
    kept = (*others, card) if not card.is_blank or card.number else tuple(others)
    return tuple(sorted(kept, key=lambda one: one.programme_id))


def joined(cards: Cards, others: Cards) -> Cards:
    """The cards of two members as one member's."""
    for other in others:
        mine = next((card for card in cards if card.programme_id == other.programme_id), None)
        cards = with_card(cards, other if mine is None else mine.joined(other))
    return cards


def parted(cards: Cards, back: Cards) -> Cards:
    """The cards that stay when these go back."""
    for one in back:
        left = card_of(cards, one.programme_id).parted(one)
        others = tuple(card for card in cards if card.programme_id != one.programme_id)
        cards = others if left.is_blank else with_card(others, left)
    return cards


# ---- packed form ----------------------------------------------------------------------------------------------------


def pack_cards(cards: Cards) -> bytes:
    """One number behind the other, the letters of a programme's id among them."""
    return varint.pack(number for card in cards for number in _numbers(card))


def _numbers(card: Card) -> Iterator[int]:
    name = card.programme_id.encode()
    yield from (len(name), *name)
    yield from map(zigzag, (card.stamps, card.completed, card.number, card.last, card.lapsed, card.lapsed_on))
    yield from (card.needed, card.forgotten, len(card.days), len(card.coupons))
    before = 0
    for day, count in card.days:  # days are steps from the one before
        yield from (day - before, count)
        before = day
    for spot in card.coupons:
        yield from spot


def unpack_cards(packed: bytes) -> Cards:
    """What `pack_cards` packed."""
    return tuple(_cards(varint.unpack(packed)))


def _cards(numbers: Iterator[int]) -> Iterator[Card]:
    for length in numbers:
        programme_id = bytes(islice(numbers, length)).decode()
        stamps, completed, number, last, lapsed, lapsed_on = map(unzigzag, islice(numbers, 6))
        needed, forgotten, days, coupons = islice(numbers, 4)
        steps = list(islice(numbers, 2 * days))
        spots = list(islice(numbers, 2 * coupons))
        yield Card(
            programme_id=programme_id,
            needed=needed,
            stamps=stamps,
            completed=completed,
            number=number,
            last=last,
            lapsed=lapsed,
            lapsed_on=lapsed_on,
            forgotten=forgotten,
            days=tuple(zip(accumulate(steps[::2]), steps[1::2], strict=True)),
            coupons=tuple(zip(spots[::2], spots[1::2], strict=True)),
        )
