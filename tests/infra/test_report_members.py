"""Reports that go through all members: movements add up to balances, and activity is what was bought and stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from infra import report_members
from points import reports
from points.liability import Sums
from points.routes import ROUTES
from tests.api.points.shop import buy, cancel, complete, give_back, hold, part, reverse
from tests.kit import OPERATOR, Client, FakeClock, make_world
from tests.passing import Passing

START = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
ZONE = "Asia/Tokyo"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(clock):
    client = Client(ROUTES, make_world(clock))
    for member_id in ("taro", "hanako", "jiro"):
        client.post("/v1/members", {"member_id": member_id})
    return client


def bounds(*days):
    return [START + timedelta(days=one) for one in days]


def months(client, *days):
    return report_members.by_month(client.world, bounds(*days), ZONE, lambda: None)


def merge(client, merge_id="m"):
    said = {"merge_id": merge_id, "into_member_id": "hanako"}
    return client.as_(OPERATOR).post("/v1/members/jiro/merge", said)


def act(client, what, n, who):  # noqa: C901 - a list of ten things
    """One of many things that happen to points."""
    said = {"member": {"member_id": who}}
    if what == "buy":
        buy(client, f"p-{n}", 12_300, 800, **said)
    elif what == "used":
        buy(client, f"p-{n}", 5000, points_used=20, **said)
    elif what == "back":
        give_back(client, f"p-{n - 1}", f"r-{n}", part("0"))
    elif what == "undo":
        reverse(client, f"p-{n - 2}")
    elif what == "spend":
        client.post("/v1/spends", said | {"spend_id": f"s-{n}", "points": 7, "order_ref": "o"})
    elif what == "hold":
        client.post("/v1/holds", said | {"hold_id": f"h-{n}", "points": 30, "order_ref": "o", "ttl_seconds": 90_000})
    elif what == "capture":
        client.post(f"/v1/holds/h-{n - 1}/capture", {"points": 11})
    elif what == "unhold":
        client.post(f"/v1/operations/h-{n - 1}/reverse", {"reverse_id": f"u-{n}", "kind": "hold"})
    elif what == "adjust":
        gift = {"adjustment_id": f"a-{n}", "points": 40 - n % 3 * 30, "reason": "x"}
        client.as_(OPERATOR).post("/v1/adjustments", said | gift)
    elif what == "merge":
        merge(client, f"m-{n}")


WHAT = ("buy", "used", "back", "undo", "spend", "hold", "capture", "unhold", "adjust", "merge")


@given(
    st.lists(
        st.tuples(st.sampled_from(WHAT), st.sampled_from(("taro", "hanako", "jiro")), st.integers(0, 200)), max_size=25
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_time_opens_with_what_the_one_before_closed_with_and_closes_with_what_the_shop_owes(story):
    clock = FakeClock()
    client = Client(ROUTES, make_world(clock))
    for member_id in ("taro", "hanako", "jiro"):
        client.post("/v1/members", {"member_id": member_id})
        buy(client, f"first-{member_id}", 40_000, member={"member_id": member_id})
    days = 0
    for n, (what, who, ahead) in enumerate(story):
        act(client, what, n, who)
        Passing(client.world).work()
        clock.forward(days=ahead)
        days += ahead
    found = months(client, -1, *range(30, days + 60, 30))
    for before, after in pairwise(found):
        assert before.closing == after.opening
    assert all(one.is_whole for one in found)
    for one, at in zip(found, bounds(*range(30, days + 60, 30)), strict=True):
        owed = reports.report_of(_sums_at(client, at), at.date(), ZONE, 1, at)
        assert one.closing == owed.total - owed.debt
        assert one.moved == 0


def _sums_at(client, at):
    sums = Sums()
    reports.add_page(client.world, sums, client.world.directory.table.scan(), at, ZONE)
    return sums


def test_what_falls_due_counts_on_its_day_and_not_when_somebody_wrote_it_down(client, clock):
    buy(client, "p-1", 1000)
    clock.forward(days=500)
    first, second = months(client, -1, 300, 500)
    assert (first.issued, first.expired, second.expired, second.closing) == (10, 0, 10, 0)
    clock.forward(days=1)
    buy(client, "p-2", 2000, occurred_at=clock.now().isoformat())  # this writes the expiry down
    assert months(client, -1, 300, 500)[1] == second


def test_a_hold_is_spent_when_it_is_captured(client, clock):
    buy(client, "p-1", 10_000)
    hold(client, 60)
    clock.forward(days=0, minutes=1)
    first = months(client, -1, 0.0005)[0]
    assert (first.issued, first.held, first.spent, first.closing) == (100, 60, 0, 40)
    client.post("/v1/holds/h-1/capture", {"points": 45})
    clock.forward(days=1)
    (both,) = months(client, -1, 1)
    assert (both.held, both.spent, both.closing) == (0, 45, 55)


# ---- activity -------------------------------------------------------------------------------------------------------


def activities(client, start=-365, end=1):
    first, last = bounds(start, end)
    return report_members.activities(client.world, first, last, ZONE, lambda: None)


def test_activity_is_what_was_bought_and_stands(client, clock):
    buy(client, "p-1", 1000, 500)
    clock.forward(hours=1)
    buy(client, "p-2", 3000, occurred_at=clock.now().isoformat())
    give_back(client, "p-1", "r-1", part("1"))
    buy(client, "p-3", state="placed")
    cancel(client, "p-3")
    buy(client, "p-4")
    reverse(client, "p-4")
    buy(client, "p-5", state="placed", occurred_at=(clock.now() - timedelta(days=3)).isoformat())
    complete(client, "p-5")
    taro = activities(client)["taro"]
    assert (taro.purchases, taro.amount, taro.last_at) == (3, 500 + 3000 + 1000, clock.now())
    assert activities(client)["hanako"].last_at is None


def test_a_purchase_before_the_time_or_after_it_does_not_count(client, clock):
    buy(client, "old", occurred_at=(clock.now() - timedelta(days=20)).isoformat())
    buy(client, "new")
    assert activities(client, start=-10)["taro"].purchases == 1
    assert activities(client, start=-30, end=-10)["taro"].purchases == 1
    assert activities(client, start=-30)["taro"].purchases == 2


def test_what_was_merged_counts_where_it_went(client, clock):
    buy(client, "p-1", 1000, member={"member_id": "jiro"})
    buy(client, "p-2", 2000, member={"member_id": "hanako"})
    assert merge(client).status == 200
    Passing(client.world).work()
    found = activities(client)
    assert set(found) == {"taro", "hanako"}
    assert (found["hanako"].purchases, found["hanako"].amount, found["hanako"].balance) == (2, 3000, 30)


def test_nothing_is_scanned_but_the_list_of_members_and_little_is_read(client, clock, monkeypatch):
    for n in range(100):
        buy(client, f"p-{n}")
        clock.forward(hours=1)
    monkeypatch.setattr(client.world.ledger.table, "scan", None)
    usage = client.world.ledger.table.usage
    usage.reset()
    assert activities(client, end=30)["taro"].purchases == 100
    assert usage.write_units == 0
    assert usage.read_units <= 12
    usage.reset()
    first, last = bounds(4, 30)
    report_members.by_month(client.world, [first, last], ZONE, lambda: None)
    assert usage.read_units <= 13
