"""Whether a campaign has brought anything: by published examples, and by shops in which the truth is known."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, strategies as st

from coupons import lift
from coupons.lift import BUYERS_MIN, MEMBERS_MIN, Arm, Lift


def near(interval: lift.Interval, value: float, low: float, high: float) -> bool:
    return interval == pytest.approx((value, low, high), abs=5e-5)


def test_the_difference_of_shares_is_that_of_newcombe_s_table() -> None:
    """56 of 70 against 48 of 80: Statistics in Medicine 17 (1998), table II, example (a), method 10."""
    assert near(lift.buyers_difference(Arm(70, 56), Arm(80, 48)), 0.2, 0.0524, 0.3339)


def test_shares_of_nobody_and_of_all_have_intervals_within_bounds() -> None:
    """9 of 10 against 3 of 10, and 10 of 10 against 0 of 10: examples (c) and (h) of the same table."""
    assert near(lift.buyers_difference(Arm(10, 9), Arm(10, 3)), 0.6, 0.1705, 0.8090)
    assert near(lift.buyers_difference(Arm(10, 10), Arm(10, 0)), 1, 0.6075, 1)


@pytest.mark.parametrize(("members", "quantile"), [(16, 2.042272), (51, 1.983972)])
def test_the_reach_of_the_difference_of_means_is_student_s(members: int, quantile: float) -> None:
    """Of two arms alike, 2n - 2 degrees of freedom: the quantiles of any table of t, at 30 and 100."""
    arm = Arm(members, members, 10 * members, 200 * members)
    found = lift.mean_difference(arm, arm)
    assert found.value == 0
    assert found.high == pytest.approx(quantile * float(2 * arm.variance) ** 0.5, rel=2e-4)
    assert found.low == -found.high


def test_mean_and_variance_are_exact() -> None:
    spent = [10**9, 3, 0, 10**9 + 1]
    arm = Arm(4, 3, sum(spent), sum(one * one for one in spent))
    mean = arm.mean
    assert mean * 4 == sum(spent)
    assert arm.variance == sum((one - mean) ** 2 for one in spent) / 12


def test_too_little_is_not_told() -> None:
    many, few = Arm(1000, 100, 100_000, 10**8), Arm(MEMBERS_MIN - 1, 50, 5000, 10**6)
    assert lift.lift(many, few) == lift.lift(few, many) == lift.lift(Arm(), many) == lift.lift(Arm(), Arm()) == Lift()
    scarce = Arm(1000, BUYERS_MIN - 1, 9000, 10**7)
    told = lift.lift(many, scarce)
    assert told.buyers is not None
    assert (told.spent, told.relative) == (None, None)


def test_a_base_that_may_be_nothing_has_no_relation() -> None:
    wild = Arm(200, 10, 10**6, 10**12)  # one member has spent it all
    assert lift.relative_difference(Arm(200, 50, 10_000, 10**7), wild) is None


def test_arms_that_never_vary_differ_by_just_what_they_differ() -> None:
    assert lift.mean_difference(Arm(100, 100, 500, 2500), Arm(100, 100, 300, 900)) == (2, 2, 2)


def arm_of(spent: list[int]) -> Arm:
    return Arm(len(spent), sum(one > 0 for one in spent), sum(spent), sum(one * one for one in spent))


_arms = st.lists(st.integers(0, 30_000), min_size=MEMBERS_MIN, max_size=MEMBERS_MIN + 50).map(arm_of)


@given(_arms, _arms)
def test_estimates_lie_in_their_intervals_and_say_the_same(treated: Arm, held_out: Arm) -> None:
    """Both tell of a difference, or neither: Fieller's bounds are those ratios that Welch's test does not refuse."""
    told, turned = lift.lift(treated, held_out), lift.lift(held_out, treated)
    for one in (told.spent, told.buyers, told.relative):
        assert one is None or one.low - 1e-9 <= one.value <= one.high + 1e-9
    if told.spent is not None and turned.spent is not None:
        assert told.spent == pytest.approx((-turned.spent.value, -turned.spent.high, -turned.spent.low))
    if told.spent is not None and told.relative is not None and abs(told.spent.low) > 1e-6:
        assert (told.relative.low > 0) == (told.spent.low > 0)


# ---- shops in which the truth is known ------------------------------------------------------------------------------

BASE, MEAN = 0.25, 2000
TRIES = 400


def shop(random: Random, members: int, share: float, factor: float) -> Arm:
    """Some members, a share of whom buys for an amount that is as skew as baskets are: 2,000 yen on average."""
    sigma = 0.8
    scale = MEAN * factor / 2.718281828459045 ** (sigma * sigma / 2)
    return arm_of(
        [round(scale * random.lognormvariate(0, sigma)) if random.random() < share else 0 for _ in range(members)]
    )


@pytest.mark.parametrize(
    ("members", "held_out", "more_buyers", "factor"),
    [(900, 900, 0.05, 1.0), (1800, 200, 0.05, 1.0), (900, 300, 0.0, 1.2), (900, 900, 0.0, 1.0)],
    ids=["more buyers", "a tenth held out", "greater baskets", "nothing"],
)
def test_a_known_lift_is_recovered_in_95_of_100_campaigns(
    members: int, held_out: int, more_buyers: float, factor: float
) -> None:
    share = BASE + more_buyers
    truth = (share * MEAN * factor - BASE * MEAN, more_buyers, share * factor / BASE - 1)
    hits = [0, 0, 0]
    for seed in range(TRIES):
        random = Random(seed)
        told = lift.lift(shop(random, members, share, factor), shop(random, held_out, BASE, 1.0))
        for place, (one, wanted) in enumerate(zip((told.spent, told.buyers, told.relative), truth, strict=True)):
            assert one is not None
            hits[place] += one.low <= wanted <= one.high
    assert min(hits) >= 0.93 * TRIES, hits  # by chance alone, 400 tries at 95 % give less than 372 once in 30 or so
