"""POST /v1/programme/simulations: what past purchases would have earned under other rules."""

import pytest

from points import walking
from tests.api.points.shop import BASE, buy, cancel, give_back, line, of_nobody, set_programme, times
from tests.kit import OPERATOR, TILL

DAYS = {"since": "2026-11-01", "until": "2026-11-30"}


@pytest.fixture
def operator(client):
    return client.as_(OPERATOR)


def simulate(operator, *rules, **changes):
    """All pages of a simulation, added up."""
    programme = operator.get("/v1/programme").body | ({"earning": list(rules)} if rules else {})
    body = {"programme": programme, **DAYS, **changes}
    sums = dict.fromkeys(("members", "purchases", "amount", "in_force", "proposed"), 0)
    by_rule: dict[str, tuple[int, int]] = {}
    while True:
        answer = operator.post("/v1/programme/simulations", body)
        assert answer.status == 200, answer.body
        for name in sums:
            sums[name] += answer.body[name]
        for one in answer.body["rules"]:
            before = by_rule.get(one["rule_id"], (0, 0))
            by_rule[one["rule_id"]] = (before[0] + one["in_force"], before[1] + one["proposed"])
        if answer.body["next_cursor"] is None:
            return sums | {"rules": by_rule}
        body["cursor"] = answer.body["next_cursor"]


def test_the_rules_in_force_cost_what_was_given(client, operator):
    given = [buy(client, "p-1", 1990, 350), buy(client, "p-2", 700, member={"member_id": "hanako"})]
    assert simulate(operator) == {
        "members": 2,
        "purchases": 2,
        "amount": 3040,
        "in_force": sum(one.body["points"]["available"] for one in given),
        "proposed": 29,
        "rules": {"base": (29, 29)},
    }


def test_a_campaign_day_is_told_by_rule_and_changes_nothing(client, operator):
    buy(client, "p-1", 1000)
    before = client.world.ledger.table.scan()
    double = times("2/1", "double", when={"from": "2026-11-20", "until": "2026-11-20"})
    found = simulate(operator, BASE, double)
    assert (found["in_force"], found["proposed"]) == (10, 20)
    assert found["rules"] == {"base": (10, 10), "double": (0, 10)}
    assert client.world.ledger.table.scan() == before


def test_caps_tiers_and_the_first_purchase_go_on_from_the_account_as_it_was(client, operator, clock):
    buy(client, "p-0", 50_000, occurred_at="2026-11-20T02:00:00Z")
    clock.forward(days=20)  # the first purchase lies before the days that are looked at
    for n in (1, 2):
        buy(client, f"p-{n}", 1000, occurred_at=f"2026-12-10T02:0{n}:00Z")
    welcome = {"rule_id": "welcome", "kind": "bonus", "points": 500, "when": {"first_purchase": True}}
    capped = {"rule_id": "capped", "kind": "bonus", "points": 30, "cap": {"per_day": 40}}
    gold = times("3/1", "gold", when={"tiers": ["gold"]})
    programme = operator.get("/v1/programme").body | {
        "earning": [BASE, welcome, capped, gold],
        "tiers": {"window": "calendar_year", "levels": [{"name": "base", "from": 0}, {"name": "gold", "from": 500}]},
    }
    days = {"since": "2026-12-01", "until": "2026-12-31"}
    found = simulate(operator, programme=programme, **days)
    assert found["rules"] == {"base": (20, 20), "capped": (0, 40), "gold": (0, 40)}
    assert simulate(operator, programme=programme)["rules"]["welcome"] == (0, 500)


def test_a_purchase_counts_on_its_own_day_however_late_it_was_sent(client, operator, clock):
    clock.forward(days=30)
    buy(client, "p-1", 1000, occurred_at="2026-11-20T02:55:00Z")
    buy(client, "p-2", 3000, occurred_at="2026-12-19T02:55:00Z")
    found = simulate(operator)
    assert (found["purchases"], found["amount"], found["in_force"]) == (1, 1000, 10)


