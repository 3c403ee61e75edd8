"""Paying a purchase with points: from the balance, or from a hold that is captured, and ended, in the same append."""

import pytest

from tests.api.points.shop import (
    balance,
    buy,
    cancel,
    complete,
    entries,
    faults,
    give_back,
    hold,
    lines,
    points,
    reverse,
    set_programme,
    spend,
    writes_nothing,
)
from tests.kit import OTHER_TILL, TILL, member, purchase

HELD = {"hold_id": "h-1", "points": 60, "order_ref": "o"}


@pytest.fixture
def rich(client):
    """Taro has 100 points."""
    buy(client, "first", 10_000)
    return client


def pay(client, used=45, hold_id="h-1", purchase_id="p-1", amount=5000, **changes):
    return buy(client, purchase_id, amount, points_used=used, hold_id=hold_id, **changes)


def end(client, verb, hold_id="h-1", **body):
    return client.post(f"/v1/holds/{hold_id}/{verb}", body)


def test_a_purchase_captures_its_hold_and_lets_the_rest_go(rich):
    hold(rich, 60)
    assert points(rich) == (40, 0, 60, 0)
    answer = pay(rich)
    assert (answer.status, answer.body["points"]["available"], answer.body["balance"]) == (201, 49, 104)
    assert points(rich) == (104, 0, 0, 0)
    assert entries(rich) == [("earned", 100), ("held", -60), ("captured", 15), ("earned", 49)]
    assert faults(rich) == []


def test_sent_again_after_everything_it_is_answered_as_before(rich, clock):
    hold(rich, 60)
    first = pay(rich)
    assert pay(rich).body == first.body
    end(rich, "capture", points=45)
    give_back(rich)
    clock.forward(days=3)
    again = pay(rich)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert pay(rich, 44).code == "id_reused"
    assert points(rich) == (100, 0, 0, 0)


def test_the_lots_of_a_hold_are_those_that_come_back(rich, clock):
    set_programme(rich, expiry={"kind": "fixed_days", "n": 10})
    buy(rich, "soon", 3000)
    hold(rich, 60)
    before = balance(rich)
    pay(rich, 60)
    clock.forward(days=1)
    assert give_back(rich).body["points"]["given_back"] == 60
    end(rich, "release")
    assert [(one["on"], one["points"]) for one in balance(rich)["expiring"]] == [
        ("2026-11-30", 30),
        ("2027-11-20", 100),
    ]
    assert before["held"] == 60


def test_without_points_a_purchase_only_lets_its_hold_go(rich):
    hold(rich, 60)
    answer = rich.post("/v1/purchases", purchase(hold_id="h-1"))
    assert answer.body["balance"] == 110
    assert end(rich, "release").body["state"] == "released"
    assert end(rich, "capture", points=5).code == "hold_closed"
    assert points(rich) == (110, 0, 0, 0)


def test_a_hold_that_a_purchase_used_has_ended(rich):
    hold(rich, 60)
    pay(rich)
    for refused in (
        end(rich, "capture"),
        end(rich, "release"),
        end(rich, "extend", ttl_seconds=60),
        pay(rich, 10, purchase_id="p-2"),
    ):
        assert (refused.status, refused.code) == (409, "hold_closed")
    same = end(rich, "capture", points=45)
    assert (same.status, same.body["captured"], same.body["released"]) == (200, 45, 15), "the shop's usual next call"
    assert points(rich) == (104, 0, 0, 0)


def test_a_hold_that_a_purchase_used_comes_back_with_that_and_not_by_itself(rich):
    hold(rich, 60)
    pay(rich)
    answer = writes_nothing(rich, lambda: reverse(rich, "h-1", "hold"))
    assert (answer.status, answer.code) == (409, "hold_closed")
    assert reverse(rich).body["balance"] == 100
    done = reverse(rich, "h-1", "hold")
    assert (done.status, done.body["state"]) == (200, "reversed"), "a till asks until it hears yes"
    assert points(rich) == (100, 0, 0, 0)
    assert faults(rich) == []


