"""POST …/returns and …/returns/preview: by line, quantity, amount or all, in any channel, years later, each once."""

import pytest
from hypothesis import given, strategies as st

from points.routes import ROUTES
from tests.api.points.shop import (
    BASE,
    balance,
    buy,
    complete,
    entries,
    faults,
    give_back,
    hold,
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
from tests.kit import OPERATOR, OTHER_TILL, TILL, Client, FakeClock, make_world


def told(answer):
    said = answer.body["points"]
    return said["clawed_back"], said["given_back"], said["forfeited"], said["debt"]


# ---- what comes back ------------------------------------------------------------------------------------------------


def test_a_return_by_line_tells_everything(client):
    buy(client, "first", 10_000)
    buy(client, "p-1", 700, 300, points_used=100)
    answer = give_back(client, "p-1", "r-1", part("1"))
    assert (answer.status, answer.is_replay) == (201, False)
    assert answer.body == {
        "return_id": "r-1",
        "purchase_id": "p-1",
        "points": {"clawed_back": 6, "given_back": 70, "forfeited": 0, "debt": 0},
        "balance": 72,
        "explain": [{"rule": "base", "points": -6, "detail": "1 for each 100 without tax, rounded down line by line"}],
    }
    assert entries(client)[-2:] == [("restored", 70), ("returned", -6)]
    assert points(client) == (72, 0, 0, 0)


@pytest.mark.parametrize(
    ("parts", "clawed"),
    [
        ([part("1", quantity=1)], 4),
        ([part("1", quantity=2)], 7),
        ([part("1", quantity=3)], 10),
        ([part("1", amount=1)], 1),
        ([part("1", amount=999)], 10),
        ([part("1", amount=1000)], 10),
        ([part("1")], 10),
        ([part("1", quantity=1), part("2")], 9),
        ([part("2", amount=500), part("1", amount=500)], 10),
        ([], 15),
    ],
)
def test_quantities_amounts_and_lines(client, parts, clawed):
    """1,000 yen for three and 500 yen for another. One of three is 333 yen, and 667 yen are left, which are 6 points."""
    buy(client, lines=[line(1000, "1", 3), line(500, "2")])
    answer = give_back(client, "p-1", "r-1", *parts)
    assert told(answer) == (clawed, 0, 0, 0)
    assert answer.body["balance"] == 15 - clawed
    if parts and clawed < 15:
        give_back(client, "p-1", "r-2")
    assert points(client) == (0, 0, 0, 0)


def test_three_at_once_or_one_by_one_are_the_same(client):
    for purchase_id, quantities in (("a", [3]), ("b", [1, 1, 1]), ("c", [2, 1])):
        buy(client, purchase_id, lines=[line(1000, "1", 3)])
        returned = [
            told(give_back(client, purchase_id, f"r-{n}", part("1", quantity=quantity)))[0]
            for n, quantity in enumerate(quantities)
        ]
        assert sum(returned) == 10
    assert points(client) == (0, 0, 0, 0)


def test_with_tax_the_tax_of_each_rate_comes_back_with_its_lines(client):
    set_programme(client, earning=[BASE], basis={"tax": "incl", "deduct_points_used": True})
    goods = [line(1000, "1", tax_rate_bp=800), line(1000, "2", tax_rate_bp=1000), line(500, "3", tax_rate_bp=1000)]
    buy(client, lines=goods, taxes=[{"rate_bp": 800, "amount": 80}, {"rate_bp": 1000, "amount": 150}])
    assert points(client)[0] == 10 + 11 + 5
    assert [told(give_back(client, "p-1", f"r-{n}", part(n)))[0] for n in "231"] == [11, 5, 10]


def test_points_that_a_hold_brought_come_back_to_their_lots(client):
    buy(client, "first", 10_000)
    before = balance(client)
    hold(client, 60)
    buy(client, "p-1", 5000, points_used=45, hold_id="h-1")
    assert points(client) == (100 - 45 + 49, 0, 0, 0)
    assert told(give_back(client)) == (49, 45, 0, 0)
    assert balance(client) == before


def test_a_return_of_an_order_that_was_not_completed_takes_pending_points(client):
    buy(client, "p-1", 700, 300, state="placed")
    assert told(give_back(client, "p-1", "r-1", part("1"))) == (7, 0, 0, 0)
    assert points(client) == (0, 3, 0, 0)
    assert complete(client).body["points"]["available"] == 3
    assert told(give_back(client, "p-1", "r-2")) == (3, 0, 0, 0)
    assert points(client) == (0, 0, 0, 0)


def test_a_return_of_nobodys_purchase_moves_no_points(client):
    of_nobody(client, "p-1", 700, 300)
    answer = give_back(client, "p-1", "r-1", part("1"))
    assert (answer.status, told(answer), answer.body["balance"]) == (201, (0, 0, 0, 0), None)
    assert give_back(client, "p-1", "r-1", part("1")).is_replay
    assert give_back(client, "p-1", "r-2", part("1")).code == "return_exceeds_purchase"
    assert give_back(client, "p-1", "r-3").status == 201


def test_an_exchange_is_a_return_and_a_purchase(client):
    buy(client, "p-1", 1000)
    give_back(client)
    buy(client, "p-2", 1500)
    assert points(client) == (15, 0, 0, 0)


def test_a_debt_is_told_and_the_next_purchase_pays_it(client):
    buy(client)
    spend(client, 7)
    assert told(give_back(client)) == (10, 0, 0, 7)
    assert points(client) == (-7, 0, 0, 7)
    assert buy(client, "p-2", 900).body["balance"] == 2


def test_a_shop_that_bears_what_is_missing_claws_back_what_there_is(client):
    set_programme(client, clawback="clamp")
    buy(client)
    spend(client, 7)
    answer = give_back(client)
    assert (told(answer), answer.body["balance"]) == ((3, 0, 0, 0), 0)
    assert buy(client, "p-2").body["balance"] == 10


# ---- when, where ----------------------------------------------------------------------------------------------------


def test_any_channel_takes_back_what_any_other_sold(client):
    buy(client, "web", source="ec")
    buy(client.as_(TILL), "till")
    assert give_back(client.as_(OTHER_TILL), "web", source="ec").status == 201
    assert give_back(client, "till", channel="ec").status == 201
    assert points(client) == (0, 0, 0, 0)


def test_another_store_takes_back_what_this_one_sold(client):
    buy(client.as_(TILL))
    assert give_back(client.as_(OTHER_TILL)).status == 201


def test_a_till_is_no_web_shop(client):
    buy(client)
    for verb in ("returns", "returns/preview"):
        answer = writes_nothing(client, lambda verb=verb: give_back(client.as_(TILL), channel="ec", verb=verb))
        assert (answer.status, answer.code) == (403, "forbidden")


def test_years_later_the_old_rules_hold(client, clock):
    set_programme(client, earning=[BASE, times("3/1")], expiry={"kind": "none"})
    buy(client)
    set_programme(client, earning=[BASE | {"per_amount": 1}], expiry={"kind": "fixed_days", "n": 1})
    clock.forward(days=3 * 365)
    answer = give_back(client)
    assert told(answer) == (30, 0, 0, 0)
    assert [one["points"] for one in answer.body["explain"]] == [-10, -20]
    assert points(client) == (0, 0, 0, 0)


def test_a_purchase_long_ago_is_found_behind_many_others(client):
    buy(client, "old", 2000)
    for n in range(60):
        buy(client, f"n-{n}", 100)
    assert told(give_back(client, "old", "r-1", part(amount=1000))) == (10, 0, 0, 0)
    for n in range(60, 80):
        buy(client, f"n-{n}", 100)
    first = give_back(client, "old", "r-2")
    assert told(first) == (10, 0, 0, 0)
    again = give_back(client, "old", "r-2")
    assert (again.body, again.is_replay) == (first.body, True)
    assert points(client) == (80, 0, 0, 0)


# ---- again ----------------------------------------------------------------------------------------------------------


def test_the_same_return_again_is_answered_as_before(client, clock):
    buy(client, "p-1", 700, 300)
    first = give_back(client, "p-1", "r-1", part("1"))
    give_back(client, "p-1", "r-2")
    clock.forward(days=500)
    buy(client, "p-2", occurred_at="2028-04-03T00:00:00Z")
    again = give_back(client, "p-1", "r-1", part("1"))
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert points(client) == (10, 0, 0, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": [part("1", quantity=1)]},
        {"lines": [part("2")]},
        {"all": True},
        {"lines": [part("1")], "channel": "ec"},
    ],
)
def test_the_same_id_with_other_content_is_refused(client, changes):
    buy(client, lines=[line(700, "1", 2), line(300, "2")])
    give_back(client, "p-1", "r-1", part("1"))
    body = {"return_id": "r-1", "channel": "pos", **changes}
    answer = writes_nothing(client, lambda: client.post("/v1/purchases/pos/p-1/returns", body))
    assert (answer.status, answer.code) == (422, "id_reused")
    assert points(client) == (3, 0, 0, 0)