def test_what_comes_back_or_is_nobodys_is_left_out_on_both_sides(client, operator):
    buy(client, "p-1", 1000)
    buy(client, "p-2", 1000)
    give_back(client, "p-2")
    of_nobody(client, "p-3", 9000)
    buy(client, "p-4", 1000, source="ec", state="placed")
    cancel(client, "p-4", source="ec")
    found = simulate(operator, BASE | {"points": 2})
    assert (found["purchases"], found["in_force"], found["proposed"]) == (3, 30, 60)


def test_it_is_judged_by_the_rules_of_now_whatever_was_in_force_then(client, operator):
    buy(client, "p-1", 1000)
    set_programme(client, earning=[BASE | {"points": 5}])
    assert simulate(operator, BASE)["rules"] == {"base": (50, 10)}


def test_pages_hold_every_member_once(client, operator, monkeypatch):
    for n in range(7):
        client.post("/v1/members", {"member_id": f"m-{n}"})
        buy(client, f"p-{n}", 1000, member={"member_id": f"m-{n}"})
    whole = simulate(operator)
    assert (whole["members"], whole["in_force"]) == (7, 70)
    monkeypatch.setattr(walking, "PAGE", 2)
    assert simulate(operator) == whole
    monkeypatch.setattr(walking, "PAGE", 100)
    monkeypatch.setattr(walking, "ITEMS_MAX", 1)
    assert simulate(operator) == whole


def test_who_has_more_entries_than_a_person_is_left_out(client, operator, monkeypatch):
    for n in range(6):
        buy(client, f"p-{n}", 1000)
    monkeypatch.setattr(walking, "ITEMS_MAX", 4)
    monkeypatch.setattr(walking, "_FIRST", 2)
    programme = operator.get("/v1/programme").body
    answer = operator.post("/v1/programme/simulations", {"programme": programme, **DAYS})
    assert (answer.body["left_out"], answer.body["purchases"]) == (1, 0)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"until": "2026-10-31"}, "/until"),
        ({"since": "2026-08-01"}, "/until"),
        ({"since": "yesterday"}, "/since"),
        ({"programme": {"version": 1, "zone": "Europe/Oslo"}}, "/programme/zone"),
        (
            {"programme": {"version": 1, "earning": [{"rule_id": "base", "kind": "base"}]}},
            "/programme/earning/0/points",
        ),
        ({"programme": None}, "/programme"),
    ],
)
def test_a_simulation_that_makes_no_sense_is_refused_at_its_place(operator, changes, where):
    answer = operator.post("/v1/programme/simulations", {"programme": {"version": 1}, **DAYS} | changes)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert where in [one["pointer"] for one in answer.body["errors"]]


def test_a_cursor_goes_on_with_the_same_question_alone(client, operator, monkeypatch):
    monkeypatch.setattr(walking, "PAGE", 1)
    body = {"programme": {"version": 1}, **DAYS}
    cursor = operator.post("/v1/programme/simulations", body).body["next_cursor"]
    for changes in ({"since": "2026-11-02"}, {"programme": {"version": 1, "earning": [BASE | {"points": 2}]}}):
        answer = operator.post("/v1/programme/simulations", body | changes | {"cursor": cursor})
        assert (answer.status, answer.code) == (400, "bad_cursor")
    assert operator.post("/v1/programme/simulations", body | {"cursor": "x"}).code == "bad_cursor"


def test_a_till_is_refused(client):
    answer = client.as_(TILL).post("/v1/programme/simulations", {"programme": {"version": 1}, **DAYS})
    assert (answer.status, answer.code) == (403, "forbidden")


def test_lines_of_a_category_are_judged_line_by_line(client, operator):
    client.post(
        "/v1/purchases",
        {
            "purchase_id": "p-1",
            "source": "pos",
            "store_id": "shibuya",
            "member": {"member_id": "taro"},
            "occurred_at": "2026-11-20T02:55:00Z",
            "state": "completed",
            "lines": [line(1000, "1", category="book"), line(1000, "2")],
        },
    )
    books = {"rule_id": "books", "kind": "base", "points": 3, "per_amount": 100, "when": {"categories": ["book"]}}
    assert simulate(operator, books, BASE)["rules"] == {"books": (0, 30), "base": (20, 10)}
