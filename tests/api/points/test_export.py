"""Everything about a member in one call: complete, of nobody else, and nothing in it that opens anything."""

import json

import pytest

from checkin.routes import ROUTES as CHECKIN
from coupons.routes import ROUTES as COUPONS
from points import export, packing
from shared import relay
from tests.api.points import shop
from tests.events.test_relay import Box
from tests.kit import CAFE, EC, OPERATOR, TILL, Client, key, member, purchase
from tests.passing import Passing
from tests.stream import record

TARO = member("taro")
SHIBUYA = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
CAMPAIGN = {
    "campaign_id": "spring",
    "name": {"ja": "春の割引", "en": "Spring"},
    "offer": {"type": "amount_off", "value": 300},
    "valid_from": "2026-11-01",
}


@pytest.fixture
def lived(client, clock):
    """Taro has done everything that a member can do, and so has Hanako; Jiro went into Taro."""
    operator = client.as_(OPERATOR)
    stores, coupons = (Client(routes, client.world, OPERATOR) for routes in (CHECKIN, COUPONS))
    assert stores.put("/v1/stores/shibuya", SHIBUYA).status == 200
    assert coupons.post("/v1/campaigns", CAMPAIGN).status == 201
    card = {"programme_id": "visits", "name": {"ja": "来店", "en": "Visits"}, "stamps": 3, "by": "manual"}
    assert coupons.post("/v1/stamp-programmes", card | {"campaign_id": "spring"}).status == 201
    client.post("/v1/members", {"member_id": "jiro", "display_name": "Jiro"})
    shop.buy(client, "of-jiro", member={"member_id": "jiro"}, order_ref="order-of-jiro")
    body = {"merge_id": "m", "into_member_id": "taro"}
    assert operator.post("/v1/members/jiro/merge", body).status == 200
    for one in ("taro", "hanako"):
        of, me = {"member": {"member_id": one}}, member(one)
        phone = {"identity": {"type": "phone", "value": f"+8190123456{'78' if one == 'taro' else '99'}"}}
        assert operator.post(f"/v1/members/{one}/identities", phone).status == 201
        assert client.as_(me).put("/v1/me/consents/location", {"granted": True, "version": "v-1"}).status == 200
        lines = [{"line_id": "1", "sku": f"sku-{one}", "category": "tea", "quantity": 1, "amount": 5000}]
        assert (
            shop.buy(client, f"p-{one}", lines=lines, staff_id="clerk-7", order_ref=f"order-{one}", **of).status == 201
        )
        assert (
            client.post("/v1/spends", {"spend_id": f"s-{one}", "points": 3, "order_ref": f"spend-{one}", **of}).status
            == 201
        )
        assert client.post("/v1/holds", {"hold_id": f"h-{one}", "points": 2, "order_ref": "o", **of}).status == 201
        gift = {"adjustment_id": f"a-{one}", "points": 7, "reason": f"gift for {one}", **of}
        assert operator.post("/v1/adjustments", gift).status == 201
        code = client.as_(me).get("/v1/me/code").body["static"]["value"]
        award = {"award_id": f"w-{one}", "member": {"code": code}, "points": 3, "reason": f"latte for {one}"}
        assert client.as_(CAFE).post("/v1/awards", award).status == 201
        assert coupons.post("/v1/issues", {"campaign_id": "spring", "source_id": f"i-{one}", **of}).status == 201
        assert coupons.post("/v1/stamps", {"stamp_id": f"t-{one}", "programme_id": "visits", **of}).status == 201
        assert stores.post("/v1/checkins", {"checkin_id": f"c-{one}", "store_id": "shibuya", **of}).status == 201
        near = {"approach_id": f"n-{one}", "store_id": "shibuya"}
        assert Client(CHECKIN, client.world, me).post("/v1/me/approaches", near).status == 202
        clock.forward(minutes=1)
    return client