def test_the_header_may_name_the_return(client):
    buy(client, "p-1", 700, 300)
    body = {"channel": "pos", "lines": [part("1")]}
    path = "/v1/purchases/pos/p-1/returns"
    assert client.post(path, body, idempotency_key="r-9").body["return_id"] == "r-9"
    assert client.post(path, body, idempotency_key="r-9").is_replay
    assert client.post(path, body).status == 422


# ---- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        [part("1", quantity=3)],
        [part("1", amount=701)],
        [part("2", quantity=1), part("1", quantity=3)],
        [part("2"), part("3")],
    ],
)
def test_more_than_was_bought_is_refused_and_nothing_of_it_taken(client, parts):
    buy(client, lines=[line(700, "1", 2), line(300, "2"), line(100, "3")])
    give_back(client, "p-1", "r-0", part("3"))
    for verb in ("returns", "returns/preview"):
        answer = writes_nothing(client, lambda verb=verb: give_back(client, "p-1", "r-1", *parts, verb=verb))
        assert (answer.status, answer.code) == (422, "return_exceeds_purchase")
    assert points(client) == (10, 0, 0, 0)
    assert give_back(client, "p-1", "r-1").status == 201, "a refused id is free"


def test_what_is_gone_is_gone(client):
    buy(client)
    give_back(client)
    for n, how in enumerate([part("1"), part("1", quantity=1), part("1", amount=1)]):
        assert give_back(client, "p-1", f"x-{n}", how).code == "return_exceeds_purchase"
    assert give_back(client, "p-1", "x-all").code == "return_exceeds_purchase"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"all": True, "lines": [part("1")]},
        {"all": False},
        {"lines": []},
        {"lines": [part("1"), part("1")]},
        {"lines": [part("1", quantity=1), part("1", amount=1)]},
        {"lines": [part("1", quantity=1, amount=1)]},
        {"lines": [part("1", quantity=0)]},
        {"lines": [part("1", amount=-1)]},
        {"lines": [part("1", quantity=1.5)]},
        {"lines": [part("1", sku="x")]},
        {"lines": [part("nope")]},
        {"lines": [{}]},
        {"all": True, "channel": "mail"},
        {"all": True, "return_id": "a b"},
        {"all": True, "x": 1},
    ],
)
def test_a_bad_return_is_refused_and_changes_nothing(client, changes):
    buy(client)
    body = {"return_id": "r-1", "channel": "pos", **changes}
    for verb in ("returns", "returns/preview"):
        answer = writes_nothing(client, lambda verb=verb: client.post(f"/v1/purchases/pos/p-1/{verb}", body))
        assert (answer.status, answer.code) == (422, "invalid_request")
    assert give_back(client).status == 201


