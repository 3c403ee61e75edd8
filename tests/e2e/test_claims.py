"""Claims, and what brings coupons, over the real queues of a running stack: each arrives within ten seconds."""

import pytest

from tests.e2e.conftest import eventually

pytestmark = pytest.mark.slow  # each waits for queues, streams and jobs; the CI runs them

ARRIVES_SECONDS = 10


def campaign(stack, campaign_id, **more):
    said = {
        "campaign_id": campaign_id,
        "name": {"ja": "試験", "en": "Test"},
        "offer": {"type": "amount_off", "value": 100},
        "valid_from": "2026-01-01",
    }
    answer = stack.call("coupons", "operator", "POST", "/v1/campaigns", said | more)
    assert answer.status_code == 201, answer.text


def take(stack, member_id, campaign_id, claim_id):
    body = {"campaign_id": campaign_id, "claim_id": claim_id}
    return stack.call("coupons", f"member:{member_id}", "POST", "/v1/me/claims", body)


def names(stack, member_id):
    answer = stack.call("coupons", "ec", "GET", f"/v1/members/{member_id}/coupons")
    return sorted(one["campaign_id"] for one in answer.json()["items"])


def test_a_coupon_is_bought_with_points_or_refused(stack, fresh):
    member_id, priced = stack.member(), f"priced-{fresh}"
    campaign(stack, priced, price_points=60)
    gift = {"adjustment_id": fresh, "member": {"member_id": member_id}, "points": 100, "reason": "gift"}
    assert stack.call("points", "operator", "POST", "/v1/adjustments", gift).status_code == 201
    token = stack.token(f"member:{member_id}")

    def state(claim_id):
        return stack.call("coupons", token, "GET", f"/v1/me/claims/{claim_id}").json()["state"]

    first = take(stack, member_id, priced, f"{fresh}-1")
    assert (first.status_code, first.json()) == (202, {"claim_id": f"{fresh}-1", "state": "pending"})
    assert eventually(lambda: state(f"{fresh}-1"), "issued", ARRIVES_SECONDS) == "issued"
    assert take(stack, member_id, priced, f"{fresh}-2").status_code == 202
    assert eventually(lambda: state(f"{fresh}-2"), "refused", ARRIVES_SECONDS) == "refused"
    assert (stack.balance(member_id), names(stack, member_id)) == (40, [priced])


def test_a_first_purchase_and_a_survey_bring_coupons(stack, fresh):
    member_id, hello, thanks = stack.member(), f"hello-{fresh}", f"thanks-{fresh}"
    first = {"first_purchase": True, "store_id": stack.local["seed"]["store_id"]}
    campaign(stack, hello, trigger={"event": "purchase.recorded", "filter": first})
    campaign(stack, thanks, trigger={"event": f"trigger.s_{fresh[:8]}"})
    for n in range(2):
        sale = {
            "purchase_id": f"{fresh}-{n}",
            "source": "pos",
            "member": {"member_id": member_id},
            "occurred_at": "2026-01-02T03:04:05Z",
            "state": "completed",
            "lines": [{"line_id": "1", "quantity": 1, "amount": 500}],
        }
        assert stack.call("points", "pos", "POST", "/v1/purchases", sale).status_code == 201
    told = {"trigger_id": fresh, "type": f"s_{fresh[:8]}", "member": {"member_id": member_id}}
    answer = stack.call("coupons", "ec", "POST", "/v1/triggers", told)
    assert (answer.status_code, answer.json()["campaigns"]) == (202, [thanks])
    wanted = sorted([hello, thanks])
    assert eventually(lambda: names(stack, member_id), wanted, ARRIVES_SECONDS) == wanted