def test_it_holds_who_somebody_is_and_what_their_accounts_have(lived):
    answer = lived.as_(TARO).get("/v1/me/export")
    assert answer.status == 200
    said = answer.body
    assert said["next_cursor"] is None
    assert said["member"]["identities"] == [
        {"type": "card", "value_masked": "…taro"},
        {"type": "phone", "value_masked": "…5678"},
    ]
    consents = {"location": {"granted": True, "version": "v-1", "at": "2026-11-20T03:00:00Z"}}
    assert said["member"]["consents"] == consents
    assert said["joined_at"] == "2026-11-20T03:00:00Z"
    assert [(one["member_id"], one["display_name"], one["state"]) for one in said["merged"]] == [
        ("jiro", "Jiro", "merged")
    ]
    assert said["balance"]["available"] == 10 + 50 - 3 - 2 + 7 + 3
    assert [(one["hold_id"], one["points"]) for one in said["holds"]] == [("h-taro", 2)]
    assert [(one["campaign_id"], one["state"], one["source_id"]) for one in said["coupons"]] == [
        ("spring", "issued", "i-taro")
    ]
    assert said["stamp_cards"] == [{"programme_id": "visits", "stamps": 1, "needed": 3, "completed": 0}]
    assert [one["kind"] for one in said["entries"]] == [
        "merged",
        "earned",
        "spent",
        "held",
        "adjusted",
        "earned",
        "earned",
        "merged",
    ]


def test_it_holds_what_they_bought_asked_for_and_where_they_were(lived):
    said = lived.as_(TARO).get("/v1/me/export").body
    bought = {one["purchase_id"]: one for one in said["purchases"]}
    assert set(bought) == {"p-taro", "of-jiro"}
    assert bought["p-taro"]["lines"][0] == {
        "line_id": "1",
        "sku": "sku-taro",
        "category": "tea",
        "quantity": 1,
        "amount": 5000,
        "tax": 0,
    }
    assert (bought["p-taro"]["store_id"], bought["p-taro"]["order_ref"]) == ("shibuya", "order-taro")
    assert {(one["kind"], one.get("order_ref") or one.get("reason")) for one in said["requests"]} == {
        ("spend", "spend-taro"),
        ("hold", "o"),
        ("adjustment", "gift for taro"),
        ("award", "latte for taro"),
    }
    assert [one["kind"] for one in said["coupon_entries"]] == ["issued", "stamped"]
    assert [(one["checkin_id"], one["store_id"], one["outcome"]) for one in said["checkins"]] == [
        ("c-taro", "shibuya", "awarded")
    ]
    assert [(one["approach_id"], one["store_id"]) for one in said["approaches"]] == [("n-taro", "shibuya")]


def test_the_officer_gets_the_same_by_any_id_of_the_member(lived):
    own = lived.as_(TARO).get("/v1/me/export").body
    for one in ("taro", "jiro"):
        answer = lived.as_(OPERATOR).get(f"/v1/members/{one}/export")
        assert (answer.status, answer.body) == (200, own)
    assert lived.as_(member("jiro")).get("/v1/me/export").body == own


def test_there_is_nobody_else_in_it_and_nothing_that_opens_anything(lived):
    said = json.dumps(lived.as_(OPERATOR).get("/v1/members/taro/export").body, ensure_ascii=False)
    (coupon,) = Client(COUPONS, lived.world, OPERATOR).get("/v1/members/taro/coupons").body["items"]
    profile = lived.world.directory.table.get("member#taro", "member")
    others = ["hanako", "clerk-7", "5699"]
    secrets = [coupon["code"], profile["static_code"], "+8190", *(one["digest"] for one in profile["identities"])]
    assert [word for word in (*others, *secrets) if word in said] == []


def test_a_long_life_comes_in_pages_that_add_up(lived, monkeypatch):
    for n in range(120):
        shop.buy(lived, f"p-{n}", 100 + n)
    whole = lived.as_(TARO).get("/v1/me/export").body
    assert whole["next_cursor"] is None
    monkeypatch.setattr(export, "BYTES_MAX", 9_000)
    got: dict[str, list[object]] = {name: [] for name in whole if isinstance(whole[name], list)}
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = lived.as_(TARO).get("/v1/me/export" + (f"?cursor={cursor}" if cursor else "")).body
        for name in (
            "entries",
            "purchases",
            "requests",
            "coupon_entries",
            "checkins",
            "approaches",
            "campaign_contacts",
        ):
            got[name] += page[name]
        cursor, pages = page["next_cursor"], pages + 1
    assert pages > 3
    assert len(got["purchases"]) == 122
    for name in ("entries", "purchases", "requests", "coupon_entries", "checkins", "approaches"):
        assert got[name] == whole[name]


