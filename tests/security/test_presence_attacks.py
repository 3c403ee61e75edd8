"""Whoever stands at a till tries to spend what is somebody else's, or to get into their account: each way is closed.

The promises are those of the contract: a till spends points only with the member's rotating code or a scan of that
level, each code once; it adds cards and nothing else; it undoes what its own store did.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from points.routes import ROUTES
from tests.api.points.shop import balance, faults
from tests.kit import EC, OTHER_TILL, TILL, Client, FakeClock, key, make_world, member, purchase

NEIGHBOUR = key("pos", key_id="till-2", store_id="shibuya", terminal_id="till-2")
RICH = 500


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def shop(clock):
    """Taro has 500 points and a card; the clerk stands at a till and knows his number, his card and his phone."""
    shop = Client(ROUTES, make_world(clock), EC)
    known = [{"type": "card", "value": "card-taro"}, {"type": "phone", "value": "+819012345678"}]
    assert shop.post("/v1/members", {"member_id": "taro", "identities": known}).status == 201
    assert shop.post("/v1/members", {"member_id": "clerk"}).status == 201
    lines = [{"line_id": "1", "quantity": 1, "amount": 50_000}]
    assert shop.post("/v1/purchases", purchase(purchase_id="rich", lines=lines, source="ec")).status == 201
    return shop


def code(shop, kind="rotating"):
    return shop.as_(member("taro")).get("/v1/me/code").body[kind]["value"]


def scan(till, shown):
    answer = till.post("/v1/members/resolve", {"member": shown})
    assert answer.status == 200, answer.body
    return answer.body


WAYS = {
    "spend": lambda till, who: till.post(
        "/v1/spends", {"spend_id": "s", "member": who, "points": 100, "order_ref": "o"}
    ),
    "hold": lambda till, who: till.post("/v1/holds", {"hold_id": "h", "member": who, "points": 100, "order_ref": "o"}),
    "purchase": lambda till, who: till.post(
        "/v1/purchases", purchase(purchase_id="p", member=who, points_used=100, store_id=None)
    ),
    "preview": lambda till, who: till.post(
        "/v1/purchases/preview", purchase(purchase_id="p", member=who, points_used=100, store_id=None)
    ),
    "batch": lambda till, who: batch(till, purchase(purchase_id="p", member=who, points_used=100, store_id=None)),
}
"""Every way in which points are spent."""


def batch(till, body):
    answer = till.post("/v1/purchases/batch", {"purchases": [body]})
    (one,) = answer.body["results"]
    answer.status, answer.body = one["status"], one["body"]
    return answer


def refused(shop, answer, *codes):
    """Refused by one of these, and nothing was taken."""
    assert answer.status in (403, 404, 409), answer.body
    assert answer.code in codes, answer.body
    assert (balance(shop)["available"], balance(shop)["held"]) == (RICH, 0)


# ---- a clerk with a number -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "who",
    [
        {"member_id": "taro"},
        {"identity": {"type": "card", "value": "card-taro"}},
        {"identity": {"type": "phone", "value": "+819012345678"}},
    ],
    ids=["member_id", "card", "phone"],
)
def test_who_only_knows_the_member_spends_nothing(shop, way, who):
    refused(shop, WAYS[way](shop.as_(TILL), who), "presence_required")


@pytest.mark.parametrize("shown", [{"member_id": "taro"}, {"identity": {"type": "card", "value": "card-taro"}}])
def test_what_the_web_shop_holds_is_not_spent_by_who_only_knows_the_member(shop, shown):
    held = {"hold_id": "web", "member": {"member_id": "taro"}, "points": 100, "order_ref": "o"}
    assert shop.post("/v1/holds", held).status == 201
    body = purchase(purchase_id="p", member=shown, points_used=100, hold_id="web", store_id=None)
    for path in ("/v1/purchases", "/v1/purchases/preview"):
        assert shop.as_(TILL).post(path, body).code == "presence_required"
    assert batch(shop.as_(TILL), body).code == "presence_required"
    assert (balance(shop)["available"], balance(shop)["held"]) == (RICH - 100, 100)


@pytest.mark.parametrize("way", WAYS)
def test_a_printed_code_or_its_scan_spends_nothing(shop, way):
    till, printed = shop.as_(TILL), {"code": code(shop, "static")}
    refused(shop, WAYS[way](till, printed), "presence_required")
    refused(shop, WAYS[way](till, {"scan": scan(till, printed)["scan"]}), "presence_required")
    refused(shop, WAYS[way](till, {"scan": scan(till, {"member_id": "taro"})["scan"]}), "presence_required")


# ---- a picture of the screen -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seconds", [61, 90, 3600])
def test_a_picture_of_the_screen_is_too_old_after_a_minute(shop, clock, way, seconds):
    taken = code(shop)
    clock.forward(seconds=seconds)
    refused(shop, WAYS[way](shop.as_(TILL), {"code": taken}), "code_expired", "member_not_found")


@pytest.mark.parametrize("way", [way for way in WAYS if way != "preview"])  # which spends nothing
def test_a_step_that_was_used_at_any_till_is_used(shop, way):
    shown = code(shop)
    scan(shop.as_(OTHER_TILL), {"code": shown})
    for till in (TILL, OTHER_TILL, NEIGHBOUR):
        refused(shop, WAYS[way](shop.as_(till), {"code": shown}), "code_used")


def test_the_members_own_request_sent_again_with_their_code_takes_nothing_more(shop):
    till, shown = shop.as_(TILL), code(shop)
    first = WAYS["spend"](till, {"code": shown})
    assert first.status == 201
    for who in (TILL, NEIGHBOUR, OTHER_TILL):
        again = WAYS["spend"](shop.as_(who), {"code": shown})
        assert (again.body, again.is_replay) == (first.body, True)
    other = {"spend_id": "s", "member": {"code": shown}, "points": 200, "order_ref": "o"}
    assert till.post("/v1/spends", other).code == "id_reused"
    assert till.post("/v1/spends", other | {"spend_id": "s-2"}).code == "code_used"
    assert balance(shop)["available"] == RICH - 100


def test_of_many_tills_with_one_code_at_once_one_spends(shop):
    shown, answers, start = code(shop), [], threading.Barrier(8)

    def spend(n):
        start.wait()
        body = {"spend_id": f"s-{n}", "member": {"code": shown}, "points": 10, "order_ref": "o"}
        answers.append(shop.as_((TILL, NEIGHBOUR, OTHER_TILL)[n % 3]).post("/v1/spends", body))

    threads = [threading.Thread(target=spend, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert {answer.code for answer in answers if answer.status == 409} == {"code_used"}
    assert balance(shop)["available"] == RICH - 10


# ---- a scan in other hands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("who", [OTHER_TILL, NEIGHBOUR], ids=["another store's", "the next till"])
def test_a_scan_is_of_no_use_at_another_till(shop, way, who):
    seen = scan(shop.as_(TILL), {"code": code(shop)})
    assert seen["code_level"] == "rotating"
    refused(shop, WAYS[way](shop.as_(who), {"scan": seen["scan"]}), "member_not_found")


@pytest.mark.parametrize("way", WAYS)
def test_a_scan_ends_after_a_quarter_of_an_hour_and_scanning_it_makes_it_no_younger(shop, clock, way):
    till = shop.as_(TILL)
    seen = scan(till, {"code": code(shop)})
    clock.forward(minutes=14)
    younger = scan(till, {"scan": seen["scan"]})
    clock.forward(minutes=1)
    for one in (seen, younger):
        refused(shop, WAYS[way](till, {"scan": one["scan"]}), "member_not_found")


def test_a_scan_that_was_changed_is_nobodys(shop):
    till = shop.as_(TILL)
    weak = scan(till, {"member_id": "taro"})["scan"]
    for forged in (weak[:-1], weak[:-1] + ("A" if weak[-1] != "A" else "B"), "x" * len(weak)):
        refused(shop, WAYS["spend"](till, {"scan": forged}), "member_not_found")


# ---- a way into the account ------------------------------------------------------------------------------------------

LOGINS = [
    {"type": "oidc", "value": "https://issuer.test|clerk"},
    {"type": "line", "value": "U-clerk"},
    {"type": "app", "value": "device-clerk"},
    {"type": "phone", "value": "+818011112222"},
    {"type": "ec", "value": "clerk@shop"},
]


@pytest.mark.parametrize("login", LOGINS, ids=[one["type"] for one in LOGINS])
def test_a_till_adds_no_login_to_anybody_nor_makes_a_member_with_one(shop, login):
    till = shop.as_(TILL)
    assert till.post("/v1/members/taro/identities", {"identity": login}).code == "forbidden"
    assert till.post("/v1/members", {"member_id": "new", "identities": [login]}).code == "forbidden"
    assert shop.get("/v1/members/new").status == 404
    assert len(shop.get("/v1/members/taro").body["identities"]) == 2


def test_a_till_takes_no_login_away(shop):
    phone = {"value": "+819012345678"}
    assert shop.as_(TILL).delete("/v1/members/taro/identities/phone", phone).code == "forbidden"
    assert len(shop.get("/v1/members/taro").body["identities"]) == 2


@pytest.mark.parametrize("way", WAYS)
def test_a_card_that_a_clerk_adds_to_anothers_account_earns_and_never_spends(shop, way):
    till, mine = shop.as_(TILL), {"type": "card", "value": "card-of-the-clerk"}
    assert till.post("/v1/members/taro/identities", {"identity": mine}).status == 201
    refused(shop, WAYS[way](till, {"identity": mine}), "presence_required")
    seen = scan(till, {"identity": mine})
    assert seen["code_level"] == "none"
    refused(shop, WAYS[way](till, {"scan": seen["scan"]}), "presence_required")


# ---- undoing what others did -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["purchase", "spend", "hold"])
def test_another_stores_till_undoes_nothing(shop, kind):
    shown = {"code": code(shop)}
    assert WAYS[kind](shop.as_(TILL), shown).status == 201
    before = balance(shop)
    answer = undo(shop.as_(OTHER_TILL), kind)
    assert (answer.status, answer.code) == (403, "wrong_store")
    assert balance(shop) == before
    assert undo(shop.as_(NEIGHBOUR), kind).body["state"] == "reversed"  # the same store's desk may
    assert faults(shop, "taro") == []


@pytest.mark.parametrize("kind", ["purchase", "spend", "hold"])
def test_after_a_day_no_till_undoes_anything(shop, clock, kind):
    assert WAYS[kind](shop.as_(TILL), {"code": code(shop)}).status == 201
    clock.forward(days=1, seconds=1)
    assert undo(shop.as_(TILL), kind).code == "reverse_window_over"


@pytest.mark.parametrize("kind", ["purchase", "spend", "hold"])
def test_what_was_closed_before_it_came_takes_nothing_and_a_new_id_does(shop, clock, kind):
    """Whoever guesses the next receipt's id can close it, and gains nothing: the till goes on with a new id and code."""
    assert undo(shop.as_(OTHER_TILL), kind).body["state"] == "not_arrived"
    refused(shop, WAYS[kind](shop.as_(TILL), {"code": code(shop)}), "reversed")
    clock.forward(seconds=30)
    body = {"spend_id": "new", "member": {"code": code(shop)}, "points": 100, "order_ref": "o"}
    assert shop.as_(TILL).post("/v1/spends", body).status == 201
    assert balance(shop)["available"] == RICH - 100
    assert faults(shop, "taro") == []


def undo(till, kind):
    operation = {"purchase": "p", "spend": "s", "hold": "h"}[kind]
    source = {"source": "pos"} if kind == "purchase" else {}
    return till.post(f"/v1/operations/{operation}/reverse", {"reverse_id": f"undo-{kind}", "kind": kind, **source})


def test_a_till_undoes_no_web_order(shop):
    body = {"reverse_id": "u", "kind": "purchase", "source": "ec"}
    assert shop.as_(TILL).post("/v1/operations/rich/reverse", body).code == "forbidden"
    assert balance(shop)["available"] == RICH


# ---- control ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_control_the_member_who_is_there_spends(shop, clock, way):
    till = shop.as_(TILL)
    assert WAYS[way](till, {"code": code(shop)}).status in (200, 201)
    clock.at += timedelta(minutes=1)
    seen = scan(till, {"code": code(shop)})
    body = {"spend_id": "s-2", "member": {"scan": seen["scan"]}, "points": 100, "order_ref": "o"}
    assert till.post("/v1/spends", body).status == 201
