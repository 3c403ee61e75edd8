"""Adjustments, approvals and actions at once: nothing is taken that is not there, nobody's word counts twice; controls.

On the engine fewer, because its calls and the threads share this machine's few cores.
"""

import itertools
import sys
import time
from datetime import timedelta
from typing import Any

import pytest

from infra import invariants
from points.routes import ROUTES
from shared.clock import Clock
from shared.memory import MemoryTable
from tests.kit import NOON, OPERATOR, TILL, Client, key, make_world
from tests.races.test_chain import all_at_once

THREADS = {"memory": 48, "ministack": 16}
WAITS_SECONDS = (1, 2, 4, 8)  # what the contract asks of a caller who is told 503
APPROVERS = [key("operator", key_id=f"operator-{n}", owner=f"owner-{n}") for n in range(3)]
MANY = 12_000


@pytest.fixture(autouse=True)
def _switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(params=THREADS)
def threads(request):
    """How many at once."""
    return THREADS[request.param]


@pytest.fixture
def desk(request, threads):
    if threads == THREADS["memory"]:
        return Desk((MemoryTable(), MemoryTable(), MemoryTable()))
    return Desk(request.getfixturevalue("real_tables"))


class Desk:
    """An operator and a member in a world whose waiting is real, on one day; no two moments of it are the same."""

    def __init__(self, tables):
        moments = itertools.count()
        clock = Clock(lambda: NOON + timedelta(milliseconds=next(moments)))
        self.client = Client(ROUTES, make_world(clock, tables), OPERATOR)
        base = {"rule_id": "base", "kind": "base", "points": 1, "per_amount": 100}
        bag = {"rule_id": "bag", "kind": "bonus", "points": 3, "when": {"actions": ["bag"]}, "cap": {"per_day": 20}}
        assert self.client.put("/v1/programme", {"version": 1, "earning": [base, bag]}).status == 200
        assert self.client.post("/v1/members", {"member_id": "taro"}).status == 201

    def adjust(self, adjustment_id, points, consideration="free"):
        said = {"adjustment_id": adjustment_id, "member": {"member_id": "taro"}, "points": points, "reason": "r"}
        return insist(lambda: self.client.post("/v1/adjustments", said | {"consideration": consideration}))

    def approve(self, who):
        return insist(lambda: self.client.as_(who).post("/v1/adjustments/much/approve", {}))

    def act(self, n):
        said = {"action_id": f"act-{n}", "member": {"member_id": "taro"}, "type": "bag"}
        return insist(lambda: self.client.as_(TILL).post("/v1/actions", said))

    def balance(self):
        return self.client.get("/v1/members/taro/balance").body["available"]

    def is_whole(self):
        return invariants.faults(self.client.world.ledger.table.items("M#taro", consistent=True)) == []


def insist(send):
    """Send a request as the contract asks of a caller: again under its id while the answer is 503."""
    for wait in (*WAITS_SECONDS, None):
        answer = send()
        if answer.status != 503 or wait is None:
            return answer
        time.sleep(wait)
    raise AssertionError


# ---- what happens at once, and how much of it is answered with a yes -----------------------------------------------


def all_take(desk, threads):
    """There are 70 free and 30 paid points; everybody takes ten of one sort. The points taken of each sort."""
    desk.adjust("free", 70)
    desk.adjust("paid", 30, "paid")
    sorts = ("free", "paid")
    answers = all_at_once(threads, lambda n: desk.adjust(f"take-{n}", -10, sorts[n % 2]))
    assert {answer.status for answer in answers} <= {201, 409}
    return [10 * sum(answer.status == 201 for answer in answers[n::2]) for n in range(2)]


def all_approve(desk, threads):
    """So many approvals of one adjustment. Those that are told that theirs brought it in."""
    assert desk.adjust("much", MANY).status == 202
    answers = all_at_once(threads, lambda n: desk.approve(APPROVERS[n % 3]))
    assert {answer.status for answer in answers} == {201}
    return sum(not answer.is_replay for answer in answers)


def all_act(desk, threads):
    """So many actions under one cap of 20 a day. The points that were promised."""
    answers = all_at_once(threads, desk.act)
    assert {answer.status for answer in answers} == {201}
    return sum(answer.body["points"] for answer in answers)


def ask_and_approve(desk, threads):
    """The request, its retries and the approvals, in any order. What came of each."""

    def send(n):
        if n % 3 == 0:
            return desk.adjust("much", MANY)
        return desk.approve(OPERATOR if n % 3 == 1 else APPROVERS[0])

    answers = all_at_once(threads, send)
    return answers[0::3], answers[1::3], answers[2::3]


# ---- races ----------------------------------------------------------------------------------------------------------


def test_no_more_is_taken_than_there_is_of_each_sort(desk, threads):
    assert all_take(desk, threads) == [70, 30]
    assert desk.balance() == 0
    assert desk.is_whole()


def test_of_all_approvals_at_once_one_brings_the_points_in(desk, threads):
    assert all_approve(desk, threads) == 1
    assert desk.balance() == MANY
    assert desk.is_whole()


def test_of_all_actions_at_once_so_many_are_paid_as_the_cap_allows(desk, threads):
    assert all_act(desk, threads) == 20
    assert desk.balance() == 20
    assert desk.is_whole()


def test_a_request_its_retries_and_its_approval_at_once_count_once(desk, threads):
    asked, own, others = ask_and_approve(desk, threads)
    assert {answer.status for answer in asked} == {202}
    assert sum(not answer.is_replay for answer in asked) == 1
    assert {answer.code for answer in own} <= {"adjustment_not_found", "approval_required", None}
    assert all(answer.is_replay for answer in own if answer.code is None)
    assert {answer.code for answer in others} <= {"adjustment_not_found", None}
    assert sum(answer.status == 201 and not answer.is_replay for answer in others) <= 1
    assert desk.approve(APPROVERS[1]).status == 201
    assert desk.balance() == MANY
    assert desk.is_whole()


# ---- controls -------------------------------------------------------------------------------------------------------


class LastWins(MemoryTable):
    """The control: items of one kind are put without their condition."""

    careless: Any = ""

    def put_new(self, item):
        if item["pk"].startswith(self.careless):
            time.sleep(0.001)  # as long as a write takes somewhere else
            self.put(item)
            return None
        return super().put_new(item)


def _retried(desk, threads):
    ask_and_approve(desk, threads)
    desk.approve(APPROVERS[0])
    return desk.balance()


@pytest.mark.parametrize(
    ("careless", "scenario", "right"),
    [
        ("M#", lambda desk, threads: sum(all_take(desk, threads)), 100),
        ("M#", all_approve, 1),
        ("M#", all_act, 20),
        ("N#", _retried, MANY),
    ],
    ids=["taken", "approved", "acted", "named"],
)
def test_control_without_the_condition_it_goes_wrong(careless, scenario, right):
    """The same threads on a store that does not refuse: this shows that the races above are races."""
    for _ in range(20):
        ledger = LastWins()
        ledger.careless = careless
        if scenario(Desk((ledger, MemoryTable(), MemoryTable())), THREADS["memory"]) > right:
            return
    pytest.fail("the race never showed: this test proves nothing")
