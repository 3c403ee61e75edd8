"""What the list of sales costs each sale, and the close of a day."""

import pytest

from points import sales
from points.routes import ROUTES
from tests.api.points.shop import buy, of_nobody
from tests.kit import OPERATOR, Client, FakeClock, make_world


@pytest.fixture
def client():
    client = Client(ROUTES, make_world(FakeClock()))
    client.post("/v1/members", {"member_id": "taro"})
    return client


def follow(client):
    for item in client.world.ledger.table.scan():
        sales.follow(client.world, item)


@pytest.mark.parametrize(("sell", "reads"), [(buy, 0.5), (of_nobody, 0)])
def test_a_sale_is_one_write_and_half_a_read_more(client, sell, reads):
    sell(client)
    items = client.world.ledger.table.scan()
    ledger, transient = client.world.ledger.table.usage, client.world.transient.usage
    ledger.reset()
    transient.reset()
    for item in items:
        sales.follow(client.world, item)
    assert (transient.write_units, ledger.read_units, ledger.write_units) == (1, reads, 0)


def test_a_days_close_reads_the_days_places_and_names_only_what_is_not_among_them(client):
    for n in range(200):
        of_nobody(client, f"p-{n:03d}")
    follow(client)
    journal = [{"purchase_id": f"p-{n:03d}", "amount": 1000} for n in range(350)]
    body = {"reconciliation_id": "r", "store_id": "shibuya", "business_day": "2026-11-20", "lines": journal}
    ledger, transient = client.world.ledger.table.usage, client.world.transient.usage
    ledger.reset()
    transient.reset()
    answer = client.as_(OPERATOR).post("/v1/reconciliations", body)
    assert (answer.body["matched"], len(answer.body["missing_in_ledger"])) == (200, 150)
    assert (transient.read_units, transient.round_trips) == (2, 2)  # a hundred sales are a unit or less
    assert (ledger.write_units, ledger.read_units, ledger.round_trips) == (1, 151, 4)
