"""What actions, adjustments and approvals cost, from what the tables report: a member with a history."""

import pytest

from points.routes import ROUTES
from shared.memory import size
from tests.kit import OPERATOR, TILL, Client, FakeClock, key, make_world, purchase

SECOND = key("operator", key_id="operator-2", owner="second-owner")
RULES = [
    {"rule_id": "base", "kind": "base", "points": 1, "per_amount": 100},
    {"rule_id": "sunday", "kind": "multiplier", "factor": "3/1", "when": {"categories": ["food", "books"]}},
    *(
        {
            "rule_id": f"act-{n}",
            "kind": "bonus",
            "points": 5,
            "when": {
                "actions": ["own_bag", f"other-{n}"],
                "store_ids": [f"store-{m}" for m in range(40)] + ["shibuya"],
            },
            **({"cap": {"per_day": 50, "per_member": 5000}} if n < 2 else {}),
        }
        for n in range(5)
    ),
]


@pytest.fixture
def client():
    clock = FakeClock()
    client = Client(ROUTES, make_world(clock))
    assert client.as_(OPERATOR).put("/v1/programme", {"version": 1, "earning": RULES}).status == 200
    client.post("/v1/members", {"member_id": "taro"})
    for n in range(60):
        clock.forward(days=1)
        at = clock.now().isoformat()
        assert client.post("/v1/purchases", purchase(purchase_id=f"p-{n}", occurred_at=at)).status == 201
        assert act(client, f"a-{n}").status == 201
    return client


def act(client, action_id="s-0042-t-03-20261120-000123"):
    said = {"action_id": action_id, "member": {"member_id": "taro"}, "type": "own_bag", "staff_id": "staff-0007"}
    return client.as_(TILL).post("/v1/actions", said)


def adjust(client, points, adjustment_id="7c0f7f0e-7c4e-7c0f-9d3e-2f6f7a1b0c11", **more):
    said = {"adjustment_id": adjustment_id, "member": {"member_id": "taro"}, "points": points}
    reason = {"reason": "店舗からの依頼により、二重に取り消された利用分を補填(受付番号 20261120-0042)"}
    return client.as_(OPERATOR).post("/v1/adjustments", said | reason | more)


def spent(client, request, status=201):
    """Write units, read units and round trips of all tables; settings come from the cache."""
    tables = (client.world.ledger.table, client.world.directory.table, client.world.transient)
    for table in tables:
        table.usage.reset()
    answer = request()
    assert answer.status == status, answer.body
    sums = [[table.usage.write_units, table.usage.read_units, table.usage.round_trips] for table in tables]
    return tuple(map(sum, zip(*sums, strict=True)))


def test_an_action_is_two_writes_and_half_a_read(client):
    assert spent(client, lambda: act(client)) == (2, 0.5, 3)


@pytest.mark.parametrize("points", [300, -300])
def test_an_adjustment_is_two_writes_and_half_a_read(client, points):
    assert spent(client, lambda: adjust(client, points)) == (2, 0.5, 3)
    assert spent(client, lambda: adjust(client, points)) == (1, 0.5, 2)  # sent again: its failed condition


def test_what_waits_is_its_name_and_the_approval_one_write(client):
    path = "/v1/adjustments/7c0f7f0e-7c4e-7c0f-9d3e-2f6f7a1b0c11/approve"
    assert spent(client, lambda: adjust(client, 12_000), 202) == (1, 0.5, 2)
    assert spent(client, lambda: client.as_(SECOND).post(path, {})) == (1, 1, 3)
    assert spent(client, lambda: client.as_(SECOND).post(path, {})) == (0, 1, 2)


def test_a_refusal_writes_nothing(client):
    assert spent(client, lambda: adjust(client, -9_000), 409) == (0, 2.5, 3)


def test_names_and_entries_stay_small(client):
    act(client)
    adjust(client, -300)
    table = client.world.ledger.table
    names = [item for item in table.scan() if item["pk"].startswith(("N#action", "N#adjustment"))]
    assert max(size(item) for item in names) < 600
    assert size(table.newest("M#taro")) <= 1024
