"""Coupons that fall due: who is reminded on which day, what is said to have expired, and what does it no harm."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from coupons import alarms
from coupons.routes import ROUTES
from infra import invariants
from points import alarms as of_points
from points.routes import ROUTES as POINTS
from shared import keys
from shared.coupon_book import BOOK
from tests.api.coupons.conftest import CAMPAIGN
from tests.api.coupons.test_inbox import deliver
from tests.kit import OPERATOR, Client, FakeClock, make_world
from tests.stream import Stream

TODAY = date(2026, 11, 20)
LAST = date(2026, 12, 31)
FOREVER = float("inf")


@pytest.fixture
def stream(client):
    return Stream(client.world)


def go_to(clock, day, hour=0):
    """Ten minutes past an hour of a day in Tokyo."""
    clock.at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 9, minutes=10)


def before(days):
    return LAST - timedelta(days=days)


def work(client):
    return alarms.work(client.world, FOREVER)


def alarm_days(world, member_id="taro"):
    found = [item for item in world.transient.scan() if item["pk"].startswith("alarm#B#") and item["sk"] == member_id]
    return sorted(date.fromisoformat(item["pk"].split("#")[2]) for item in found)


def kinds(world, member_id="taro"):
    return [raw["k"] for item in world.ledger.table.items(f"B#{member_id}") for raw in item["e"]]


def told(stream):
    """What the outside hears of coupons, but for what it was told before."""
    return [(event["type"].split(".", 1)[1][:-3], event["data"]) for event in stream.run()]


def test_a_whole_life_of_a_coupon_that_nobody_uses(client, clock, campaign, issue, state, stream):
    campaign()
    work(client)
    coupon = issue()
    assert [name for name, _ in told(stream)] == ["coupon.issued"]
    assert alarm_days(client.world) == [before(7)]
    about = {"coupon_id": coupon["coupon_id"], "campaign_id": "spring", "member_id": "taro"}
    ref = {"ref": {"kind": "coupon", "id": coupon["coupon_id"]}}
    for days, name, more in (
        (7, "coupon.expiring", {"valid_until": "2026-12-31", "days_left": 7}),
        (1, "coupon.expiring", {"valid_until": "2026-12-31", "days_left": 1}),
        (-2, "coupon.expired", {}),
    ):
        go_to(clock, before(days + 1))
        assert (work(client).members, told(stream)) == (0, [])
        go_to(clock, before(days))
        assert work(client).entered == 1
        ((heard, data),) = told(stream)
        at = data.pop("occurred_at")
        assert (heard, data) == (name, about | ref | more)
        assert at == clock.now().isoformat().replace("+00:00", "Z")
        assert work(client).members == 0
    assert alarm_days(client.world) == [before(7), before(1), before(-2)]
    assert state(coupon) == "expired"
    assert invariants.faults(client.world.ledger.table.scan()) == []


def test_many_visits_of_one_campaign_ask_once(client, campaign, issue, stream):
    campaign()
    for n in range(5):
        issue(f"s-{n}")
    stream.run()
    asked = [item for item in client.world.ledger.table.items("B#taro") if "alarm" in item["e"][-1].get("x", {})]
    assert (len(asked), alarm_days(client.world)) == (1, [before(7)])


def test_many_coupons_that_fall_due_together_are_one_entry_each_in_one_item(client, clock, campaign, issue, stream):
    campaign()
    work(client)
    for n in range(100):
        issue(f"s-{n}")
    stream.run()
    go_to(clock, before(7))
    assert work(client).entered == 1
    assert [name for name, _ in told(stream)] == ["coupon.expiring"] * 100
    go_to(clock, before(-2))
    work(client)
    assert [name for name, _ in told(stream)] == ["coupon.expired"] * 100
    assert len(client.world.ledger.table.items("B#taro", limit=1000)) == 102


def test_what_is_used_held_or_given_back_meanwhile(client, clock, till, campaign, issue, redemption, state, stream):
    campaign()
    work(client)
    used, kept = issue("s-1"), issue("s-2")
    assert client.post("/v1/redemptions", redemption(used["code"])).status == 201
    told(stream)
    go_to(clock, before(7))
    work(client)
    assert [data["coupon_id"] for _, data in told(stream)] == [kept["coupon_id"]]
    go_to(clock, before(0), 12)
    assert client.post("/v1/redemptions", redemption(kept["code"], redemption_id="r-2", hold_seconds=600)).status == 201
    told(stream)
    go_to(clock, before(-2))
    assert work(client).entered == 1
    assert [(name, data["coupon_id"]) for name, data in told(stream)] == [("coupon.expired", kept["coupon_id"])]
    assert client.post("/v1/redemptions/r-1/void", {"void_id": "v-1"}).status == 200
    assert [name for name, _ in told(stream)] == ["coupon.voided"]
    assert state(used) == "expired"
    go_to(clock, before(-4))
    assert work(client).entered == 1
    assert [(name, data["coupon_id"]) for name, data in told(stream)] == [("coupon.expired", used["coupon_id"])]
    assert client.post("/v1/redemptions/r-2/capture", {}).code == "code_not_usable"


def test_a_store_whose_day_is_not_over_takes_the_coupon_before_it_is_said_to_have_expired(
    client, clock, till, campaign, issue, redemption, state, stream
):
    """The programme's day is over at midnight, that of Shibuya at four."""
    campaign()
    work(client)
    coupon = issue()
    stream.run()
    go_to(clock, before(-1), 3)
    assert (work(client).members, told(stream)) == (1, [])  # nor is anybody reminded any more
    assert state(coupon) == "expired"
    assert till.post("/v1/redemptions", redemption(coupon["code"])).status == 201


