"""Redeeming over HTTP: all or nothing, once, and one word for every code that can't be used."""

import json
from dataclasses import replace

import pytest

from infra import invariants
from shared import chain, events, keys
from shared.ledger import Ledger
from shared.naming import Naming
from shared.secrets import Secrets
from tests.kit import CAFE, EC, NOON, OPERATOR, OTHER_TILL, ROOT, TILL, Client, key, member


def redeemed(world, member_id="taro"):
    items = world.ledger.table.items(keys.account(keys.COUPON_BOOK, member_id))
    assert invariants.faults(items) == []
    return [entry for item in items for entry in chain.entries_of(item) if entry.kind == "redeemed"]


def test_a_code_is_redeemed(till, campaign, issue, redemption, state):
    campaign()
    coupon = issue()
    answer = till.post("/v1/redemptions", redemption(coupon["code"]))
    assert answer.status == 201
    assert answer.body == {
        "redemption_id": "r-1",
        "state": "redeemed",
        "discount_total": 300,
        "applied": [
            {
                "code": coupon["code"],
                "coupon_id": coupon["coupon_id"],
                "discount": 300,
                "lines": [{"line_id": "1", "discount": 300}],
                "explain": [{"rule": "amount_off", "amount": 300, "detail": "300"}],
            }
        ],
        "redeemed_at": "2026-11-20T03:00:00Z",
    }
    assert state(coupon) == "redeemed"


def test_a_code_may_be_typed_as_people_type(till, campaign, issue, redemption):
    campaign()
    coupon = issue()
    typed = coupon["code"].lower().replace("-", " ー ").replace("0", "o").replace("1", "l")
    answer = till.post("/v1/redemptions", redemption(typed))
    assert (answer.status, answer.body["applied"][0]["code"]) == (201, coupon["code"])


def test_the_same_redemption_again_is_replayed(till, campaign, issue, redemption):
    campaign()
    said = redemption(issue()["code"])
    first, again = till.post("/v1/redemptions", said), till.post("/v1/redemptions", said)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert len(redeemed(till.world)) == 1


def test_a_retry_is_answered_though_the_campaign_has_changed_since(till, campaign, issue, redemption, operator, clock):
    campaign()
    said = redemption(issue()["code"])
    first = till.post("/v1/redemptions", said)
    operator.post("/v1/campaigns/spring/pause")
    clock.forward(days=100)
    again = till.post("/v1/redemptions", said)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)


def test_a_redemption_id_with_other_content_is_refused(till, campaign, issue, redemption):
    campaign()
    first, second = issue("s-1")["code"], issue("s-2")["code"]
    till.post("/v1/redemptions", redemption(first))
    for said in (redemption(second), redemption(first, order_ref="other")):
        answer = till.post("/v1/redemptions", said)
        assert (answer.status, answer.code) == (422, "id_reused")
    assert len(redeemed(till.world)) == 1


def test_a_used_code_is_not_usable(till, campaign, issue, redemption):
    campaign()
    code = issue()["code"]
    till.post("/v1/redemptions", redemption(code))
    answer = till.post("/v1/redemptions", redemption(code, redemption_id="r-2"))
    assert (answer.status, answer.code) == (409, "code_not_usable")
    assert "reason" not in answer.body
    assert till.world.ledger.name(_naming("r-2")) is None  # a refusal leaves nothing behind


def _naming(redemption_id):
    return Naming("redemption", "shop", redemption_id, b"", NOON)


def test_every_no_to_a_stranger_sounds_the_same(till, campaign, issue, redemption, clock):
    campaign()
    used, lapsed, foreign = issue("s-1"), issue("s-2"), issue("s-3", member_id="hanako")
    held = issue("s-4")
    till.post("/v1/redemptions", redemption(used["code"], redemption_id="r-used"))
    clock.forward(days=60)
    till.post("/v1/redemptions", redemption(held["code"], redemption_id="r-held", hold_seconds=60))
    unknown = "0000-0000-0000-00"
    wrong_check = used["code"][:-1] + ("0" if used["code"][-1] != "0" else "1")
    answers = [
        till.post("/v1/redemptions", redemption(code, order_ref="another", member={"member_id": "taro"}))
        for code in (foreign["code"], unknown, wrong_check, "x")
    ]
    answers += [till.post("/v1/redemptions", redemption(code)) for code in (used["code"], lapsed["code"])]
    bodies = [{k: v for k, v in answer.body.items() if k != "request_id"} for answer in answers]
    assert {answer.status for answer in answers} == {409}
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "code_not_usable"


