"""Callers of the points service in a world with two members and two partners."""

import pytest

from points.routes import ROUTES
from tests.kit import OPERATOR, Client, FakeClock, make_world


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(clock):
    """The web shop's servers; `client.as_(…)` is somebody else in the same world."""
    client = Client(ROUTES, make_world(clock))
    for member_id in ("taro", "hanako"):
        card = {"type": "card", "value": f"card-{member_id}"}
        assert client.post("/v1/members", {"member_id": member_id, "identities": [card]}).status == 201
    operator = client.as_(OPERATOR)
    for partner_id in ("cafe", "bakery"):
        said = {"name": partner_id, "budget": {"kind": "monthly", "points": 2000}}
        assert operator.put(f"/v1/partners/{partner_id}", said).status == 200
    return client
