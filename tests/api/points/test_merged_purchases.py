"""Purchases of members who were merged, and parted again: what happens to them later finds their points."""

import pytest

from tests.api.points.test_merges import available, balance, buy, chains_are_whole, merge, unmerge
from tests.kit import OPERATOR


@pytest.fixture
def both(client):
    """Taro has 100 points, Hanako 50."""
    buy(client, "taro", 10_000, "of-taro")
    buy(client, "hanako", 5_000, "of-hanako")
    return client


def order(client, purchase_id="order", member_id="taro"):
    assert buy(client, member_id, 20_000, purchase_id, state="placed", source="ec").status == 201


def act(client, verb, purchase_id="order", source="ec", **body):
    return client.post(f"/v1/purchases/{source}/{purchase_id}/{verb}", body)


def give_back(client, purchase_id, source="ec", verb="returns"):
    return act(client, verb, purchase_id, source, return_id="r", channel=source, all=True)


def accounts(client):
    """What each has, and what pends."""
    said = [balance(client, one) for one in ("taro", "hanako")]
    assert all(one["debt"] == 0 for one in said)
    return [(one["available"], one["pending"]) for one in said]


def test_an_order_is_completed_and_returned_where_the_merge_has_brought_it(both):
    order(both)
    merge(both)
    assert act(both, "complete").body["balance"] == 350
    assert give_back(both, "order").body["balance"] == 150
    assert accounts(both)[1] == (150, 0)
    assert chains_are_whole(both)


@pytest.mark.parametrize("end", ["complete", "cancel"])
def test_an_order_that_was_open_when_the_merge_ended_stays_with_the_other(both, end):
    order(both)
    merge(both)
    unmerge(both)
    assert accounts(both) == [(100, 0), (50, 200)]
    for _ in range(2):
        assert act(both, end).status == 200
    assert accounts(both) == [(100, 0), (250 if end == "complete" else 50, 0)]
    if end == "complete":
        assert give_back(both, "order", verb="returns/preview").body["balance"] == 50
        assert give_back(both, "order").body["balance"] == 50
        assert accounts(both) == [(100, 0), (50, 0)]
    assert chains_are_whole(both)


def test_what_was_completed_while_the_two_were_one_is_returned_to_who_has_its_points(both):
    order(both)
    merge(both)
    act(both, "complete")
    unmerge(both)
    assert accounts(both) == [(100, 0), (250, 0)]
    assert give_back(both, "order").body["points"] == {"clawed_back": 200, "given_back": 0, "forfeited": 0, "debt": 0}
    assert accounts(both) == [(100, 0), (50, 0)]


@pytest.mark.parametrize("clawback", ["debt", "refuse"])
def test_points_that_came_back_with_the_end_of_the_merge_are_taken_back_there(both, clawback):
    programme = both.as_(OPERATOR).get("/v1/programme").body | {"clawback": clawback}
    assert both.as_(OPERATOR).put("/v1/programme", programme).status == 200
    buy(both, "taro", 3_000, "late")
    merge(both)
    unmerge(both)
    assert give_back(both, "late", "pos").body["balance"] == 100
    assert give_back(both, "late", "pos").is_replay
    assert accounts(both) == [(100, 0), (50, 0)]


def test_what_was_bought_under_the_old_id_while_the_two_were_one_is_the_others(both):
    merge(both)
    buy(both, "taro", 20_000, "together")
    unmerge(both)
    assert give_back(both, "together", "pos").body["balance"] == 50
    assert accounts(both) == [(100, 0), (50, 0)]


def test_points_that_a_purchase_was_paid_with_go_back_to_who_has_its_points(both):
    buy(both, "taro", 10_000, "paid", points_used=60)
    assert available(both, "taro") == 100 - 60 + 99
    merge(both)
    assert give_back(both, "paid", "pos").body["balance"] == 150
    unmerge(both)
    assert accounts(both)[0][0] + accounts(both)[1][0] == 150


def test_a_purchase_paid_from_a_hold_that_the_merge_has_moved_ends_it(both):
    hold = {"hold_id": "h", "member": {"member_id": "taro"}, "points": 60, "order_ref": "o"}
    assert both.post("/v1/holds", hold).status == 201
    merge(both)
    answer = buy(both, "taro", 10_000, "paid", points_used=40, hold_id="h")
    assert (answer.status, answer.body["balance"]) == (201, 150 - 40 + 99)
    assert balance(both, "hanako")["held"] == 0
    assert both.post("/v1/holds/h/capture", {}).code == "hold_closed"


def test_a_hold_that_has_gone_back_pays_a_purchase_of_its_own_member_only(both):
    hold = {"hold_id": "h", "member": {"member_id": "taro"}, "points": 60, "order_ref": "o"}
    assert both.post("/v1/holds", hold).status == 201
    merge(both)
    unmerge(both)
    assert buy(both, "hanako", 10_000, "not-hers", points_used=40, hold_id="h").code == "hold_not_found"
    assert buy(both, "taro", 10_000, "paid", points_used=40, hold_id="h").status == 201
    assert buy(both, "taro", 10_000, "again", points_used=40, hold_id="h").code == "hold_closed"
    assert both.post("/v1/holds/h/release", {}).code == "hold_closed"