def test_whoever_names_the_owner_and_may_read_coupons_learns_why(till, client, campaign, issue, redemption, clock):
    campaign(valid_days=1)
    used, late = issue("s-1"), issue("s-2")
    till.post("/v1/redemptions", redemption(used["code"]))
    taro = {"member_id": "taro"}
    assert (
        till.post("/v1/redemptions", redemption(used["code"], redemption_id="r-2", member=taro)).body["reason"]
        == "used"
    )
    clock.forward(days=3)
    late = till.post("/v1/redemptions", redemption(late["code"], redemption_id="r-2", member=taro))
    assert late.body["reason"] == "expired"
    held = issue("s-3")
    until = till.post("/v1/redemptions", redemption(held["code"], redemption_id="r-4", hold_seconds=60)).body[
        "held_until"
    ]
    another = redemption(held["code"], redemption_id="r-5", order_ref="another", member=taro)
    answer = till.post("/v1/redemptions", another).body
    assert (answer["reason"], answer["held_until"]) == ("held", until)
    blind = client.as_(key("pos", scopes=frozenset({"coupons:redeem"}), store_id="shibuya", terminal_id="t"))
    told = blind.post("/v1/redemptions", redemption(used["code"], redemption_id="r-3", member=taro))
    assert "reason" not in told.body


def test_a_coupon_of_another_member_is_not_usable_for_the_one_named(till, campaign, issue, redemption):
    campaign()
    coupon = issue()
    issue("s-2", member_id="hanako")
    refused = till.post("/v1/redemptions", redemption(coupon["code"], member={"member_id": "hanako"}))
    assert refused.code == "code_not_usable"
    by_card = {"identity": {"type": "card", "value": "card-taro"}}
    assert till.post("/v1/redemptions", redemption(coupon["code"], member=by_card)).status == 201


def test_a_member_who_is_not_there(till, campaign, issue, redemption):
    campaign()
    answer = till.post("/v1/redemptions", redemption(issue()["code"], member={"member_id": "nobody"}))
    assert (answer.status, answer.code) == (404, "member_not_found")


@pytest.mark.parametrize(
    ("terms", "said", "reason"),
    [
        ({"min_purchase": 1001}, {}, "minimum_not_met"),
        ({"channels": ["ec"]}, {}, "wrong_channel"),
        ({"stores": ["umeda"]}, {}, "wrong_store"),
        ({"offer": {"type": "amount_off", "value": 1, "skus": ["apple"]}}, {}, "no_eligible_item"),
        ({"valid_from": "2026-11-21"}, {}, "not_yet_valid"),
    ],
)
def test_a_good_code_that_does_not_fit_the_basket(till, campaign, issue, redemption, terms, said, reason):
    campaign(**terms)
    code = issue()["code"]
    answer = till.post("/v1/redemptions", redemption(code, **said))
    assert (answer.status, answer.code, answer.body["reason"]) == (409, "code_not_applicable", reason)
    assert (answer.body["coupon_code"], redeemed(till.world)) == (code, [])


def test_two_coupons_of_one_campaign_do_not_go_together(till, campaign, issue, redemption):
    campaign()
    codes = [issue("s-1")["code"], issue("s-2")["code"]]
    for sent in (codes, [codes[0], codes[0]]):
        answer = till.post("/v1/redemptions", redemption(*sent))
        assert (answer.code, answer.body["reason"]) == ("code_not_applicable", "not_stackable")
    assert redeemed(till.world) == []


