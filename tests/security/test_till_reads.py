"""What a till reads of a member whose card or number it knows: enough to earn, nothing that uses what is the member's."""

from __future__ import annotations

import json

import pytest

from coupons.routes import ROUTES as COUPONS
from points.routes import ROUTES
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import EC, OPERATOR, TILL, Client, FakeClock, make_world, member


@pytest.fixture
def shop():
    shop = Client(ROUTES, make_world(FakeClock()), EC)
    card = {"type": "card", "value": "card-taro"}
    assert shop.post("/v1/members", {"member_id": "taro", "identities": [card]}).status == 201
    return shop


def code(shop, kind="rotating"):
    return shop.as_(member("taro")).get("/v1/me/code").body[kind]["value"]


def scan(till, shown):
    answer = till.post("/v1/members/resolve", {"member": shown})
    assert answer.status == 200, answer.body
    return answer.body


@pytest.fixture
def coupon(shop):
    """A coupon of taro's that has not been used."""
    operator = Client(COUPONS, shop.world, OPERATOR)
    assert operator.post("/v1/campaigns", CAMPAIGN).status == 201
    wish = {"campaign_id": "spring", "source_id": "s", "member": {"member_id": "taro"}}
    return operator.as_(EC).post("/v1/issues", wish).body


def test_who_only_knows_the_member_reads_no_code_of_a_coupon(shop, coupon):
    """Whatever a till learns from a card, no answer to it tells what would use the member's coupons."""
    till = shop.as_(TILL)
    seen = [scan(till, who) for who in ({"member_id": "taro"}, {"identity": {"type": "card", "value": "card-taro"}})]
    seen += [scan(till, {"code": code(shop, "static")})]
    coupons = Client(COUPONS, shop.world, TILL)
    listed = coupons.get("/v1/members/taro/coupons").body["items"]
    assert [one["coupon_id"] for one in listed] == [coupon["coupon_id"]]
    told = json.dumps([seen, listed, coupons.get("/v1/members/taro/coupons?state=issued").body])
    assert coupon["code"] not in told
    assert coupon["qr_payload"] not in told
    assert "offline_token" not in told


def test_control_the_shops_servers_and_a_scan_of_a_one_time_code_are_told(shop, coupon):
    (listed,) = Client(COUPONS, shop.world, EC).get("/v1/members/taro/coupons").body["items"]
    assert listed["code"] == coupon["code"]
    assert listed["offline_token"]
    (offered,) = scan(shop.as_(TILL), {"code": code(shop)})["coupons"]
    assert offered["code"] == coupon["code"]
