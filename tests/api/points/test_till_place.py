"""GET /v1/till: what a till must know of its store."""

from checkin.routes import ROUTES as CHECKIN
from coupons.routes import ROUTES as COUPONS
from tests.kit import EC, OPERATOR, TILL, Client, member

UMEDA = {"name": "梅田店", "lat": 34.7025, "lon": 135.4959, "time_zone": "Asia/Tokyo", "cutoff_hour": 4}


def test_a_till_learns_its_stores_day_which_goes_on_until_the_store_closes_its_books(client, clock):
    Client(CHECKIN, client.world, OPERATOR).put("/v1/stores/shibuya", UMEDA | {"name": "渋谷店"})
    clock.at = clock.at.replace(hour=18, minute=30)  # half past three in the night of the 21st
    answer = client.as_(TILL).get("/v1/till")
    assert (answer.status, answer.body) == (
        200,
        {
            "store_id": "shibuya",
            "store_name": "渋谷店",
            "terminal_id": "till-1",
            "time_zone": "Asia/Tokyo",
            "business_day": "2026-11-20",
            "business_day_ends_at": "2026-11-20T19:00:00Z",
            "currency": "JPY",
        },
    )
    clock.forward(minutes=30)
    assert client.as_(TILL).get("/v1/till").body["business_day"] == "2026-11-21"


def test_the_shops_own_keys_and_stores_that_nobody_has_put_go_by_the_programme(client):
    assert client.as_(EC).get("/v1/till").body == {
        "time_zone": "Asia/Tokyo",
        "business_day": "2026-11-20",
        "business_day_ends_at": "2026-11-20T15:00:00Z",
        "currency": "JPY",
    }
    said = client.as_(TILL).get("/v1/till").body
    assert said["store_id"] == "shibuya"
    assert "store_name" not in said


def test_it_is_nobodys_who_sells_nothing(client):
    assert client.as_(member("taro")).get("/v1/till").status == 403


def test_its_day_is_one_that_an_offline_allowance_takes(client):

    day = client.as_(TILL).get("/v1/till").body["business_day"]
    asked = {"allowance_id": "a-1", "terminal_id": "till-1", "business_day": day}
    assert Client(COUPONS, client.world, TILL).post("/v1/offline/allowances", asked).status == 201