def test_an_unknown_line_is_pointed_at(client):
    buy(client)
    answer = give_back(client, "p-1", "r-1", part("1"), part("nope"))
    assert answer.body["errors"][0]["pointer"] == "/lines/1/line_id"


def test_where_a_claw_back_may_be_refused_neither_chain_knows_of_the_return(client):
    set_programme(client, clawback="refuse")
    buy(client, "p-1", 700, 300)
    spend(client, 4)
    answer = writes_nothing(client, lambda: give_back(client, "p-1", "r-1", part("1")))
    assert (answer.status, answer.code) == (409, "insufficient_points")
    assert (answer.body["required"], answer.body["available"], answer.body["missing"]) == (7, 6, 1)
    assert writes_nothing(client, lambda: give_back(client, verb="returns/preview")).code == "insufficient_points"
    assert told(give_back(client, "p-1", "r-2", part("2"))) == (3, 0, 0, 0)
    buy(client, "p-2", 1000)
    first = give_back(client, "p-1", "r-1", part("1"))
    assert told(first) == (7, 0, 0, 0)
    again = give_back(client, "p-1", "r-1", part("1"))
    assert (again.body, again.is_replay) == (first.body, True)
    assert give_back(client, "p-1", "r-1").code == "id_reused"
    assert points(client) == (6, 0, 0, 0)
    assert reverse(client).body["balance"] == 6
    assert faults(client) == []


