"""What it costs to erase a member and to export one, by what the engine reports."""

import pytest

from points.routes import ROUTES
from tests.kit import OPERATOR, Client, FakeClock, make_world, purchase

PURCHASES = 20


@pytest.fixture(params=["memory", "ministack"])
def client(request):
    """Taro has bought twenty times, with a word in each receipt."""
    tables = None if request.param == "memory" else request.getfixturevalue("real_tables")
    client = Client(ROUTES, make_world(FakeClock(), tables))
    card = {"type": "card", "value": "card-taro"}
    assert client.post("/v1/members", {"member_id": "taro", "identities": [card]}).status == 201
    for n in range(PURCHASES):
        assert client.post("/v1/purchases", purchase(purchase_id=f"p{n}", order_ref=f"order-{n}")).status == 201
    return client


def cost(client, method, path, body=None):
    """Write units, read units and round trips in ledger and directory."""
    tables = client.world.ledger.table, client.world.directory.table
    for table in tables:
        table.usage.reset()
    answer = client.as_(OPERATOR).send(method, path, body)
    assert answer.status in (200, 202), answer.body
    return [(table.usage.write_units, table.usage.read_units, table.usage.round_trips) for table in tables]


def test_erasing_costs_an_append_a_write_for_each_receipt_and_some_for_the_profile(client):
    (ledger_writes, ledger_reads, _), (writes, _, _) = cost(client, "DELETE", "/v1/members/taro", {})
    assert ledger_writes == 1 + PURCHASES
    assert ledger_reads <= 12 + PURCHASES
    assert writes <= 16  # asked, claimed, and gone with a card, a code and the place: transactions count twice


def test_erased_again_nothing_is_written(client):
    cost(client, "DELETE", "/v1/members/taro", {})
    (ledger, directory) = cost(client, "DELETE", "/v1/members/taro", {})
    assert (ledger[0], directory[0]) == (0, 0)
    assert directory[1] <= 1


def test_an_export_writes_nothing_and_reads_each_item_once(client):
    ((writes, reads, trips), directory) = cost(client, "GET", "/v1/members/taro/export")
    assert (writes, directory[0]) == (0, 0)
    assert reads <= 22 + PURCHASES
    assert trips <= 30
