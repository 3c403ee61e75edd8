"""Every route of the coupons service on a running stack, with each refusal that it names: an operator's and a till's day."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.conftest import eventually
from tests.e2e.test_claims import campaign
from tests.e2e.test_offline import text

pytestmark = pytest.mark.slow  # a campaign that is made or changed holds everywhere before it answers; the CI runs them


@pytest.fixture
def member(stack):
    return stack.member()


@pytest.fixture
def ask(stack, fresh):
    """One request to coupons; the answer's status and body. `@` in ids stands for what nobody has used."""

    def call(who, method, path, body=None):
        answer = stack.call("coupons", who, method, path.replace("@", fresh), body)
        return answer.status_code, answer.json()

    return call


@pytest.fixture
def issue(ask, member, fresh):
    def make(campaign_id, source="s", **more):
        said = {"campaign_id": campaign_id, "member": {"member_id": member}, "source_id": f"{source}-{fresh}"}
        return ask("ec", "POST", "/v1/issues", said | more)

    return make


@pytest.fixture
def redeem(ask, fresh):
    def call(*codes, name="r", who="pos", amount=1000, **more):
        basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": amount, "sku": "tea"}]}
        said = {"redemption_id": f"{name}-{fresh}", "codes": list(codes), "channel": "pos", "basket": basket}
        return ask(who, "POST", "/v1/redemptions", said | {"order_ref": f"o-{name}-{fresh}"} | more)

    return call


def refused(answer, status, code, **more):
    told, body = answer
    assert (told, body["code"]) == (status, code), body
    assert {name: body.get(name) for name in more} == more, body


def test_a_campaign_is_made_read_changed_paused_and_ended(stack, ask, issue, fresh):
    name = f"c-{fresh}"
    campaign(stack, name, limits={"total": 2, "per_member": 1})
    assert ask("operator", "GET", f"/v1/campaigns/{name}")[1]["limits"] == {"total": 2, "per_member": 1}
    change = {
        "name": {"ja": "新しい", "en": "New"},
        "valid_until": "2027-12-31",
        "limits": {"total": 1, "per_member": 2},
    }
    assert ask("operator", "PATCH", f"/v1/campaigns/{name}", change)[1]["name"]["en"] == "New"
    assert ask("operator", "POST", f"/v1/campaigns/{name}/pause", {})[1]["state"] == "paused"
    refused(issue(name, "early"), 409, "campaign_not_active")
    assert ask("operator", "POST", f"/v1/campaigns/{name}/resume", {})[1]["state"] == "active"
    status, first = issue(name)
    assert (status, issue(name)[1]["coupon_id"]) == (201, first["coupon_id"])
    refused(issue(name, "second"), 409, "campaign_exhausted")
    assert ask("operator", "POST", f"/v1/campaigns/{name}/end", {})[1]["state"] == "ended"
    refused(issue(name, "late"), 409, "campaign_not_active")
    refused(ask("operator", "GET", "/v1/campaigns/none-@"), 404, "campaign_not_found")
    refused(ask("ec", "GET", f"/v1/campaigns/{name}"), 403, "forbidden")

    def issued():
        return ask("operator", "GET", f"/v1/campaigns/{name}/stats")[1]["issued"]

    assert eventually(issued, 1) == 1


def test_issues_come_one_by_one_and_in_batches_within_their_limits(stack, ask, issue, member, fresh):
    name = f"once-{fresh}"
    campaign(stack, name, limits={"per_member": 1})
    assert issue(name)[0] == 201
    refused(issue(name, "more"), 409, "member_limit_reached")
    items = [{"campaign_id": one, "member": {"member_id": member}, "source_id": f"b-{fresh}"} for one in (name, "none")]
    status, answer = ask("ec", "POST", "/v1/issues/batch", {"issues": items})
    assert (status, [one["status"] for one in answer["results"]]) == (200, [409, 404])
    refused(ask("pos", "POST", "/v1/issues", items[0]), 403, "forbidden")


