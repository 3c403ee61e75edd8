"""What it costs to try a programme out on past purchases."""

from points.routes import ROUTES
from tests.api.points.shop import buy
from tests.budgets.measuring import Table
from tests.kit import OPERATOR, Client, FakeClock, make_world

MEMBERS, PURCHASES = 20, 4


def test_a_page_of_a_simulation_is_one_scan_and_two_reads_a_member_and_writes_nothing():
    directory = Table()
    client = Client(ROUTES, make_world(FakeClock(), (Table(), directory, Table())))
    for n in range(MEMBERS):
        client.post("/v1/members", {"member_id": f"m-{n}"})
        for m in range(PURCHASES):
            assert buy(client, f"p-{n}-{m}", member={"member_id": f"m-{n}"}).status == 201
    directory.counts_scans = True
    ledger, usages = client.world.ledger.table.usage, (directory.usage, client.world.ledger.table.usage)
    for usage in usages:
        usage.reset()
    body = {"programme": {"version": 1}, "since": "2026-11-01", "until": "2026-11-30"}
    answer = client.as_(OPERATOR).post("/v1/programme/simulations", body)
    assert (answer.body["members"], answer.body["purchases"]) == (MEMBERS, MEMBERS * PURCHASES)
    assert (directory.usage.round_trips, ledger.round_trips) == (1, 2 * MEMBERS)
    assert directory.usage.read_units + ledger.read_units <= 5 + MEMBERS * (1 + PURCHASES * 0.5)
    assert sum(usage.write_units for usage in usages) == 0
