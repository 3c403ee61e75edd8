"""Merging accounts: all that is a member's moves, what is left comes back, and no point is made or lost by it."""

from datetime import timedelta

from hypothesis import given, strategies as st

from points.balances import ACCOUNT, Account, Capped, Held, add, later, settle, take
from points.caps import DAYS_KEPT, room
from points.holding import Ending, Holding, end
from points.lots import Lot, merged, total
from points.merging import apart, coming_back, merger, together
from points.programme import Programme
from shared.moves import MOVED, Merge, Move
from tests.rules.test_lots import HOLDS, LOTS, NOON, TODAY, ZONE, dated

MERGE = Merge("m-1", "taro", "hanako")
MERGER = merger(Programme())
MONTH = 2026 * 12 + 10


def sums(keys, numbers):
    return st.dictionaries(keys, numbers, max_size=4).map(lambda known: tuple(sorted(known.items())))


CAPS = st.lists(
    st.builds(
        Capped,
        st.sampled_from(["bag", "review", "trial"]),
        st.integers(1, 900),
        sums(st.integers(TODAY - 3, TODAY), st.integers(1, 99)).map(lambda days: days[:3]),
    ),
    max_size=3,
    unique_by=lambda capped: capped.rule_id,
).map(tuple)
AWARDS = sums(st.tuples(st.sampled_from(["bakery", "cafe"]), st.integers(TODAY - 1, TODAY)), st.integers(1, 900)).map(
    lambda known: tuple((partner, day, points) for (partner, day), points in known)
)
DATED = st.lists(st.tuples(st.integers(TODAY + 1, TODAY + 60), LOTS), max_size=3)


@st.composite
def accounts(draw):
    """An account with everything that one can have but what stays when a merge is ended: open holds, placed orders."""
    account = Account(
        lots=draw(LOTS),
        debt=draw(st.integers(0, 500)),
        earned=draw(sums(st.integers(MONTH - 11, MONTH), st.integers(1, 10**6))),
        awards=draw(AWARDS),
        caps=draw(CAPS),
        purchases=draw(st.integers(0, 99)),
    )
    return settle(dated(account, draw(DATED)), NOON, ZONE)[0]


def without_notes(account):
    """Without what an account notes of reminders and alarms, and with its counters in one order."""
    caps = tuple(sorted(account.caps, key=lambda capped: capped.rule_id))
    return account._replace(alarm=0, told=0, tier="", caps=caps)


def merge(one, other, at=NOON):
    """The two accounts after a merge of the first into the second, and what both sides said."""
    move = Move(MERGE, one, other)
    left, joined = MERGER.leave(one, move, at), MERGER.join(other, move, at)
    return left, joined


def part(brought, there, at=NOON):
    move = Move(MERGE, brought, there)
    return MERGER.come_back(Account(), move, at), MERGER.part(there, move, at)


def points(decided):
    return sum(step.points for step in decided.steps)


@given(accounts(), accounts())
def test_a_merge_that_is_ended_at_once_changes_nothing(one, other):
    left, joined = merge(one, other)
    assert left.state == Account()
    back, there = part(ACCOUNT.unpack(left.steps[-1].data[MOVED]), joined.state)
    assert without_notes(back.state) == without_notes(one)
    assert without_notes(there.state) == without_notes(other)


@given(accounts(), accounts(), HOLDS, st.integers(0, 900))
def test_all_points_of_both_are_there_after_a_merge(one, other, holds, pending):
    one = one._replace(holds=holds, pending=pending)
    left, joined = merge(one, other)
    one, due = settle(one, NOON, ZONE)
    after = joined.state
    assert points(left) == sum(step.points for step in due) - one.available
    assert points(joined) == one.available
    assert (after.available, after.debt) == (one.available + other.available, one.debt + other.debt)
    assert (after.held, after.waiting) == (one.held + other.held, one.waiting + other.waiting)


@given(accounts(), accounts(), st.data(), st.integers(0, 500))
def test_what_comes_back_is_what_is_left_and_no_point_is_made_or_lost(one, other, data, days):
    """Something is spent and earned while the two are one, and time passes."""
    _, joined = merge(one, other)
    at = NOON + timedelta(days=days)
    there, _ = settle(joined.state, at, ZONE)
    if there.available > 0:
        there, _ = take(there, data.draw(st.integers(0, there.available)))
    there = add(there, Lot(False, TODAY + 700, data.draw(st.integers(0, 500))))
    back, left = part(one, there, at)
    assert points(back) == -points(left) == back.state.available
    assert back.state.available + left.state.available == there.available
    assert back.state.debt + left.state.debt == there.debt
    for lots in (back.state.lots, left.state.lots):
        assert all(lot.points > 0 for lot in lots)
    brought = {lot.key: lot.points for lot in merged([*one.lots, *(lot for _, lot in one.dated)])}
    assert all(lot.points <= brought[lot.key] for lot in back.state.lots)
    short = back.steps[-1].data.get("shortfall", 0)
    assert 0 <= short <= sum(brought.values()) - total(back.state.lots)


