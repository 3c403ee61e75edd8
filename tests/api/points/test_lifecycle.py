"""Placed, completed, cancelled, reversed: each once, in any channel, whatever is sent again."""

import pytest

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
    happens,
    line,
    of_nobody,
    part,
    points,
    reverse,
    set_programme,
    spend,
    times,
    writes_nothing,
)
from tests.kit import CAFE, OTHER_TILL, TILL, key, member

PLACED = {"state": "placed"}


def place(client, purchase_id="p-1", *amounts, **changes):
    answer = buy(client, purchase_id, *amounts, **PLACED, **changes)
    assert answer.status == 201, answer.body
    return answer


# ---- placed and completed -------------------------------------------------------------------------------------------


def test_the_points_of_an_order_pend_until_it_is_complete(client):
    answer = place(client)
    assert (answer.body["state"], answer.body["points"], answer.body["balance"]) == (
        "placed",
        {"pending": 10, "available": 0},
        0,
    )
    assert points(client) == (0, 10, 0, 0)
    done = complete(client)
    assert (done.status, done.is_replay) == (200, False)
    assert done.body == {
        "purchase_id": "p-1",
        "source": "pos",
        "member_id": "taro",
        "state": "completed",
        "points": {"pending": 0, "available": 10},
        "balance": 10,
        "explain": [{"rule": "base", "points": 10, "detail": "1 for each 100 without tax, rounded down line by line"}],
    }
    assert points(client) == (10, 0, 0, 0)
    assert entries(client) == [("pending", 0), ("activated", 10)]


def test_completed_again_it_is_answered_as_before(client, clock):
    place(client)
    first = complete(client)
    spend(client, 10)
    clock.forward(days=3)
    for more in ({}, {"occurred_at": "2026-11-22T00:00:00Z"}):
        again = complete(client, **more)
        assert (again.status, again.body, again.is_replay) == (200, first.body, True)
    assert points(client) == (0, 0, 0, 0)


def test_a_purchase_that_was_recorded_as_completed_is_complete(client):
    first = buy(client)
    again = complete(client)
    assert (again.status, again.is_replay, again.body) == (200, True, first.body)
    spend(client, 10)
    assert complete(client).body == first.body


@pytest.mark.parametrize("state", ["placed", "completed"])
def test_who_completed_nobodys_purchase_is_told_the_same_after_it_was_claimed(client, state):
    of_nobody(client, state=state)
    first = complete(client)
    claim(client, 1000)
    again = complete(client)
    assert (again.body, again.is_replay, again.body["member_id"]) == (first.body, True, None)


@pytest.mark.parametrize(
    ("said", "last_day"),
    [
        (None, "2027-11-30"),
        ("2026-11-25T00:00:00Z", "2027-11-25"),
        ("2026-11-30T03:05:00Z", "2027-11-30"),  # five minutes ahead: a till's clock
        ("2026-11-01T00:00:00Z", "2027-11-20"),  # before it was placed: clocks differ
    ],
)
def test_points_last_from_the_completion_on(client, clock, said, last_day):
    place(client)
    clock.forward(days=10)
    body = {"occurred_at": said} if said else {}
    assert complete(client, **body).status == 200
    assert [one["on"] for one in balance(client)["expiring"]] == [last_day]


def test_a_completion_is_not_of_the_future(client):
    place(client)
    answer = writes_nothing(client, lambda: complete(client, occurred_at="2026-11-20T03:06:00Z"))
    assert (answer.status, answer.code) == (422, "occurred_in_future")
    assert complete(client).body["points"]["available"] == 10


def test_a_completion_from_an_earlier_clock_than_the_purchases_is_recorded(client, clock):
    place(client)
    clock.forward(days=-1)
    answer = complete(client)
    assert (answer.status, answer.body["points"]["available"], answer.is_replay) == (200, 10, False)
    assert [one["on"] for one in balance(client)["expiring"]] == ["2027-11-20"], "never before the purchase"
    again = complete(client)
    assert (again.status, again.body, again.is_replay) == (200, answer.body, True)


@pytest.mark.parametrize("state", ["placed", "completed"])
def test_a_completion_sent_again_from_an_earlier_clock_is_replayed(client, clock, state):
    buy(client, state=state)
    said = {"occurred_at": "2026-11-20T03:00:00Z"}
    first = complete(client, **said)
    clock.forward(days=-1)
    again = complete(client, **said)
    assert (again.status, again.body, again.is_replay) == (200, first.body, True)


def test_an_order_of_the_web_shop_is_picked_up_at_a_till(client):
    place(client, "web", source="ec")
    till = client.as_(OTHER_TILL)
    assert complete(till, "web", source="ec").body["balance"] == 10
    place(client, "web-2", source="ec")
    assert cancel(till, "web-2", source="ec").body["state"] == "cancelled"