def test_a_cursor_is_of_its_caller_and_member(lived, monkeypatch):
    monkeypatch.setattr(export, "BYTES_MAX", 10)
    cursor = lived.as_(TARO).get("/v1/me/export").body["next_cursor"]
    assert lived.as_(member("hanako")).get(f"/v1/me/export?cursor={cursor}").code == "bad_cursor"
    assert lived.as_(OPERATOR).get(f"/v1/members/taro/export?cursor={cursor}").code == "bad_cursor"
    assert lived.as_(TARO).get("/v1/me/export?cursor=x").code == "bad_cursor"


@pytest.mark.parametrize("who", [TILL, CAFE, EC, TARO, key("operator", scopes=frozenset({"members:read"}))])
def test_only_the_privacy_officer_exports_others(client, who):
    assert client.as_(who).get("/v1/members/hanako/export").code == "forbidden"


@pytest.mark.parametrize("who", [TILL, CAFE, EC, OPERATOR])
def test_only_members_export_themselves(client, who):
    assert client.as_(who).get("/v1/me/export").code == "forbidden"


def test_of_nobody_and_of_who_is_erased_there_is_none(lived):
    assert lived.as_(OPERATOR).get("/v1/members/nobody/export").code == "member_not_found"
    assert lived.as_(OPERATOR).delete("/v1/members/taro", {}).status == 202
    assert lived.as_(OPERATOR).get("/v1/members/taro/export").code == "member_not_found"
    assert lived.as_(TARO).get("/v1/me/export").code == "not_a_member"


def test_a_member_who_has_done_nothing_has_a_profile(client):
    said = client.as_(member("hanako")).get("/v1/me/export").body
    assert (said["entries"], said["purchases"], said["coupons"], said["next_cursor"]) == ([], [], [], None)


def test_a_receipt_that_was_claimed_is_among_the_purchases(client):
    body = purchase(purchase_id="found")
    del body["member"]
    assert client.post("/v1/purchases", body).status == 201
    claim = {"receipt_claim_id": "x", "source": "pos", "purchase_id": "found", "amount": 1000}
    assert client.as_(TARO).post("/v1/me/receipts", claim).status == 201
    assert [one["purchase_id"] for one in client.as_(TARO).get("/v1/me/export").body["purchases"]] == ["found"]


def test_of_what_an_export_told_nothing_personal_is_left_when_its_member_is_erased(lived):
    """In no table, by whatever service: what was bought, said, or shown; who it was; with which phone."""
    world = lived.world
    assert Client(CHECKIN, world, TARO).post(
        "/v1/me/checkins",
        {
            "checkin_id": "own",
            "store_id": "shibuya",
            "device_id": "taros-phone",
            "location": {
                "lat": 35.6595,
                "lon": 139.7005,
                "accuracy_m": 5,
                "captured_at": world.clock.now().isoformat(),
            },
        },
    ).status in (200, 201)
    profile = world.directory.table.get("member#taro", "member")
    words = ["sku-taro", "order-taro", "order-of-jiro", "spend-taro", "gift for taro", "latte for taro", "Jiro"]
    words += ["…5678", "v-1", profile["static_code"], *(one["digest"] for one in profile["identities"])]
    words.append(world.secrets.digest("device", "taros-phone"))
    assert [word for word in words if word not in everything(world)] == []
    assert lived.as_(OPERATOR).delete("/v1/members/taro", {}).status == 202
    passing = Passing(world)
    passing.work()
    box = Box()
    relay.relay_directory([record(item) for item in world.directory.table.scan(after=None, limit=10_000)], box)
    told = [event for event in box.sent if "erased" in event["type"]]
    passing.deliver([(service, event) for event in told for service in ("coupons", "checkin")])
    passing.work()
    of_phones = f"D#{words.pop()}"  # its chain is known by the hash, and names nobody any more
    assert [word for word in words if word in everything(world)] == ["v-1"]  # Hanako's word on the same consent
    assert world.ledger.table.newest(of_phones)["s"] == {"m": []}
    said = json.dumps(lived.as_(OPERATOR).get("/v1/members/hanako/export").body, ensure_ascii=False)
    assert "gift for hanako" in said


def everything(world):
    tables = world.ledger.table, world.directory.table, world.transient
    return "\n".join(words_of(item) for table in tables for item in table.scan(after=None, limit=100_000))


def words_of(item):
    """An item as text, with the lines of a receipt spelt out."""
    lines = packing.unpack_lines(item["op"]["l"]) if item["pk"].startswith("N#purchase") and "op" in item else ""
    return f"{item} {lines}"