@pytest.mark.parametrize("how", ["capture", "release"])
def test_a_hold_that_has_ended_pays_nothing(rich, how):
    hold(rich, 60)
    end(rich, how)
    before = points(rich)
    answer = writes_nothing(rich, lambda: pay(rich))
    assert (answer.status, answer.code) == (409, "hold_closed")
    assert points(rich) == before
    assert buy(rich, "p-1", 5000).status == 201, "nothing was recorded"


def test_a_reversed_hold_pays_nothing(rich):
    hold(rich, 60)
    reverse(rich, "h-1", "hold")
    assert pay(rich).code == "reversed"
    reverse(rich, "h-2", "hold")
    assert pay(rich, hold_id="h-2").code == "reversed"
    assert points(rich) == (100, 0, 0, 0)


def test_a_hold_that_lapsed_is_taken_afresh_while_the_points_are_there(rich, clock):
    hold(rich, 60)
    hold(rich, 30, "h-2")
    clock.forward(hours=1)
    assert points(rich) == (100, 0, 0, 0)
    assert pay(rich).body["balance"] == 104
    assert entries(rich)[-4:] == [("released", 60), ("released", 30), ("captured", -45), ("earned", 49)]
    spend(rich, 100)
    answer = writes_nothing(rich, lambda: pay(rich, 30, "h-2", "p-2"))
    assert (answer.status, answer.code, answer.body["available"]) == (409, "insufficient_points", 4)
    assert points(rich) == (4, 0, 0, 0)
    assert faults(rich) == []


def test_what_fell_due_first_stands_before_the_capture(rich, clock):
    clock.at = clock.at.replace(year=2027, month=11, day=20, hour=14, minute=50)
    hold(rich, 60, ttl_seconds=1200)
    clock.forward(minutes=15)  # past midnight in Tokyo: the other 40 are gone
    answer = pay(rich, occurred_at="2027-11-20T14:55:00Z")
    assert answer.body["balance"] == 49
    assert entries(rich)[-4:] == [("expired", -40), ("captured", 15), ("expired", -15), ("earned", 49)]


@pytest.mark.parametrize(("used", "code"), [(61, "exceeds_hold"), (5001, "exceeds_total")])
def test_more_than_is_held_or_costs_is_refused(rich, used, code):
    hold(rich, 60)
    answer = writes_nothing(rich, lambda: pay(rich, used))
    assert (answer.status, answer.code) == (422, code)
    assert points(rich) == (40, 0, 60, 0)
    assert pay(rich, 60).status == 201


def test_another_members_hold_pays_nothing(rich):
    hold(rich, 60)
    answer = writes_nothing(rich, lambda: pay(rich, member={"member_id": "hanako"}))
    assert (answer.status, answer.code) == (404, "hold_not_found")
    assert points(rich) == (40, 0, 60, 0)


def test_an_unknown_hold_is_not_found_and_a_spend_is_none(rich):
    spend(rich, 10, "s-1")
    for hold_id in ("nothing", "s-1"):
        answer = writes_nothing(rich, lambda hold_id=hold_id: pay(rich, hold_id=hold_id))
        assert (answer.status, answer.code) == (404, "hold_not_found")


def test_nobody_has_no_hold(rich):
    hold(rich, 60)
    body = purchase(hold_id="h-1")
    del body["member"]
    assert rich.post("/v1/purchases", body).body["errors"][0]["pointer"] == "/member"


def code(rich):
    return {"code": rich.as_(member("taro")).get("/v1/me/code").body["rotating"]["value"]}


@pytest.mark.parametrize("till", [TILL, OTHER_TILL])
@pytest.mark.parametrize("is_shown_again", [False, True])
def test_a_till_needs_no_second_code_for_what_was_held_with_one(rich, till, is_shown_again):
    shown = code(rich)
    assert rich.as_(TILL).post("/v1/holds", HELD | {"member": shown}).status == 201
    who = shown if is_shown_again else {"member_id": "taro"}
    assert pay(rich.as_(till), member=who, store_id=None).status == 201


