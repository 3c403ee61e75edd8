"""What it costs to go through the members: a programme tried on past purchases, and what moved day by day."""

from points.routes import ROUTES
from tests.api.points.shop import buy
from tests.budgets.measuring import Table
from tests.kit import OPERATOR, Client, FakeClock, make_world

MEMBERS, PURCHASES = 20, 4


def shop():
    """Members who have bought a few times; nothing is counted yet."""
    directory = Table()
    client = Client(ROUTES, make_world(FakeClock(), (Table(), directory, Table())))
    for n in range(MEMBERS):
        client.post("/v1/members", {"member_id": f"m-{n}"})
        for m in range(PURCHASES):
            assert buy(client, f"p-{n}-{m}", member={"member_id": f"m-{n}"}).status == 201
    directory.counts_scans = True
    usages = (directory.usage, client.world.ledger.table.usage)
    for usage in usages:
        usage.reset()
    return client.as_(OPERATOR), *usages


def test_a_page_of_a_simulation_is_one_scan_and_two_reads_a_member_and_writes_nothing():
    operator, directory, ledger = shop()
    body = {"programme": {"version": 1}, "since": "2026-11-01", "until": "2026-11-30"}
    answer = operator.post("/v1/programme/simulations", body)
    assert (answer.body["members"], answer.body["purchases"]) == (MEMBERS, MEMBERS * PURCHASES)
    assert (directory.round_trips, ledger.round_trips) == (1, 2 * MEMBERS)
    assert directory.read_units + ledger.read_units <= 5 + MEMBERS * (1 + PURCHASES * 0.5)
    assert directory.write_units + ledger.write_units == 0


def test_a_page_of_what_moved_is_one_scan_and_one_read_a_member_and_writes_nothing():
    operator, directory, ledger = shop()
    answer = operator.get("/v1/reports/movements?since=2026-11-01&until=2026-11-20")
    assert (answer.body["members"], answer.body["closing"]) == (MEMBERS, MEMBERS * PURCHASES * 10)
    assert (directory.round_trips, ledger.round_trips) == (1, MEMBERS)
    assert directory.read_units + ledger.read_units <= 5 + MEMBERS
    assert directory.write_units + ledger.write_units == 0
