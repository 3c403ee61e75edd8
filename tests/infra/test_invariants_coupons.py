"""What coupons and points say about one coupon must fit: its price and its payment, its bonus and what was got."""

import pytest

from infra.invariants_joins import faults_of

DUE = 1000
PRICE, PAID, REFUSED = ("price", "B#t entry 1", 0, 50), ("paid", "M#t entry 2", 0, 50), ("paid", "M#t entry 2", 0, 0)
ISSUED, LET_GO = ("answered", "B#t entry 2", 0, 50), ("answered", "B#t entry 2", 0, 0)
GIVEN, VOIDED = ("bonus redeemed", "B#t entry 2", 0, 70), ("bonus voided", "B#t entry 3", 0, 70)
GOT, TAKEN = ("bonus got", "M#t entry 1", 0, 70), ("bonus taken", "M#t entry 2", 0, -70)
NOTHING = ("bonus taken", "M#t entry 1", 0, 0)


def late(fact):
    """A fact so young that what follows from it may be on its way."""
    what, where, _, points = fact
    return what, where, DUE + 1, points


def faults(*facts):
    return list(faults_of(list(facts), DUE))


@pytest.mark.parametrize(
    "facts",
    [
        (PRICE, PAID, ISSUED),
        (PRICE, REFUSED, LET_GO),
        (late(PRICE),),
        (late(PRICE), PAID),
        (GIVEN, GOT),
        (late(GIVEN),),
        (GIVEN, GOT, VOIDED, TAKEN),
        (GIVEN, VOIDED, NOTHING),
        (GIVEN, late(VOIDED), GOT),
        (GIVEN, ("bonus got", "M#t entry 1", 0, 20)),  # the law on premiums has cut it
    ],
    ids=str,
)
def test_what_fits_is_no_fault(facts):
    assert faults(*facts) == []


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ((PRICE,), "no account has answered"),
        ((PRICE, PAID), "does not know the answer"),
        ((PRICE, ("paid", "M#t entry 2", 0, 49), ISSUED), "paid 49"),
        ((PRICE, PAID, PAID, ISSUED), "more than once"),
        ((PRICE, PAID, ISSUED, ISSUED), "more than once"),
        ((PRICE, REFUSED, ISSUED), "of which 0 were paid"),
        ((PRICE, PAID, LET_GO), "of which 50 were paid"),
        ((PAID,), "nobody has reserved"),
        ((GIVEN,), "no account has its bonus"),
        ((GIVEN, ("bonus got", "M#t entry 1", 0, 71)), "more points than its bonus"),
        ((GIVEN, GOT, VOIDED), "was not taken back"),
        ((GIVEN, GOT, GOT), "comes or goes twice"),
        ((GOT,), "of no redemption"),
        ((GIVEN, GOT, TAKEN), "without a void"),
        ((GIVEN, GOT, VOIDED, ("bonus taken", "M#t entry 2", 0, -60)), "takes 60 points back"),
        ((GIVEN, VOIDED, TAKEN), "takes 70 points back"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_said(facts, what):
    assert any(what in fault for fault in faults(*facts))
