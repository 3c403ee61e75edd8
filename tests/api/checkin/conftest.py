"""Callers of the check-in service, in a world with three stores and two members; points serves the same world."""

import pytest

from checkin.routes import ROUTES
from points.routes import ROUTES as POINTS
from tests.kit import OPERATOR, Client, FakeClock, make_world, member

SHIBUYA = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
UMEDA = {"name": "梅田店", "lat": 34.7025, "lon": 135.4959, "time_zone": "Asia/Tokyo", "cutoff_hour": 4}
HARAJUKU = {"name": "原宿店", "lat": 35.6702, "lon": 139.7027, "time_zone": "Asia/Tokyo"}
STORES = {"shibuya": SHIBUYA, "umeda": UMEDA, "harajuku": HARAJUKU}
PLACES = {name: {"lat": store["lat"], "lon": store["lon"]} for name, store in STORES.items()}
CONSENT = {"location": {"granted": True, "version": "1"}}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def points(clock):
    """The points service: members join there."""
    client = Client(POINTS, make_world(clock))
    for member_id, consents in (("taro", CONSENT), ("hanako", {})):
        card = {"type": "card", "value": f"card-{member_id}"}
        said = {"member_id": member_id, "identities": [card], "consents": consents}
        assert client.post("/v1/members", said).status == 201
    return client


@pytest.fixture
def operator(points):
    client = Client(ROUTES, points.world, OPERATOR)
    for store_id, store in STORES.items():
        assert client.put(f"/v1/stores/{store_id}", store).status == 200
    return client


@pytest.fixture
def taro(operator):
    """A member who is signed in and has agreed to be located."""
    return operator.as_(member("taro"))


@pytest.fixture
def checkin(clock):
    """Makes the body of a check-in: somebody with a fresh fix at the store, unless the changes say otherwise."""

    def make(checkin_id="c-1", store_id="shibuya", *, at=None, **changes):
        fix = {**(PLACES[at or store_id]), "accuracy_m": 10, "captured_at": clock.now().isoformat()}
        return {"checkin_id": checkin_id, "store_id": store_id, "location": fix | changes}

    return make