def test_points_that_wait_for_a_day_are_pending_after_the_completion_too(client, clock):
    set_programme(client, pending={"ec": {"days": 14}, "pos": "complete", "payments": {"invoice": {"days": 30}}})
    place(client, "web", source="ec")
    clock.forward(days=3)
    said = complete(client, "web", source="ec").body
    assert (said["points"], said["balance"]) == ({"pending": 10, "available": 0}, 0)
    assert complete(client, "web", source="ec").body == said
    assert buy(client, "till").body["points"] == {"pending": 0, "available": 10}
    assert buy(client, "invoice", source="ec", payment="invoice").body["points"] == {"pending": 10, "available": 0}
    assert points(client) == (10, 20, 0, 0)
    assert [balance(client, at=day)["available"] for day in ("2026-12-06", "2026-12-07", "2026-12-20")] == [10, 20, 30]
    clock.forward(days=14)
    assert points(client) == (20, 10, 0, 0)
    assert give_back(client, "web", source="ec").body["points"]["clawed_back"] == 10
    assert give_back(client, "invoice", source="ec").body["balance"] == 10
    assert points(client) == (10, 0, 0, 0)
    assert faults(client) == []


# ---- cancelled ------------------------------------------------------------------------------------------------------


def test_a_cancelled_order_leaves_nothing(client):
    buy(client, "first", 10_000)
    place(client, points_used=40)
    assert points(client) == (60, 9, 0, 0)
    answer = cancel(client)
    assert (answer.status, answer.body) == (
        200,
        {
            "purchase_id": "p-1",
            "source": "pos",
            "member_id": "taro",
            "state": "cancelled",
            "points": {"pending": 0, "available": 0},
            "balance": 100,
            "explain": [],
        },
    )
    assert points(client) == (100, 0, 0, 0)
    assert entries(client)[2:] == [("pending", 0), ("restored", 40), ("returned", 0)]
    again = cancel(client)
    assert (again.body, again.is_replay) == (answer.body, True)


def test_an_order_that_came_back_in_part_can_be_cancelled(client):
    buy(client, "first", 10_000)
    place(client, "p-1", 1000, 500, points_used=60)
    give_back(client, "p-1", "r-1", part("1"))
    assert cancel(client).body["balance"] == 100
    assert points(client) == (100, 0, 0, 0)


def test_an_order_that_came_back_whole_can_be_completed_and_is_worth_nothing(client):
    place(client)
    give_back(client)
    assert complete(client).body["points"] == {"pending": 0, "available": 0}
    assert points(client) == (0, 0, 0, 0)


@pytest.mark.parametrize("is_placed", [True, False])
def test_a_completed_purchase_is_returned_and_not_cancelled(client, is_placed):
    if is_placed:
        place(client)
        complete(client)
    else:
        buy(client)
    answer = writes_nothing(client, lambda: cancel(client))
    assert (answer.status, answer.code) == (409, "purchase_completed")
    assert points(client) == (10, 0, 0, 0)


def test_a_cancelled_order_is_neither_completed_nor_returned_nor_claimed(client):
    place(client)
    cancel(client)
    for act in (complete, give_back, lambda client: give_back(client, verb="returns/preview")):
        answer = writes_nothing(client, lambda act=act: act(client))
        assert (answer.status, answer.code) == (409, "purchase_cancelled")


def test_a_cancelled_first_purchase_was_none_and_used_up_no_cap(client):
    welcome = {"rule_id": "welcome", "kind": "bonus", "points": 500, "when": {"first_purchase": True}}
    once = {"rule_id": "once", "kind": "bonus", "points": 30, "cap": {"per_member": 30}}
    set_programme(client, earning=[BASE, welcome, once])
    for n in range(3):
        assert place(client, f"o-{n}").body["points"]["pending"] == 540
        cancel(client, f"o-{n}")
    assert buy(client, "void").body["points"]["available"] == 540
    assert reverse(client, "void").body["balance"] == 0
    assert buy(client, "real").body["points"]["available"] == 540
    assert buy(client, "next").body["points"]["available"] == 10


# ---- nobody's -------------------------------------------------------------------------------------------------------


def test_an_order_of_nobody_is_completed_and_cancelled_without_points(client):
    for purchase_id, act, state in (("a", complete, "completed"), ("b", cancel, "cancelled")):
        of_nobody(client, purchase_id, **PLACED)
        answer = act(client, purchase_id)
        assert (answer.status, answer.body["state"], answer.body["member_id"]) == (200, state, None)
        assert (answer.body["balance"], answer.body["explain"]) == (None, [])
        assert act(client, purchase_id).is_replay
    assert cancel(client, "a").code == "purchase_completed"
    assert complete(client, "b").code == "purchase_cancelled"


# ---- not there ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["complete", "cancel", "returns", "returns/preview"])
@pytest.mark.parametrize(("source", "purchase_id"), [("pos", "none"), ("ec", "p-1"), ("mail", "p-1")])
def test_an_unknown_purchase_or_source_is_not_found(client, what, source, purchase_id):
    buy(client)
    body = {"return_id": "r", "channel": "pos", "all": True} if "returns" in what else {}
    answer = writes_nothing(client, lambda: happens(client, what, purchase_id, body, source))
    assert (answer.status, answer.code) == (404, "purchase_not_found")


