"""What merges cost, by what the engine reports: the merge itself, and requests for members who were merged."""

import pytest

from points.routes import ROUTES
from shared.memory import size
from tests.kit import OPERATOR, Client, FakeClock, make_world, purchase


@pytest.fixture(params=["memory", "ministack"])
def client(request):
    """Taro and Hanako, with some points each."""
    tables = None if request.param == "memory" else request.getfixturevalue("real_tables")
    client = Client(ROUTES, make_world(FakeClock(), tables))
    for member_id in ("taro", "hanako"):
        assert client.post("/v1/members", {"member_id": member_id}).status == 201
        assert buy(client, f"first-{member_id}", member_id).status == 201
    return client


def buy(client, purchase_id, member_id):
    lines = [{"line_id": "1", "quantity": 1, "amount": 10_000}]
    return client.post("/v1/purchases", purchase(purchase_id=purchase_id, member={"member_id": member_id}, lines=lines))


def cost(client, act):
    """Write units, read units and round trips in the ledger."""
    usage = client.world.ledger.table.usage
    usage.reset()
    assert act().status in (200, 201)
    return usage.write_units, usage.read_units, usage.round_trips


def merge(client, merge_id="m-1"):
    return client.as_(OPERATOR).post("/v1/members/taro/merge", {"merge_id": merge_id, "into_member_id": "hanako"})


def unmerge(client, merge_id="m-1"):
    return client.as_(OPERATOR).post("/v1/members/taro/unmerge", {"merge_id": merge_id})


def spend(client, n, member_id):
    body = {"spend_id": f"s{n}", "member": {"member_id": member_id}, "points": 1, "order_ref": "o"}
    return client.post("/v1/spends", body)


def test_a_merge_and_its_end_are_six_writes_and_three_reads(client):
    """Two heads, half a unit each; the profile and, once more, the head that it tells of."""
    profiles = client.world.directory.table.usage
    for act in (merge, unmerge):
        profiles.reset()
        assert cost(client, lambda act=act: act(client)) == (6, 2, 4)
        assert (profiles.write_units, profiles.read_units) == (2, 1)


def test_who_was_never_merged_away_pays_nothing_for_merges(client):
    merge(client)
    assert cost(client, lambda: spend(client, 1, "hanako")) == (2, 0.5, 3)
    unmerge(client)
    assert cost(client, lambda: spend(client, 2, "hanako")) == (2, 0.5, 3)


def test_an_old_id_costs_two_reads_more_while_its_account_is_closed_and_none_after(client):
    merge(client)
    assert cost(client, lambda: spend(client, 1, "taro")) == (2, 2.5, 5)
    unmerge(client)
    assert cost(client, lambda: spend(client, 2, "taro")) == (2, 0.5, 3)
    assert cost(client, lambda: buy(client, "p", "taro")) == (2, 0.5, 3)


def test_a_request_that_a_merge_overtook_costs_a_read_for_each_account_on_its_way(client):
    ledger, enter = client.world.ledger, client.world.ledger.enter
    ledger.enter = None
    assert spend(client, 1, "taro").status == 500
    ledger.enter = enter
    merge(client)
    writes, reads, _ = cost(client, lambda: spend(client, 1, "taro"))
    assert (writes, reads <= 6) == (2, True)  # the name's failed condition, and the entry


def test_a_closing_takes_a_few_bytes_of_each_item(client):
    before = size(client.world.ledger.table.newest("M#taro"))
    merge(client)
    unmerge(client)
    buy(client, "p", "taro")
    item = client.world.ledger.table.newest("M#taro")
    assert len(item["c"]) == 1
    assert size({"c": item["c"]}) <= 40
    assert size(item) < before + 120
