"""GET /v1/stores/nearby and /v1/geofences."""

import math
import random
from typing import Any

import pytest

from checkin.geo import distance_m
from coupons.routes import ROUTES as COUPONS
from points.routes import ROUTES as POINTS
from shared import keys
from shared.holdout import is_held_out
from tests.api.checkin.conftest import SHIBUYA
from tests.kit import CAFE, EC, OPERATOR, TILL, Client, member

CAMPAIGN = {
    "campaign_id": "visit-10",
    "name": {"ja": "ご来店10%引き", "en": "10 % off"},
    "offer": {"type": "percent_off", "value": 10},
    "valid_from": "2026-11-01",
    "state": "active",
}


def nearby(client, lat=35.6595, lon=139.7005, more="", **headers):
    answer = client.get(f"/v1/stores/nearby?lat={lat}&lon={lon}{more}", **headers)
    assert answer.status == 200
    return answer.body["items"]


def add_campaign(client, **changes):
    said = CAMPAIGN | changes
    pk, sk = keys.campaign(said["campaign_id"])
    client.world.directory.change((pk, sk), lambda _: {"said": said})


def test_what_is_near_comes_nearest_first(operator, clock):
    found = nearby(operator.as_(member("taro")), 35.6600, 139.7005, "&radius_m=2000")
    assert [(item["store_id"], item["distance_m"]) for item in found] == [("shibuya", 56), ("harajuku", 1151)]
    assert found[0] == {
        "store_id": "shibuya",
        "name": "渋谷店",
        "lat": 35.6595,
        "lon": 139.7005,
        "distance_m": 56,
        "open_now": True,
        "offers": [],
    }


def test_the_default_radius_is_a_kilometre_and_the_limit_cuts(operator):
    assert [item["store_id"] for item in nearby(operator)] == ["shibuya"]
    assert [item["store_id"] for item in nearby(operator, more="&radius_m=20000&limit=1")] == ["shibuya"]


@pytest.mark.parametrize("who", [EC, TILL, CAFE, member("taro"), member("nobody")])
def test_any_token_may_look(operator, who):
    assert nearby(operator.as_(who))
    assert operator.as_(who).get("/v1/geofences?lat=35&lon=139").status == 200


@pytest.mark.parametrize(
    "query",
    ["", "lat=1", "lat=x&lon=1", "lat=91&lon=1", "lat=1&lon=181", "lat=nan&lon=1", "lat=1&lon=inf", "lat=1&lon=1&radius_m=20001",
     "lat=1&lon=1&radius_m=0", "lat=1&lon=1&radius_m=1.5", "lat=1&lon=1&limit=101", "lat=1&lon=1&limit=0", "lat=1&lon=1&page=2"],
)  # fmt: skip
def test_a_bad_query_is_refused(operator, query):
    answer = operator.get(f"/v1/stores/nearby?{query}")
    assert (answer.status, answer.code) == (422, "invalid_request")


def test_a_search_equals_a_search_of_everything(operator):
    chance = random.Random(7)
    stores = {}
    for n in range(150):
        lat, lon = 35.66 + chance.gauss(0, 0.05), 139.70 + chance.gauss(0, 0.05)
        stores[f"s-{n}"] = (lat, lon)
        operator.put(f"/v1/stores/s-{n}", SHIBUYA | {"lat": lat, "lon": lon})
    for store_id in ("shibuya", "harajuku", "umeda"):
        said = operator.get(f"/v1/stores/{store_id}").body
        stores[store_id] = (said["lat"], said["lon"])
    for _ in range(60):
        lat, lon = 35.66 + chance.gauss(0, 0.06), 139.70 + chance.gauss(0, 0.06)
        radius_m, limit = chance.choice([100, 900, 1000, 4000, 20000]), chance.choice([1, 5, 20, 100])
        found = nearby(operator, lat, lon, f"&radius_m={radius_m}&limit={limit}")
        expected = sorted((distance_m(lat, lon, *place), store_id) for store_id, place in stores.items())
        expected = [(metres, store_id) for metres, store_id in expected if metres <= radius_m][:limit]
        assert [item["store_id"] for item in found] == [store_id for _, store_id in expected]
        assert all(
            math.isclose(item["distance_m"], metres, abs_tol=0.6)
            for item, (metres, _) in zip(found, expected, strict=True)
        )


def test_whether_a_store_is_open_is_told_by_its_own_clock(operator, clock):
    operator.put("/v1/stores/shibuya", SHIBUYA | {"hours": {"fri": [["09:00", "12:30"]]}})
    assert nearby(operator)[0]["open_now"] is True
    clock.forward(minutes=30)
    assert nearby(operator)[0]["open_now"] is False
    operator.put("/v1/stores/shibuya", SHIBUYA | {"state": "closed"})
    assert nearby(operator)[0]["open_now"] is False


