"""What alarms, the job's looks and the liability report cost, from what the tables report."""

from datetime import timedelta

import pytest

from coupons import alarms as of_coupons
from coupons.routes import ROUTES as COUPONS
from points import alarms, reports
from points.routes import ROUTES
from shared import keys
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import OPERATOR, Client, FakeClock, make_world, purchase
from tests.stream import Stream

FOREVER = float("inf")
YEAR_DAYS = 365


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(clock):
    client = Client(ROUTES, make_world(clock))
    alarms.work(client.world, FOREVER)
    return client


def join(client, *members):
    for member_id in members:
        assert client.post("/v1/members", {"member_id": member_id}).status == 201


def buy(client, member_id, n):
    at = client.world.clock.now().isoformat()
    body = purchase(purchase_id=f"{member_id}-{n}", member={"member_id": member_id}, occurred_at=at)
    assert client.post("/v1/purchases", body).status == 201


def reset(world):
    tables = world.ledger.table, world.directory.table, world.transient
    for table in tables:
        table.usage.reset()
    return [table.usage for table in tables]


def alarms_of(world):
    return [item for item in world.transient.scan() if item["pk"].startswith("alarm#")]


def test_a_year_of_weekly_visits_puts_one_alarm(client, clock):
    join(client, "taro")
    stream, (_, _, transient) = Stream(client.world), reset(client.world)
    for week in range(47):  # until the first reminder falls due
        buy(client, "taro", week)
        clock.forward(days=7)
        stream.run()
    sales = [item for item in client.world.transient.scan() if item["pk"].startswith("sales#")]
    assert transient.write_units - len(sales) == len(alarms_of(client.world)) == 1
    assert len(sales) == 47, "each sale is noted once for the close of its day"


def test_a_date_on_which_something_falls_due_is_two_writes_and_half_a_read(client, clock):
    """For a whole life of points: three reminders and the expiry, of many members at once."""
    members = [f"member-{n}" for n in range(400)]
    join(client, *members)
    for member_id in members:
        buy(client, member_id, 0)
    stream = Stream(client.world)
    stream.run()
    start = clock.now()
    dates = (335, 358, 364, 366)
    for days in dates:
        clock.at = start + timedelta(days=days)
        alarms.work(client.world, FOREVER)  # up to the day before, and then the day itself from its place on
        stream.run()
    looked, written = client.world, [client.world.ledger.table.items(f"M#{one}") for one in members]
    assert all(len(items) == 1 + len(dates) for items in written)
    assert len(alarms_of(looked)) == len(members) * len(dates)


def test_a_look_costs_two_writes_and_half_a_read_and_a_look_in_vain_one_write(client, clock):
    join(client, "taro", "hanako")
    for member_id in ("taro", "hanako"):
        buy(client, member_id, 0)
    body = {"spend_id": "s", "member": {"member_id": "hanako"}, "points": 4, "order_ref": "o"}
    client.post("/v1/spends", body)
    stream = Stream(client.world)
    stream.run()
    day = clock.forward(days=335).date().toordinal()
    ledger, directory, transient = reset(client.world)
    assert alarms.look(client.world, "taro", day) == "entered"
    assert (ledger.write_units + transient.write_units, ledger.read_units, transient.read_units) == (2, 0.5, 0)
    stream.run()
    ledger, directory, transient = reset(client.world)
    assert alarms.look(client.world, "taro", day) == "nothing"
    assert (ledger.write_units, ledger.read_units, transient.write_units) == (0, 0.5, 0)
    assert directory.round_trips == 0


def test_finding_who_is_due_costs_little_beside_the_looks(client, clock):
    members = [f"member-{n}" for n in range(1000)]
    join(client, *members)
    for member_id in members:
        buy(client, member_id, 0)
    Stream(client.world).run()
    clock.forward(days=334)
    alarms.work(client.world, FOREVER)
    clock.forward(days=1)
    ledger, _, transient = reset(client.world)
    worked = alarms.work(client.world, FOREVER)
    assert (worked.members, worked.entered) == (1000, 1000)
    assert ledger.read_units == 500
    assert ledger.write_units == 1000
    assert transient.write_units <= 1000 + 2 * keys.ALARM_SHARDS
    assert transient.read_units <= 3 * keys.ALARM_SHARDS


def test_a_day_without_alarms_costs_one_small_read_for_each_part(client, clock):
    clock.forward(days=1)
    ledger, _, transient = reset(client.world)
    alarms.work(client.world, FOREVER)
    assert ledger.round_trips == 0
    assert transient.read_units <= 1 + 0.5 * keys.ALARM_SHARDS
    assert transient.write_units <= keys.ALARM_SHARDS
    _, _, transient = reset(client.world)
    alarms.work(client.world, FOREVER)  # the rest of the day, each hour
    assert (transient.read_units, transient.write_units) == (1, 0)


def test_coupons_that_fall_due_cost_two_writes_and_half_a_read_for_each_date_and_nothing_in_the_request(client, clock):
    members = [f"member-{n}" for n in range(50)]
    join(client, *members)
    coupons, stream = Client(COUPONS, client.world), Stream(client.world)
    of_coupons.work(client.world, FOREVER)
    coupons.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN)
    start = clock.now()
    for member_id in members:
        said = {"campaign_id": "spring", "source_id": member_id, "member": {"member_id": member_id}}
        ledger, _, transient = reset(client.world)
        assert coupons.post("/v1/issues", said).status == 201
        assert (ledger.write_units, transient.round_trips) == (2, 0)
    for days, entries in ((33, 0), (34, 50), (39, 0), (40, 50), (42, 0), (43, 50)):
        stream.run()
        clock.at = start + timedelta(days=days)
        ledger, _, transient = reset(client.world)
        worked = of_coupons.work(client.world, FOREVER)
        assert (worked.members, worked.entered) == (entries, entries)
        assert ledger.read_units == 0.5 * entries
        assert ledger.write_units == entries
        alarms_put = entries if days != 43 else 0  # then nothing more falls due
        assert transient.write_units <= alarms_put + 40 * keys.ALARM_SHARDS
    assert len([item for item in alarms_of(client.world) if item["pk"].startswith("alarm#B#")]) == 3 * len(members)


def test_a_report_costs_half_a_unit_for_each_members_head(client, clock):
    reports.work(client.world, FOREVER)
    members = [f"member-{n}" for n in range(300)]
    join(client, *members)
    for member_id in members:
        buy(client, member_id, 0)
    clock.forward(days=1)
    ledger, directory, transient = reset(client.world)
    reports.work(client.world, FOREVER)
    assert ledger.read_units == 0.5 * len(members)
    assert directory.read_units <= 0.15 * len(members)
    assert directory.write_units == 1
    assert transient.write_units <= 10
