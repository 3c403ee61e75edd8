"""Two hundred awards at once: no budget and no cap is exceeded, nothing is lost between the chains; and controls.

On the engine forty, because its calls and two hundred threads share this machine's few cores.
"""

import json
import sys
import time
from typing import Any

import pytest

from infra import invariants
from points.budgets import BUDGET
from points.reactions import CARRY_ON
from points.routes import ROUTES
from shared import chain, inbox, relay
from shared.clock import Clock, utc_now
from shared.memory import MemoryTable
from tests.events.test_relay import Box
from tests.kit import CAFE, EC, NOON, OPERATOR, Client, make_world, member
from tests.races.test_chain import all_at_once
from tests.stream import record

AWARDS = {"memory": 200, "ministack": 40}
MEMBERS = ("taro", "hanako", "jiro", "yuki")
POINTS = 30
WAITS_SECONDS = (1, 2, 4, 8)  # what the contract asks of a caller who is told 503


@pytest.fixture(autouse=True)
def _switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-3)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(params=AWARDS)
def awards(request):
    """How many at once."""
    return AWARDS[request.param]


@pytest.fixture
def tables(request, awards):
    if awards == AWARDS["memory"]:
        return MemoryTable(), MemoryTable(), MemoryTable()
    return request.getfixturevalue("real_tables")


def noon_clock():
    """The real clock, moved so that no day ends during a test."""
    moved = utc_now() - NOON
    return lambda: utc_now() - moved


class Shop:
    """A café and its four guests in a world whose waiting is real, on one day."""

    def __init__(self, tables, budget, **caps):
        self.client = Client(ROUTES, make_world(Clock(noon_clock()), tables))
        self.ledger = self.client.world.ledger
        said = {"name": "cafe", "budget": {"kind": "monthly", "points": budget}, "caps": caps}
        assert self.client.as_(OPERATOR).put("/v1/partners/cafe", said).status == 200
        self.codes = []
        for member_id in MEMBERS:
            assert self.client.post("/v1/members", {"member_id": member_id}).status == 201
            self.codes.append(self.client.as_(member(member_id)).get("/v1/me/code").body["static"]["value"])

    def award(self, n):
        """One award as the contract asks of a caller: sent again under its id while the answer is 503."""
        member = {"code": self.codes[n % len(MEMBERS)]}
        body = {"award_id": f"a-{n}", "member": member, "points": POINTS, "reason": "latte"}
        for wait in (*WAITS_SECONDS, None):
            answer = self.client.as_(CAFE).post("/v1/awards", body)
            if answer.status != 503 or wait is None:
                return answer
            assert answer.body["retryable"]
            time.sleep(wait)
        raise AssertionError

    def reverse(self, n):
        return self.client.as_(CAFE).post(f"/v1/operations/a-{n}/reverse", {"reverse_id": "r", "kind": "award"})

    def balance(self, member_id):
        return self.client.as_(EC).get(f"/v1/members/{member_id}/balance").body["available"]

    def entries(self, account):
        return [entry for item in self.items(account) for entry in chain.entries_of(item)]

    def items(self, account):
        return self.ledger.table.items(account, consistent=True)

    def left(self):
        return self.client.as_(CAFE).get("/v1/partner/budget").body["left"]

    def statement(self):
        return self.client.as_(CAFE).get("/v1/partner/statements/2026-11").body

    def sweep(self):
        """What the stream sees of the chains, and the inbox makes of it."""
        box = Box()
        accounts = [f"M#{one}" for one in MEMBERS] + ["P#cafe"]
        relay.relay_ledger(self.client.world, [record(item) for one in accounts for item in self.items(one)], box)
        for _, name in box.carried:
            message = {"messageId": "m", "body": json.dumps({"carry_on": name})}
            assert inbox.work(self.client.world, {"Records": [message]}, reactions={}, carry_on=CARRY_ON) == {
                "batchItemFailures": []
            }

    def agrees(self, given):
        """The books after everything settled: each award that was answered with 201 stands, and nothing besides."""
        self.sweep()
        standing = {
            entry.ref[1]: entry.points
            for one in MEMBERS
            for entry in self.entries(f"M#{one}")
            if entry.kind == "earned" and entry.ref
        }
        assert standing == given
        state = self.ledger.head(BUDGET, "cafe", consistent=True).state
        assert state.used == state.total == state.day_used == sum(given.values())
        assert sum(self.balance(one) for one in MEMBERS) == sum(given.values())
        said = self.statement()
        assert {line["award_id"]: line["points"] for line in said["lines"]} == given
        assert (said["awards"], said["points"]) == (len(given), sum(given.values()))
        for account in [f"M#{one}" for one in MEMBERS] + ["P#cafe"]:
            assert invariants.faults(self.items(account)) == []