def test_a_merged_members_coupons_are_spoken_of_once_where_they_are(client, clock, points, campaign, issue, stream):
    campaign()
    work(client)
    issue("s-1")
    issue("s-2", member_id="hanako")
    merge = {"merge_id": "m-1", "into_member_id": "hanako"}
    assert points.as_(OPERATOR).post("/v1/members/taro/merge", merge).status == 200
    deliver(client.world, *[event for event in stream.run() if event["type"].endswith("merged.v1")])
    stream.run()
    go_to(clock, before(7))
    worked = work(client)
    assert (worked.members, worked.entered, worked.parked) == (2, 1, 0)
    assert [data["member_id"] for _, data in told(stream)] == ["hanako", "hanako"]


def test_alarms_of_points_and_of_coupons_are_told_apart(client, points, campaign, issue, stream):
    campaign()
    issue()
    day = (LAST - timedelta(days=7)).toordinal()
    stream.run()
    assert client.world.transient.get(*keys.alarm("B#taro", day)) is not None
    assert client.world.transient.get(*keys.alarm("M#taro", day)) is None
    assert keys.day_of_alarms("M", keys.alarms("B", day, 3)) is None
    assert keys.day_of_alarms("B", keys.alarms("B", day, 3)) == day
    work(client)
    assert client.world.transient.get(*keys.alarm_job("M")) is None
    of_points.work(client.world, FOREVER)
    assert client.world.transient.get(*keys.alarm_job("M")) is not None


def test_the_hourly_job_works_them_off(client, clock, campaign, issue, stream):
    campaign()
    alarms.hourly(client.world)
    issue()
    stream.run()
    go_to(clock, before(7))
    alarms.hourly(client.world)
    assert kinds(client.world) == ["issued", "expiring"]


def test_a_book_that_can_not_be_handled_is_parked_and_looked_at_again_tomorrow(client, clock, campaign, issue, stream):
    campaign()
    work(client)
    issue()
    stream.run()
    go_to(clock, before(7))
    head, client.world.ledger.head = client.world.ledger.head, None
    assert work(client).parked == 1
    client.world.ledger.head = head
    assert client.world.transient.get(*keys.parked("alarms", "B#taro"))["day"] == before(7).toordinal()
    go_to(clock, before(6))
    assert work(client).entered == 1


def test_what_a_redemption_uses_at_the_same_moment_is_not_said_to_end_soon(
    client, clock, campaign, issue, redemption, stream
):
    """The look has read the head; before it appends, the coupon is used. Its entry is decided anew, and says nothing."""
    campaign()
    work(client)
    coupon = issue()
    stream.run()
    go_to(clock, before(7))
    enter = client.world.ledger.enter

    def late(*what, **options):
        client.world.ledger.enter = enter
        assert client.post("/v1/redemptions", redemption(coupon["code"])).status == 201
        return enter(*what, **options)

    client.world.ledger.enter = late
    worked = work(client)
    assert (worked.members, worked.entered, worked.parked) == (1, 0, 0)
    assert kinds(client.world) == ["issued", "redeemed"]


