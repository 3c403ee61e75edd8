"""POST /v1/me/receipts: a receipt without a member becomes the points of whoever shows it, once, within a window."""

from typing import Any

import pytest

from points import recorded
from tests.api.points.shop import (
    BASE,
    balance,
    buy,
    cancel,
    claim,
    complete,
    entries,
    faults,
    give_back,
    line,
    of_nobody,
    part,
    points,
    reverse,
    set_programme,
    spend,
    writes_nothing,
)
from tests.kit import CAFE, EC, OPERATOR, TILL, member


def test_a_receipt_is_worth_what_it_would_have_been_with_the_member(client):
    assert of_nobody(client.as_(TILL), lines=[line(1000, tax=100)]).body["member_id"] is None
    answer = claim(client, 1100)
    assert (answer.status, answer.is_replay) == (201, False)
    assert answer.body == {
        "purchase_id": "p-1",
        "source": "pos",
        "member_id": "taro",
        "state": "completed",
        "points": {"pending": 0, "available": 10},
        "balance": 10,
        "explain": [{"rule": "base", "points": 10, "detail": "1 for each 100 without tax, rounded down line by line"}],
    }
    assert balance(client)["expiring"] == [{"on": "2027-11-20", "points": 10, "kind": "regular"}]
    assert entries(client) == [("earned", 10)]


def test_the_same_claim_again_is_answered_as_before(client, clock):
    of_nobody(client)
    first = claim(client, 1000)
    spend(client, 5)
    clock.forward(days=90)
    again = claim(client, 1000)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert points(client) == (5, 0, 0, 0)


def test_a_receipt_is_claimed_once_by_whomever(client):
    of_nobody(client)
    claim(client, 1000)
    for who in ({"claim_id": "c-2"}, {"member_id": "hanako"}):
        answer = writes_nothing(client, lambda who=who: claim(client, 1000, **who))
        assert (answer.status, answer.code) == (409, "receipt_claimed")
    assert (points(client), points(client, "hanako")) == ((10, 0, 0, 0), (0, 0, 0, 0))


def test_an_id_is_of_one_receipt(client):
    of_nobody(client, "p-1")
    of_nobody(client, "p-2")
    claim(client, 1000, "p-1", "c-1")
    for purchase_id, amount in (("p-2", 1000), ("p-1", 999), ("none", 1000)):
        answer = claim(client, amount, purchase_id, "c-1")
        assert (answer.status, answer.code) == (422, "id_reused")
    assert claim(client, 1000, "p-2", "c-1", "hanako").status == 201, "another member's ids are its own"
    assert points(client) == (10, 0, 0, 0)


def test_a_wrong_amount_is_no_receipt(client):
    of_nobody(client, lines=[line(1000, tax=100)])
    for amount in (1000, 1099, 0):
        answer = writes_nothing(client, lambda amount=amount: claim(client, amount))
        assert (answer.status, answer.code) == (404, "purchase_not_found")
    assert claim(client, 1100).status == 201, "the id of a refused claim is free"


@pytest.mark.parametrize("taxes", [[{"rate_bp": 800, "amount": 80}]])
def test_the_amount_is_with_the_tax_that_is_known_per_rate(client, taxes):
    of_nobody(client, lines=[line(1000, tax_rate_bp=800)], taxes=taxes)
    assert claim(client, 1000).code == "purchase_not_found"
    assert claim(client, 1080).status == 201


@pytest.mark.parametrize(("source", "purchase_id"), [("pos", "none"), ("ec", "p-1")])
def test_an_unknown_receipt_is_not_found(client, source, purchase_id):
    of_nobody(client)
    answer = writes_nothing(client, lambda: claim(client, 1000, purchase_id, source=source))
    assert (answer.status, answer.code) == (404, "purchase_not_found")


def test_an_undone_receipt_is_not_found(client):
    of_nobody(client, "cancelled", state="placed")
    cancel(client, "cancelled")
    of_nobody(client, "reversed")
    reverse(client, "reversed")
    reverse(client, "closed")
    for purchase_id in ("cancelled", "reversed", "closed"):
        answer = writes_nothing(client, lambda purchase_id=purchase_id: claim(client, 1000, purchase_id))
        assert (answer.status, answer.code) == (404, "purchase_not_found")


def test_a_purchase_of_a_member_is_claimed_already(client):
    buy(client)
    for member_id in ("taro", "hanako"):
        answer = writes_nothing(client, lambda member_id=member_id: claim(client, 1000, member_id=member_id))
        assert (answer.status, answer.code) == (409, "receipt_claimed")


@pytest.mark.parametrize(("days", "seconds", "status"), [(30, -300, 201), (30, 1, 409), (400, 0, 409)])
def test_a_receipt_is_good_for_thirty_days(client, clock, days, seconds, status):
    of_nobody(client, occurred_at="2026-11-20T03:00:00Z")
    clock.forward(days=days, seconds=seconds)
    answer = claim(client, 1000)
    assert answer.status == status
    if status == 409:
        assert (answer.code, answer.body["days"]) == ("claim_window_over", 30)


def test_the_window_is_the_programmes(client, clock):
    set_programme(client, receipt_claim_days=1)
    of_nobody(client)
    clock.forward(days=2)
    assert claim(client, 1000).body["days"] == 1


