"""Callers of the coupons service, in a world with two members, a store and a campaign; points serves the same world."""

import pytest

from checkin.routes import ROUTES as CHECKIN
from coupons.routes import ROUTES
from points.routes import ROUTES as POINTS
from tests.kit import OPERATOR, TILL, Client, FakeClock, make_world

CAMPAIGN = {
    "campaign_id": "spring",
    "name": {"ja": "春の割引", "en": "Spring"},
    "offer": {"type": "amount_off", "value": 300},
    "valid_from": "2026-11-01",
    "valid_until": "2026-12-31",
}
SHIBUYA = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo", "cutoff_hour": 4}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def points(clock):
    client = Client(POINTS, make_world(clock))
    for member_id in ("taro", "hanako"):
        card = {"type": "card", "value": f"card-{member_id}"}
        assert client.post("/v1/members", {"member_id": member_id, "identities": [card]}).status == 201
    assert Client(CHECKIN, client.world, OPERATOR).put("/v1/stores/shibuya", SHIBUYA).status == 200
    return client


@pytest.fixture
def client(points):
    """The web shop's servers; `client.as_(…)` is somebody else in the same world."""
    return Client(ROUTES, points.world)


@pytest.fixture
def till(client):
    return client.as_(TILL)


@pytest.fixture
def operator(client):
    return client.as_(OPERATOR)


@pytest.fixture
def campaign(operator):
    """Makes a campaign of 300 yen off, with changes."""

    def make(campaign_id="spring", **changes):
        answer = operator.post("/v1/campaigns", CAMPAIGN | {"campaign_id": campaign_id} | changes)
        assert answer.status == 201, answer.body
        return answer.body

    return make


@pytest.fixture
def issue(client):
    """Issues a coupon and answers it."""

    def make(source_id="s-1", campaign_id="spring", member_id="taro"):
        said = {"campaign_id": campaign_id, "source_id": source_id, "member": {"member_id": member_id}}
        answer = client.post("/v1/issues", said)
        assert answer.status == 201, answer.body
        return answer.body

    return make


@pytest.fixture
def basket():
    """Makes a basket of lines with these amounts."""

    def make(*amounts):
        return {"lines": [{"line_id": str(n), "quantity": 1, "amount": amount} for n, amount in enumerate(amounts, 1)]}

    return make


@pytest.fixture
def redemption(basket):
    """Makes the body of a redemption."""

    def make(*codes, redemption_id="r-1", **changes):
        said = {"redemption_id": redemption_id, "codes": list(codes), "channel": "pos", "order_ref": "order-1"}
        return said | {"basket": basket(1000)} | changes

    return make


@pytest.fixture
def state(client):
    """Reads the state of a member's coupon."""

    def read(coupon, member_id="taro"):
        items = client.get(f"/v1/members/{member_id}/coupons?limit=100").body["items"]
        return next(item["state"] for item in items if item["coupon_id"] == coupon["coupon_id"])

    return read
