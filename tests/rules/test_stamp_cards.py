"""Stamp cards, by example and by property: no stamp is lost or doubled, in whatever order what happens is heard of."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from coupons.campaign import Campaign
from coupons.cards import Granting, Occasion, Prize, Scheme, give, grant, settle, take
from coupons.hearing import Heard, Known, hear, known_of
from coupons.merging import BOOKS
from coupons.stamp_programme import StampProgramme
from shared.codes import Form, Generation
from shared.coupon_book import BOOK, Book, Status, Use
from shared.errors import Conflict
from shared.moves import MOVED, Merge, Move
from shared.stamp_card import DAYS_KEPT, Card, card_of, pack_cards, unpack_cards
from tests.rules.test_coupon_book import NOON, TODAY, TOKYO

CAMPAIGN = Campaign.model_validate(
    {
        "campaign_id": "free",
        "name": {"ja": "無料", "en": "Free"},
        "offer": {"type": "amount_off", "value": 300},
        "valid_from": date(2026, 11, 1),
    }
)
GENERATION = Generation(7, Form.ISSUED, b"k" * 32)
PURCHASE = ("purchase", "pos/p-1")
DAY = TODAY.toordinal()


def scheme(seed: str = "seed", campaign: Campaign = CAMPAIGN, **changes: Any) -> Scheme:
    said = {"programme_id": "coffee", "name": "Coffee", "stamps": 3, "by": "manual", "campaign_id": "free"}
    programme = StampProgramme.model_validate(said | {"per_day": 1000} | changes)
    return Scheme(programme, Prize(campaign, GENERATION, 1, seed), TOKYO)


def on(day: date = TODAY) -> Occasion:
    return Occasion(PURCHASE, day)


def stamped(*counts: int, **changes: Any) -> Book:
    """A book after so many stamps, each time another operation's."""
    book = Book()
    for n, count in enumerate(counts):
        book, _, _ = give(book, scheme(f"before-{n}", **changes), count, on(), NOON)
    return book


def card(book: Book) -> Card:
    return card_of(book.cards, "coffee")


def shown(book: Book) -> tuple[int, int, list[Status]]:
    return card(book).stamps, card(book).completed, [coupon.status for coupon in book.coupons]


def used(book: Book, place: int = 0, status: Status = Status.REDEEMED) -> Book:
    use = Use(b"redeemer", b"an order", NOON + timedelta(hours=1))
    return book.with_(replace(book.coupons[place], status=status, use=use))


# ---- packed form ----------------------------------------------------------------------------------------------------

_days = st.integers(date(2000, 1, 1).toordinal(), date(2200, 1, 1).toordinal())


@st.composite
def _cards(draw: st.DrawFn) -> Card:
    some = st.integers(0, 10_000)
    stamped_on = draw(st.dictionaries(_days, st.integers(1, 300), max_size=DAYS_KEPT))
    return Card(
        programme_id=draw(st.from_regex(r"\A[A-Za-z0-9._-]{1,64}\Z")),
        needed=draw(st.integers(0, 100)),
        stamps=draw(st.integers(-500, 10_000)),
        completed=draw(st.integers(-5, 500)),
        number=draw(some),
        last=draw(st.just(0) | _days),
        lapsed=draw(st.integers(-5, 500)),
        lapsed_on=draw(st.just(0) | _days),
        forgotten=draw(st.just(0) | _days),
        days=tuple(sorted(stamped_on.items())),
        coupons=tuple(draw(st.lists(st.tuples(st.integers(0, 2**14 - 1), st.integers(0, 2**40 - 1)), max_size=16))),
    )


@given(st.lists(_cards(), max_size=4).map(tuple))
def test_cards_come_back_from_their_packed_form(kept):
    assert unpack_cards(pack_cards(kept)) == kept
    assert BOOK.unpack(BOOK.pack(Book(cards=kept))).cards == kept


def test_a_card_takes_few_bytes():
    full = stamped(*[1] * 8, stamps=10, expires_days=90)
    assert len(pack_cards(full.cards)) <= 30


# ---- given ----------------------------------------------------------------------------------------------------------


def test_a_full_card_is_a_coupon_and_the_rest_is_on_the_next():
    book, steps, got = give(Book(), scheme(), 7, on(), NOON)
    assert (got, shown(book)) == (7, (1, 2, [Status.ISSUED] * 2))
    assert [step.kind for step in steps] == ["stamped", "issued", "filled", "issued", "filled"]
    assert len({coupon.spot for coupon in book.coupons}) == 2
    assert [coupon.source_id for coupon in book.coupons] == ["stamps.coffee.1", "stamps.coffee.2"]