def test_a_purchase_is_judged_by_its_own_rules_and_date(client, clock):
    set_programme(client, earning=[BASE | {"points": 3}])
    of_nobody(client)
    set_programme(client, earning=[BASE], expiry={"kind": "none"})
    clock.forward(days=20)
    assert claim(client, 1000).body["points"]["available"] == 30
    assert balance(client)["expiring"] == [{"on": "2027-11-20", "points": 30, "kind": "regular"}]


def test_what_came_back_before_the_claim_earns_nothing(client):
    of_nobody(client, "p-1", 700, 300)
    give_back(client, "p-1", "r-1", part("1"))
    assert claim(client, 1000).body["points"]["available"] == 3
    said = give_back(client, "p-1", "r-2").body
    assert (said["points"]["clawed_back"], said["balance"]) == (3, 0)


def test_a_receipt_that_came_back_whole_can_be_claimed_and_is_worth_nothing(client):
    of_nobody(client)
    give_back(client)
    assert claim(client, 1000).body["points"]["available"] == 0
    assert reverse(client).body["balance"] == 0
    assert points(client) == (0, 0, 0, 0)


def test_an_order_that_is_claimed_pends_until_it_is_complete(client, clock):
    of_nobody(client, state="placed")
    assert claim(client, 1000).body["points"] == {"pending": 10, "available": 0}
    clock.forward(days=5)
    assert complete(client).body["balance"] == 10
    assert balance(client)["expiring"][0]["on"] == "2027-11-25"


def test_an_order_that_was_complete_before_its_claim_counts_from_then_on(client, clock):
    set_programme(client, pending={"ec": {"days": 14}, "pos": "complete"})
    of_nobody(client, source="ec", state="placed")
    clock.forward(days=5)
    complete(client, source="ec")
    clock.forward(days=5)
    assert claim(client, 1000, source="ec").body["points"] == {"pending": 10, "available": 0}
    assert [balance(client, at=day)["available"] for day in ("2026-12-08", "2026-12-09")] == [0, 10]
    assert balance(client, at="2026-12-09")["expiring"][0]["on"] == "2027-11-25"


def test_a_claimed_purchase_lives_on_like_any_other(client):
    of_nobody(client, "p-1", 700, 300)
    claim(client, 1000)
    assert give_back(client, "p-1", "r-1", part("2")).body["points"]["clawed_back"] == 3
    assert reverse(client).body["balance"] == 0
    assert points(client) == (0, 0, 0, 0)
    assert claim(client, 1000).code == "reversed"
    assert faults(client) == []


def test_the_till_is_told_of_its_purchase_as_before(client):
    first = of_nobody(client)
    claim(client, 1000)
    again = of_nobody(client)
    assert (again.body, again.is_replay) == (first.body, True)


def test_a_claim_of_someone_who_was_merged_goes_where_the_points_went(client):
    of_nobody(client)
    of_nobody(client, "p-2")
    claim(client, 1000)
    body = {"merge_id": "m-1", "into_member_id": "hanako"}
    assert client.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200
    first = claim(client, 1000, "p-2", "c-2")
    assert (first.body["member_id"], first.body["balance"]) == ("hanako", 20)
    assert claim(client, 1000, "p-2", "c-2").body == first.body
    again = claim(client, 1000)
    assert (again.body["member_id"], again.is_replay) == ("taro", True)
    assert points(client, "hanako") == (20, 0, 0, 0)
    assert give_back(client).body["balance"] == 10
    assert reverse(client, "p-2").body["balance"] == 0
    assert faults(client) == []


@pytest.mark.parametrize("who", [EC, TILL, OPERATOR, CAFE])
def test_only_members_claim(client, who):
    of_nobody(client)
    body = {"receipt_claim_id": "c", "source": "pos", "purchase_id": "p-1", "amount": 1000}
    assert client.as_(who).post("/v1/me/receipts", body).code == "forbidden"
    assert client.as_(member("stranger")).post("/v1/me/receipts", body).code == "not_a_member"


@pytest.mark.parametrize(
    "changes", [{"amount": -1}, {"amount": "1000"}, {"source": "mail"}, {"purchase_id": "a b"}, {"x": 1}]
)
def test_a_bad_claim_is_refused(client, changes):
    body = {"receipt_claim_id": "c", "source": "pos", "purchase_id": "p-1", "amount": 1000} | changes
    assert client.as_(member("taro")).post("/v1/me/receipts", body).code == "invalid_request"


def test_what_happens_between_the_two_chains_of_a_claim_waits_for_it(client, monkeypatch):
    """The claim's process dies before the account heard of it: whoever comes next brings it there first."""
    acts: tuple[Any, ...] = (complete, give_back, reverse)
    for n, act in enumerate(acts):
        purchase_id = f"p-{n}"
        of_nobody(client, purchase_id)
        with monkeypatch.context() as patch:
            patch.setattr(recorded, "obey", None)
            assert claim(client, 1000, purchase_id, f"c-{n}").status == 500
        assert points(client) == (0 if n == 0 else 10, 0, 0, 0)
        assert act(client, purchase_id).status in (200, 201)
        again = claim(client, 1000, purchase_id, f"c-{n}")
        assert again.code == "reversed" if act is reverse else again.is_replay
        assert points(client) == (10, 0, 0, 0)
    assert entries(client) == [("earned", 10), ("earned", 10), ("returned", -10), ("earned", 10), ("reversed", -10)]
