"""A body for each write that the town would take, so that a stranger's own can come near to it.

The ids of new things are left to the stranger.
"""

from __future__ import annotations

from typing import Any

from tests.outside.town import CARD, CONSENTS, LINES, PLACE, Known

Bodies = dict[str, dict[str, Any]]


def bodies(known: Known) -> Bodies:
    """By method and path."""
    at = known["occurred_at"][0]
    taro = {"member": known["member"][0]}
    screen = {"member": known["member"][2]}
    buying = {"source": "pos", "store_id": "shibuya", "occurred_at": at, "state": "completed", "lines": LINES, **taro}
    order = {"order_ref": "o"}
    till = {"codes": [known["code"][4]], "channel": "pos", "basket": known["basket"][0]}
    return {
        **_of_points(known, taro, screen, buying),
        "POST /v1/spends": {**taro, "points": 1, **order},
        "POST /v1/holds": {**taro, "points": 1, **order},
        "POST /v1/holds/{hold_id}/capture": {"points": 1},
        "POST /v1/campaigns": {
            "name": {"ja": "試し", "en": "Try"},
            "offer": {"type": "amount_off", "value": 10},
            "valid_from": known["valid_from"][0],
        },
        "POST /v1/issues": {"campaign_id": "o-open", **taro},
        "POST /v1/validations": till,
        "POST /v1/redemptions": till | order,
        "PUT /v1/stores/{store_id}": {"name": "o", **PLACE, "time_zone": "Asia/Tokyo"},
        "POST /v1/checkins": {"store_id": "shibuya", **taro},
        "POST /v1/me/checkins": {"store_id": "shibuya", "location": known["location"][0]},
        "POST /v1/me/approaches": {"store_id": "shibuya"},
    }


def _of_points(known: Known, taro: Any, screen: Any, buying: Any) -> Bodies:
    back = {"channel": "pos", "lines": [{"line_id": "1", "quantity": 1}]}
    return {
        "POST /v1/members": {"display_name": "o", "consents": CONSENTS},
        "POST /v1/members/resolve": taro,
        "POST /v1/members/{member_id}/identities": {"identity": CARD},
        "POST /v1/members/{member_id}/merge": {"into_member_id": "o-hanako"},
        "POST /v1/purchases": buying,
        "POST /v1/purchases/preview": buying,
        "POST /v1/purchases/batch": {"purchases": [buying, buying | {"purchase_id": "o-batch"}]},
        "POST /v1/purchases/{source}/{purchase_id}/complete": {},
        "POST /v1/purchases/{source}/{purchase_id}/returns": back,
        "POST /v1/purchases/{source}/{purchase_id}/returns/preview": back,
        "POST /v1/me/receipts": {"source": "pos", "purchase_id": "o-nobody", "amount": 100_000},
        "POST /v1/actions": {**taro, "type": "bag"},
        "POST /v1/adjustments": {**taro, "points": 1, "reason": "sorry"},
        "POST /v1/awards": {**screen, "points": 1, "reason": "latte"},
        "POST /v1/operations/{operation_id}/reverse": {"kind": "purchase", "source": "pos"},
        "POST /v1/keys": {"owner": "o", "kind": "ec"},
        "PUT /v1/programme": known["programme"][0],
    }
