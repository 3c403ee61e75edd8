"""The job of the alarms: who is looked at on which day, what is said and written, and what does it no harm."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from points import alarms
from points.balances import ACCOUNT
from points.routes import ROUTES
from shared import alarm_job, keys
from shared.alarm_job import AlarmJob
from tests.kit import OPERATOR, Client, FakeClock, make_world, purchase
from tests.stream import Stream

TODAY = date(2026, 11, 20)
FOREVER = float("inf")


@pytest.fixture
def stream(client):
    return Stream(client.world)


def go_to(clock, day, hour=0):
    """Ten minutes past an hour of a day in Tokyo."""
    clock.at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 9, minutes=10)


def days(count):
    return TODAY + timedelta(days=count)


def buy(client, purchase_id, amount=1000, **changes):
    at = client.world.clock.now().isoformat()
    lines = [{"line_id": "1", "quantity": 1, "amount": amount}]
    answer = client.post("/v1/purchases", purchase(purchase_id=purchase_id, occurred_at=at, lines=lines, **changes))
    assert answer.status == 201
    return answer


def spend(client, spend_id, points):
    body = {"spend_id": spend_id, "member": {"member_id": "taro"}, "points": points, "order_ref": spend_id}
    return client.post("/v1/spends", body)


def work(client, leave_at=FOREVER):
    return alarms.work(client.world, leave_at)


def alarm_days(world, member_id="taro"):
    """The days for which there is an alarm of a member."""
    found = [item for item in world.transient.scan() if item["pk"].startswith("alarm#M#") and item["sk"] == member_id]
    return sorted(date.fromisoformat(item["pk"].split("#")[2]) for item in found)


def place(world):
    item = world.transient.get(*keys.alarm_job(keys.MEMBER_POINTS))
    return date.fromordinal(item["day"]), item["shard"]


def newest(world, member_id="taro"):
    return world.ledger.head(ACCOUNT, member_id)


def kinds(world, member_id="taro"):
    return [raw["k"] for item in world.ledger.table.items(f"M#{member_id}") for raw in item["e"]]


# ---- asking ---------------------------------------------------------------------------------------------------------


def test_an_entry_asks_for_one_look_and_the_relay_puts_it_under_its_day(client, stream):
    buy(client, "p-1")
    buy(client, "p-2")
    assert alarm_days(client.world) == []
    stream.run()
    day = days(335)
    assert alarm_days(client.world) == [day]
    item = client.world.transient.get(*keys.alarm("M#taro", day.toordinal()))
    assert item["ttl"] == (datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=90)).timestamp()
    assert not any("alarm" in event["data"] for event in stream.sent)


def test_members_are_spread_over_sixteen_parts_of_a_day():
    parts = {keys.alarm(f"M#member-{n}", TODAY.toordinal())[0] for n in range(400)}
    assert parts == {keys.alarms("M", TODAY.toordinal(), shard) for shard in range(keys.ALARM_SHARDS)}


def test_an_entry_that_the_stream_brings_late_asks_for_a_day_that_is_still_to_come(client, clock, stream):
    buy(client, "p-1")
    clock.forward(days=400)
    stream.run()
    assert alarm_days(client.world) == [clock.now().date() + timedelta(days=2)]


# ---- the job --------------------------------------------------------------------------------------------------------


def test_the_first_run_begins_today_and_notes_its_place_for_good(client):
    worked = work(client)
    assert (worked.members, worked.is_done) == (0, True)
    assert place(client.world) == (days(1), 0)
    assert "ttl" not in client.world.transient.get(*keys.alarm_job(keys.MEMBER_POINTS))


def test_a_member_is_reminded_three_times_and_the_points_expire(client, clock, stream):
    work(client)
    buy(client, "p-1", 5500)
    stream.run()
    found = []
    for count in range(330, 372):
        go_to(clock, days(count))
        worked = work(client)
        told = [(event["type"].split(".", 1)[1], event["data"]) for event in stream.run()]
        found += [(count, name, data.get("days_left"), data["points"]) for name, data in told]
        assert worked.is_done
    assert found == [
        (335, "points.expiring.v1", 30, 55),
        (358, "points.expiring.v1", 7, 55),
        (364, "points.expiring.v1", 1, 55),
        (366, "points.expired.v1", None, -55),
    ]
    assert kinds(client.world) == ["earned", "reminded", "reminded", "reminded", "expired"]
    assert newest(client.world).state.available == 0


def test_a_reminder_is_an_event_and_no_entry_of_the_members(client, clock, stream):
    work(client)
    buy(client, "p-1")
    stream.run()
    go_to(clock, days(335))
    work(client)
    (event,) = stream.run()
    assert event["subject"] == "taro"
    assert event["id"] == "M#taro:2:points.expiring:2027-11-20:regular"
    assert event["time"] == "2027-10-20T15:10:00Z"
    assert event["data"] == {
        "member_id": "taro",
        "points": 10,
        "balance": 10,
        "on": "2027-11-20",
        "days_left": 30,
        "kind": "regular",
    }
    assert [one["kind"] for one in client.get("/v1/members/taro/entries").body["items"]] == ["earned"]
    assert client.get("/v1/members/taro/balance").body["available"] == 10


def test_points_that_wait_for_their_day_arrive_on_it(client, clock, stream):
    operator = client.as_(OPERATOR)
    programme = operator.get("/v1/programme").body
    assert operator.put("/v1/programme", programme | {"pending": {"ec": "complete", "pos": {"days": 5}}}).status == 200
    work(client)
    buy(client, "p-1")
    stream.run()
    (day,) = alarm_days(client.world)
    go_to(clock, day)
    assert work(client).entered == 1
    assert "omotenashi.points.earned.v1" in [event["type"] for event in stream.run()]
    assert kinds(client.world)[-1] == "activated"
    assert newest(client.world).state.available == 10


def test_a_tier_is_lost_on_its_day_though_nobody_comes_by(client, clock, stream):
    operator = client.as_(OPERATOR)
    tiers = {"window": "calendar_year", "levels": [{"name": "base", "from": 0}, {"name": "gold", "from": 50}]}
    assert operator.put("/v1/programme", operator.get("/v1/programme").body | {"tiers": tiers}).status == 200
    work(client)
    buy(client, "p-1", 9000)
    stream.run()
    assert client.get("/v1/members/taro/balance").body["tier"]["name"] == "gold"
    (day,) = alarm_days(client.world)
    assert day == date(2027, 1, 1)
    go_to(clock, day)
    assert work(client).entered == 1
    (event,) = stream.run()
    assert event["type"] == "omotenashi.tier.changed.v1"
    assert event["data"]["tier"] == "base"
    assert [one["kind"] for one in client.get("/v1/members/taro/entries").body["items"]] == ["earned"]
    assert alarm_days(client.world)[-1] == days(335)
    assert work(client).members == 0


def test_a_member_who_spent_it_all_is_looked_at_in_vain_and_asked_for_again_for_what_is_left(client, clock, stream):
    work(client)
    buy(client, "p-1")
    clock.forward(days=10)
    buy(client, "p-2")
    assert spend(client, "s-1", 10).status == 201
    stream.run()
    go_to(clock, days(335))
    worked = work(client)
    assert (worked.members, worked.entered) == (1, 0)
    assert alarm_days(client.world) == [days(335), days(345)]
    assert kinds(client.world) == ["earned", "earned", "spent"]


def test_nothing_left_is_no_next_alarm(client, clock, stream):
    work(client)
    buy(client, "p-1")
    spend(client, "s-1", 10)
    stream.run()
    go_to(clock, days(335))
    assert work(client).members == 1
    assert alarm_days(client.world) == [days(335)]


def test_an_entry_of_the_same_day_leaves_nothing_to_say(client, clock, stream):
    work(client)
    buy(client, "p-1")
    stream.run()
    go_to(clock, days(335), 0)
    buy(client, "p-2")
    assert [event["type"] for event in stream.run()].count("omotenashi.points.expiring.v1") == 1
    worked = work(client)
    assert (worked.members, worked.entered) == (1, 0)
    assert alarm_days(client.world) == [days(335), days(358)]


def test_a_job_that_stood_still_says_the_latest_only_and_forgets_nobody(client, clock, stream):
    work(client)
    for n in range(3):
        buy(client, f"p-{n}")
        clock.forward(days=10)
    stream.run()
    go_to(clock, days(363))
    assert work(client).entered == 1
    told = [(event["data"]["on"], event["data"]["days_left"]) for event in stream.run()]
    assert told == [("2027-11-20", 2), ("2027-11-30", 12), ("2027-12-10", 22)]
    assert place(client.world) == (days(364), 0)


def test_an_account_that_a_merge_closed_is_passed_over(client, clock, stream):
    work(client)
    buy(client, "p-1")
    stream.run()
    body = {"merge_id": "m-1", "into_member_id": "hanako"}
    assert client.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200
    stream.run()
    go_to(clock, days(335))
    worked = work(client)
    assert (worked.members, worked.entered, worked.parked) == (2, 1, 0)
    assert kinds(client.world, "hanako")[-1] == "reminded"
    assert kinds(client.world)[-1] != "reminded"


# ---- what does it no harm -------------------------------------------------------------------------------------------


def test_one_bad_member_stops_nobody_and_is_looked_at_again_tomorrow(client, clock, stream):
    work(client)
    for member_id in ("taro", "hanako"):
        buy(client, f"p-{member_id}", member={"member_id": member_id})
    stream.run()
    good = client.world.ledger.head

    def bad(kind, holder, **options):
        if holder == "taro":
            raise KeyError("lots")
        return good(kind, holder, **options)

    go_to(clock, days(335))
    client.world.ledger.head = bad
    worked = work(client)
    client.world.ledger.head = good
    assert (worked.members, worked.entered, worked.parked, worked.is_done) == (2, 1, 1, True)
    parked = client.world.transient.get(*keys.parked("alarms", "M#taro"))
    assert (parked["reason"], parked["day"]) == ("KeyError: 'lots'", days(335).toordinal())
    go_to(clock, days(336))
    assert work(client).entered == 1
    assert kinds(client.world)[-1] == "reminded"


def test_a_run_that_must_leave_goes_on_where_it_was(client, clock, stream, monkeypatch):
    monkeypatch.setattr(alarm_job, "PAGE", 3)
    work(client)
    members = [f"member-{n}" for n in range(20)]
    for member_id in members:
        client.post("/v1/members", {"member_id": member_id})
        buy(client, f"p-{member_id}", member={"member_id": member_id})
    stream.run()
    go_to(clock, days(335))
    runs, look = 0, AlarmJob.look

    def slowly(job, world, member_id, day):
        clock.slept += 1
        return look(job, world, member_id, day)

    monkeypatch.setattr(AlarmJob, "look", slowly)
    looked = 0
    while not (worked := work(client, clock.slept + 4)).is_done:
        assert worked.members <= 4
        looked += worked.members
        runs += 1
    assert (looked + worked.members, runs) == (20, 5)
    assert all(kinds(client.world, one).count("reminded") == 1 for one in members)


def test_a_run_whose_time_is_over_before_it_began_does_nothing(client):
    assert work(client, leave_at=-1).is_done is False


def slow_run(client, meanwhile):
    """A run that is overtaken between its work and its noting of the place."""
    transient, first = client.world.transient, iter([True])
    replace = transient.replace

    def overtaken(item, version):
        if next(first, False):
            meanwhile()
        return replace(item, version)

    transient.replace = overtaken
    try:
        return work(client)
    finally:
        transient.replace = replace


def test_two_runs_at_once_say_everything_once_and_the_place_never_goes_back(client, clock, stream):
    work(client)
    buy(client, "p-1")
    stream.run()
    go_to(clock, days(335))
    assert slow_run(client, lambda: work(client)).is_done is False
    assert place(client.world) == (days(336), 0)
    assert kinds(client.world) == ["earned", "reminded"]


def test_without_its_condition_the_place_would_go_back(client, clock, stream):
    work(client)
    transient = client.world.transient
    transient.replace = lambda item, _: transient.put(item) or True
    go_to(clock, days(335))
    places = []

    def other():
        work(client)
        places.append(place(client.world))

    put = transient.put

    def noted(item):
        put(item)
        places.append(place(client.world))

    transient.put = noted
    slow_run(client, other)
    assert sorted(places) != places


def test_a_process_that_died_before_the_entry_left_an_alarm_and_the_next_run_does_it_all(client, clock, stream):
    work(client)
    buy(client, "p-1")
    stream.run()
    go_to(clock, days(335))
    enter, client.world.ledger.enter = client.world.ledger.enter, None
    assert work(client).parked == 1
    client.world.ledger.enter = enter
    assert alarm_days(client.world)[-1] == days(358)
    go_to(clock, days(336))
    assert work(client).entered == 1
    assert newest(client.world).state.alarm == days(358).toordinal()


def test_an_entry_that_comes_in_between_has_done_it(client, clock, stream):
    work(client)
    buy(client, "p-1")
    stream.run()
    go_to(clock, days(335))
    enter = client.world.ledger.enter

    def late(*what, **options):
        client.world.ledger.enter = enter
        buy(client, "p-2")
        return enter(*what, **options)

    client.world.ledger.enter = late
    worked = work(client)
    assert (worked.members, worked.entered, worked.parked) == (1, 0, 0)
    assert kinds(client.world) == ["earned", "earned"]
    assert [event["type"] for event in stream.run()].count("omotenashi.points.expiring.v1") == 1


def test_a_look_just_before_midnight_asks_for_no_day_that_another_run_may_be_at(client, clock, stream):
    work(client)
    buy(client, "p-1")
    clock.forward(days=1)
    buy(client, "p-2")
    stream.run()
    go_to(clock, days(335), 12)
    clock.at = clock.at.replace(hour=14, minute=59, second=30)  # half a minute to midnight in Tokyo
    work(client)
    assert alarm_days(client.world) == [days(335), days(337)]


# ---- whole lives ----------------------------------------------------------------------------------------------------

ACT = st.one_of(st.tuples(st.just("buy"), st.integers(100, 5000)), st.tuples(st.just("spend"), st.integers(1, 60)))
LIFE = st.lists(st.tuples(st.integers(1, 40), st.lists(ACT, max_size=2), st.booleans()), min_size=3, max_size=25)


def live(life, *, has_job):
    """A member's life: after so many days these acts, and the job runs or not. What could be seen at each step."""
    clock = FakeClock()
    client = Client(ROUTES, make_world(clock))
    client.post("/v1/members", {"member_id": "taro"})
    stream, seen = Stream(client.world), []
    if has_job:
        work(client)
    for n, (count, acts, job_runs) in enumerate(life):
        clock.forward(days=count)
        if has_job and job_runs:
            assert work(client).parked == 0
        for m, (act, number) in enumerate(acts):
            if act == "buy":
                buy(client, f"p-{n}-{m}", number)
            else:
                spend(client, f"s-{n}-{m}", number)
        stream.run()
        for ahead in (0, 35):
            at = (clock.now() + timedelta(days=ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")
            balance = client.get(f"/v1/members/taro/balance?at={at}").body
            seen.append((balance["available"], balance["pending"], balance["debt"], balance["expiring"]))
    return seen, stream.sent


@settings(max_examples=15)
@given(LIFE)
def test_with_and_without_the_job_everybody_sees_the_same_and_each_reminder_once(life):
    with_job, sent = live(life, has_job=True)
    without, _ = live(life, has_job=False)
    assert with_job == without
    told = [event["data"] for event in sent if event["type"] == "omotenashi.points.expiring.v1"]
    stages = [(one["on"], min(k for k in (30, 7, 1) if one["days_left"] <= k)) for one in told]
    assert len(set(stages)) == len(stages)
