"""A till's chain: allowances that double nothing, losses that never pass them, and numbers that come in any order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, strategies as st

from coupons.terminal import (
    DAYS_MAX,
    RUNS_MAX,
    TILL,
    Allowing,
    Hearing,
    Lifting,
    Loss,
    Terminal,
    allow,
    bear,
    hear,
    lift,
)

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = date(2026, 11, 20)


def allowing(day=DAY, redemptions=3, value=1000):
    return Allowing("a", "shibuya", "till-1", day, NOON, NOON, redemptions, value)


def loss(n, amount=100, day=DAY):
    return Loss(f"r-{n}", f"c-{n}", day, amount)


def after(state, *acts):
    for rule, operation in acts:
        state = rule(state, operation, NOON).state
    return state


ALLOWED = after(Terminal(), (allow, allowing()))


def test_a_second_allowance_of_a_day_is_bounded_by_the_first():
    assert after(ALLOWED, (allow, allowing(redemptions=99, value=99_999))) == ALLOWED


def test_a_loss_is_absorbed_up_to_the_number_and_the_value():
    kinds = [bear(ALLOWED, loss(1, 1000), NOON).steps[0].kind, bear(ALLOWED, loss(1, 1001), NOON).steps[0].kind]
    assert kinds == ["absorbed", "refused"]
    full = after(ALLOWED, *[(bear, loss(n, 1)) for n in range(3)])
    assert bear(full, loss(9, 1), NOON).steps[0].kind == "refused"


def test_a_loss_without_an_allowance_is_refused_and_told():
    decided = bear(Terminal(), loss(1), NOON)
    assert [step.kind for step in decided.steps] == ["refused"]
    assert decided.steps[0].data["amount"] == 100


def test_a_lifted_loss_leaves_room_again():
    full = after(ALLOWED, (bear, loss(1, 1000)), (bear, loss(2, 1)))
    left = lift(full, Lifting(loss(1, 1000), "absorbed"), NOON).state
    assert bear(left, loss(3, 1000), NOON).steps[0].kind == "absorbed"
    assert lift(left, Lifting(loss(2, 1), "refused"), NOON).state == ALLOWED
    assert lift(ALLOWED, Lifting(loss(4), None), NOON).state == ALLOWED


def test_the_oldest_days_make_room():
    state = Terminal()
    for n in range(DAYS_MAX + 5):
        state = after(state, (allow, allowing(DAY + timedelta(days=n))))
    assert len(state.days) == DAYS_MAX
    assert state.of(DAY) is None
    assert state.of(DAY + timedelta(days=DAYS_MAX + 4)) is not None


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 600)), max_size=12))
def test_losses_never_pass_the_allowance_of_their_day(losses):
    state = after(Terminal(), *[(allow, allowing(DAY + timedelta(days=n))) for n in range(3)])
    told: dict[tuple[int, str], list[int]] = {}
    for n, (day, amount) in enumerate(losses):
        decided = bear(state, loss(n, amount, DAY + timedelta(days=day)), NOON)
        state, kind = decided.state, decided.steps[0].kind
        told.setdefault((day, kind), []).append(amount)
        for one in state.days:
            assert one.absorbed <= 3
            assert one.absorbed_value <= 1000
    for day in range(3):
        spent = state.of(DAY + timedelta(days=day))
        absorbed, refused = told.get((day, "absorbed"), []), told.get((day, "refused"), [])
        assert (spent.absorbed, spent.absorbed_value) == (len(absorbed), sum(absorbed))
        assert (spent.refused, spent.refused_value) == (len(refused), sum(refused))


numbers = st.lists(st.integers(0, 40), min_size=1, max_size=6)


@given(st.lists(numbers, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_numbers_in_any_order_and_number_leave_the_same_gaps(syncs, random):
    def heard(order):
        return after(Terminal(), *[(hear, Hearing(tuple(one))) for one in order])

    shuffled = [*syncs, *syncs[:2]]
    random.shuffle(shuffled)
    state = heard(syncs)
    assert heard(shuffled) == state
    every = {number for one in syncs for number in one}
    assert [number for number in range(41) if state.has_heard(number)] == sorted(every)
    gaps = [number for first, last in state.missing for number in range(first, last + 1)]
    assert gaps == [number for number in range(min(every), max(every)) if number not in every]


def test_beyond_so_many_gaps_the_oldest_counts_as_filled():
    state = after(Terminal(), (hear, Hearing(tuple(range(0, 2 * RUNS_MAX + 2, 2)))))
    assert len(state.runs) == RUNS_MAX
    assert state.runs[0] == (0, 2)


days = st.integers(0, 400).map(lambda n: DAY + timedelta(days=n))


@given(st.lists(days, unique=True, max_size=5), numbers, st.integers(0, 5))
def test_what_is_packed_is_read_again(several, some, repeated):
    state = after(Terminal(), *[(allow, allowing(day)) for day in several], (hear, Hearing(tuple(some), repeated)))
    if several:
        state = after(state, (bear, replace(loss(1), day=several[0])), (bear, loss(2, 5000, several[0])))
    assert TILL.unpack(TILL.pack(state)) == state