def test_several_coupons_of_one_member_are_one_append(till, campaign, issue, redemption, basket):
    campaign("ten", offer={"type": "percent_off", "value": 10})
    campaign("spring")
    spring, ten = issue("s-1", "spring")["code"], issue("s-1", "ten")["code"]
    before = till.world.ledger.table.newest("B#taro")["sk"]
    said = redemption(spring, ten, basket=basket(1000, 500))
    answer = till.post("/v1/redemptions", said)
    assert [one["code"] for one in answer.body["applied"]] == [ten, spring]  # percentages first
    assert [one["discount"] for one in answer.body["applied"]] == [150, 300]
    assert answer.body["discount_total"] == 450
    assert till.world.ledger.table.newest("B#taro")["sk"] == before + 1
    assert [entry.data["discount"] for entry in redeemed(till.world)] == [150, 300]
    assert till.post("/v1/redemptions", said).body == answer.body


def test_coupons_of_two_members_are_redeemed_together_or_not_at_all(till, campaign, issue, redemption):
    campaign("one")
    campaign("two")
    his, hers = issue("s-1", "one")["code"], issue("s-1", "two", "hanako")["code"]
    said = redemption(his, hers)
    answer = till.post("/v1/redemptions", said)
    assert (answer.status, answer.body["discount_total"]) == (201, 600)
    assert (len(redeemed(till.world)), len(redeemed(till.world, "hanako"))) == (1, 1)
    again = till.post("/v1/redemptions", said)
    assert (again.status, again.body, again.is_replay) == (201, answer.body, True)
    assert till.post("/v1/redemptions", redemption(his)).code == "id_reused"


def test_one_bad_code_of_two_members_leaves_both_untouched(till, campaign, issue, redemption, state):
    campaign("one")
    campaign("two")
    his, hers = issue("s-1", "one"), issue("s-1", "two", "hanako")
    till.post("/v1/redemptions", redemption(hers["code"]))
    answer = till.post("/v1/redemptions", redemption(his["code"], hers["code"], redemption_id="r-2"))
    assert (answer.status, answer.code) == (409, "code_not_usable")
    assert answer.body["errors"][0]["pointer"] == "/codes/1"
    assert state(his) == "issued"


def test_a_till_redeems_in_its_own_store_only(till, campaign, issue, redemption):
    campaign()
    code = issue()["code"]
    answer = till.post("/v1/redemptions", redemption(code, store_id="umeda"))
    assert (answer.status, answer.code) == (403, "wrong_store")
    of_nobody = redemption(code, store_id="umeda", member={"member_id": "nobody"})
    assert till.post("/v1/redemptions", of_nobody).code == "member_not_found"
    assert till.post("/v1/redemptions", redemption(code, store_id="shibuya")).status == 201
    (entry,) = redeemed(till.world)
    assert entry.data["store_id"] == "shibuya"


def test_the_tills_store_is_taken_where_none_is_named(till, campaign, issue, redemption):
    campaign(stores=["shibuya"])
    code = issue()["code"]
    assert till.as_(OTHER_TILL).post("/v1/redemptions", redemption(code)).body["reason"] == "wrong_store"
    assert till.post("/v1/redemptions", redemption(code)).status == 201


@pytest.mark.parametrize(
    ("store_id", "hour", "status"), [("shibuya", 3, 201), ("shibuya", 4, 409), ("elsewhere", 0, 409)]
)
def test_the_last_day_ends_with_the_stores_business_day(
    client, campaign, issue, redemption, clock, store_id, hour, status
):
    """Shibuya closes its books at 4; a store that nobody has put goes by the programme's midnight."""
    campaign(valid_until="2026-11-20")
    code = issue()["code"]
    clock.forward(hours=12 + hour)  # from noon in Tokyo
    answer = client.post("/v1/redemptions", redemption(code, store_id=store_id))
    assert answer.status == status


def test_the_web_shop_goes_by_the_programmes_day(client, campaign, issue, redemption, clock):
    campaign(valid_until="2026-11-20")
    code = issue()["code"]
    clock.forward(hours=13)
    said = redemption(code, channel="ec", store_id="shibuya")
    assert client.post("/v1/redemptions", said).code == "code_not_usable"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"codes": []}, "/codes"),
        ({"channel": "fax"}, "/channel"),
        ({"basket": {"lines": []}}, "/basket/lines"),
        ({"hold_seconds": 3601}, "/hold_seconds"),
        ({"order_ref": ""}, "/order_ref"),
    ],
)
def test_a_bad_redemption_is_pointed_at(till, redemption, change, where):
    answer = till.post("/v1/redemptions", redemption("x", **change))
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert where in [error["pointer"] for error in answer.body["errors"]]