def test_the_same_operation_on_the_same_book_makes_the_same_coupon_and_another_one_another():
    books = [give(Book(), scheme(seed), 3, on(), NOON)[0] for seed in ("a", "a", "b")]
    first, again, other = (book.coupons[0].spot for book in books)
    assert first == again != other


def test_a_place_that_is_taken_is_left_for_the_next():
    taken = scheme()
    free = replace(taken, prize=replace(taken.prize, attempt=1))
    one, other = (give(Book(), each, 3, on(), NOON)[0] for each in (taken, free))
    assert one.coupons[0].spot != other.coupons[0].spot


def test_a_day_takes_stamps_until_it_has_had_so_many_and_the_last_occasion_counts_whole():
    book, _, got = give(stamped(2, stamps=10, per_day=3), scheme(stamps=10, per_day=3), 5, on(), NOON)
    assert (got, card(book).stamps) == (5, 7)
    book, steps, got = give(book, scheme(stamps=10, per_day=3), 1, on(), NOON)
    assert (got, steps) == (0, ())
    assert give(book, scheme(stamps=10, per_day=3), 2, on(TODAY - timedelta(days=1)), NOON)[2] == 2


def test_a_day_that_nobody_remembers_gets_none():
    book = Book()
    for n in range(DAYS_KEPT + 1):
        book, _, _ = give(book, scheme(stamps=100, per_day=1), 1, on(TODAY + timedelta(days=n)), NOON)
    assert give(book, scheme(stamps=100, per_day=1), 1, on(TODAY), NOON)[2] == 0
    assert len(card(book).days) == DAYS_KEPT


@pytest.mark.parametrize(
    "changes",
    [{"state": "paused"}, {"state": "draft"}, {"state": "ended"}, {"valid_until": date(2026, 11, 19)}],
)
def test_a_card_stays_full_while_its_campaign_gives_nothing(changes):
    asleep = CAMPAIGN.model_copy(update=changes)
    book, _, got = give(Book(), scheme(campaign=asleep), 4, on(), NOON)
    assert (got, shown(book)) == (4, (4, 0, []))
    assert shown(give(book, scheme("later"), 1, on(), NOON)[0]) == (2, 1, [Status.ISSUED])


def test_stamps_by_hand_are_refused_once_the_day_has_had_its_stamps():
    asked = Granting("st-1", "seed", "coffee", 3, TODAY)
    assert card(grant(Book(), asked, scheme(per_day=1, stamps=9), NOON).state).stamps == 3
    assert card(grant(stamped(1, per_day=2, stamps=9), asked, scheme(per_day=2, stamps=9), NOON).state).stamps == 4
    with pytest.raises(Conflict) as refused:
        grant(stamped(3, per_day=3, stamps=9), asked, scheme(per_day=3, stamps=9), NOON)
    assert (refused.value.code, refused.value.fields) == ("stamp_limit_reached", {"per_day": 3})


# ---- lapsed ---------------------------------------------------------------------------------------------------------


@given(_cards(), st.integers(1, 30), st.integers(0, 60), st.integers(0, 60))
def test_settling_twice_is_settling_once(one, days, first, more):
    programme = scheme(expires_days=days, stamps=20).programme
    last = date.fromordinal(max(one.last, DAY))
    early, late = last + timedelta(days=first), last + timedelta(days=first + more)
    assert settle(settle(one, programme, early)[0], programme, late)[0] == settle(one, programme, late)[0]


def test_stamps_are_good_to_the_end_of_their_last_day():
    programme, kept = scheme(expires_days=10).programme, card(stamped(2))
    assert settle(kept, programme, TODAY + timedelta(days=10)) == (kept, ())
    gone, (step,) = settle(kept, programme, TODAY + timedelta(days=11))
    assert (gone.stamps, gone.lapsed, step.kind, step.is_due) == (0, 2, "lapsed", True)


def test_a_full_card_and_one_below_zero_do_not_lapse():
    programme = scheme(expires_days=10).programme
    for stamps in (3, 4, 0, -1):
        kept = Card("coffee", needed=3, stamps=stamps, last=DAY)
        assert settle(kept, programme, TODAY + timedelta(days=99)) == (kept, ())


# ---- taken back -----------------------------------------------------------------------------------------------------


