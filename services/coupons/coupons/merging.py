"""What a member's coupon book brings into another, and takes back. Pure.

All coupons move, and the counts of those that have left the book, so that a campaign's limit counts the merged member
once. If the merge is ended, the coupons that can still be used go back. What was used, is held or is being paid for
stays, for a void, a capture or the answer of the points follows the merge; it still counts for the member who had it,
and for nobody else. So do codes on paper that were used.

Stamp cards of one programme become one. If the merge is ended, all stamps that were brought go back, as they were: if
they have filled a card meanwhile, its coupon stays, and the card that it is on stands below 0 by what it lacks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from coupons.dues import attentive
from shared import stamp_card
from shared.chain import Decided
from shared.coupon_book import BOOK, Book, Coupon, Spot, Status
from shared.moves import MOVED, Merger, Move
from shared.stamp_card import Cards
from shared.tally import Tally

Counts: TypeAlias = tuple[tuple[int, int], ...]

_STAYS = (Status.REDEEMED, Status.RESERVED)


def leave(book: Book, move: Move[Book], _at: datetime) -> Decided[Book]:
    """The book is closed, and empty."""
    return Decided(Book(), (move.step(data={MOVED: BOOK.pack(book)}),))


def join(book: Book, move: Move[Book], _at: datetime) -> Decided[Book]:
    """The other book's coupons are in this one. It may have more than a book takes, and nothing breaks."""
    brought = move.brought
    together = replace(
        book,
        coupons=(*book.coupons, *brought.coupons),
        gone=_added(book.gone, brought.gone),
        cards=stamp_card.joined(book.cards, brought.cards),
        told=max(book.told, brought.told),
    )
    for locator, count in brought.uses:
        mine = together.tally(locator)
        together = together.with_tally(locator, Tally(mine.taken + count.taken, (*mine.held, *count.held)))
    return Decided(together, (move.step(data={"coupons": len(brought.coupons)}),))


def part(book: Book, move: Move[Book], at: datetime) -> Decided[Book]:
    """What goes back leaves this book."""
    move = _as_it_was(move)
    back = {coupon.spot for coupon in coming_back(book, move.brought, at)}
    gone = _added(_added(book.gone, move.brought.gone, -1), _left_behind(move.brought, back), -1)
    kept = tuple(one for one in book.coupons if one.spot not in back)
    cards = stamp_card.parted(book.cards, _cards_back(move, at))
    left = replace(book, coupons=kept, gone=gone, cards=cards)
    for locator, count in move.brought.uses:
        mine = left.tally(locator)
        left = left.with_tally(locator, Tally(max(0, mine.taken - count.taken), mine.held))
    return Decided(left, (move.step(data={"coupons": len(back)}, is_end=True),))


def come_back(_: Book, move: Move[Book], at: datetime) -> Decided[Book]:
    """The book that is opened again."""
    move = _as_it_was(move)
    brought = move.brought
    back = coming_back(move.there, brought, at)
    stayed = Counter(coupon.locator for coupon in brought.coupons) - Counter(coupon.locator for coupon in back)
    gone = _added(brought.gone, stayed.items())
    step = move.step(data={"coupons": len(back)}, is_end=True)
    uses = tuple((locator, Tally(count.taken)) for locator, count in brought.uses if count.taken)
    return Decided(Book(back, gone, uses, _cards_back(move, at), told=move.there.told), (step,))


def _added(counts: Counts, more: Iterable[tuple[int, int]], sign: int = 1) -> Counts:
    """Counts by locator. They may be below 0: a coupon that stays in a book and counts for another is in both sums."""
    sums = dict(counts)
    for locator, count in more:
        sums[locator] = sums.get(locator, 0) + sign * count
    return tuple(sorted((locator, count) for locator, count in sums.items() if count))


def _left_behind(brought: Book, back: set[Spot]) -> Iterable[tuple[int, int]]:
    """What stays and counts for the other alone. One that was being paid for counts for both: it may leave uncounted."""
    stays = (one for one in brought.coupons if one.spot not in back and one.status is not Status.RESERVED)
    return Counter(one.locator for one in stays).items()


def _as_it_was(move: Move[Book]) -> Move[Book]:
    """Where the other member was erased: both were parted before, and that has only been heard of later.

    A merge into an erased book moves nothing that anybody could have used since; so all that was brought is as it was.
    """
    return replace(move, there=replace(move.brought, told=move.there.told)) if move.there.is_erased else move


def _cards_back(move: Move[Book], at: datetime) -> Cards:
    """The cards that go back; a coupon of theirs that was taken back meanwhile has become stamps again."""
    back = coming_back(move.there, move.brought, at)
    closed = {coupon.spot for coupon in move.brought.coupons if coupon.status is Status.VOIDED}
    revoked = {coupon.spot for coupon in back if coupon.status is Status.VOIDED} - closed
    spots = [coupon.spot for coupon in back]
    return tuple(card.coming_back(spots, revoked) for card in move.brought.cards)


def coming_back(there: Book, brought: Book, at: datetime) -> tuple[Coupon, ...]:
    """The coupons that were brought and nobody has used, holds or is paying for; a hold that is over counts for nobody."""
    found = (there.get(coupon.spot) for coupon in brought.coupons)
    return tuple(
        replace(coupon, status=Status.ISSUED, use=None) if coupon.status is Status.HELD else coupon
        for coupon in found
        if coupon is not None and coupon.status not in _STAYS and not coupon.is_held(at)
    )


BOOKS = Merger(BOOK, leave, attentive(join), part, attentive(come_back))
