"""Numbers of shops and of other systems' bugs, through the whole software."""

import pytest

from tests.api.points.shop import (
    BASE,
    balance,
    buy,
    cancel,
    complete,
    entries,
    faults,
    give_back,
    line,
    part,
    points,
    set_programme,
    spend,
    times,
)


@pytest.mark.parametrize(("scope", "expected"), [("line", 10), ("order", 11)])
def test_a_2280_yen_order_at_half_the_rate(client, scope, expected):
    """Rakuten's example: 1,800 + 380 + 100 yen are 9 + 1 + 0 points line by line, 11.4 over the order."""
    set_programme(client, earning=[BASE, times("5/10")], rounding={"mode": "floor", "scope": scope})
    answer = buy(client, "p-1", 1800, 380, 100)
    assert answer.body["points"]["available"] == expected
    assert sum(one["points"] for one in answer.body["explain"]) == expected
    parts = [give_back(client, "p-1", f"r-{n}", part(str(n))).body["points"]["clawed_back"] for n in (1, 2, 3)]
    assert parts == ([9, 1, 0] if scope == "line" else [9, 2, 0])
    assert points(client) == (0, 0, 0, 0)


def test_one_for_each_200_yen_without_tax(client):
    set_programme(client, earning=[BASE | {"per_amount": 200}])
    assert buy(client, "p-1", lines=[line(1990, tax=199)]).body["points"]["available"] == 9
    assert buy(client, "p-2", lines=[line(2000, tax=160)]).body["points"]["available"] == 10


def test_one_for_each_54_yen_with_tax(client):
    set_programme(client, earning=[BASE | {"per_amount": 54}], basis={"tax": "incl", "deduct_points_used": True})
    assert buy(client, "p-1", lines=[line(490, tax=49)]).body["points"]["available"] == 9
    assert buy(client, "p-2", lines=[line(491, tax=49)]).body["points"]["available"] == 10
    by_rate = {"lines": [line(491, tax_rate_bp=1000)], "taxes": [{"rate_bp": 1000, "amount": 49}]}
    assert buy(client, "p-3", **by_rate).body["points"]["available"] == 10


def test_points_used_are_spread_over_the_lines_the_remainder_to_the_largest(client):
    """EC-CUBE#1233, plan A: 100 points over 333, 333 and 334 yen are 33, 33 and 34."""
    buy(client, "rich", 100_000)
    set_programme(client, earning=[BASE | {"per_amount": 1}])
    assert buy(client, "p-1", 333, 333, 334, points_used=100).body["points"]["available"] == 900
    said = [give_back(client, "p-1", f"r-{n}", part(str(n))).body["points"] for n in (1, 2, 3)]
    assert [(one["given_back"], one["clawed_back"]) for one in said] == [(33, 300), (33, 300), (34, 300)]
    assert points(client) == (1000, 0, 0, 0)


def test_a_return_goes_by_the_rules_of_the_purchase(client):
    """EC-CUBE#5529: the rate was changed after the purchase, and a return took 10 points back instead of 100."""
    set_programme(client, earning=[BASE | {"points": 10}])
    buy(client, "p-1", 1000)
    set_programme(client, earning=[BASE], clawback="clamp", basis={"tax": "incl", "deduct_points_used": False})
    buy(client, "p-2", 1000)
    assert points(client)[0] == 110
    assert give_back(client, "p-1", "half", part(amount=500)).body["points"]["clawed_back"] == 50
    answer = give_back(client, "p-1")
    assert answer.body["points"]["clawed_back"] == 50
    assert answer.body["explain"][0]["detail"] == "10 for each 100 without tax, rounded down line by line"
    assert points(client)[0] == 10


def test_an_order_that_waits_is_completed_by_the_rules_it_was_placed_under(client):
    set_programme(client, earning=[BASE | {"points": 10}], expiry={"kind": "end_of_month", "n": 0})
    buy(client, "p-1", 1000, state="placed")
    set_programme(client, earning=[BASE], expiry={"kind": "none"})
    assert complete(client).body["points"]["available"] == 100
    assert balance(client)["expiring"] == [{"on": "2026-11-30", "points": 100, "kind": "regular"}]


def test_cancelling_and_editing_an_order_mints_nothing(client):
    """EC-CUBE#7174: an order is cancelled, edited and placed again, and each time gave back points it did not take."""
    buy(client, "rich", 100_000)
    for n in range(4):
        assert buy(client, f"order-{n}", 5000 + n, points_used=1000, state="placed").status == 201
        assert points(client) == (0, 40, 0, 0)
        cancel(client, f"order-{n}")
        assert points(client) == (1000, 0, 0, 0)
        for _ in range(2):
            assert cancel(client, f"order-{n}").is_replay
            assert complete(client, f"order-{n}").code == "purchase_cancelled"
            assert give_back(client, f"order-{n}").code == "purchase_cancelled"
            assert buy(client, f"order-{n}", 5000 + n, points_used=1000, state="placed").is_replay
        assert points(client) == (1000, 0, 0, 0)
    buy(client, "order-x", 5000, points_used=1000, state="placed")
    assert complete(client, "order-x").body["points"]["available"] == 40
    assert points(client) == (40, 0, 0, 0)
    assert faults(client) == []


def test_an_order_that_comes_back_after_its_points_were_spent_leaves_a_debt_and_no_later_error(client):
    """EC-CUBE#5730: a returned order left −1,091 points, and every later change of the member failed."""
    buy(client, "p-1", 109_100)
    assert spend(client, 1091).status == 201
    said = give_back(client).body
    assert (said["points"], said["balance"]) == (
        {"clawed_back": 1091, "given_back": 0, "forfeited": 0, "debt": 1091},
        -1091,
    )
    assert points(client) == (-1091, 0, 0, 1091)
    refused = spend(client, 1, "s-2")
    assert (refused.code, refused.body["available"], refused.body["missing"]) == ("insufficient_points", 0, 1)
    assert buy(client, "p-2", 50_000).body["balance"] == -591
    assert buy(client, "p-3", 60_000).body["balance"] == 9
    assert points(client) == (9, 0, 0, 0)
    assert spend(client, 9, "s-3").body["balance"] == 0
    assert entries(client) == [
        ("earned", 1091),
        ("spent", -1091),
        ("returned", -1091),
        ("earned", 500),
        ("earned", 600),
        ("spent", -9),
    ]
    assert faults(client) == []


@pytest.mark.parametrize(
    ("rule", "given_back", "on"),
    [
        ({"kind": "forfeit"}, 0, None),
        ({"kind": "grace", "days": 30}, 100, "2027-12-21"),
        ({"kind": "reissue"}, 100, "2028-11-20"),
    ],
)
def test_points_that_were_used_and_have_expired_meanwhile(client, clock, rule, given_back, on):
    """Rakuten Ichiba forfeits them; a shop may choose otherwise. The return comes on 21 November 2027."""
    set_programme(client, refund_expired=rule)
    buy(client, "old", 10_000)
    buy(client, "new", 100, points_used=100)
    clock.forward(days=366)
    said = give_back(client, "new").body["points"]
    assert (said["given_back"], said["forfeited"]) == (given_back, 100 - given_back)
    assert [one["on"] for one in balance(client)["expiring"]] == ([on] if on else [])
    assert faults(client) == []
