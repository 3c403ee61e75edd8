"""The liability report: computed for each day that has ended, exact however late or often the job runs."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from points import reports
from points.reports import of_day
from points.routes import ROUTES
from shared import keys
from shared.errors import NotFound
from tests.kit import EC, OPERATOR, Client, FakeClock, make_world, purchase

TODAY = date(2026, 11, 20)
FOREVER = float("inf")


@pytest.fixture
def operator(client):
    return client.as_(OPERATOR)


def buy(client, purchase_id, member_id="taro", amount=1000):
    at = client.world.clock.now().isoformat()
    lines = [{"line_id": "1", "quantity": 1, "amount": amount}]
    body = purchase(purchase_id=purchase_id, member={"member_id": member_id}, occurred_at=at, lines=lines)
    assert client.post("/v1/purchases", body).status == 201


def hold(client, hold_id, points, member_id="taro"):
    body = {"hold_id": hold_id, "member": {"member_id": member_id}, "points": points, "order_ref": "o"}
    return client.post("/v1/holds", body | {"ttl_seconds": 86_400})


def work(client, leave_at=FOREVER):
    return reports.work(client.world, leave_at)


def liability(operator, on="2026-11-20", **headers):
    return operator.get(f"/v1/reports/liability?on={on}", **headers)


def test_the_report_of_a_day_tells_what_was_outstanding_at_its_end(client, clock, operator):
    work(client)
    buy(client, "p-1", "taro", 5000)
    buy(client, "p-2", "hanako", 700)
    assert hold(client, "h-1", 20).status == 201
    clock.forward(days=1)
    assert work(client) is True
    answer = liability(operator)
    assert answer.status == 200
    assert answer.body == {
        "on": "2026-11-20",
        "zone": "Asia/Tokyo",
        "version": answer.body["version"],
        "total": 37,
        "by_month": [
            {"month": "2027-11", "kind": "regular", "consideration": "free", "source": "purchase", "points": 37}
        ],
        "held": 20,
        "pending": 0,
        "debt": 0,
        "paid": 0,
        "members": 2,
        "computed_at": "2026-11-21T03:00:00Z",
    }


def test_a_past_day_can_be_read_and_the_newest_is_the_one_without_a_date(client, clock, operator):
    work(client)
    for n in range(3):
        buy(client, f"p-{n}")
        clock.forward(days=1)
        work(client)
    assert [liability(operator, f"2026-11-{day}").body["total"] for day in (19, 20, 21, 22)] == [0, 10, 20, 30]
    assert operator.get("/v1/reports/liability").body["on"] == "2026-11-22"


def test_what_comes_after_midnight_belongs_to_the_next_day_however_late_the_job_is(client, clock, operator):
    work(client)
    buy(client, "p-1")
    clock.forward(days=3)
    buy(client, "p-2", amount=9000)
    work(client)
    totals = [liability(operator, f"2026-11-{day}").body["total"] for day in (20, 21, 22)]
    assert totals == [10, 10, 10]
    assert liability(operator, "2026-11-23").body["total"] == 100  # the day goes on


def test_what_expires_at_midnight_was_still_owed_on_its_last_day(client, clock, operator):
    buy(client, "p-1")
    clock.forward(days=364)
    work(client)
    clock.forward(days=3)
    work(client)
    totals = [liability(operator, f"2027-11-{day}").body["total"] for day in (19, 20, 21)]
    assert totals == [10, 10, 0]


def test_a_report_is_a_spreadsheet_too(client, clock, operator):
    work(client)
    buy(client, "p-1")
    hold(client, "h-1", 4)
    clock.forward(days=1)
    work(client)
    answer = liability(operator, Accept="text/csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="liability-2026-11-20.csv"' in answer.headers["Content-Disposition"]
    assert answer.body.lstrip("\ufeff").split("\r\n") == [
        "on,state,month,kind,consideration,source,points",
        "2026-11-20,available,2027-11,regular,free,purchase,6",
        "2026-11-20,held,,,,,4",
        "2026-11-20,pending,,,,,0",
        "2026-11-20,debt,,,,,0",
        "",
    ]


def test_a_day_that_was_not_computed_is_added_up_when_asked_for_as_far_as_it_has_gone(client, clock, operator):
    assert operator.get("/v1/reports/liability").body["total"] == 0
    buy(client, "p-1", "taro", 5000)
    clock.forward(days=1)
    buy(client, "p-2", "hanako", 700)
    totals = {
        on: liability(operator, on).body["total"] for on in ("2000-01-01", "2026-11-19", "2026-11-20", "2026-11-21")
    }
    assert totals == {"2000-01-01": 0, "2026-11-19": 0, "2026-11-20": 50, "2026-11-21": 57}
    newest = operator.get("/v1/reports/liability").body
    assert (newest["on"], newest["total"], newest["members"]) == ("2026-11-21", 57, 2)


def test_what_is_added_up_when_asked_for_is_what_the_job_keeps(client, clock, operator):
    buy(client, "p-1", "taro", 5000)
    hold(client, "h-1", 20)
    clock.forward(days=1)
    buy(client, "p-2", "taro", 700)
    asked = liability(operator).body
    assert work(client)
    assert liability(operator).body == asked
    assert asked["total"] == 30


# ---- refusals -------------------------------------------------------------------------------------------------------


def test_who_asks_for_a_day_that_was_not_computed_does_not_wait_for_a_million_members(client, operator, monkeypatch):
    buy(client, "p-1")
    monkeypatch.setattr(reports, "_ASKED_SECONDS", 0.0)
    answer = liability(operator)
    assert (answer.status, answer.code) == (404, "report_not_found")


@pytest.mark.parametrize(
    "on", ["2026-11-21", "2026-13-01", "2026-11", "20261120", "1999-12-31", "yesterday", "", "２０２６-11-20"]
)
def test_nonsense_and_days_to_come_are_refused_with_their_pointer(operator, on):
    answer = liability(operator, on)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.body["errors"][0]["pointer"] == "/on"


def test_an_unknown_field_of_the_query_is_refused(operator):
    assert operator.get("/v1/reports/liability?at=2026-11-20").status == 422


def test_the_shops_servers_may_not_read_it(client):
    assert liability(client.as_(EC)).code == "forbidden"


# ---- the job --------------------------------------------------------------------------------------------------------


def crowd(client, count):
    for n in range(count):
        client.post("/v1/members", {"member_id": f"m-{n}"})
        buy(client, f"p-{n}", f"m-{n}")


def test_a_run_that_must_leave_goes_on_where_it_was_and_counts_nobody_twice(client, clock, operator, monkeypatch):
    monkeypatch.setattr(reports, "PAGE", 5)
    work(client)
    crowd(client, 30)
    clock.forward(days=1)
    add_page, runs = reports.add_page, 1

    def slowly(*what):
        clock.slept += 1
        return add_page(*what)

    monkeypatch.setattr(reports, "add_page", slowly)
    while not work(client, clock.slept + 3):
        runs += 1
        with pytest.raises(NotFound):
            of_day(client.world, TODAY)
    assert runs > 3
    assert (liability(operator).body["total"], liability(operator).body["members"]) == (300, 30)


def overtaken(client, meanwhile):
    """A run in which another one comes in before it notes its first page."""
    transient, first = client.world.transient, iter([True])
    replace = transient.replace

    def late(item, version):
        if next(first, False):
            meanwhile()
        return replace(item, version)

    transient.replace = late
    try:
        return work(client)
    finally:
        transient.replace = replace


def places(client):
    """The days and pages that the job notes, in order."""
    transient, found = client.world.transient, []
    keep = transient._keep

    def watched(item, size):
        keep(item, size)
        if (item["pk"], item["sk"]) == keys.job("liability"):
            found.append((item["day"], tuple(item["after"])))

    transient._keep = watched
    return found


@pytest.fixture
def two_days(client, clock, monkeypatch):
    monkeypatch.setattr(reports, "PAGE", 5)
    work(client)
    crowd(client, 10)
    clock.forward(days=1)


def test_of_two_runs_at_once_one_gives_way_and_a_page_counts_once(client, operator, two_days):
    found = places(client)
    assert overtaken(client, lambda: work(client)) is False
    assert found == sorted(found)
    assert (liability(operator).body["total"], liability(operator).body["members"]) == (100, 10)


def test_without_its_condition_the_place_would_go_back(client, two_days):
    transient = client.world.transient
    transient.replace = lambda item, _: transient.put(item) or True
    found = places(client)
    overtaken(client, lambda: work(client))
    assert found != sorted(found)


def test_a_run_that_died_after_a_page_counts_it_once(client, operator, two_days):
    transient = client.world.transient
    replace = transient.replace

    def dies(item, version):
        transient.replace = replace
        replace(item, version)
        raise ConnectionError

    transient.replace = dies
    with pytest.raises(ConnectionError):
        work(client)
    assert work(client) is True
    assert (liability(operator).body["total"], liability(operator).body["members"]) == (100, 10)


def test_a_report_that_is_kept_is_never_written_over(client, clock, operator):
    work(client)
    buy(client, "p-1")
    clock.forward(days=1)
    work(client)
    before = liability(operator).body
    pk, sk = keys.job("liability")
    client.world.transient.delete(pk, sk)  # what is transient may be lost
    clock.forward(hours=1)
    work(client)
    assert liability(operator).body == before


def test_an_account_that_a_merge_closed_is_counted_where_its_points_are(client, clock, operator):
    work(client)
    buy(client, "p-1", "taro")
    buy(client, "p-2", "hanako")
    clock.forward(days=1)
    body = {"merge_id": "m-1", "into_member_id": "hanako"}
    assert operator.post("/v1/members/taro/merge", body).status == 200
    clock.forward(days=1)
    work(client)
    found = [liability(operator, f"2026-11-{day}").body for day in (20, 21)]
    assert [(one["total"], one["members"]) for one in found] == [(20, 2), (20, 1)]


# ---- random histories -----------------------------------------------------------------------------------------------

MEMBER = st.sampled_from(["taro", "hanako", "ken"])
ACT = st.one_of(
    st.tuples(st.just("buy"), MEMBER, st.integers(100, 9000)),
    st.tuples(st.just("spend"), MEMBER, st.integers(1, 80)),
    st.tuples(st.just("hold"), MEMBER, st.integers(1, 40)),
    st.tuples(st.just("undo"), MEMBER, st.integers(0, 8)),
)
HISTORY = st.lists(st.tuples(st.integers(1, 60 * 24 * 20), ACT), min_size=1, max_size=20)


def act(client, n, what, member_id, number):
    if what == "buy":
        buy(client, f"p-{n}", member_id, number)
    elif what == "spend":
        body = {"spend_id": f"s-{n}", "member": {"member_id": member_id}, "points": number, "order_ref": "o"}
        client.post("/v1/spends", body)
    elif what == "hold":
        hold(client, f"h-{n}", number, member_id)
    else:
        body = {"reverse_id": f"r-{n}", "kind": "purchase", "source": "pos"}
        client.post(f"/v1/operations/p-{n - number}/reverse", body)


@settings(max_examples=25)
@given(HISTORY, st.integers(0, 40))
def test_the_total_is_the_sum_of_all_balances_and_debts_of_that_moment(history, late):
    clock = FakeClock()
    client = Client(ROUTES, make_world(clock))
    for member_id in ("taro", "hanako", "ken"):
        client.post("/v1/members", {"member_id": member_id})
    for n, (minutes, (what, member_id, number)) in enumerate(history):
        clock.forward(minutes=minutes)
        if n == len(history) // 2:
            reports.work(client.world, FOREVER)  # the first run is in the middle: it begins with the day before
        act(client, n, what, member_id, number)
    place = client.world.transient.get(*keys.job("liability"))
    assert place is not None
    day = date.fromisoformat(place["day"])
    clock.forward(days=late + 1)
    reports.work(client.world, FOREVER)
    while day < (clock.now() + timedelta(hours=9)).date():
        found = of_day(client.world, day)
        balances = [client.get(f"/v1/members/{one}/balance?at={day}").body for one in ("taro", "hanako", "ken")]
        assert found.total == sum(one["available"] + one["debt"] for one in balances)
        assert found.held == sum(one["held"] for one in balances)
        assert found.pending == sum(one["pending"] for one in balances)
        assert found.debt == sum(one["debt"] for one in balances)
        day += timedelta(days=1)