def test_offers_are_the_campaigns_that_are_on_there(operator):
    add_campaign(operator)
    add_campaign(operator, campaign_id="here", stores=["shibuya"])
    others: list[dict[str, Any]] = [
        {"stores": ["umeda"]}, {"state": "paused"}, {"state": "ended"}, {"state": "draft"}, {"channels": ["ec"]},
        {"valid_from": "2026-11-21"}, {"valid_until": "2026-11-19"},
    ]  # fmt: skip
    for n, off in enumerate(others):
        add_campaign(operator, campaign_id=f"off-{n}", **off)
    add_campaign(operator, campaign_id="today", valid_from="2026-11-20", valid_until="2026-11-20", channels=["pos"])
    offers = nearby(operator, accept_language="ja")[0]["offers"]
    assert [offer["campaign_id"] for offer in offers] == ["here", "today", "visit-10"]
    assert offers[-1] == {
        "campaign_id": "visit-10",
        "name": "ご来店10%引き",
        "offer": {"type": "percent_off", "value": 10},
    }
    assert nearby(operator)[0]["offers"][-1]["name"] == "10 % off"


def test_a_campaign_of_the_coupons_service_is_on_offer_until_it_is_paused(operator):
    coupons = Client(COUPONS, operator.world, OPERATOR)
    assert coupons.post("/v1/campaigns", CAMPAIGN | {"stores": ["shibuya"]}).status == 201
    (offer,) = nearby(operator)[0]["offers"]
    assert (offer["campaign_id"], offer["name"]) == ("visit-10", "10 % off")
    assert offer["offer"] == {"type": "percent_off", "value": 10}
    assert nearby(operator, 34.7025, 135.4959)[0]["offers"] == []
    assert coupons.post("/v1/campaigns/visit-10/pause", {}).status == 200
    assert nearby(operator)[0]["offers"] == []


def test_who_is_held_out_of_a_campaign_is_not_shown_it_and_everybody_else_is(operator):
    add_campaign(operator, campaign_id="for-all")
    add_campaign(operator, campaign_id="measured", attribution={"window_hours": 24, "holdout_share_bp": 5000})
    points = Client(POINTS, operator.world, OPERATOR)
    guests = [f"guest-{n}" for n in range(20)]
    for one in guests:
        assert points.post("/v1/members", {"member_id": one}).status == 201

    def shown_to(who):
        return [offer["campaign_id"] for offer in nearby(operator.as_(who))[0]["offers"]]

    out = {one for one in guests if is_held_out("measured", one, 5000)}
    assert {one for one in guests if shown_to(member(one)) == ["for-all"]} == out
    assert {one for one in guests if shown_to(member(one)) == ["for-all", "measured"]} == set(guests) - out
    assert 0 < len(out) < len(guests)
    assert shown_to(OPERATOR) == shown_to(member("nobody")) == ["for-all", "measured"]
    # After a merge it is the member that the old login leads to who is asked about.
    kept, gone = min(out), min(set(guests) - out)
    assert points.post(f"/v1/members/{gone}/merge", {"merge_id": "m", "into_member_id": kept}).status == 200
    assert shown_to(member(gone)) == ["for-all"]


def test_an_offer_ends_with_the_stores_business_day(operator, clock):
    add_campaign(operator, valid_until="2026-11-20")
    clock.forward(hours=13)  # one in the night: Umeda's Friday goes on until four
    assert nearby(operator)[0]["offers"] == []
    assert nearby(operator, 34.7025, 135.4959)[0]["offers"]


def test_fences_are_those_nearest_to_a_point(operator):
    operator.put("/v1/stores/closed", SHIBUYA | {"state": "closed"})
    answer = operator.as_(member("taro")).get("/v1/geofences?lat=35.6595&lon=139.7005")
    assert answer.body == {
        "items": [
            {"store_id": "shibuya", "lat": 35.6595, "lon": 139.7005, "radius_m": 150},
            {"store_id": "harajuku", "lat": 35.6702, "lon": 139.7027, "radius_m": 150},
        ]
    }
    assert len(operator.get("/v1/geofences?lat=35.6595&lon=139.7005&limit=1").body["items"]) == 1
    assert operator.get("/v1/geofences?lat=35.6595&lon=139.7005&limit=101").status == 422
    assert operator.get("/v1/geofences?lat=0&lon=0").body == {"items": []}