def test_a_stamp_under_a_full_card_takes_its_coupon_back():
    book, steps = take(stamped(3), scheme(), 1, on(), NOON)
    assert shown(book) == (2, 0, [Status.VOIDED])
    assert [step.kind for step in steps] == ["unstamped", "revoked"]
    again, _, _ = give(book, scheme("again"), 1, on(), NOON)
    assert shown(again) == (0, 1, [Status.VOIDED, Status.ISSUED])


@pytest.mark.parametrize("status", [Status.REDEEMED, Status.HELD])
def test_a_coupon_that_somebody_has_stays_and_the_card_owes(status):
    book, _ = take(used(stamped(3), status=status), scheme(), 1, on(), NOON)
    assert shown(book) == (-1, 1, [status])
    assert shown(give(book, scheme("again"), 3, on(), NOON)[0])[:2] == (2, 1)


def test_a_hold_that_is_over_keeps_no_coupon():
    book, _ = take(used(stamped(3), status=Status.HELD), scheme(), 1, on(), NOON + timedelta(hours=2))
    assert shown(book) == (2, 0, [Status.VOIDED])


def test_the_latest_coupon_that_nobody_has_goes_first():
    book, _ = take(used(stamped(9), 2), scheme(), 1, on(), NOON)
    assert shown(book) == (2, 2, [Status.ISSUED, Status.VOIDED, Status.REDEEMED])


def test_a_coupon_of_another_source_is_not_taken_back():
    book = stamped(3)
    others = replace(book, coupons=(replace(book.coupons[0], index=5),))
    assert shown(take(others, scheme(), 1, on(), NOON)[0]) == (-1, 1, [Status.ISSUED])


def test_what_has_lapsed_is_not_missed_again():
    later = NOON + timedelta(days=20)
    book, _, _ = give(stamped(2), scheme("b", expires_days=5), 1, on(TODAY + timedelta(days=20)), later)
    book, steps = take(book, scheme(expires_days=5), 1, on(), later)
    assert (card(book).stamps, card(book).lapsed) == (1, 1)
    assert steps[-1].data["of_lapsed"] == 1


_acts = st.lists(
    st.tuples(st.sampled_from(["give", "take", "use", "wait"]), st.integers(1, 8)), min_size=1, max_size=25
)


@given(_acts, st.integers(1, 5), st.none() | st.integers(1, 4))
@settings(max_examples=200)
def test_at_every_moment_all_stamps_are_somewhere(acts, needed, expires_days):
    """Given and not taken back = completed cards, stamps on the card and stamps that lapsed; a completed card, a coupon."""
    book, at, net = Book(), NOON, 0
    for n, (act, count) in enumerate(acts):
        now = scheme(f"s-{n}", stamps=needed, expires_days=expires_days, per_day=6)
        today = TOKYO.day(at)
        if act == "give":
            book, _, got = give(book, now, count, on(today), at)
            net += got
        elif act == "take" and net >= count:
            book, _ = take(book, now, count, on(today), at)
            net -= count
        elif act == "use" and (free := [one for one in book.coupons if one.status is Status.ISSUED]):
            book = book.with_(replace(free[0], status=Status.REDEEMED, use=Use(b"redeemer", b"an order", at)))
        elif act == "wait":
            at += timedelta(days=count)
        kept = card(book)
        assert kept.completed * needed + kept.stamps + kept.lapsed == net
        assert sum(coupon.status is not Status.VOIDED for coupon in book.coupons) == kept.completed
        assert all(count < 6 + 8 for _, count in kept.days)
        assert kept.stamps < needed


# ---- what is heard of a purchase -------------------------------------------------------------------------------------


def heard(left: int, *, is_completed: bool = False, day: date = TODAY) -> Heard:
    return Heard(PURCHASE, left, day if is_completed else None)


def told(events: list[Heard], **changes: Any) -> Book:
    """A book that has heard of these, one after the other."""
    book, known = Book(), Known()
    for event in events:
        decided = hear(book, known, event, [scheme(f"e-{known.entries}", **changes)], NOON)
        if decided is not None:
            book, known = decided.state, known_of(decided.steps[-1].data)
    return book


@st.composite
def _lives(draw: st.DrawFn) -> list[Heard]:
    """What is told of a purchase as it goes on: less and less is left of it."""
    amounts = sorted(draw(st.lists(st.integers(0, 2000), min_size=1, max_size=5)), reverse=True)
    completed = draw(st.integers(0, len(amounts) - 1))
    return [heard(amount, is_completed=n == completed) for n, amount in enumerate(amounts)]