GOOD_LOTS = LOTS.map(lambda lots: tuple(lot for lot in lots if lot.last_day not in range(1, TODAY)))


def holding(n, points):
    return Holding(f"h-{n}", points, "o", 60, ZONE)


@given(
    accounts(),
    accounts(),
    st.lists(st.tuples(GOOD_LOTS, st.sampled_from(["open", "end", "lapse"])), max_size=3),
    st.data(),
)
def test_what_a_hold_gave_back_while_two_were_one_comes_back_with_the_rest(one, other, holds, data):
    """Captured in part, let go or lapsed; where it is open still it stays, for what ends it follows the merge."""
    minute = timedelta(minutes=1)
    for n, (lots, how) in enumerate(holds):
        held = Held(holding(n, total(lots)).mark, f"h-{n}", NOON + (minute if how == "lapse" else 9 * minute), lots)
        one = one._replace(holds=(*one.holds, held))
    left, joined = merge(one, other)
    there, returned = joined.state, 0
    for n, (lots, how) in enumerate(holds):
        captured = data.draw(st.integers(0, total(lots))) if how == "end" else total(lots) if how == "open" else 0
        if how == "end":
            there = end(there, Ending(holding(n, total(lots)), captured), NOON).state
        returned += total(lots) - captured
    there = ACCOUNT.unpack(ACCOUNT.pack(there))
    back, rest = part(ACCOUNT.unpack(left.steps[-1].data[MOVED]), there, NOON + minute)
    assert back.state.available == points(back) == one.available + returned
    assert rest.state.available == other.available
    assert "shortfall" not in back.steps[-1].data
    assert (back.state.returned, rest.state.returned) == ((), ())


def test_what_a_hold_gave_back_two_merges_on_comes_back_through_both():
    lots = (Lot(False, TODAY + 300, 60),)
    taro = Account(holds=(Held(holding(1, 60).mark, "h-1", NOON + timedelta(hours=1), lots),))
    hanako, jiro = together(Account(), taro), Account()
    there = end(together(jiro, hanako), Ending(holding(1, 60), 10), NOON).state
    back = coming_back(there, hanako, NOON, ZONE)
    assert (back.available, apart(there, hanako, back)) == (50, jiro)
    assert (coming_back(back, taro, NOON, ZONE).available, back.returned[0][1]) == (50, (lots[0].with_points(50),))


@given(accounts(), accounts())
def test_both_sides_agree_and_their_entries_add_up(one, other):
    left, joined = merge(one, other)
    assert points(left) + points(joined) == 0
    assert joined.steps[-1].data["points_moved"] == joined.steps[-1].points == one.available
    for decided, before in ((left, one), (joined, other)):
        assert ACCOUNT.balance(decided.state) == before.available + points(decided)


def test_every_field_of_an_account_is_dealt_with():
    """A field that is added must be merged, and parted, too: say how here."""
    assert set(Account._fields) == {
        *("lots", "debt", "dated", "earned", "awards", "caps", "purchases"),  # come back
        *("holds", "pending"),  # stay
        "returned",  # says what holds have given back that were brought: that comes back
        *("slid", "alarm", "told", "tier"),  # notes of the account that stays
        "is_erased",  # of no account that is merged: whoever is erased is nobody
    }


def test_debt_stays_beside_the_points_until_the_next_earning_pays_it():
    owing, rich = Account(debt=30), Account(merged([Lot(False, TODAY + 5, 100)]))
    account = together(rich, owing)
    assert (account.available, account.debt, total(account.lots)) == (70, 30, 100)
    assert add(account, Lot(False, TODAY + 9, 40)).debt == 0
    back = coming_back(account, owing, NOON, ZONE)
    assert (back.available, apart(account, owing, back)) == (-30, rich)