def test_an_id_that_was_closed_before_it_came_is_reversed(client):
    assert reverse(client).body["state"] == "not_arrived"
    for act in (complete, cancel, give_back):
        answer = writes_nothing(client, lambda act=act: act(client))
        assert (answer.status, answer.code) == (409, "reversed")


@pytest.mark.parametrize("body", [{"occurred_at": "yesterday"}, {"x": 1}, {"occurred_at": "2026-11-20T00:00:00"}])
def test_a_bad_completion_is_refused(client, body):
    place(client)
    assert writes_nothing(client, lambda: complete(client, **body)).code == "invalid_request"
    assert writes_nothing(client, lambda: happens(client, "cancel", body=body)).code == "invalid_request"


@pytest.mark.parametrize("what", ["complete", "cancel", "returns", "returns/preview"])
@pytest.mark.parametrize("who", [CAFE, member("taro"), key("ec", scopes=frozenset({"points:spend"}))])
def test_only_shops_say_what_happened_to_a_purchase(client, what, who):
    place(client)
    body = {"return_id": "r", "channel": "pos", "all": True} if "returns" in what else {}
    assert happens(client.as_(who), what, body=body).code == "forbidden"


def test_an_order_whose_points_nobody_took_yet_is_not_found_until_its_caller_comes_back(client):
    """A purchase that uses points may still be refused: only its own caller may finish it."""
    buy(client, "first", 10_000)
    ledger, enter = client.world.ledger, client.world.ledger.enter
    ledger.enter = None
    assert buy(client, "p-1", points_used=50, **PLACED).status == 500
    ledger.enter = enter
    for act in (complete, cancel, give_back):
        assert act(client).code == "purchase_not_found"
    assert buy(client, "p-1", points_used=50, **PLACED).status == 201
    assert complete(client).body["balance"] == 59


# ---- reversed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [[], [complete], [give_back], [cancel], [complete, give_back]])
def test_a_reversed_order_was_never_there_whatever_had_happened_to_it(client, before):
    buy(client, "first", 10_000)
    place(client, "p-1", 1000, 500, points_used=60)
    for act in before:
        assert act(client).status in (200, 201)
    first = reverse(client)
    assert (first.status, first.body["state"], first.body["balance"]) == (200, "reversed", 100)
    assert points(client) == (100, 0, 0, 0)
    assert reverse(client).body == first.body
    assert points(client) == (100, 0, 0, 0)
    assert faults(client) == []


@pytest.mark.parametrize("before", [complete, give_back, cancel])
def test_after_its_reversal_a_purchase_answers_nothing_else(client, before):
    """Also what was done before is not told again: a till that hears of points would print them."""
    place(client)
    before(client)
    reverse(client)
    for act in (complete, cancel, give_back, lambda client: buy(client, **PLACED)):
        answer = act(client)
        assert (answer.status, answer.code) == (409, "reversed")


def test_a_reversal_after_returns_undoes_what_was_left(client):
    buy(client, "first", 10_000)
    buy(client, "p-1", 1000, 1000, points_used=50)
    give_back(client, "p-1", "r-1", part("1"))
    assert points(client) == (100 - 25 + 9, 0, 0, 0)
    assert reverse(client).body["balance"] == 100
    assert points(client) == (100, 0, 0, 0)


def test_a_purchase_of_many_rules_is_reversed_to_the_lot(client):
    lot = {"kind": "limited", "expiry": {"kind": "fixed_days", "n": 9}}
    set_programme(client, earning=[BASE, times("3/2", lot=lot)])
    buy(client, "first", 10_000)
    before = balance(client)
    buy(client, "p-1", 333, 267, points_used=120)
    assert balance(client)["expiring"] != before["expiring"]
    reverse(client)
    assert balance(client) == before


def test_a_tills_order_is_reversed_by_its_own_store_within_a_day(client, clock):
    place(client.as_(TILL))
    assert reverse(client.as_(OTHER_TILL)).code == "wrong_store"
    assert reverse(client.as_(TILL)).status == 200
    place(client.as_(TILL), "p-2")
    clock.forward(hours=25)
    assert reverse(client.as_(TILL), "p-2").code == "reverse_window_over"
    assert complete(client.as_(TILL), "p-2").status == 200


def test_nothing_of_a_purchase_leaks_to_another_member(client):
    place(client)
    place(client, "p-2", member={"member_id": "hanako"})
    complete(client, "p-2")
    assert points(client) == (0, 10, 0, 0)
    assert points(client, "hanako") == (10, 0, 0, 0)
    reverse(client, "p-2")
    assert points(client, "hanako") == (0, 0, 0, 0)
    assert faults(client) == []


def test_the_explanation_is_in_the_language_of_the_request(client):
    place(client)
    first = client.post("/v1/purchases/pos/p-1/complete", {}, accept_language="ja")
    assert "ポイント" in first.body["explain"][0]["detail"]
    assert "without tax" in complete(client).body["explain"][0]["detail"]


def test_tax_earns_nothing_at_the_completion_either(client):
    place(client, "p-1", lines=[line(990, tax=99, tax_rate_bp=1000)])
    assert complete(client).body["points"]["available"] == 9