def test_foreign_money_is_refused(till, redemption, basket):
    answer = till.post("/v1/redemptions", redemption("x", basket=basket(1) | {"currency": "USD"}))
    assert (answer.status, answer.code) == (422, "currency_mismatch")


@pytest.mark.parametrize("who", [CAFE, member("taro"), key("pos", scopes=frozenset({"coupons:read"}))])
def test_who_may_not_redeem(client, redemption, who):
    for path in ("/v1/redemptions", "/v1/validations"):
        assert client.as_(who).post(path, redemption("x")).code == "forbidden"


def test_the_header_may_name_the_redemption(till, campaign, issue, redemption):
    campaign()
    said = redemption(issue()["code"])
    del said["redemption_id"]
    assert till.post("/v1/redemptions", said, Idempotency_Key="r-9").body["redemption_id"] == "r-9"


def test_a_redemption_whose_process_died_is_finished_by_its_retry(
    till, campaign, issue, redemption, monkeypatch, clock
):
    campaign()
    coupon = issue()
    said = redemption(coupon["code"])
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "enter", lambda *_args, **_more: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            till.post("/v1/redemptions", said)
    clock.forward(seconds=5)
    assert redeemed(till.world) == []
    answer = till.post("/v1/redemptions", said)
    assert (answer.status, answer.body["discount_total"]) == (201, 300)
    assert len(redeemed(till.world)) == 1


def test_events_tell_everything_but_the_code(till, campaign, issue, redemption):
    campaign()
    coupon = issue()
    till.post("/v1/redemptions", redemption(coupon["code"]))
    till.post("/v1/redemptions/r-1/void", {"void_id": "v-1"})
    items = till.world.ledger.table.items("B#taro")
    sent = [event for item in items for entry in chain.entries_of(item) for event in events.of_entry(entry)]
    assert [event["type"] for event in sent] == [
        "omotenashi.coupon.issued.v1",
        "omotenashi.coupon.redeemed.v1",
        "omotenashi.coupon.voided.v1",
    ]
    assert {event["subject"] for event in sent} == {"taro"}
    assert sent[1]["data"] == {
        "coupon_id": coupon["coupon_id"],
        "campaign_id": "spring",
        "redemption_id": "r-1",
        "order_ref": "order-1",
        "discount": 300,
        "basket_amount": 1000,
        "channel": "pos",
        "store_id": "shibuya",
        "ref": {"kind": "redemption", "id": "r-1"},
        "member_id": "taro",
        "occurred_at": "2026-11-20T03:00:00Z",
    }


def test_no_table_and_no_event_holds_a_code_in_clear(till, campaign, issue, redemption):
    campaign()
    coupon = issue()
    till.post("/v1/redemptions", redemption(coupon["code"]))
    items = till.world.ledger.table.scan() + till.world.directory.table.scan() + till.world.transient.scan()
    sent = [e for i in items if "e" in i for entry in chain.entries_of(i) for e in events.of_entry(entry)]
    told = repr(items) + repr(sent)
    assert coupon["qr_payload"] not in told
    assert coupon["code"] not in told


def test_codes_outlive_a_change_of_the_root_secret(till, campaign, issue, redemption):
    """The new root is current and the one before still accepted: old codes are read, new ones are made."""
    campaign()
    old = issue("s-1")
    held = Secrets(lambda: json.dumps({"version": "2", "root": "n" * 64, "previous": json.loads(ROOT)["root"]}))
    rotated = replace(till.world, secrets=held)
    shop = Client(till.routes, rotated, EC)
    new = shop.post("/v1/issues", {"campaign_id": "spring", "source_id": "s-2", "member": {"member_id": "taro"}}).body
    for n, code in enumerate((old["code"], new["code"])):
        assert shop.post("/v1/redemptions", redemption(code, redemption_id=f"r-{n}")).status == 201
    assert shop.get("/v1/members/taro/coupons").body["items"][1]["code"] != old["code"]


@pytest.mark.parametrize("who", [EC, TILL, OPERATOR])
def test_who_may_redeem(client, campaign, issue, redemption, who):
    campaign()
    assert client.as_(who).post("/v1/redemptions", redemption(issue()["code"])).status == 201
