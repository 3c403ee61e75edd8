"""What a member's book makes of the events about one purchase, in whatever order and however often they come. Pure.

An event carries the state of the purchase after it, never a difference. What is known of a purchase is the least that
was heard to be left of it, and whether it was completed: so the same events end in the same, and a return that is heard
of before its purchase leaves an entry of nothing, after which the purchase gives for what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from coupons.cards import Occasion, Scheme, give, take
from shared.chain import Decided, Step
from shared.coupon_book import Book
from shared.units import Money


@dataclass(frozen=True, slots=True)
class Known:
    """What the book knows of a purchase, by how many entries about it: the least that was heard to be left of it.

    Once it has given its stamps, also how many of each programme's still stand, and of which day.
    """

    entries: int = 0
    left: Money | None = None
    given: Mapping[str, tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What an event says of a purchase: what is left of it, without tax, and whether it is completed, on which day."""

    ref: tuple[str, str]
    left: Money
    completed_on: date | None


def hear(book: Book, known: Known, heard: Heard, schemes: Sequence[Scheme], at: datetime) -> Decided[Book] | None:
    """What follows from an event about a purchase; None if nothing does."""
    left = heard.left if known.left is None else min(known.left, heard.left)
    if known.given is not None:
        return _reduced(book, known, heard, left, schemes, at)
    if heard.completed_on is None:
        return None if left == known.left else Decided(book, (_note(heard.ref, known, left, None),))
    occasion, given = Occasion(heard.ref, heard.completed_on), {}
    steps: list[Step] = []
    wanted = {scheme.programme.programme_id: scheme.programme.worth(left) for scheme in schemes}
    if known.left is None and not any(wanted.values()):
        return None  # and it never will
    for scheme in schemes:
        programme_id = scheme.programme.programme_id
        book, more, got = give(book, scheme, wanted[programme_id], occasion, at)
        steps += more
        if got:
            given[programme_id] = (got, occasion.day.toordinal())
    return Decided(book, (*steps, _note(heard.ref, known, left, given)))


def _reduced(
    book: Book, known: Known, heard: Heard, left: Money, schemes: Sequence[Scheme], at: datetime
) -> Decided[Book] | None:
    assert known.given is not None
    steps: list[Step] = []
    given = dict(known.given)
    for scheme in schemes:
        programme_id = scheme.programme.programme_id
        stands, day = given.get(programme_id, (0, 0))
        over = stands - scheme.programme.worth(left)
        if over > 0:
            occasion = Occasion(heard.ref, date.fromordinal(day))
            book, more = take(book, scheme, over, occasion, at)
            steps += more
            given[programme_id] = (stands - over, day)
    if not steps:
        return None
    return Decided(book, (*steps, _note(heard.ref, known, left, given)))


def _note(ref: tuple[str, str], known: Known, left: Money, given: Mapping[str, tuple[int, int]] | None) -> Step:
    """The entry by which the book knows the purchase again."""
    data: dict[str, Any] = {"n": known.entries, "left": left}
    if given is not None:
        data["given"] = {programme_id: list(one) for programme_id, one in given.items()}
    return Step("noted", ref=ref, data=data)


def known_of(data: Mapping[str, Any]) -> Known:
    """What the latest entry about a purchase says of it."""
    given = data.get("given")
    stands = None if given is None else {one: (int(n), int(day)) for one, (n, day) in given.items()}
    return Known(int(data["n"]) + 1, int(data["left"]), stands)
