"""GET /v1/reports/movements: what was issued, spent and expired, day by day."""

import pytest

from points import walking
from tests.api.points.shop import buy, give_back, set_programme
from tests.kit import EC, OPERATOR, TILL

DAYS = "since=2026-11-19&until=2026-11-21"


@pytest.fixture
def operator(client):
    return client.as_(OPERATOR)


def moved(operator, days=DAYS):
    """All pages, added up: the members, opening and closing, and what moved by day, without what is 0."""
    members, opening, closing, cursor = 0, 0, 0, ""
    by_day: dict[str, dict[str, int]] = {}
    while cursor is not None:
        answer = operator.get(f"/v1/reports/movements?{days}{cursor and f'&cursor={cursor}'}")
        assert answer.status == 200, answer.body
        members, opening = members + answer.body["members"], opening + answer.body["opening"]
        closing, cursor = closing + answer.body["closing"], answer.body["next_cursor"]
        for one in answer.body["days"]:
            day = by_day.setdefault(one.pop("day"), {})
            for name, points in one.items():
                day[name] = day.get(name, 0) + points
    return members, opening, closing, {day: {n: p for n, p in one.items() if p} for day, one in by_day.items()}


def test_each_day_tells_what_was_issued_spent_and_came_back(client, operator, clock):
    buy(client, "p-1", 10_000)
    buy(client, "p-2", 2000, member={"member_id": "hanako"})
    clock.forward(days=1)
    spend = {"spend_id": "s", "member": {"member_id": "taro"}, "points": 30, "order_ref": "o"}
    assert client.as_(EC).post("/v1/spends", spend).status == 201
    give_back(client, "p-2")
    assert moved(operator) == (
        2,
        0,
        70,
        {"2026-11-19": {}, "2026-11-20": {"issued": 120}, "2026-11-21": {"spent": 30, "returned": -20}},
    )
    assert moved(operator, "since=2026-11-21&until=2026-11-21")[1:3] == (120, 70)


def test_what_expires_counts_on_its_day_though_nobody_has_come_by(client, operator, clock):
    set_programme(client, expiry={"kind": "fixed_days", "n": 1})
    buy(client, "p-1", 1000)
    clock.forward(days=5)
    _, opening, closing, days = moved(operator, "since=2026-11-20&until=2026-11-23")
    assert (opening, closing) == (0, 0)
    assert days == {"2026-11-20": {"issued": 10}, "2026-11-21": {}, "2026-11-22": {"expired": 10}, "2026-11-23": {}}


def test_pages_hold_every_member_once(client, operator, monkeypatch):
    for n in range(7):
        client.post("/v1/members", {"member_id": f"m-{n}"})
        buy(client, f"p-{n}", 1000, member={"member_id": f"m-{n}"})
    whole = moved(operator, "since=2026-11-20&until=2026-11-20")
    assert whole == (7, 0, 70, {"2026-11-20": {"issued": 70}})
    monkeypatch.setattr(walking, "PAGE", 2)
    assert moved(operator, "since=2026-11-20&until=2026-11-20") == whole


@pytest.mark.parametrize(
    ("days", "where"),
    [
        ("since=2026-11-20&until=2026-11-19", "/until"),
        ("since=2026-11-20&until=2026-11-22", "/until"),  # has not begun
        ("since=2026-08-01&until=2026-11-20", "/until"),
        ("since=x&until=2026-11-20", "/since"),
        ("since=2026-11-20", "/until"),
    ],
)
def test_days_that_make_no_sense_are_refused_at_their_place(operator, days, where):
    answer = operator.get(f"/v1/reports/movements?{days}")
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert where in [one["pointer"] for one in answer.body["errors"]]


def test_a_cursor_goes_on_with_the_same_days_alone(operator, monkeypatch):
    monkeypatch.setattr(walking, "PAGE", 1)
    cursor = operator.get(f"/v1/reports/movements?{DAYS.replace('21', '20')}").body["next_cursor"]
    other = "since=2026-11-18&until=2026-11-20"
    assert operator.get(f"/v1/reports/movements?{other}&cursor={cursor}").code == "bad_cursor"


def test_a_till_is_refused(client):
    assert client.as_(TILL).get(f"/v1/reports/movements?{DAYS}").code == "forbidden"