def test_a_member_claims_sees_and_shows_coupons(stack, ask, member, fresh):
    name, me = f"claim-{fresh}", stack.token(f"member:{member}")
    campaign(stack, name)
    status, coupon = ask(me, "POST", "/v1/me/claims", {"campaign_id": name, "claim_id": fresh})
    assert (status, coupon["state"]) == (201, "issued")
    assert ask(me, "GET", f"/v1/me/claims/{fresh}")[1]["coupon_id"] == coupon["coupon_id"]
    assert ask(me, "GET", f"/v1/me/coupons/{coupon['coupon_id']}")[1]["code"] == coupon["code"]
    assert len(ask(me, "GET", "/v1/me/coupons?state=issued")[1]["items"]) == 1
    assert ask(me, "GET", "/v1/me/coupons?state=redeemed")[1]["items"] == []
    assert len(ask("ec", "GET", f"/v1/members/{member}/coupons?state=issued")[1]["items"]) == 1
    stranger = stack.token(f"member:{stack.member()}")
    refused(ask(stranger, "GET", f"/v1/me/coupons/{coupon['coupon_id']}"), 404, "coupon_not_found")
    refused(ask(stranger, "GET", f"/v1/me/claims/{fresh}"), 404, "claim_not_found")


def test_a_till_validates_holds_captures_and_voids(stack, ask, issue, redeem, fresh):
    name = f"off-{fresh}"
    campaign(stack, name)
    code = issue(name)[1]["code"]
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}
    asked = {"codes": [code, "0000-0000-0000-00"], "channel": "pos", "basket": basket}
    status, dry = ask("pos", "POST", "/v1/validations", asked)
    assert (status, dry["discount_total"], [one["reason"] for one in dry["refused"]]) == (200, 100, ["code_not_usable"])
    held = redeem(code, hold_seconds=600)
    assert (held[0], held[1]["state"]) == (201, "held")
    refused(redeem(code, name="other"), 409, "code_not_usable")
    assert redeem(code, name="twin", order_ref=f"o-r-{fresh}", hold_seconds=600)[0] == 201, "the order's own hold"
    refused(redeem(code, name="r", amount=2000, hold_seconds=600), 422, "id_reused")
    captured = ask("pos", "POST", "/v1/redemptions/twin-@/capture", {})
    assert (captured[0], captured[1]["state"]) == (200, "redeemed")
    refused(redeem(code, name="late"), 409, "code_not_usable")
    refused(
        ask("pos_other_store", "POST", "/v1/redemptions/twin-@/void", {"void_id": f"w-{fresh}"}), 403, "wrong_store"
    )
    voided = ask("pos", "POST", "/v1/redemptions/twin-@/void", {"void_id": f"v-{fresh}"})
    assert (voided[0], voided[1]["state"], len(voided[1]["coupons"])) == (200, "voided", 1)
    assert redeem(code, name="anew")[0] == 201
    gone = ask("pos", "POST", "/v1/redemptions/never-@/void", {"void_id": f"n-{fresh}"})
    assert gone[1]["state"] == "not_arrived"
    refused(redeem(code, name="never"), 409, "reversed")


def test_a_code_that_does_not_fit_is_told_why(stack, issue, redeem, fresh):
    other = stack.local["seed"]["other_store_id"]
    tomorrow = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    cases: dict[str, dict[str, Any]] = {
        "minimum_not_met": {"min_purchase": 5000},
        "wrong_store": {"stores": [other]},
        "wrong_channel": {"channels": ["ec"]},
        "no_eligible_item": {"offer": {"type": "amount_off", "value": 100, "skus": ["coffee"]}},
        "limit_reached": {"limits": {"budget": 50}},
    }
    for n, (reason, terms) in enumerate(cases.items()):
        campaign(stack, f"{n}-{fresh}", **terms)
        code = issue(f"{n}-{fresh}")[1]["code"]
        refused(redeem(code, name=reason), 409, "code_not_applicable", reason=reason)
    campaign(stack, f"later-{fresh}", valid_from=tomorrow)
    code = issue(f"later-{fresh}")[1]["code"]
    refused(redeem(code, name="later"), 409, "code_not_applicable", reason="not_yet_valid")
    for one in ("g1", "g2"):
        campaign(stack, f"{one}-{fresh}", stacking={"group": "g"})
    pair = [issue(f"{one}-{fresh}")[1]["code"] for one in ("g1", "g2")]
    refused(redeem(*pair, name="pair"), 409, "code_not_applicable", reason="not_stackable")
    assert redeem(pair[0], name="single")[0] == 201


