"""The account that the replay keeps by hand, against sums that a person can do."""

from __future__ import annotations

from datetime import date, timedelta

from infra.books import Books, Entry, Sale
from infra.habits import HELD, SPENT, USED, Back, Payment, Return
from infra.receipts import Line

TODAY = date(2026, 11, 20)
EARLIER = TODAY - timedelta(days=10)


def books(*entries: tuple[str, str, str], day: date = TODAY, **sales: Sale) -> Books:
    kept = Books(sales)
    for entry in entries:
        kept.enter(Entry(*entry, day))
    return kept


def bought(*lines: tuple[int, int], day: date = EARLIER, returns=(), payment: Payment | None = None) -> Sale:
    some = tuple(Line(*line) for line in lines)
    wholes = tuple(Return(f"p-{n}", "pos", one) for n, one in enumerate(returns, 1))
    return Sale(day, sum(line.amount // 100 for line in some), some, payment, wholes)


EARNED, RETURNED = ("earned", "purchase", "p"), ("returned", "return", "p-1")


def told(clawed_back: int = 0, given_back: int = 0, forfeited: int = 0, debt: int = 0) -> dict[str, int]:
    return {"clawed_back": clawed_back, "given_back": given_back, "forfeited": forfeited, "debt": debt}


def test_points_are_earned_line_by_line_and_good_for_a_year():
    kept = books(EARNED, p=bought((1, 299), (1, 150), day=TODAY - timedelta(days=365)))
    assert kept.balance["available"] == 3
    kept.expire(TODAY + timedelta(days=1))
    assert kept.balance["available"] == 0


def test_a_quantity_comes_back_in_proportion_and_the_last_of_it_takes_the_rest():
    """Two of three for 1,000 yen are 666 yen: 10 points become 3, and the third takes them."""
    kept = books(EARNED, RETURNED, p=bought((3, 1000), returns=[(Back(0, quantity=2),), None]))
    assert (kept.answers["p-1"], kept.balance["available"]) == (told(7), 3)
    kept.enter(Entry("returned", "return", "p-2", TODAY))
    assert (kept.answers["p-2"], kept.balance["available"]) == (told(3), 0)


def test_an_amount_comes_back_as_it_is_said():
    kept = books(EARNED, RETURNED, p=bought((1, 1000), (1, 500), returns=[(Back(0, amount=301), Back(1))]))
    assert (kept.answers["p-1"], kept.balance["available"]) == (told(4 + 5), 6)


def test_points_used_are_spread_and_come_back_with_their_lines():
    """100 points over 1,000 + 500 + 500 yen: 50, 25, 25; the basket earns 9 + 4 + 4."""
    sale = bought((1, 1000), (1, 500), (1, 500), payment=Payment(USED, 100), returns=[(Back(1),)])
    more = bought((1, 20_000))
    kept = books(("earned", "purchase", "q"), ("spent", "purchase", "p"), EARNED, RETURNED, p=sale, q=more)
    assert kept.answers["p-1"] == told(4, 25)
    assert kept.balance["available"] == 200 - 100 + 17 - 4 + 25


def test_the_remainder_of_points_used_is_the_largest_lines():
    """10 points over 100 + 200 + 200 yen: 2, 4, 4; over 100 + 100 + 100 yen: 4, 3, 3."""
    sale = bought((1, 100), (1, 100), (1, 100), payment=Payment(USED, 10), returns=[(Back(0),)])
    kept = books(("earned", "purchase", "q"), ("spent", "purchase", "p"), EARNED, RETURNED, p=sale, q=bought((1, 5000)))
    assert kept.answers["p-1"] == told(0, 4)


def test_what_was_spent_and_is_taken_back_is_owed_and_the_next_earning_pays():
    sale = bought((1, 1000), payment=Payment(SPENT, 4), returns=[None])
    kept = books(EARNED, ("spent", "spend", "p"), RETURNED, p=sale, q=bought((1, 300)), r=bought((1, 300)))
    assert (kept.answers["p-1"], kept.balance) == (
        told(10, debt=4),
        {"available": -4, "pending": 0, "held": 0, "debt": 4},
    )
    for name, available, debt in (("q", -1, 1), ("r", 2, 0)):
        kept.enter(Entry("earned", "purchase", name, TODAY))
        assert (kept.balance["available"], kept.balance["debt"]) == (available, debt)


def test_what_expires_first_is_spent_first_and_what_was_taken_last_comes_back_first():
    old = bought((1, 1000), day=TODAY - timedelta(days=364))
    new = bought((1, 1000), day=TODAY)
    sale = bought((1, 1500), payment=Payment(USED, 15), returns=[(Back(0, amount=600),), None])
    kept = books(("earned", "purchase", "old"), ("earned", "purchase", "new"), old=old, new=new, p=sale)
    for entry in (("spent", "purchase", "p"), EARNED, RETURNED):
        kept.enter(Entry(*entry, TODAY))
    assert kept.answers["p-1"]["given_back"] == 6
    assert kept.lots[TODAY] == 5 + 5
    assert kept.lots[TODAY - timedelta(days=364)] == 1
    kept.enter(Entry("returned", "return", "p-2", TODAY + timedelta(days=2)))
    assert kept.answers["p-2"] == told(8, given_back=0, forfeited=9)


def test_expired_points_that_are_taken_back_come_from_others():
    old = bought((1, 1000), day=TODAY - timedelta(days=400), returns=[None])
    kept = books(("earned", "purchase", "q"), EARNED, RETURNED, p=old, q=bought((1, 700)))
    assert (kept.answers["p-1"], kept.balance["debt"]) == (told(10, debt=3), 3)


def test_a_hold_gives_its_rest_back_and_one_that_lapsed_pays_from_what_is_there():
    sale = bought((1, 1000), payment=Payment(HELD, 10, 20))
    kept = books(("earned", "purchase", "q"), ("held", "hold", "p"), p=sale, q=bought((1, 5000)))
    assert kept.balance["available"] == 30
    kept.enter(Entry("captured", "hold", "p", TODAY))
    assert kept.balance["available"] == 40
    lapsed = books(
        ("earned", "purchase", "q"), ("held", "hold", "p"), ("released", "hold", "p"), p=sale, q=bought((1, 5000))
    )
    lapsed.enter(Entry("captured", "hold", "p", TODAY))
    assert lapsed.balance["available"] == 40
