"""Members, identities, consents, codes and the till's scan."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from points.routes import ROUTES
from shared import barcode
from shared.auth import Principal
from shared.table import Collision
from tests.kit import CAFE, EC, OPERATOR, OTHER_TILL, TILL, Client, key, make_world, member, purchase

CARD = {"type": "card", "value": "4900000000001"}


def new(**changes):
    return {"member_id": "ken", "identities": [CARD], "display_name": "Ken"} | changes


def test_a_new_member_is_shown_without_what_must_stay_hidden(client):
    answer = client.post("/v1/members", new(consents={"marketing": {"granted": True, "version": "v1"}}))
    assert answer.status == 201
    assert answer.body == {
        "member_id": "ken",
        "display_name": "Ken",
        "identities": [{"type": "card", "value_masked": "…0001"}],
        "tier": "base",
        "consents": {"marketing": {"granted": True, "version": "v1", "at": "2026-11-20T03:00:00Z"}},
        "state": "active",
    }
    assert client.get("/v1/members/ken").body == answer.body


def test_no_identity_lies_in_clear_in_the_tables(client):
    client.post("/v1/members", new(identities=[{"type": "phone", "value": "+819012345678"}]))
    assert "9012345678" not in str(client.world.directory.table.scan())


def test_the_same_member_again_is_the_same_and_other_content_is_refused(client):
    first = client.post("/v1/members", new())
    again = client.post("/v1/members", new())
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert client.post("/v1/members", new(display_name="Kenji")).code == "id_reused"


def test_a_retry_is_answered_as_the_first_whatever_has_changed_since(client, clock):
    body = new(consents={"marketing": {"granted": True, "version": "v1"}})
    first = client.post("/v1/members", body)
    clock.forward(days=1)
    assert client.post("/v1/members/ken/identities", {"identity": {"type": "card", "value": "c-2"}}).status == 201
    assert client.delete("/v1/members/ken/identities/card", {"value": CARD["value"]}).status == 204
    client.as_(member("ken")).put("/v1/me/consents/marketing", {"granted": False, "version": "v2"})
    assert client.get("/v1/members/ken").body != first.body
    again = client.post("/v1/members", body)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)


def test_a_retry_for_who_is_gone_tells_nothing_of_the_person(client):
    client.post("/v1/members", new())
    client.as_(OPERATOR).delete("/v1/members/ken")
    again = client.post("/v1/members", new())
    assert (again.status, again.body["state"], again.body["identities"], again.is_replay) == (201, "erased", [], True)
    assert "Ken" not in str(again.body)


def test_a_header_may_name_the_member(client):
    assert client.post("/v1/members", {}, idempotency_key="m-7").body["member_id"] == "m-7"
    assert client.post("/v1/members", {}, idempotency_key="m-7").is_replay
    assert client.post("/v1/members", {}).code == "invalid_request"


def test_an_identity_belongs_to_one_member_and_a_refusal_leaves_nothing(client):
    client.post("/v1/members", new())
    answer = client.post("/v1/members", new(member_id="kenji"))
    assert (answer.status, answer.code) == (409, "identity_taken")
    assert client.get("/v1/members/kenji").code == "member_not_found"
    assert client.post("/v1/members", {"member_id": "kenji"}).status == 201


def test_of_many_members_at_once_one_gets_the_identity(client):
    barrier = threading.Barrier(8)

    def join(n):
        barrier.wait()
        return client.post("/v1/members", new(member_id=f"m{n}")).status

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(join, range(8))) == [201] + [409] * 7


def test_an_identity_is_added_and_taken_away(client):
    client.post("/v1/members", new(identities=[]))
    added = client.post("/v1/members/ken/identities", {"identity": CARD})
    assert (added.status, added.body["identities"]) == (201, [{"type": "card", "value_masked": "…0001"}])
    assert client.post("/v1/members/ken/identities", {"identity": CARD}).status == 201
    assert client.post("/v1/members/taro/identities", {"identity": CARD}).code == "identity_taken"
    assert client.delete("/v1/members/ken/identities/card", {"value": CARD["value"]}).status == 204
    assert client.delete("/v1/members/ken/identities/card", {"value": CARD["value"]}).code == "identity_not_found"
    assert client.post("/v1/members/taro/identities", {"identity": CARD}).status == 201


@pytest.mark.parametrize(
    "identity",
    [
        {"type": "oidc", "value": "a|b"},
        {"type": "line", "value": "U1"},
        {"type": "app", "value": "d"},
        {"type": "phone", "value": "+819012345678"},
    ],
)
def test_a_till_adds_cards_only(client, identity):
    till = client.as_(TILL)
    assert till.post("/v1/members/taro/identities", {"identity": identity}).code == "forbidden"
    assert till.post("/v1/members", new(identities=[identity])).code == "forbidden"
    assert till.post("/v1/members/taro/identities", {"identity": CARD}).status == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"member_id": "a b"},
        {"member_id": ""},
        {"identities": [{"type": "card"}]},
        {"identities": [{"type": "email", "value": "a@b.c"}]},
        {"identities": [{"type": "phone", "value": "090-1234-5678"}]},
        {"identities": [CARD, CARD]},
        {"consents": {"everything": {"granted": True, "version": "1"}}},
        {"consents": {"marketing": {"granted": "yes", "version": "1"}}},
        {"display_name": "x" * 201},
    ],
)
def test_a_bad_member_is_refused(client, changes):
    assert client.post("/v1/members", new(**changes)).code == "invalid_request"
    assert client.get("/v1/members/ken").status == 404


@pytest.mark.parametrize("path", ["/v1/members/nobody", "/v1/members/nobody/balance", "/v1/members/nobody/entries"])
def test_an_unknown_member_is_not_found(client, path):
    assert client.get(path).code == "member_not_found"


# ---- the signed-in member -------------------------------------------------------------------------------------------


def test_a_login_without_a_member_is_told_to_join(client):
    who = client.as_(member("newcomer"))
    for path in ("/v1/me", "/v1/me/balance", "/v1/me/entries", "/v1/me/code"):
        answer = who.get(path)
        assert (answer.status, answer.code) == (403, "not_a_member")
    joined = who.post("/v1/me", {"display_name": "New"})
    assert (joined.status, joined.body["member_id"]) == (201, "newcomer")
    assert (who.post("/v1/me", {}).status, who.get("/v1/me").status) == (200, 200)


def test_a_foreign_login_is_linked_to_a_member_of_its_own(client):
    login = Principal("member", frozenset(), issuer="https://id.example", subject="abc|123")
    who = client.as_(login)
    first = who.post("/v1/me", {})
    assert (first.status, first.body["identities"][0]["type"]) == (201, "oidc")
    assert who.post("/v1/me", {}).body["member_id"] == first.body["member_id"]
    assert who.get("/v1/me/balance").body["available"] == 0
    elsewhere = Principal("member", frozenset(), issuer="https://other.example", subject="abc|123")
    assert client.as_(elsewhere).get("/v1/me").code == "not_a_member"


def test_joining_twice_at_once_makes_one_member():
    client = Client(ROUTES, make_world(), Principal("member", frozenset(), issuer="https://id.example", subject="x"))
    barrier = threading.Barrier(8)

    def join(_):
        barrier.wait()
        return client.post("/v1/me", {})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(join, range(8)))
    assert {answer.status for answer in answers} <= {200, 201}
    assert len({answer.body["member_id"] for answer in answers}) == 1


@pytest.mark.parametrize("who", [EC, TILL, CAFE, OPERATOR])
@pytest.mark.parametrize("path", ["/v1/me", "/v1/me/balance", "/v1/me/entries", "/v1/me/code"])
def test_a_key_is_nobodys_own_token(client, who, path):
    assert client.as_(who).get(path).code == "forbidden"


def test_consent_is_given_and_taken_back_with_its_version_and_time(client, clock):
    me = client.as_(member("taro"))
    first = me.put("/v1/me/consents/location", {"granted": True, "version": "v1"})
    assert first.body == {"purpose": "location", "granted": True, "version": "v1", "at": "2026-11-20T03:00:00Z"}
    clock.forward(hours=1)
    assert me.put("/v1/me/consents/location", {"granted": True, "version": "v1"}).body == first.body
    taken = me.put("/v1/me/consents/location", {"granted": False, "version": "v1"}).body
    assert (taken["granted"], taken["at"]) == (False, "2026-11-20T04:00:00Z")
    assert me.get("/v1/me").body["consents"]["location"]["granted"] is False
    assert me.put("/v1/me/consents/everything", {"granted": True, "version": "v1"}).status == 404
    assert me.put("/v1/me/consents/location", {"granted": 1, "version": "v1"}).status == 422


# ---- codes and the till's scan --------------------------------------------------------------------------------------


def test_the_static_code_is_an_ean_13_of_the_shops_own_range(client):
    static = client.as_(member("taro")).get("/v1/me/code").body["static"]
    assert static["value"] == static["ean13"] == static["code128"]
    assert static["value"].startswith("29")
    assert barcode.ean13(static["value"][:12]) == static["value"]
    assert client.as_(member("hanako")).get("/v1/me/code").body["static"] != static


def test_a_code_is_shown_with_the_programmes_prefix_and_old_cards_keep_their_member(client):
    def shown():
        return client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]

    old = shown()
    said = client.as_(OPERATOR).get("/v1/programme").body
    assert said["member_code_prefix"] == "29"
    assert client.as_(OPERATOR).put("/v1/programme", said | {"member_code_prefix": "21"}).status == 200
    new = shown()
    assert (new[:2], new[2:12]) == ("21", old[2:12])
    assert barcode.ean13(new[:12]) == new
    for code in (old, new, barcode.ean13("20" + old[2:12])):
        answer = client.as_(TILL).post("/v1/members/resolve", {"member": {"code": code}})
        assert (answer.body.get("member_id"), answer.body.get("code_level")) == ("taro", "static"), code
    wrong = new[:-1] + str((int(new[-1]) + 1) % 10)  # a typing error
    foreign = barcode.ean13("49" + old[2:12])  # a product's
    for code in (wrong, foreign, new[:-1], "０" + new[1:]):
        assert client.as_(TILL).post("/v1/members/resolve", {"member": {"code": code}}).code == "member_not_found"
    rotating = client.as_(member("taro")).get("/v1/me/code").body["rotating"]["value"]
    assert client.as_(TILL).post("/v1/members/resolve", {"member": {"code": rotating}}).body["code_level"] == "rotating"


@pytest.mark.parametrize("prefix", ["19", "30", "2", "290", "２９", "", None])
def test_a_prefix_is_one_of_the_shops_own(client, prefix):
    said = client.as_(OPERATOR).get("/v1/programme").body
    answer = client.as_(OPERATOR).put("/v1/programme", said | {"member_code_prefix": prefix})
    assert answer.body["errors"][0]["pointer"] == "/member_code_prefix"


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("static", "value"), ("static", "ean13"), ("static", "code128"),
        ("rotating", "value"), ("rotating", "qr_payload"), ("rotating", "code128"),
    ],
)  # fmt: skip
def test_whatever_is_scanned_off_the_screen_is_the_member(client, kind, field):
    text = client.as_(member("taro")).get("/v1/me/code").body[kind][field]
    answer = client.as_(TILL).post("/v1/members/resolve", {"member": {"code": text}})
    assert (answer.body["member_id"], answer.body["code_level"]) == ("taro", kind)
    if field == "code128":
        assert text.isascii()
        assert text.isdigit()


# ---- the rotating code ----------------------------------------------------------------------------------------------


def rotating(client, member_id="taro"):
    return client.as_(member(member_id)).get("/v1/me/code").body["rotating"]


def spend(spend_id, code, **changes):
    return {"spend_id": spend_id, "member": {"code": code}, "points": 3, "order_ref": "o"} | changes


@pytest.fixture
def till(client):
    client.post("/v1/purchases", purchase())
    return client.as_(TILL)


def test_the_rotating_code_changes_every_half_minute(client, clock):
    first = rotating(client)
    assert first["valid_until"] == "2026-11-20T03:00:30Z"
    assert (first["step_seconds"], first["code128"]) == (30, first["value"])
    clock.forward(seconds=29)
    assert rotating(client) == first
    clock.forward(seconds=1)
    assert rotating(client)["value"] != first["value"]
    assert rotating(client)["value"][:10] == first["value"][:10]


@pytest.mark.parametrize("shown_as", ["value", "qr_payload", "code128"])
def test_a_till_spends_with_the_rotating_code_once(client, till, shown_as):
    code = rotating(client)[shown_as]
    answer = till.post("/v1/spends", spend("s-1", code))
    assert (answer.status, answer.body["balance"]) == (201, 7)
    again = till.post("/v1/spends", spend("s-2", code))
    assert (again.status, again.code) == (409, "code_used")


def test_a_retry_is_still_the_same_request_when_its_code_has_expired(client, till, clock):
    body = spend("s-1", rotating(client)["value"])
    first = till.post("/v1/spends", body)
    assert till.post("/v1/spends", body).body == first.body
    clock.forward(hours=3)
    again = till.post("/v1/spends", body)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)


def test_a_refused_spend_may_be_asked_again_with_its_own_code(client, till):
    code = rotating(client)["value"]
    assert till.post("/v1/spends", spend("s-1", code, points=999)).code == "insufficient_points"
    assert till.post("/v1/spends", spend("s-1", code, points=999)).code == "insufficient_points"
    assert till.post("/v1/spends", spend("s-2", code)).status == 201  # a refusal has not used it up
    assert till.post("/v1/spends", spend("s-3", code)).code == "code_used"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (-30, None),
        (-31, "member_not_found"),
        (31, None),
        (59, None),
        (61, "code_expired"),
        (90, "code_expired"),
        (3700, "code_expired"),
        (172_800, "code_expired"),
        (172_900, "member_not_found"),
    ],
)
def test_a_code_is_taken_one_step_either_way_and_a_screenshot_is_not(client, till, clock, seconds, code):
    shown = rotating(client)["value"]
    clock.forward(seconds=seconds)
    assert till.post("/v1/spends", spend("s-1", shown)).code == code


def test_one_scan_lets_this_till_spend_and_uses_the_code_up(client, till):
    code = rotating(client)["value"]
    seen = till.post("/v1/members/resolve", {"member": {"code": code}}).body
    assert (seen["member_id"], seen["code_level"]) == ("taro", "rotating")
    assert till.post("/v1/members/resolve", {"member": {"code": code}}).code == "code_used"
    assert till.post("/v1/spends", spend("s-1", code)).code == "code_used"
    for n in (1, 2):
        assert till.post("/v1/spends", spend(f"s-{n}", None, member={"scan": seen["scan"]})).status == 201
    using = purchase(purchase_id="p-2", member={"scan": seen["scan"]}, points_used=2)
    assert till.post("/v1/purchases", using).status == 201


def test_a_scan_of_a_scan_lasts_no_longer(client, till, clock):
    code = rotating(client)["value"]
    seen = till.post("/v1/members/resolve", {"member": {"code": code}}).body
    clock.forward(minutes=14)
    again = till.post("/v1/members/resolve", {"member": {"scan": seen["scan"]}}).body
    assert (again["scan_expires_at"], again["code_level"]) == (seen["scan_expires_at"], "rotating")


def test_a_purchase_uses_points_with_the_code_and_earning_leaves_it_unused(client, till):
    code = rotating(client)["value"]
    assert till.post("/v1/purchases", purchase(purchase_id="p-2", member={"code": code})).status == 201
    preview = purchase(purchase_id="p-3", member={"code": code}, points_used=5)
    assert till.post("/v1/purchases/preview", preview).status == 200
    assert till.post("/v1/purchases", preview).status == 201
    assert till.post("/v1/purchases", preview).is_replay
    assert till.post("/v1/spends", spend("s-1", code)).code == "code_used"


def test_a_guessed_code_is_nobodys(client, till):
    code = rotating(client)["value"]
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    assert till.post("/v1/spends", spend("s-1", wrong)).code == "member_not_found"
    assert till.post("/v1/spends", spend("s-1", "9" * 18)).code == "member_not_found"


def test_no_member_code_lies_in_the_tables(client, till):
    code = rotating(client)["value"]
    till.post("/v1/spends", spend("s-1", code))
    everything = [client.world.ledger.table.scan(), client.world.transient.scan()]
    assert code not in str(everything)


@pytest.mark.parametrize(("twelve", "whole"), [("400638133393", "4006381333931"), ("490123456789", "4901234567894")])
def test_check_digits_are_those_of_the_standard(twelve, whole):
    assert barcode.ean13(twelve) == whole


@pytest.mark.parametrize("wrong", ["", "1" * 11, "1" * 13, "12345678901x", "１２３４５６７８９０１２"])
def test_only_twelve_digits_have_a_check_digit(wrong):
    with pytest.raises(ValueError, match="twelve"):
        barcode.ean13(wrong)


def test_one_scan_tells_the_till_who_this_is(client):
    client.post("/v1/purchases", purchase())
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    answer = client.as_(TILL).post("/v1/members/resolve", {"member": {"code": code}})
    assert answer.status == 200
    assert {name: answer.body[name] for name in ("member_id", "balance", "tier", "code_level", "coupons")} == {
        "member_id": "taro",
        "balance": 10,
        "tier": "base",
        "code_level": "static",
        "coupons": [],
    }
    assert answer.body["scan_expires_at"] == "2026-11-20T03:15:00Z"


def test_a_scan_stands_for_the_member_at_this_terminal_for_fifteen_minutes(client, clock):
    till = client.as_(TILL)
    ref = {"identity": {"type": "card", "value": "card-taro"}}
    scan = till.post("/v1/members/resolve", {"member": ref}).body["scan"]
    assert till.post("/v1/purchases", purchase(member={"scan": scan})).body["member_id"] == "taro"
    elsewhere = purchase(purchase_id="p-2", member={"scan": scan}, store_id="umeda")
    assert client.as_(OTHER_TILL).post("/v1/purchases", elsewhere).code == "member_not_found"
    clock.forward(minutes=15)
    late = purchase(purchase_id="p-3", member={"scan": scan}, occurred_at="2026-11-20T03:00:00Z")
    assert till.post("/v1/purchases", late).code == "member_not_found"
    assert till.post("/v1/purchases", purchase(member={"scan": scan})).is_replay


@pytest.mark.parametrize("who", [CAFE, member("taro"), key("pos", scopes=frozenset())])
def test_only_shops_look_members_up(client, who):
    assert client.as_(who).post("/v1/members/resolve", {"member": {"member_id": "taro"}}).code == "forbidden"
    assert client.as_(who).get("/v1/members/taro").code == "forbidden"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/members", {"member_id": "jiro", "identities": [CARD]}),
        ("/v1/members/taro/identities", {"identity": CARD}),
    ],
)
@pytest.mark.parametrize(("times", "status"), [(1, 201), (100, 503)])
def test_another_transaction_in_the_way_says_nothing_about_whose_an_identity_is(client, path, body, times, status):
    table = client.world.directory.table
    transact, left = table.transact, [times]

    def in_the_way(writes):
        left[0] -= 1
        if left[0] >= 0:
            raise Collision({0: {}, 1: {}})
        return transact(writes)

    table.transact = in_the_way
    assert client.post(path, body).status == status


def test_the_same_identity_added_twice_at_once_is_added_once(client):
    table, path = client.world.directory.table, "/v1/members/taro/identities"
    transact = table.transact

    def twin_first(writes):
        table.transact = transact
        client.as_(member("taro")).put("/v1/me/consents/marketing", {"granted": True, "version": "v1"})
        assert client.post(path, {"identity": CARD}).status == 201
        return transact(writes)

    table.transact = twin_first
    answer = client.post(path, {"identity": CARD})
    assert answer.status == 201
    assert [one["value_masked"] for one in answer.body["identities"]].count("…0001") == 1