# ---- preview --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [[], [part("1", quantity=1)], [part("2", amount=77)], [part("1"), part("2")]])
@pytest.mark.parametrize("state", ["placed", "completed"])
@pytest.mark.parametrize("clawback", ["debt", "clamp"])
def test_a_preview_says_what_the_return_will_say_and_writes_nothing(client, clock, parts, state, clawback):
    set_programme(client, clawback=clawback, refund_expired={"kind": "grace", "days": 3})
    buy(client, "first", 10_000)
    clock.forward(days=200)
    buy(client, lines=[line(700, "1", 2), line(333, "2")], points_used=50, state=state)
    spend(client, 50)
    clock.forward(days=170)
    seen = writes_nothing(client, lambda: give_back(client, "p-1", "r-1", *parts, verb="returns/preview"))
    assert seen.status == 200
    done = give_back(client, "p-1", "r-1", *parts)
    assert (done.status, done.body) == (201, seen.body)


def test_a_preview_of_nobodys_purchase(client):
    of_nobody(client)
    seen = give_back(client, verb="returns/preview")
    assert (seen.status, seen.body) == (200, give_back(client).body)


# ---- merged members -------------------------------------------------------------------------------------------------


def merge(client, merge_id="m-1"):
    body = {"merge_id": merge_id, "into_member_id": "hanako"}
    assert client.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200


def unmerge(client, merge_id="m-1"):
    assert client.as_(OPERATOR).post("/v1/members/taro/unmerge", {"merge_id": merge_id}).status == 200


def test_a_return_after_a_merge_goes_where_the_points_went(client):
    buy(client, "p-1", 700, 300)
    buy(client, "o-1", 1000, state="placed")
    first = give_back(client, "p-1", "r-1", part("1"))
    merge(client)
    assert give_back(client, "p-1", "r-1", part("1")).body == first.body
    assert told(give_back(client, "p-1", "r-2")) == (3, 0, 0, 0)
    assert complete(client, "o-1").body["balance"] == 10
    assert points(client, "hanako") == (10, 0, 0, 0)
    assert reverse(client, "o-1").body["balance"] == 0
    assert points(client, "hanako") == (0, 0, 0, 0)
    assert faults(client) == []


def test_a_return_after_a_merge_has_ended_goes_home(client):
    buy(client)
    merge(client)
    unmerge(client)
    assert told(give_back(client)) == (10, 0, 0, 0)
    assert points(client) == (0, 0, 0, 0)
    assert points(client, "hanako") == (0, 0, 0, 0)


def test_a_hold_from_before_a_merge_pays_a_purchase_after_it(client):
    buy(client, "first", 10_000)
    hold(client, 60)
    merge(client)
    bought = buy(client, "p-1", 5000, points_used=45, hold_id="h-1", member={"member_id": "hanako"})
    assert (bought.status, bought.body["balance"]) == (201, 100 - 45 + 49)
    assert client.post("/v1/holds/h-1/release", {}).code == "hold_closed"
    assert told(give_back(client)) == (49, 45, 0, 0)
    assert points(client, "hanako") == (100, 0, 0, 0)
    assert faults(client) == []


# ---- what holds for all ---------------------------------------------------------------------------------------------

PARTS = st.lists(
    st.tuples(st.sampled_from(["1", "2", "3"]), st.sampled_from(["quantity", "amount", "all"]), st.integers(1, 900)),
    max_size=8,
)


@given(st.lists(st.integers(0, 900), min_size=3, max_size=3), st.integers(0, 120), PARTS, st.booleans())
def test_whatever_comes_back_in_whatever_parts_nothing_is_left_in_the_end(amounts, used, parts, is_placed):
    client = Client(ROUTES, make_world(FakeClock()))
    client.post("/v1/members", {"member_id": "taro"})
    set_programme(client, earning=[BASE, times("7/4")])
    buy(client, "first", 10_000)
    before = balance(client)
    goods = [line(amount, str(n), n) for n, amount in enumerate(amounts, 1)]
    state = "placed" if is_placed else "completed"
    assert buy(client, lines=goods, points_used=min(used, sum(amounts)), state=state).status == 201
    for n, (line_id, how, number) in enumerate(parts):
        more = {} if how == "all" else {how: number}
        answer = give_back(client, "p-1", f"r-{n}", part(line_id, **more))
        assert answer.status == 201 or answer.code == "return_exceeds_purchase"
    assert give_back(client, "p-1", "rest").status in (201, 422)
    assert balance(client) == before
    assert faults(client, "taro") == []
