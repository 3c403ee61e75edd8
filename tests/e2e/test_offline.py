"""Tills without a line, through the real packages, templates, streams and queues."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.offline_till import Till
from shared.offline_token import is_genuine, unspelt
from tests.e2e.conftest import eventually
from tests.e2e.test_stack import purchase

pytestmark = pytest.mark.slow  # each waits for queues, streams and jobs; the CI runs them


def text(at):
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


@pytest.fixture
def sold_at():
    return datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture
def allowance(stack, fresh, sold_at):
    """Today's allowance of the till, by its own key."""
    me = stack.call("coupons", "pos", "GET", "/v1/whoami").json()
    place = stack.call("checkin", "operator", "GET", f"/v1/stores/{me['store_id']}").json()
    local = sold_at.astimezone(ZoneInfo(place["time_zone"])) - timedelta(hours=place.get("cutoff_hour", 0))
    said = {"allowance_id": fresh, "terminal_id": me["terminal_id"], "business_day": local.date().isoformat()}
    answer = stack.call("coupons", "pos", "POST", "/v1/offline/allowances", said)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_coupon_is_taken_by_its_token_and_a_picture_of_it_is_the_tills_loss(stack, fresh, allowance, sold_at):
    member_id = stack.member()
    campaign_id = f"c-{fresh[:8]}"
    made = stack.call(
        "coupons", "operator", "POST", "/v1/campaigns",
        {"campaign_id": campaign_id, "name": {"ja": "割引", "en": "Off"}, "valid_from": "2026-01-01"}
        | {"offer": {"type": "percent_off", "value": 10, "max_discount": 150}},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    said = {"campaign_id": campaign_id, "member": {"member_id": member_id}, "source_id": fresh}
    issued = stack.call("coupons", "ec", "POST", "/v1/issues", said).json()
    shown = stack.call("coupons", f"member:{member_id}", "GET", f"/v1/me/coupons/{issued['coupon_id']}").json()
    told = stack.call("coupons", f"member:{member_id}", "GET", "/v1/offline/keys").json()["public_keys"]
    keys = {one["kid"]: unspelt(one["key"]) for one in told}
    assert is_genuine(allowance, keys)
    till = Till(allowance["store_id"], allowance, keys)
    assert till.take(shown["offline_token"], [(1, 2000)], sold_at) == 150

    def item(name):
        basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 2000}]}
        body = {"redemption_id": f"{name}-{fresh}", "order_ref": name, "basket": basket, "discount": 150}
        named = {"id": name, "kind": "redemption", "allowance_id": allowance["allowance_id"], "terminal_seq": len(name)}
        return named | {"offline_token": shown["offline_token"], "occurred_at": text(sold_at), "body": body}

    def sync(*items):
        return stack.call("coupons", "pos", "POST", "/v1/offline/sync", {"items": list(items)}).json()["results"]

    day = f"/v1/offline/terminals/{allowance['terminal_id']}?business_day={allowance['business_day']}"
    before = stack.call("coupons", "pos", "GET", day).json()["absorbed"]["count"]
    assert [one["outcome"] for one in sync(item("a"), item("bb"))] == ["applied", "conflict_absorbed"]
    assert [one["outcome"] for one in sync(item("bb"), item("a"))] == ["duplicate"] * 2
    assert stack.call("coupons", "pos", "GET", day).json()["absorbed"]["count"] == before + 1
    state = stack.call("coupons", f"member:{member_id}", "GET", f"/v1/me/coupons/{issued['coupon_id']}").json()["state"]
    assert state == "redeemed"


def test_purchases_come_to_points_by_the_stream_once(stack, fresh, sold_at):
    member_id = stack.member()
    body = purchase(fresh, member_id, occurred_at=text(sold_at))
    item = {"id": fresh, "kind": "purchase", "occurred_at": text(sold_at), "terminal_seq": 1, "body": body}
    for _ in range(2):
        answer = stack.call("coupons", "pos", "POST", "/v1/offline/sync", {"items": [item]})
        assert answer.json()["results"][0]["outcome"] in ("applied", "duplicate")
    assert eventually(lambda: stack.balance(member_id), 10) == 10
    online = stack.call("points", "pos", "POST", "/v1/purchases", body)
    assert (online.status_code, online.headers["idempotent-replayed"]) == (201, "true")
    assert stack.balance(member_id) == 10