def given(answers):
    """The points of the awards that were answered with 201; every other answer is a refusal by the rules."""
    assert {answer.status for answer in answers} <= {201, 409}
    return {answer.body["award_id"]: answer.body["points"] for answer in answers if answer.status == 201}


EVERYTHING = 1_000_000
LIMITS = ["the budget", "the day's cap", "the cap of each member's day"]


def limited(tables, limit, expected):
    """A shop in which one limit allows so many awards and half a one, and no other is in the way."""
    points = expected * POINTS + POINTS // 2
    if limit == "the budget":
        return Shop(tables, points, per_member_day=EVERYTHING)
    if limit == "the day's cap":
        return Shop(tables, EVERYTHING, per_member_day=EVERYTHING, per_day=points)
    return Shop(tables, EVERYTHING, per_member_day=expected // len(MEMBERS) * POINTS + POINTS // 2)


@pytest.mark.parametrize("limit", LIMITS)
def test_of_all_at_once_exactly_as_many_are_given_as_one_limit_allows(tables, awards, limit):
    expected = awards * 2 // 5
    shop = limited(tables, limit, expected)
    stand = given(all_at_once(awards, shop.award))
    assert len(stand) == expected
    shop.agrees(stand)


def test_where_both_chains_refuse_neither_limit_is_exceeded_and_all_that_came_back_can_be_given(tables, awards):
    """What a member refuses has the budget for a moment, so a neighbour may be told "no" meanwhile; nothing stays."""
    fits = awards * 3 // 10 // 4 * 4
    shop = Shop(tables, fits * POINTS + 15, per_member_day=fits // 4 * POINTS + 15)
    stand = given(all_at_once(awards, shop.award))
    assert len(stand) <= fits
    shop.agrees(stand)
    stand |= given([shop.award(awards + n) for n in range(2 * fits)])
    assert len(stand) == fits
    assert shop.left() == 15
    assert {shop.balance(one) for one in MEMBERS} == {fits // 4 * POINTS}
    shop.agrees(stand)


def test_awards_and_their_reversals_at_once_leave_the_budget_and_the_members_agreed(tables, awards):
    number = awards // 2
    shop = Shop(tables, number * POINTS, per_member_day=EVERYTHING)

    def act(n):
        return shop.award(n // 2) if n % 2 else shop.reverse(n // 2)

    answers = all_at_once(awards, act)
    assert {answer.status for answer in answers[::2]} <= {200, 503}
    for n in range(number):
        assert shop.reverse(n).status == 200
    shop.sweep()
    state = shop.ledger.head(BUDGET, "cafe", consistent=True).state
    assert (state.used, state.total, state.day_used) == (0, 0, 0)
    assert [shop.balance(one) for one in MEMBERS] == [0, 0, 0, 0]
    assert shop.left() == number * POINTS
    assert (said := shop.statement())["awards"] == said["points"] == 0
    assert {shop.award(n).code for n in range(number)} == {"reversed"}


# ---- controls -------------------------------------------------------------------------------------------------------


class LastWins(MemoryTable):
    """The control: one kind of chain appends without its condition."""

    careless: Any = ""

    def put_new(self, item):
        if item["pk"].startswith(self.careless):
            time.sleep(0.001)  # as long as a write takes somewhere else
            self.put(item)
            return None
        return super().put_new(item)


@pytest.mark.parametrize(("careless", "limit"), [("P#", LIMITS[0]), ("P#", LIMITS[1]), ("M#", LIMITS[2])])
def test_control_without_the_condition_the_limit_is_exceeded(careless, limit):
    """The same threads on a store that does not refuse: this shows that the races above are races."""
    for _ in range(5):
        ledger = LastWins()
        ledger.careless = careless
        shop = limited((ledger, MemoryTable(), MemoryTable()), limit, 80)
        if len(given(all_at_once(200, shop.award))) > 80:
            return
    pytest.fail("the race never showed: this test proves nothing")