@pytest.mark.parametrize("hold_id", [None, "h-1"])
def test_a_till_spends_without_a_code_neither_from_the_balance_nor_from_the_web_shops_hold(rich, hold_id):
    hold(rich, 60)
    answer = writes_nothing(rich, lambda: pay(rich.as_(TILL), hold_id=hold_id))
    assert (answer.status, answer.code) == (403, "presence_required")
    assert pay(rich.as_(TILL), hold_id="nothing").code == "hold_not_found", "what is not there is told first"
    assert points(rich) == (40, 0, 60, 0)
    assert pay(rich, 40, hold_id).status == 201, "the web shop pays as ever"


def test_a_code_that_has_paid_from_the_web_shops_hold_is_used_up(rich):
    hold(rich, 60)
    shown, till = code(rich), rich.as_(TILL)
    assert pay(till, member=shown).status == 201
    assert pay(till, member=shown).is_replay
    assert pay(till, 10, None, "p-2", member=shown).code == "code_used"


def test_a_till_lets_the_web_shops_hold_go_without_a_code(rich):
    hold(rich, 60)
    assert pay(rich.as_(TILL), 0).status == 201
    assert points(rich) == (150, 0, 0, 0)


def test_where_no_presence_is_asked_for_a_till_pays_from_any_hold(rich):
    set_programme(rich, pos_spend_needs_presence=False)
    hold(rich, 60)
    assert pay(rich.as_(TILL)).status == 201


def test_an_order_is_paid_from_its_hold_when_it_is_placed_and_a_cancellation_gives_it_back(rich):
    hold(rich, 60)
    pay(rich, state="placed")
    assert points(rich) == (55, 49, 0, 0)
    cancel(rich)
    assert points(rich) == (100, 0, 0, 0)
    hold(rich, 60, "h-2")
    pay(rich, 60, "h-2", "p-2", state="placed")
    assert complete(rich, "p-2").body["balance"] == 89


def test_a_preview_sees_the_hold(rich):
    hold(rich, 60)
    wanted = purchase(lines=lines(5000), points_used=45, hold_id="h-1")
    seen = writes_nothing(rich, lambda: rich.post("/v1/purchases/preview", wanted))
    assert seen.body == rich.post("/v1/purchases", wanted).body
    assert rich.post("/v1/purchases/preview", wanted | {"purchase_id": "p-2"}).code == "hold_closed"


def test_holds_of_a_batch_are_ended_too(rich):
    hold(rich, 60)
    with_hold = purchase(purchase_id="b-2", lines=lines(5000), points_used=45, hold_id="h-1")
    wanted = {"purchases": [purchase(purchase_id="b-1"), with_hold, with_hold | {"purchase_id": "b-3"}]}
    results = rich.post("/v1/purchases/batch", wanted).body["results"]
    assert [one["status"] for one in results] == [201, 201, 409]
    assert points(rich) == (100 + 10 - 45 + 49, 0, 0, 0)


# ---- the programme's limits -----------------------------------------------------------------------------------------


def test_points_are_spent_from_a_minimum_on_in_steps_up_to_a_share(rich):
    set_programme(rich, spending={"min": 10, "step": 5, "max_share_bp": 5000})
    for used, amount, code in ((5, 1000, "below_minimum"), (12, 1000, "off_step"), (55, 100, "exceeds_share")):
        answer = writes_nothing(rich, lambda used=used, amount=amount: pay(rich, used, None, amount=amount))
        assert (answer.status, answer.body["errors"][0]["code"]) == (422, code)
        assert answer.body["errors"][0]["pointer"] == "/points_used"
    assert pay(rich, 50, None, amount=100).status == 201


def test_a_purchase_that_was_taken_is_answered_though_the_limits_have_changed(rich):
    first = pay(rich, 5, None)
    set_programme(rich, spending={"min": 10, "step": 5, "max_share_bp": 5000})
    again = pay(rich, 5, None)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