def test_reasons_are_for_the_owner_and_for_staff(stack, ask, issue, redeem, member, fresh):
    name = f"mine-{fresh}"
    campaign(stack, name)
    code = issue(name)[1]["code"]
    assert redeem(code)[0] == 201
    told = redeem(code, name="again", member={"member_id": member})
    refused(told, 409, "code_not_usable", reason="used")
    unknown = redeem("0000-0000-0000-00", name="unknown")
    refused(unknown, 409, "code_not_usable", reason=None)


def test_sleeping_codes_stamps_and_triggers(stack, ask, issue, redeem, member, fresh):
    sleeper, treat, asked = (f"{one}-{fresh}" for one in ("sleeper", "treat", "asked"))
    campaign(stack, sleeper, code={"mode": "unique", "sleeping": True})
    campaign(stack, treat)
    campaign(stack, asked, trigger={"event": f"trigger.q_{fresh[:8]}"})
    code = issue(sleeper)[1]["code"]
    refused(redeem(code), 409, "code_not_usable")
    woken = ask("ec", "POST", f"/v1/coupons/{code}/activate", {"activate_id": f"a-{fresh}"})
    assert woken[0] == 200, woken
    assert redeem(code, name="awake")[0] == 201
    card = {"programme_id": f"card-{fresh}", "name": {"ja": "台紙", "en": "Card"}, "stamps": 2, "by": "manual"}
    assert ask("operator", "POST", "/v1/stamp-programmes", card | {"campaign_id": treat, "per_day": 5})[0] == 201
    stamp = {"stamp_id": fresh, "member": {"member_id": member}, "programme_id": f"card-{fresh}", "count": 3}
    assert ask("ec", "POST", "/v1/stamps", stamp)[0] == 201
    me = stack.token(f"member:{member}")
    (shown,) = ask(me, "GET", "/v1/me/stamp-cards")[1]["items"]
    assert (shown["stamps"], shown["needed"], shown["completed"]) == (1, 2, 1)
    told = {"trigger_id": fresh, "type": f"q_{fresh[:8]}", "member": {"member_id": member}}
    assert ask("ec", "POST", "/v1/triggers", told)[1]["campaigns"] == [asked]

    def names():
        return {one["campaign_id"] for one in ask(me, "GET", "/v1/me/coupons")[1]["items"]}

    wanted = {sleeper, treat, asked}
    assert eventually(names, wanted) == wanted


def test_an_allowance_is_for_a_tills_own_day_and_what_it_syncs_is_judged_item_by_item(ask, fresh):
    terminal = ask("pos", "GET", "/v1/whoami")[1]["terminal_id"]
    said = {"allowance_id": fresh, "terminal_id": terminal, "business_day": "2020-01-01"}
    refused(ask("pos", "POST", "/v1/offline/allowances", said), 422, "invalid_request")
    refused(ask("ec", "POST", "/v1/offline/allowances", said), 403, "forbidden")
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}
    body = {"redemption_id": fresh, "order_ref": fresh, "basket": basket, "discount": 100}
    item = {"id": fresh, "kind": "redemption", "allowance_id": "none", "offline_token": "x" * 40, "terminal_seq": 1}
    item |= {"occurred_at": text(datetime.now(UTC)), "body": body}
    status, answer = ask("pos", "POST", "/v1/offline/sync", {"items": [item]})
    assert (status, [one["outcome"] for one in answer["results"]]) == (200, ["conflict_refused"])
