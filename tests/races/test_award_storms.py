"""Awards and their reversals while processes die and reads are stale: with the stream's help all books agree."""

import itertools
from typing import Any

import pytest

from points.budgets import BUDGET
from points.routes import ROUTES
from tests.chain.test_crashes import HOW, Dies, FaultyTable
from tests.kit import CAFE, EC, OPERATOR, Client, make_world, member
from tests.races.test_storms import MEMBERS, Stage

BUDGET_POINTS = 400
MONTHS = [f"{2026 + (month > 12)}-{(month - 1) % 12 + 1:02d}" for month in range(11, 25)]


class Cafe(Stage):
    """A café that gives and takes back while there is weather."""

    ledger: Any

    def __init__(self, seed=0, ledger=None):
        super().__init__(seed)
        if ledger is not None:
            self.ledger = ledger
            self.world = make_world(self.clock, (ledger, self.world.directory.table, self.parked))
            self.points = Client(ROUTES, self.world)
        self.allow(BUDGET_POINTS)
        self.codes = [self.points.as_(member(one)).get("/v1/me/code").body["static"]["value"] for one in MEMBERS]
        self.cafe = self.points.as_(CAFE)

    def allow(self, points, **caps):
        said = {"name": "c", "budget": {"kind": "prepaid", "points": points}, "caps": {"per_member_day": 100} | caps}
        assert self.points.as_(OPERATOR).put("/v1/partners/cafe", said).status == 200

    def award(self, n):
        member = {"code": self.codes[n % 2]}
        return self.cafe.post("/v1/awards", {"award_id": f"a-{n}", "member": member, "points": 30 + n, "reason": "x"})

    def reverse(self, n):
        return self.cafe.post(f"/v1/operations/a-{n}/reverse", {"reverse_id": "r", "kind": "award"})

    def settles(self):
        """What the sweep appends, the next one sees."""
        for _ in range(4):
            self.sweep()

    def agrees(self):
        """The budget has taken what the members have, and the statements say which awards those are."""
        standing: dict[str, int] = {}
        for one in MEMBERS:
            for entry in self.entries("M", one):
                if entry.ref and entry.ref[0] == "award" and entry.kind in ("earned", "reversed"):
                    standing[entry.ref[1]] = standing.get(entry.ref[1], 0) + entry.points
        standing = {award_id: points for award_id, points in standing.items() if points}
        state = self.world.ledger.head(BUDGET, "cafe").state
        assert state.total == sum(standing.values()) == sum(self.balance(one) for one in MEMBERS) <= BUDGET_POINTS
        said = {month: self.cafe.get(f"/v1/partner/statements/{month}").body for month in MONTHS}
        lines = [line for month in MONTHS for line in said[month]["lines"]]
        assert {one["award_id"]: one["points"] for one in lines if one["state"] == "given"} == standing
        assert sum(said[month]["points"] for month in MONTHS) == state.total
        assert state.used == (said[state.period]["points"] if state.period else 0)
        self.is_whole()

    def balance(self, member_id):
        return self.points.as_(EC).get(f"/v1/members/{member_id}/balance").body["available"]


@pytest.mark.parametrize("seed", range(40))
def test_awards_and_reversals_in_a_storm_leave_all_books_agreed(seed):
    stage = Cafe(seed)
    dice = stage.dice

    def forward():
        stage.clock.forward(days=dice.choice((1, 6)))

    acts = [lambda: stage.award(dice.randint(0, 11))] * 6 + [lambda: stage.reverse(dice.randint(0, 11))] * 3
    stage.storm([*acts, stage.sweep, forward], times=70)
    stage.settles()
    stage.agrees()


WHERE = list(itertools.product(range(1, 5), HOW))  # at which write, and how


@pytest.mark.parametrize(("fail_at", "how"), WHERE)
@pytest.mark.parametrize("by", ["the retry", "the stream"])
def test_an_award_that_is_refused_by_its_member_ends_alike_wherever_its_process_died(fail_at, how, by):
    """Its budget is taken while a neighbour fills the member's day: the member refuses, and the budget comes back."""
    stage = Cafe(ledger=Crowded())
    stage.allow(BUDGET_POINTS, per_member_day=59)
    stage.ledger.neighbour = lambda: stage.award(2)
    stage.ledger.arm(fail_at, how)
    died = crashes(lambda: stage.award(0))
    if by == "the retry" and died:
        assert stage.award(0).code == "cap_exceeded"
    was_taken = bool(stage.entries("P", "cafe"))  # else nothing happened, and the stream begins nothing
    stage.settles()
    stage.agrees()
    expected = 32 if was_taken else 0
    assert (stage.balance("taro"), stage.cafe.get("/v1/partner/budget").body["used"]) == (expected, expected)


@pytest.mark.parametrize(("fail_at", "how"), WHERE)
@pytest.mark.parametrize("by", ["the retry", "the stream"])
def test_a_reversal_ends_alike_wherever_its_process_died(fail_at, how, by):
    stage = Cafe(ledger=FaultyTable())
    stage.award(0)
    stage.award(1)
    stage.clock.forward(days=40)
    stage.ledger.arm(fail_at, how)
    died = crashes(lambda: stage.reverse(0))
    if by == "the retry" and died:
        assert stage.reverse(0).body["state"] == "reversed"
    stage.settles()
    stage.agrees()
    begun = any(entry.kind == "reversed" for entry in stage.entries("M", "taro"))
    assert stage.balance("taro") == (0 if begun else 30)
    assert stage.cafe.get("/v1/partner/budget").body["used"] == (31 if begun else 61)


@pytest.mark.parametrize(("fail_at", "how"), WHERE)
def test_a_reversal_that_overtakes_its_award_leaves_nothing_wherever_either_died(fail_at, how):
    """The award's process dies somewhere, the café gives it up; what comes late finds it closed."""
    stage = Cafe(ledger=FaultyTable())
    stage.ledger.arm(fail_at, how)
    crashes(lambda: stage.award(0))
    stage.ledger.arm(0, "")
    assert stage.reverse(0).status == 200
    stage.settles()
    assert stage.award(0).code == "reversed"
    stage.settles()
    stage.agrees()
    assert (stage.balance("taro"), stage.cafe.get("/v1/partner/budget").body["used"]) == (0, 0)


class Crowded(FaultyTable):
    """Lets a neighbour's award pass between the budget's taking and the member's answer."""

    neighbour = None

    def put_new(self, item):
        if item["pk"].startswith("M#") and self.neighbour:
            run, self.neighbour = self.neighbour, None
            kept = self.fail_at, self.how, self.writes
            self.arm(0, "")
            run()
            self.arm(*kept[:2])
            self.writes = kept[2]
        return super().put_new(item)


def crashes(act):
    """Whether the process died, or was answered that it may try again."""
    try:
        return act().status == 503
    except Dies:
        return True