def test_without_the_appends_condition_it_would_be(client, clock, campaign, issue, redemption, stream):
    """The control: a table that writes over what is there loses the redemption."""
    campaign()
    work(client)
    coupon = issue()
    stream.run()
    go_to(clock, before(7))
    table, enter = client.world.ledger.table, client.world.ledger.enter

    def late(*what, **options):
        client.world.ledger.enter = enter
        assert client.post("/v1/redemptions", redemption(coupon["code"])).status == 201
        table.put_new = table.put
        return enter(*what, **options)

    client.world.ledger.enter = late
    work(client)
    assert kinds(client.world) == ["issued", "expiring"]


def test_a_member_whose_alarm_was_lost_is_looked_at_after_the_next_entry(client, clock, campaign, issue, stream):
    campaign()
    work(client)
    issue("s-1")
    stream.run()
    for item in client.world.transient.scan():
        client.world.transient.delete(item["pk"], item["sk"])
    go_to(clock, before(5))
    issue("s-2")
    stream.run()
    assert alarm_days(client.world) == [before(1)]


# ---- whole lives ----------------------------------------------------------------------------------------------------

ACT = st.sampled_from(["issue", "issue", "redeem", "hold", "void"])
LIFE = st.lists(st.tuples(st.integers(0, 6), st.lists(ACT, max_size=3), st.booleans()), min_size=3, max_size=20)


def live(life):
    """A member's life with coupons of nine days: after so many days these acts, and the job runs or not."""
    clock = FakeClock()
    world = make_world(clock)
    Client(POINTS, world).post("/v1/members", {"member_id": "taro"})
    client = Client(ROUTES, world)
    said = CAMPAIGN | {"valid_until": "2027-12-31", "valid_days": 9}
    assert client.as_(OPERATOR).post("/v1/campaigns", said).status == 201
    stream = Stream(world)
    codes: list[str] = []
    used: list[str] = []
    work(client)
    for n, (count, acts, job_runs) in enumerate(life):
        clock.forward(days=count)
        if job_runs:
            assert work(client).parked == 0
        for m, act in enumerate(acts):
            if act == "issue":
                body = {"campaign_id": "spring", "source_id": f"s-{n}-{m}", "member": {"member_id": "taro"}}
                codes.append(client.post("/v1/issues", body).body["code"])
            elif act == "void" and used:
                client.post(f"/v1/redemptions/{used.pop()}/void", {"void_id": f"v-{n}-{m}"})
            elif codes and act != "void":
                line = {"line_id": "1", "quantity": 1, "amount": 500}
                body = {"redemption_id": f"r-{n}-{m}", "codes": [codes[(n + m) % len(codes)]], "channel": "ec"}
                more: dict[str, Any] = {"hold_seconds": 60} if act == "hold" else {}
                more |= {"order_ref": f"o-{n}-{m}", "basket": {"lines": [line]}}
                if client.post("/v1/redemptions", body | more).status == 201:
                    used.append(f"r-{n}-{m}")
        stream.run()
    clock.forward(days=1)
    work(client)
    for _ in range(20):
        clock.forward(days=1)
        assert work(client).parked == 0
        stream.run()
    return world, stream.sent


@settings(max_examples=25, deadline=None)
@given(LIFE)
def test_every_coupon_is_used_or_said_to_have_expired_once_and_each_reminder_is_said_once(life):
    world, sent = live(life)
    assert invariants.faults(world.ledger.table.scan()) == []
    said = [(event["type"].split(".")[2], event["data"]) for event in sent]
    stages = [
        (one["coupon_id"], min(k for k in (7, 1) if one["days_left"] <= k)) for name, one in said if name == "expiring"
    ]
    assert len(set(stages)) == len(stages)
    expired = [one["coupon_id"] for name, one in said if name == "expired"]
    assert len(set(expired)) == len(expired)
    book = world.ledger.head(BOOK, "taro").state
    assert set(expired) == {one.coupon_id for one in book.coupons if one.use is None}
