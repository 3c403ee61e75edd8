"""A member's coupons as the member, the shop and the till's one scan see them."""

import pytest

from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import EC, OPERATOR, TILL, member

NAME = CAMPAIGN["name"]


def test_a_member_sees_the_own_coupons_newest_first(client, campaign, issue):
    campaign()
    shown = {"name": NAME}
    coupons = [issue(f"s-{n}") for n in range(3)]
    issue("s-9", member_id="hanako")
    taro = client.as_(member("taro"))
    page = taro.get("/v1/me/coupons").body
    tokens = [one.pop("offline_token") for one in page["items"]]
    assert page == {"items": [one | shown for one in coupons[::-1]], "next_cursor": None}
    one = taro.get(f"/v1/me/coupons/{coupons[1]['coupon_id']}").body
    assert one == coupons[1] | shown | {"offline_token": tokens[1]}


def test_a_coupon_that_is_read_tells_its_campaigns_name_of_today_and_the_terms_it_was_issued_with(
    client, campaign, issue
):
    campaign(min_purchase=1000)
    issue()
    name = {"ja": "春", "en": "Spring again"}
    assert client.as_(OPERATOR).patch("/v1/campaigns/spring", {"name": name}).status == 200
    (read,) = client.as_(member("taro")).get("/v1/me/coupons").body["items"]
    assert (read["name"], read["min_purchase"]) == (name, 1000)


def test_somebody_elses_coupon_is_not_found(client, campaign, issue):
    campaign()
    coupon = issue()
    for wanted in (coupon["coupon_id"], "nothing"):
        answer = client.as_(member("hanako")).get(f"/v1/me/coupons/{wanted}")
        assert (answer.status, answer.code) == (404, "coupon_not_found")


def test_coupons_are_listed_by_state(client, till, campaign, issue, redemption, clock):
    campaign("long")
    campaign("short", valid_days=1)
    kept, used, held, late = issue("s-1", "long"), issue("s-2", "long"), issue("s-3", "long"), issue("s-4", "short")
    till.post("/v1/redemptions", redemption(used["code"]))
    clock.forward(days=2)
    till.post("/v1/redemptions", redemption(held["code"], redemption_id="r-2", hold_seconds=60))
    taro = client.as_(member("taro"))
    for state, coupon in (("issued", kept), ("redeemed", used), ("held", held), ("expired", late)):
        (item,) = taro.get(f"/v1/me/coupons?state={state}").body["items"]
        assert (item["coupon_id"], item["state"]) == (coupon["coupon_id"], state)
    (item,) = taro.get("/v1/me/coupons?state=redeemed").body["items"]
    assert item["redeemed_at"] == "2026-11-20T03:00:00Z"
    assert taro.get("/v1/me/coupons?state=voided").body["items"] == []


def test_pages_hold_every_coupon_once(client, till, campaign, issue, redemption):
    campaign()
    coupons = [issue(f"s-{n}") for n in range(7)]
    till.post("/v1/redemptions", redemption(coupons[3]["code"]))
    taro = client.as_(member("taro"))
    for query, expected in (("", 7), ("&state=issued", 6)):
        found, cursor = [], ""
        while cursor is not None:
            page = taro.get(f"/v1/me/coupons?limit=2{query}{cursor and '&cursor=' + cursor}").body
            found += [item["coupon_id"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert len(found) == len(set(found)) == expected


def test_a_cursor_belongs_to_its_list_and_caller(client, campaign, issue):
    campaign()
    for n in range(2):
        issue(f"s-{n}")
        issue(f"h-{n}", member_id="hanako")
    cursor = client.as_(member("taro")).get("/v1/me/coupons?limit=1").body["next_cursor"]
    for who, query in (("hanako", ""), ("taro", "&state=issued")):
        answer = client.as_(member(who)).get(f"/v1/me/coupons?cursor={cursor}{query}")
        assert (answer.status, answer.code) == (400, "bad_cursor")


@pytest.mark.parametrize("query", ["state=gone", "limit=0", "limit=101", "more=1"])
def test_a_bad_query(client, query):
    assert client.as_(member("taro")).get(f"/v1/me/coupons?{query}").code == "invalid_request"


def test_a_login_without_a_member(client):
    for path in ("/v1/me/coupons", "/v1/me/coupons/x"):
        assert client.as_(member("nobody")).get(path).code == "not_a_member"
        assert client.as_(EC).get(path).code == "forbidden"


def test_the_shop_sees_a_members_coupons(client, campaign, issue):
    campaign()
    coupon = issue()
    for who in (EC, OPERATOR):
        (listed,) = client.as_(who).get("/v1/members/taro/coupons?state=issued").body["items"]
        assert listed == coupon | {"offline_token": listed["offline_token"], "name": NAME}
    (listed,) = client.as_(TILL).get("/v1/members/taro/coupons?state=issued").body["items"]
    without = {name: value for name, value in coupon.items() if name not in ("code", "qr_payload")}
    assert listed == without | {"name": NAME}
    assert client.get("/v1/members/hanako/coupons").body == {"items": [], "next_cursor": None}
    assert client.get("/v1/members/nobody/coupons").code == "member_not_found"
    assert client.as_(member("taro")).get("/v1/members/taro/coupons").code == "forbidden"


# ---- the till's one scan --------------------------------------------------------------------------------------------


def test_the_one_scan_offers_what_can_be_used_now(client, points, till, operator, campaign, issue, redemption):
    campaign("spring")
    campaign("later", valid_from="2026-12-01")
    campaign("paused")
    used, good = issue("s-1"), issue("s-2")
    issue("s-1", "later")
    issue("s-1", "paused")
    operator.post("/v1/campaigns/paused/pause")
    till.post("/v1/redemptions", redemption(used["code"]))
    said = {"member": {"member_id": "taro"}}
    (offered,) = points.post("/v1/members/resolve", said).body["coupons"]
    assert offered == {
        "coupon_id": good["coupon_id"],
        "code": good["code"],
        "offer": {"type": "amount_off", "value": 300},
        "valid_until": "2026-12-31",
    }
    (at_till,) = points.as_(TILL).post("/v1/members/resolve", said).body["coupons"]
    assert at_till == {name: value for name, value in offered.items() if name != "code"}
