"""What an award, its reversal and a statement cost, from what the tables report."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from points import statements
from points.routes import ROUTES
from shared.member_ref import pseudonym
from shared.memory import MemoryTable
from tests.kit import CAFE, EC, OPERATOR, Client, FakeClock, make_world, member


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def cafe(clock):
    """A café that has given its guest something before; settings come from the cache."""
    world = make_world(clock)
    client = Client(ROUTES, world)
    client.post("/v1/members", {"member_id": "taro"})
    said = {"name": "c", "budget": {"kind": "prepaid", "points": 10**9}, "caps": {"per_member_day": 1000}}
    client.as_(OPERATOR).put("/v1/partners/cafe", said)
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    cafe = client.as_(CAFE)
    assert cafe.post("/v1/awards", body("before", {"code": code})).status == 201
    return cafe


@pytest.fixture
def ref(cafe):
    return cafe.get("/v1/partner/statements/2026-11").body["lines"][0]["member_ref"]


def body(award_id, guest, points=1):
    return {"award_id": award_id, "member": guest, "points": points, "reason": "latte"}


def give(cafe, ref, award_id, points=1):
    answer = cafe.post("/v1/awards", body(award_id, {"member_ref": ref}, points))
    assert answer.status == 201, answer.body


def reverse(cafe, award_id):
    answer = cafe.post(f"/v1/operations/{award_id}/reverse", {"reverse_id": "r", "kind": "award"})
    assert answer.body["state"] == "reversed"


def spent(cafe, act):
    """Write units, read units and round trips of the ledger and the directory."""
    tables = (cafe.world.ledger.table, cafe.world.directory.table)
    for table in tables:
        table.usage.reset()
    act()
    return tuple(
        sum(getattr(table.usage, what) for table in tables) for what in ("write_units", "read_units", "round_trips")
    )


def test_an_award_is_three_writes_one_read_and_five_trips(cafe, ref):
    assert spent(cafe, lambda: give(cafe, ref, "a")) == (3, 1, 5)


def test_a_member_who_comes_by_code_is_half_a_read_and_a_trip_more(cafe):
    code = cafe.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    assert spent(cafe, lambda: cafe.post("/v1/awards", body("a", {"code": code}))) == (3, 1.5, 6)


def test_a_retry_is_a_failed_condition_and_the_looks_at_both_chains(cafe, ref):
    give(cafe, ref, "a")
    writes, reads, trips = spent(cafe, lambda: give(cafe, ref, "a"))
    assert (writes, trips) == (1, 4)
    assert reads <= 2


class Crowded(MemoryTable):
    """Before each taking of our award some neighbours' awards enter the budget."""

    neighbours: Any = ()

    def put_new(self, item):
        if item["pk"] == "P#cafe" and self.neighbours:
            wave, *rest = self.neighbours
            self.neighbours = ()
            kept = replace(self.usage)
            for act in wave:
                act()
            self.usage, self.neighbours = kept, rest
        return super().put_new(item)


def test_an_award_that_loses_its_race_reads_the_head_again_and_no_entry_twice(cafe, ref):
    """Eight times, to ten neighbours each: what a head did not show can be only behind it."""
    table = cafe.world.ledger.table
    other = guest(cafe, 0)
    give(cafe, other, "first")
    waves = [[partial(give, cafe, other, f"n-{wave}-{n}") for n in range(10)] for wave in range(8)]
    table.__class__, table.neighbours = Crowded, waves
    writes, reads, trips = spent(cafe, lambda: give(cafe, ref, "a"))
    assert not table.neighbours
    assert (writes, reads, trips) == (3 + 8, 1 + 8, 5 + 2 * 8)


def test_a_refusal_writes_nothing(cafe, ref):
    act = body("a", {"member_ref": ref}, 1000)
    assert spent(cafe, lambda: cafe.post("/v1/awards", act)) == (0, 2.5, 3)


def test_a_reversal_is_two_writes_two_reads_and_five_trips(cafe, ref):
    give(cafe, ref, "a")
    assert spent(cafe, lambda: reverse(cafe, "a")) == (2, 2, 5)


def test_the_budgets_chain_is_not_searched_for_an_award_of_long_ago(cafe, ref, clock):
    """Half a read and a trip more where the member has had something since, however much the others were given."""
    give(cafe, ref, "a")
    give(cafe, ref, "b")
    for n in range(100):
        clock.forward(hours=9)
        give(cafe, guest(cafe, n), f"since-{n}")
    clock.forward(seconds=1)
    assert spent(cafe, lambda: reverse(cafe, "b")) == (2, 2, 5)
    clock.forward(seconds=1)
    assert spent(cafe, lambda: reverse(cafe, "a")) == (2, 2.5, 6)


def guest(cafe, n):
    """Another member, by what the café knows it by."""
    member_id = f"guest-{n}"
    assert cafe.as_(EC).post("/v1/members", {"member_id": member_id}).status == 201
    return pseudonym(cafe.world, "cafe", member_id)


def test_a_statement_reads_its_month_which_it_finds_by_halving(cafe, ref, clock):
    """256 entries are 8 steps; then the head, the month itself, and what follows to see where it ends."""
    for _ in range(16):
        for n in range(16):
            give(cafe, ref, f"{clock.now():%Y-%m}-{n}")
        clock.forward(days=31)
    writes, reads, trips = spent(cafe, lambda: cafe.get("/v1/partner/statements/2027-03"))
    assert writes == 0
    assert trips <= 1 + 9 + 1
    assert reads <= 1 + 9 + 30  # a page of 500 entries is 200 KB, whatever the month has


def test_a_statement_of_years_ago_does_not_read_what_came_since(cafe, ref, clock, monkeypatch):
    monkeypatch.setattr(statements, "_PAGE", 20)
    for n in range(17):
        give(cafe, ref, f"a-{n}")
    clock.forward(days=40)
    for n in range(600):
        give(cafe, ref, f"since-{n}")
        clock.forward(hours=30)
    for n in range(17):
        reverse(cafe, f"a-{n}")
    found: list[Any] = []
    _, reads, trips = spent(cafe, lambda: found.append(cafe.get("/v1/partner/statements/2026-11").body))
    assert [line["state"] for line in found[0]["lines"]] == ["given"] + ["reversed"] * 17
    assert trips <= 1 + 11 + 1 + 1
    assert reads <= 20
