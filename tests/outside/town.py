"""What is there when strangers begin to ask: something of every kind, so that their requests meet real things.

`settle` speaks HTTP only, so it builds the same in process and on a stack. It answers what exists, by the name of the
field that would name it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from shared import clock

Known = dict[str, list[Any]]
Ask = Callable[..., Any]  # service, who, method, path, body → the answer's body; it must be a yes

LINES = [{"line_id": "1", "quantity": 2, "amount": 60_000}, {"line_id": "2", "quantity": 1, "amount": 40_000}]
CARD = {"type": "card", "value": "2900000000101"}
PLACE = {"lat": 35.6595, "lon": 139.7005}
CONSENTS = {"location": {"granted": True, "version": "1"}}


def settle(ask: Ask, now: datetime) -> Known:
    """A shop with stores, members, purchases in every state, a partner, campaigns and coupons."""
    known = _words(now)
    for part in (_people, _money, _coupons, _visits):
        for name, values in part(ask, now).items():
            known[name] = [*known.get(name, []), *values]
    return known


def _words(now: datetime) -> Known:
    """Values that no schema tells, and that are right somewhere."""
    recent = [clock.to_text(now - timedelta(minutes=minutes)) for minutes in (1, 90)]
    today = now.date().isoformat()
    return {
        "source": ["pos", "ec"],
        "type": ["card", "ec", "amount_off", "percent_off"],
        "purpose": ["location", "marketing"],
        "occurred_at": recent,
        "captured_at": recent,
        "at": [*recent, today],
        "on": [today],
        "valid_from": [today],
        "valid_until": [(now + timedelta(days=90)).date().isoformat()],
        "month": [f"{now:%Y-%m}"],
        "points": [1, 7, 50],
        "points_used": [0, 10],
        "amount": [100, 5_000],
        "quantity": [1, 2],
        "line_id": ["1", "2"],
        "limit": [1, 2, 100],
        "version": [1, 2],
        "currency": ["JPY"],
        "time_zone": ["Asia/Tokyo"],
        "lat": [PLACE["lat"]],
        "lon": [PLACE["lon"]],
        "ttl_seconds": [60, 3_600],
    }


def _people(ask: Ask, _: datetime) -> Known:
    ask("points", "ec", "POST", "/v1/members", {"member_id": "o-taro", "identities": [CARD], "consents": CONSENTS})
    for member_id in ("o-hanako", "o-gone"):
        ask("points", "ec", "POST", "/v1/members", {"member_id": member_id, "consents": CONSENTS})
    merge = {"merge_id": "o-merge", "into_member_id": "o-hanako"}
    ask("points", "operator", "POST", "/v1/members/o-gone/merge", merge)
    codes = ask("points", "member:o-taro", "GET", "/v1/me/code")
    scan = ask("points", "ec", "POST", "/v1/members/resolve", {"member": {"member_id": "o-taro"}})["scan"]
    ways = [{"member_id": "o-taro"}, {"identity": CARD}, {"code": codes["static"]["value"]}, {"scan": scan}]
    return {
        "member_id": ["o-taro", "o-hanako", "o-gone"],
        "into_member_id": ["o-hanako", "o-taro"],
        "merge_id": ["o-merge"],
        "member": [*ways, {"code": codes["rotating"]["qr_payload"]}],
        "value": [CARD["value"]],
    }


def _programme(ask: Ask) -> dict[str, Any]:
    """The default, and points for those who bring a bag of their own."""
    settings: dict[str, Any] = ask("points", "operator", "GET", "/v1/programme")
    bag = {"rule_id": "bag", "kind": "bonus", "points": 2, "when": {"actions": ["bag"]}}
    if bag["rule_id"] not in [rule["rule_id"] for rule in settings["earning"]]:
        settings = settings | {"earning": [*settings["earning"], bag]}
        settings = ask("points", "operator", "PUT", "/v1/programme", settings)
    return settings


def _money(ask: Ask, now: datetime) -> Known:
    taro = {"member": {"member_id": "o-taro"}}
    bought = {"store_id": "shibuya", "occurred_at": clock.to_text(now - timedelta(hours=1)), "lines": LINES}
    done = bought | {"source": "pos", "state": "completed"}
    for purchase in (
        done | taro | {"purchase_id": "o-done"},
        done | taro | {"purchase_id": "o-other"},
        done | {"purchase_id": "o-nobody"},
        bought | taro | {"purchase_id": "o-placed", "source": "ec", "state": "placed"},
    ):
        ask("points", "ec", "POST", "/v1/purchases", purchase)
    back = {"return_id": "o-back", "channel": "pos", "lines": [{"line_id": "2", "quantity": 1}]}
    ask("points", "ec", "POST", "/v1/purchases/pos/o-other/returns", back)
    for hold_id in ("o-open", "o-used"):
        ask("points", "ec", "POST", "/v1/holds", {"hold_id": hold_id, **taro, "points": 60, "order_ref": "o"})
    ask("points", "ec", "POST", "/v1/holds/o-used/capture", {"points": 20})
    ask("points", "ec", "POST", "/v1/spends", {"spend_id": "o-spend", **taro, "points": 5, "order_ref": "o"})
    code = ask("points", "member:o-taro", "GET", "/v1/me/code")["static"]["value"]
    award = {"award_id": "o-award", "member": {"code": code}, "points": 30, "reason": "latte"}
    given = ask("points", "partner", "POST", "/v1/awards", award)
    large = {"adjustment_id": "o-large", **taro, "points": 20_000, "reason": "sorry"}
    ask("points", "operator_second", "POST", "/v1/adjustments", large)
    return {
        "programme": [_programme(ask)],
        "purchase_id": ["o-done", "o-other", "o-nobody", "o-placed"],
        "return_id": ["o-back"],
        "hold_id": ["o-open", "o-used"],
        "spend_id": ["o-spend"],
        "award_id": ["o-award"],
        "member_ref": [given["member_ref"]],
        "adjustment_id": ["o-large"],
        "operation_id": ["o-done", "o-open", "o-spend", "o-award"],
    }


def _coupons(ask: Ask, now: datetime) -> Known:
    campaign = {
        "name": {"ja": "試し", "en": "Try"},
        "offer": {"type": "amount_off", "value": 100},
        "valid_from": (now - timedelta(days=30)).date().isoformat(),
        "valid_until": (now + timedelta(days=300)).date().isoformat(),
    }
    limits = {"limits": {"total": 3, "per_member": 50}}
    kinds: dict[str, dict[str, Any]] = {"o-open": {}, "o-scarce": limits, "o-over": {"state": "paused"}}
    for campaign_id, more in kinds.items():
        ask("coupons", "operator", "POST", "/v1/campaigns", campaign | more | {"campaign_id": campaign_id})
    coupons = []
    for number, campaign_id in enumerate(["o-open"] * 4 + ["o-scarce"] * 2):
        wish = {"campaign_id": campaign_id, "member": {"member_id": "o-taro"}, "source_id": f"o-{number}"}
        coupons.append(ask("coupons", "ec", "POST", "/v1/issues", wish))
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 5_000}]}
    for number, (coupon, more) in enumerate(zip(coupons, ({}, {"hold_seconds": 900}, {}), strict=False)):
        redemption = {"redemption_id": f"o-{number}", "codes": [coupon["code"]], "channel": "pos", "basket": basket}
        ask("coupons", "ec", "POST", "/v1/redemptions", redemption | {"order_ref": "o"} | more)
    ask("coupons", "ec", "POST", "/v1/redemptions/o-2/void", {"void_id": "o-void"})
    codes = [coupon["code"] for coupon in coupons]
    return {
        "campaign_id": ["o-open", "o-scarce", "o-over"],
        "coupon_id": [coupon["coupon_id"] for coupon in coupons],
        "code": codes,
        "codes": [[code] for code in codes] + [codes[3:], []],
        "source_id": ["o-0", "o-4"],
        "redemption_id": ["o-0", "o-1", "o-2"],
        "void_id": ["o-void"],
        "basket": [basket],
    }


def _visits(ask: Ask, now: datetime) -> Known:
    for store_id, shift in (("shibuya", 0.0), ("umeda", 1.0), ("o-store", 0.001)):
        store = {"name": store_id, **PLACE, "lat": PLACE["lat"] + shift, "time_zone": "Asia/Tokyo"}
        ask("checkin", "operator", "PUT", f"/v1/stores/{store_id}", store)
    fix = {**PLACE, "accuracy_m": 10, "captured_at": clock.to_text(now)}
    visit = {"checkin_id": "o-visit", "store_id": "shibuya", "location": fix}
    ask("checkin", "member:o-taro", "POST", "/v1/me/checkins", visit)
    near = {"approach_id": "o-near", "store_id": "shibuya"}
    ask("checkin", "member:o-taro", "POST", "/v1/me/approaches", near)
    shown = ask("checkin", "operator", "GET", "/v1/stores/shibuya/presence-code")
    return {
        "approach_id": ["o-near"],
        "presence_code": [shown["code"], shown["qr_payload"]],
        "qr": [shown["qr_payload"], "omo-store:shibuya:0"],
        "device_id": ["o-phone"],
        "store_id": ["shibuya", "umeda", "o-store"],
        "checkin_id": ["o-visit"],
        "location": [fix],
        "key_id": ["o-key"],
        "partner_id": ["cafe"],
    }