def test_points_that_slide_last_as_long_as_those_of_the_later_earning():
    early = Account(merged([Lot(False, TODAY + 10, 5), Lot(True, TODAY + 3, 2)]), slid=TODAY + 10)
    late = Account(merged([Lot(False, TODAY + 90, 7)]), slid=TODAY + 90)
    account = together(early, late)
    assert account.lots == merged([Lot(False, TODAY + 90, 12), Lot(True, TODAY + 3, 2)])
    moved = account._replace(lots=merged([Lot(False, TODAY + 120, 12), Lot(True, TODAY + 3, 2)]), slid=TODAY + 120)
    back = coming_back(moved, early, NOON, ZONE)
    assert back.lots == merged([Lot(False, TODAY + 120, 5), Lot(True, TODAY + 3, 2)])


def test_points_that_waited_for_a_day_come_back_when_it_has_come():
    brought = later(Account(), TODAY + 3, Lot(False, TODAY + 300, 8))
    account = together(Account(), brought)
    assert coming_back(account, brought, NOON, ZONE).dated == brought.dated
    after = NOON + timedelta(days=4)
    there, _ = settle(account, after, ZONE)
    assert coming_back(there, brought, after, ZONE).lots == (Lot(False, TODAY + 300, 8),)


def capped(rule_id="bag", ever=0, **days):
    return Account(caps=(Capped(rule_id, ever, tuple((TODAY + int(day[1:]), points) for day, points in days.items())),))


def test_caps_count_the_merged_member_once():
    account = together(capped(ever=30, d0=5, d1=2), capped(ever=12, d1=3))
    assert account.caps == (Capped("bag", 42, ((TODAY, 5), (TODAY + 1, 5))),)


def test_days_that_a_cap_has_forgotten_stay_forgotten_after_a_merge_has_ended():
    """A very late receipt must find no more room than before."""
    rule = {"rule_id": "bag", "kind": "bonus", "points": 3, "cap": {"per_day": 5}}
    programme = Programme.model_validate_json(f'{{"earning": [{str(rule).replace(chr(39), chr(34))}]}}')
    old = Account(caps=(Capped("bag", 35, tuple((TODAY + n, 5) for n in range(DAYS_KEPT))),))
    new = Account(caps=(Capped("bag", 35, tuple((TODAY + 30 + n, 5) for n in range(DAYS_KEPT))),))
    account = together(old, new)
    left = apart(account, new, coming_back(account, new, NOON, ZONE))
    for one in (account, left):
        assert room(one, programme, TODAY)["bag"] == 0
    assert room(left, programme, TODAY + 40)["bag"] == 5


LIMITED = Programme.model_validate(
    {"earning": ({"rule_id": "bag", "kind": "bonus", "points": 3, "cap": {"per_day": 5}},)}, strict=False
)


@st.composite
def counted(draw):
    """A counter as accounts keep it: one of 0 stays only where days may have been forgotten."""
    first, length = TODAY + draw(st.integers(0, 1)), draw(st.sampled_from([2, DAYS_KEPT]))
    points = draw(st.lists(st.integers(0, 1), min_size=length, max_size=length))
    days = tuple((first + n, number) for n, number in enumerate(points) if number or len(points) == DAYS_KEPT)
    return Account(caps=(Capped("bag", 99, days),))


@given(counted(), counted(), st.integers(TODAY - 1, TODAY + DAYS_KEPT))
def test_a_merged_member_has_no_more_room_on_any_day_than_either_had(one, other, day):
    left = [room(account, LIMITED, day)["bag"] for account in (one, other, together(other, one))]
    assert left[2] <= min(left[:2])


def test_a_day_of_which_nothing_stands_keeps_the_days_before_it_forgotten_in_a_merge():
    full = Account(caps=(Capped("bag", 30, tuple((TODAY + n, 5 * (n != 3)) for n in range(DAYS_KEPT))),))
    account = together(full, capped(ever=5, d6=5))
    assert account.caps[0].days == (*full.caps[0].days[:-1], (TODAY + 6, 10))
    assert room(account, LIMITED, TODAY - 1)["bag"] == 0


def test_the_tier_of_the_merged_member_is_told():
    levels = [{"name": "base", "from": 0}, {"name": "gold", "from": 1000}]
    programme = Programme.model_validate({"tiers": {"levels": levels}}, strict=False)
    january = 2026 * 12
    one, other = Account(earned=((january, 600),)), Account(earned=((january, 700),))
    rules = merger(programme)
    joined = rules.join(other, Move(MERGE, one, other), NOON)
    assert joined.steps[-1].data["tier"] == "gold"
    parted = rules.part(joined.state, Move(MERGE, one, joined.state), NOON)
    assert (parted.steps[-1].data["tier"], parted.steps[-1].data["tier_before"]) == ("base", "gold")