@given(_lives(), st.data())
def test_events_in_any_order_and_any_number_end_in_the_same(life, data):
    spend = {"by": "spend", "spend_per_stamp": 100, "stamps": 7}
    wanted = min(event.left for event in life) // 100
    shuffled = data.draw(st.permutations(life + data.draw(st.lists(st.sampled_from(life), max_size=6))))
    for events in (life, shuffled):
        kept = card(told(events, **spend))
        assert (kept.completed * 7 + kept.stamps, kept.stamps >= 0) == (wanted, True)


def test_each_order_of_a_purchase_its_completion_and_its_return():
    for events in itertools.permutations([heard(900), heard(900, is_completed=True), heard(0)]):
        assert shown(told(list(events), by="purchase")) == (0, 0, [])


def test_what_is_left_of_a_purchase_keeps_its_stamp():
    assert shown(told([heard(900, is_completed=True), heard(1)], by="purchase"))[0] == 1


def test_what_is_told_again_makes_no_entry():
    decided = hear(Book(), Known(), heard(900, is_completed=True), [scheme(by="purchase")], NOON)
    assert decided is not None
    known = known_of(decided.steps[-1].data)
    for again in (heard(900, is_completed=True), heard(900), heard(500)):
        assert hear(decided.state, known, again, [scheme(by="purchase")], NOON) is None


def test_a_purchase_too_small_for_a_stamp_makes_no_entry():
    spend = scheme(by="spend", spend_per_stamp=1000)
    assert hear(Book(), Known(), heard(999, is_completed=True), [spend], NOON) is None


def test_a_day_without_room_is_judged_once():
    """Later there may be room again, but the purchase has been judged."""
    full = stamped(1, per_day=1)
    rules = scheme(by="purchase", per_day=1)
    decided = hear(full, Known(), heard(900, is_completed=True), [rules], NOON)
    assert decided is not None
    assert [step.kind for step in decided.steps] == ["noted"]
    assert hear(Book(), known_of(decided.steps[-1].data), heard(900, is_completed=True), [rules], NOON) is None


# ---- merges ---------------------------------------------------------------------------------------------------------

MERGE = Merge("m-1", "taro", "hanako")


def merged(one: Book, other: Book) -> Book:
    left = BOOKS.leave(one, Move(MERGE, one, other), NOON)
    assert (left.state, BOOK.unpack(left.steps[0].data[MOVED])) == (Book(), one)
    return BOOKS.join(other, Move(MERGE, one, other), NOON).state


def parted(one: Book, there: Book) -> tuple[Book, Book]:
    move = Move(MERGE, one, there)
    return BOOKS.come_back(Book(), move, NOON).state, BOOKS.part(there, move, NOON).state


def others(*counts: int, **changes: Any) -> Book:
    book = Book()
    for n, count in enumerate(counts):
        book, _, _ = give(book, scheme(f"other-{n}", **changes), count, on(), NOON)
    return book


@given(st.lists(st.integers(1, 9), max_size=4), st.lists(st.integers(1, 9), max_size=4))
def test_a_merge_that_is_ended_at_once_changes_no_card(mine, theirs):
    one, other = stamped(*mine), others(*theirs)
    together = merged(one, other)
    assert card(together).stamps == card(one).stamps + card(other).stamps
    back, left = parted(one, together)
    assert back == one
    assert left.coupons == other.coupons
    assert replace(card(left), number=0, last=0) == replace(card(other), number=0, last=0)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_stamps_used_meanwhile_are_owed_where_their_coupon_is(mine, theirs, more):
    one, other = stamped(mine), others(theirs)
    there, _, _ = give(merged(one, other), scheme("meanwhile"), more, on(), NOON)
    back, left = parted(one, there)
    assert card(back) == card(one)
    total = sum(3 * card(book).completed + card(book).stamps for book in (back, left))
    assert total == mine + theirs + more


def test_a_coupon_taken_back_goes_back_as_stamps_and_who_took_it_owes_the_difference():
    one = stamped(3)
    there, _ = take(merged(one, Book()), scheme(), 1, on(), NOON)
    back, left = parted(one, there)
    assert shown(back) == (3, 0, [Status.VOIDED])
    assert shown(left) == (-1, 0, [])


def test_stamps_that_lapsed_in_the_host_are_not_missed_there():
    one, other = stamped(2, stamps=9), others(1, stamps=9)
    later = NOON + timedelta(days=30)
    there, _, _ = give(
        merged(one, other), scheme("b", stamps=9, expires_days=5), 1, on(TODAY + timedelta(days=30)), later
    )
    _, left = parted(one, there)
    assert (card(left).stamps, card(left).lapsed) == (0, 2)
