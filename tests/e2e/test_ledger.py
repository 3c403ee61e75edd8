"""The life of a purchase, settings, and the merge of two members, through the real packages, streams and queues."""

from tests.e2e.conftest import eventually
from tests.e2e.test_stack import purchase


def ok(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def test_an_order_is_paid_from_a_hold_picked_up_and_returned_in_parts(stack, fresh):
    member_id, who = stack.member(), "ec"
    ok(stack.call("points", who, "POST", "/v1/purchases", purchase(f"{fresh}-0", member_id, 20_000)), 201)
    hold = {"hold_id": fresh, "member": {"member_id": member_id}, "points": 150, "order_ref": fresh}
    ok(stack.call("points", who, "POST", "/v1/holds", hold), 201)
    lines = [{"line_id": "1", "quantity": 2, "amount": 1000}, {"line_id": "2", "quantity": 1, "amount": 500}]
    order = purchase(fresh, member_id, source="ec", state="placed", lines=lines, points_used=100, hold_id=fresh)
    placed = ok(stack.call("points", who, "POST", "/v1/purchases", order), 201)
    assert (placed["points"], placed["balance"]) == ({"pending": 13, "available": 0}, 100)

    path = f"/v1/purchases/ec/{fresh}"
    picked_up = ok(stack.call("points", "pos", "POST", f"{path}/complete", {}))
    assert (picked_up["points"], picked_up["balance"]) == ({"pending": 0, "available": 13}, 113)
    one = {"return_id": "r-1", "channel": "pos", "lines": [{"line_id": "1", "quantity": 1}]}
    would = ok(stack.call("points", "pos", "POST", f"{path}/returns/preview", one))
    first = ok(stack.call("points", "pos", "POST", f"{path}/returns", one), 201)
    assert first == would
    assert ok(stack.call("points", "pos", "POST", f"{path}/returns", one), 201) == first
    rest = ok(
        stack.call("points", who, "POST", f"{path}/returns", {"return_id": "r-2", "channel": "ec", "all": True}), 201
    )
    assert first["points"]["given_back"] + rest["points"]["given_back"] == 100
    assert first["points"]["clawed_back"] + rest["points"]["clawed_back"] == 13
    assert rest["balance"] == 200
    assert stack.call("points", who, "POST", f"{path}/returns", one | {"return_id": "r-3"}).json()["code"] == (
        "return_exceeds_purchase"
    )


def test_a_receipt_of_nobody_is_claimed_once(stack, fresh):
    first, second = stack.member(), stack.member()
    sold = purchase(fresh, first, 1500)
    del sold["member"]
    ok(stack.call("points", "pos", "POST", "/v1/purchases", sold), 201)
    claim = {"receipt_claim_id": fresh, "source": "pos", "purchase_id": fresh, "amount": 1500}
    assert (
        stack.call("points", f"member:{first}", "POST", "/v1/me/receipts", claim | {"amount": 1501}).status_code == 404
    )
    assert ok(stack.call("points", f"member:{first}", "POST", "/v1/me/receipts", claim), 201)["balance"] == 15
    late = stack.call("points", f"member:{second}", "POST", "/v1/me/receipts", claim)
    assert (late.status_code, late.json()["code"]) == (409, "receipt_claimed")


def test_settings_hold_everywhere_when_they_have_answered_and_old_purchases_keep_theirs(stack, fresh):
    member_id = stack.member()
    settings = ok(stack.call("points", "operator", "GET", "/v1/programme"))
    before = dict(settings)
    ok(stack.call("points", "ec", "POST", "/v1/purchases", purchase(f"{fresh}-a", member_id)), 201)
    settings["earning"] = [{"rule_id": "base", "kind": "base", "points": 5, "per_amount": 100}]
    changed = ok(stack.call("points", "operator", "PUT", "/v1/programme", settings))
    try:
        richer = ok(stack.call("points", "ec", "POST", "/v1/purchases", purchase(f"{fresh}-b", member_id)), 201)
        assert richer["points"]["available"] == 50
        back = {"return_id": "r", "channel": "ec", "all": True}
        old = ok(stack.call("points", "ec", "POST", f"/v1/purchases/pos/{fresh}-a/returns", back), 201)
        assert old["points"]["clawed_back"] == 10
        assert (
            stack.call("points", "operator", "PUT", "/v1/programme", settings | {"clawback": "clamp"}).json()["code"]
            == "version_conflict"
        )
    finally:
        ok(stack.call("points", "operator", "PUT", "/v1/programme", before | {"version": changed["version"]}))


def test_two_members_become_one_with_their_coupons_and_old_ids_lead_on(stack, fresh):
    old, new = stack.member(), stack.member()
    ok(stack.call("points", "ec", "POST", "/v1/purchases", purchase(fresh, old, 3000)), 201)
    campaign = {
        "campaign_id": f"c-{fresh}",
        "name": {"ja": "割引", "en": "Off"},
        "offer": {"type": "amount_off", "value": 100},
        "valid_from": "2020-01-01",
    }
    ok(stack.call("coupons", "operator", "POST", "/v1/campaigns", campaign), 201)
    issue = {"campaign_id": f"c-{fresh}", "member": {"member_id": old}, "source_id": fresh}
    coupon = ok(stack.call("coupons", "ec", "POST", "/v1/issues", issue), 201)
    said = {"merge_id": fresh, "into_member_id": new}
    merged = ok(stack.call("points", "operator", "POST", f"/v1/members/{old}/merge", said))
    assert merged["points_moved"] == 30
    assert (stack.balance(new), stack.balance(old)) == (30, 30)
    ok(stack.call("points", "ec", "POST", "/v1/purchases", purchase(f"{fresh}-2", old, 1000)), 201)
    assert stack.balance(new) == 40

    def coupons():
        listed = ok(stack.call("coupons", "ec", "GET", f"/v1/members/{new}/coupons"))
        return [one["coupon_id"] for one in listed["items"]]

    assert eventually(coupons, [coupon["coupon_id"]]) == [coupon["coupon_id"]]
