"""Awards of a member who is merged into another: they follow, before and after, and so does what is taken back."""

import pytest

from shared import keys
from shared.memory import MemoryTable
from tests.kit import CAFE, EC, OPERATOR, member


@pytest.fixture
def cafe(client):
    said = {"name": "cafe", "budget": {"kind": "monthly", "points": 1000}, "caps": {"per_member_day": 150}}
    assert client.as_(OPERATOR).put("/v1/partners/cafe", said).status == 200
    return client.as_(CAFE)


@pytest.fixture
def award(client, cafe):
    codes = {one: client.as_(member(one)).get("/v1/me/code").body["static"]["value"] for one in ("taro", "hanako")}

    def give(award_id, points=100, guest="taro"):
        said = {"award_id": award_id, "member": {"code": codes[guest]}, "points": points, "reason": "latte"}
        return cafe.post("/v1/awards", said)

    return give


def merge(client):
    body = {"merge_id": "m", "into_member_id": "hanako"}
    assert client.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200


def reverse(cafe, award_id):
    return cafe.post(f"/v1/operations/{award_id}/reverse", {"reverse_id": "r", "kind": "award"}).body["state"]


def balance(client, member_id="hanako"):
    return client.as_(EC).get(f"/v1/members/{member_id}/balance").body["available"]


def used(cafe):
    return cafe.get("/v1/partner/budget").body["used"]


def test_an_award_to_an_old_id_is_given_to_the_member_it_leads_to(client, cafe, award):
    first = award("a", 10)
    merge(client)
    ref = first.body["member_ref"]
    said = {"award_id": "b", "member": {"member_ref": ref}, "points": 20, "reason": "latte"}
    answer = cafe.post("/v1/awards", said)
    assert answer.status == 201
    assert (balance(client), used(cafe)) == (30, 30)
    assert award("a", 10).body == first.body
    assert cafe.post("/v1/awards", said).body == answer.body


def test_today_stays_counted_when_yesterdays_award_to_the_other_is_taken_back(client, cafe, award, clock):
    assert award("a", 80).status == 201
    clock.forward(days=1)
    assert award("b", 150, "hanako").status == 201
    merge(client)
    assert reverse(cafe, "a") == "reversed"
    assert award("c", 1, "hanako").body["cap"] == "per_member_day"


def test_the_cap_of_a_members_day_counts_what_both_were_given(client, cafe, award):
    award("a", 80)
    award("b", 60, "hanako")
    merge(client)
    assert award("c", 20).body["cap"] == "per_member_day"
    assert award("c", 10).status == 201
    assert (balance(client), used(cafe)) == (150, 150)


def test_an_award_of_before_a_merge_is_taken_back_from_the_member_it_led_to(client, cafe, award):
    award("a", 80)
    award("b", 60, "hanako")
    merge(client)
    assert reverse(cafe, "a") == reverse(cafe, "a") == "reversed"
    assert (balance(client), used(cafe)) == (60, 60)
    lines = cafe.get("/v1/partner/statements/2026-11").body["lines"]
    assert [(line["award_id"], line["state"]) for line in lines] == [("a", "reversed"), ("b", "given")]


class Between(MemoryTable):
    """Runs something between the budget's taking and the member's answer."""

    run = None

    def put_new(self, item):
        old = super().put_new(item)
        if item["pk"] == keys.account(keys.PARTNER_BUDGET, "cafe") and self.run:
            run, self.run = self.run, None
            run()
        return old


@pytest.mark.parametrize("points", [100, 20])
def test_a_merge_while_an_award_is_under_way_is_followed_also_to_a_refusal(client, cafe, award, points):
    award("b", 100, "hanako")
    table = client.world.ledger.table
    table.__class__ = Between
    table.run = lambda: merge(client)
    answer = award("a", points)
    given = points if points == 20 else 0
    assert answer.status == (201 if given else 409)
    assert (balance(client), used(cafe)) == (100 + given, 100 + given)
    assert reverse(cafe, "a") == ("reversed" if given else "not_arrived")
    assert (balance(client), used(cafe)) == (100, 100)
