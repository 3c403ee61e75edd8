"""POST /v1/operations/{award_id}/reverse of a partner's award: what comes back to which budget, and when."""

import pytest

from shared import clock as time
from shared.memory import MemoryTable
from tests.kit import CAFE, EC, OPERATOR, OTHER_CAFE, member

LAST_SECOND = "2026-11-30T14:59:59Z"  # before midnight in Tokyo
DECEMBER = "2026-11-30T15:00:00Z"


@pytest.fixture
def cafe(client):
    return client.as_(CAFE)


@pytest.fixture
def award(client, cafe):
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]

    def give(award_id="a", points=100):
        body = {"award_id": award_id, "member": {"code": code}, "points": points, "reason": "latte"}
        return cafe.post("/v1/awards", body)

    return give


def settings(client, kind="monthly", points=1000, **caps):
    said = {"name": "cafe", "budget": {"kind": kind, "points": points}, "caps": caps}
    assert client.as_(OPERATOR).put("/v1/partners/cafe", said).status == 200


def reverse(who, award_id="a"):
    return who.post(f"/v1/operations/{award_id}/reverse", {"reverse_id": "r", "kind": "award"})


def used(cafe):
    return cafe.get("/v1/partner/budget").body["used"]


def balance(client):
    return client.as_(EC).get("/v1/members/taro/balance").body["available"]


def test_a_reversed_award_leaves_the_member_and_comes_back_to_the_budget_once(client, cafe, award):
    award("b", 5)
    award()
    for _ in range(3):
        answer = reverse(cafe)
        assert (answer.status, answer.body["state"], "balance" in answer.body) == (200, "reversed", False)
    assert (balance(client), used(cafe)) == (5, 5)
    assert award().code == "reversed"


def test_a_partner_reverses_its_own_awards_alone(client, cafe, award):
    award()
    assert reverse(client.as_(OTHER_CAFE)).body["state"] == "not_arrived"
    assert (balance(client), used(cafe)) == (100, 100)


def test_an_award_that_never_arrived_is_closed_for_good(client, cafe, award):
    assert reverse(cafe).body["state"] == "not_arrived"
    assert award().code == "reversed"
    assert (balance(client), used(cafe)) == (0, 0)


@pytest.mark.parametrize("kind", ["monthly", "prepaid"])
def test_within_its_month_and_day_all_of_it_can_be_given_again(client, cafe, award, kind):
    settings(client, kind, 100, per_member_day=100, per_day=100)
    award()
    assert award("b").status == 409
    reverse(cafe)
    assert award("b").body["budget_left"] == 0
    assert used(cafe) == 100


@pytest.mark.parametrize(("kind", "left"), [("monthly", 0), ("prepaid", 100)])
def test_what_is_reversed_in_the_next_month_is_none_of_that_months_budget(client, cafe, award, clock, kind, left):
    settings(client, kind, 200)
    clock.at = time.from_text(LAST_SECOND)
    award()
    clock.at = time.from_text(DECEMBER)
    award("b", 100)
    if kind == "monthly":
        award("c", 100)
    reverse(cafe)
    assert cafe.get("/v1/partner/budget").body["left"] == left
    assert award("d", 100).status == (201 if left else 409)


def test_what_is_reversed_on_the_next_day_is_none_of_that_days_caps(client, cafe, award, clock):
    settings(client, points=1000, per_member_day=100, per_day=100)
    award()
    clock.forward(hours=12)
    assert award("b").status == 201
    reverse(cafe)
    assert award("c", 1).body["cap"] == "per_member_day"
    assert used(cafe) == 100
    reverse(cafe, "b")
    assert award("c", 100).status == 201


def test_points_spent_meanwhile_become_debt_and_the_budget_has_all_of_it_back(client, cafe, award):
    award()
    body = {"spend_id": "s", "member": {"member_id": "taro"}, "points": 70, "order_ref": "o"}
    assert client.as_(EC).post("/v1/spends", body).status == 201
    assert reverse(cafe).body["state"] == "reversed"
    said = client.as_(EC).get("/v1/members/taro/balance").body
    assert (said["debt"], used(cafe)) == (70, 0)


def test_a_paused_partner_may_still_take_an_award_back(client, cafe, award):
    award()
    said = {"name": "cafe", "budget": {"kind": "monthly", "points": 0}, "state": "paused"}
    client.as_(OPERATOR).put("/v1/partners/cafe", said)
    assert reverse(cafe).body["state"] == "reversed"
    assert used(cafe) == 0


class Crowded(MemoryTable):
    """Runs something before the member's answer, and may die before what the budget is given back."""

    neighbour = None
    dies = False

    def put_new(self, item):
        if item["pk"].startswith("M#") and self.neighbour:
            run, self.neighbour = self.neighbour, None
            run()
        if item["pk"].startswith("P#") and item["e"][0]["k"] == "refused" and self.dies:
            raise KeyboardInterrupt
        return super().put_new(item)


@pytest.mark.parametrize("dies", [False, True])
def test_an_award_that_its_member_refused_has_nothing_to_reverse_and_is_no_line(client, cafe, award, dies):
    settings(client, per_member_day=100)
    table = client.world.ledger.table
    table.__class__ = Crowded
    table.neighbour = lambda: award("b")
    table.dies = dies
    if dies:
        with pytest.raises(KeyboardInterrupt):
            award()
        table.dies = False
    else:
        assert award().code == "cap_exceeded"
    for _ in range(2):
        assert reverse(cafe).body["state"] == "not_arrived"
    assert (balance(client), used(cafe)) == (100, 100)
    assert [line["award_id"] for line in cafe.get("/v1/partner/statements/2026-11").body["lines"]] == ["b"]
    assert award().code == "reversed"


def test_what_a_member_refused_over_the_months_end_is_no_line_of_its_month(client, cafe, award, clock):
    """The process died before it gave the budget back; who finishes it does so in the next month."""
    settings(client, per_member_day=100)
    clock.at = time.from_text(LAST_SECOND)
    table = client.world.ledger.table
    table.__class__ = Crowded
    table.neighbour = lambda: award("b")
    table.dies = True
    with pytest.raises(KeyboardInterrupt):
        award()
    table.dies = False
    clock.at = time.from_text(DECEMBER)
    award("c", 7)
    assert award().code == "cap_exceeded"
    november = cafe.get("/v1/partner/statements/2026-11").body
    assert [(line["award_id"], line["state"]) for line in november["lines"]] == [("b", "given")]
    assert used(cafe) == 7
