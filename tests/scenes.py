"""The scenes of a day (`tests/day.py`): what guests and staff do; `tests/backstage.py` has the rest, and the whole day.

Whatever is secret, or a person's, is planted as it comes up.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from shared import clock as clocks
from shared.codes import normalise
from tests import catalogue
from tests.day import ACCOUNT, CARD, DEVICE, DIGITS, FOREIGN, NAME, PHONE, PLACE, STORE, Day
from tests.kit import purchase
from tests.outside.town import settle
from tests.typed import made_up

CAMPAIGN = {
    "name": {"ja": "春", "en": "Spring"},
    "offer": {"type": "amount_off", "value": 300},
    "valid_from": "2026-11-01",
    "valid_until": "2026-11-23",
}
BASKET = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}
HANA = {"member_id": "hana"}
CONSENTS = {"location": {"granted": True, "version": "1"}}


def at(day: Day, **ago: float) -> str:
    return clocks.to_text(day.clock.now() - timedelta(**ago))


def open_shop(day: Day) -> None:
    day.ask(
        "points", "operator", "PUT", "/v1/partners/cafe", {"name": "C", "budget": {"kind": "prepaid", "points": 9000}}
    )
    settle(day.ask, day.clock.now())
    for place in (STORE, STORE | {"lat": 35.7}, STORE):  # it moves, and back
        day.ask("checkin", "operator", "PUT", "/v1/stores/shibuya", place)
    for store_id, more in (("osaka", {"lat": 34.7026, "lon": 135.496}), ("lounge", {"dwell_seconds": 60})):
        day.ask("checkin", "operator", "PUT", f"/v1/stores/{store_id}", STORE | more)
    kinds: dict[str, dict[str, Any]] = {
        "spring": {},
        "dear": {"price_points": 5},
        "import": {"code": {"mode": "imported"}},
        "poster": {"code": {"mode": "shared"}},
        "card": {},
        "told": {"trigger": {"event": "trigger.survey"}},
    }
    for campaign_id, more in kinds.items():
        body = CAMPAIGN | {"campaign_id": campaign_id} | more
        day.ask("coupons", "operator", "POST", "/v1/campaigns", body)
    stamps = {"programme_id": "coffee", "name": CAMPAIGN["name"], "stamps": 3, "by": "manual", "per_day": 100}
    day.ask("coupons", "operator", "POST", "/v1/stamp-programmes", stamps | {"campaign_id": "card"})
    day.plant("foreign code", FOREIGN)
    day.ask("coupons", "operator", "POST", "/v1/campaigns/import/codes/import", {"codes": [FOREIGN]})


def join(day: Day) -> None:
    day.plant("name", NAME)
    day.plant("phone", PHONE, PHONE.removeprefix("+81"))
    day.plant("card", CARD)
    known = [{"type": "phone", "value": PHONE}, {"type": "card", "value": CARD}]
    hana = {**HANA, "display_name": NAME, "identities": known, "consents": CONSENTS}
    day.ask("points", "ec", "POST", "/v1/members", hana)
    day.plant("account", ACCOUNT)
    day.ask("points", "ec", "POST", "/v1/members/hana/identities", {"identity": {"type": "ec", "value": ACCOUNT}})
    day.ask("points", "member:hana", "PUT", "/v1/me/consents/marketing", {"granted": True, "version": "2"})
    spare = {"type": "card", "value": "2970000999995"}
    day.ask("points", "ec", "POST", "/v1/members/hana/identities", {"identity": spare})
    day.ask("points", "ec", "DELETE", "/v1/members/hana/identities/card", {"value": spare["value"]})
    day.refused("points", "ec", "POST", "/v1/members", {"member_id": "other", "identities": known})
    day.refused("points", "ec", "POST", "/v1/members", {"member_id": "o", "display_name": NAME * 100})
    day.refused(
        "points", "pos", "POST", "/v1/members/resolve", {"member": {"identity": {"type": "phone", "value": "1"}}}
    )


def shown(day: Day) -> Any:
    """The member's codes of this moment, which are planted."""
    codes = day.ask("points", "member:hana", "GET", "/v1/me/code")
    day.plant("one-time member code", codes["rotating"]["value"], codes["rotating"]["qr_payload"])
    day.plant("printed member code", codes["static"]["value"])
    return codes


def sell(day: Day) -> None:
    codes = shown(day)
    scan = day.ask("points", "pos", "POST", "/v1/members/resolve", {"member": {"code": codes["rotating"]["value"]}})
    day.plant("scan", scan["scan"])
    lines = [{"line_id": "1", "quantity": 1, "amount": 60_000}]
    for n, who in enumerate(({"scan": scan["scan"]}, {"identity": {"type": "card", "value": CARD}}, HANA)):
        body = purchase(purchase_id=f"s-{n}", member=who, lines=lines, occurred_at=at(day, minutes=1))
        day.ask("points", "pos", "POST", "/v1/purchases", body)
    day.ask("points", "pos", "POST", "/v1/purchases/pos/s-1/returns", {"return_id": "r", "channel": "pos", "all": True})
    spend = {"spend_id": "q-1", "member": {"code": shown(day)["rotating"]["value"]}, "points": 5, "order_ref": "o"}
    day.refused("points", "pos", "POST", "/v1/spends", spend)  # the step has been used
    receipt = {"receipt_claim_id": "x", "source": "pos", "purchase_id": "nobody-knows", "amount": 5}
    day.refused("points", "member:hana", "POST", "/v1/me/receipts", receipt)
    day.clock.forward(seconds=60)
    fresh = shown(day)["rotating"]["value"]
    day.ask("points", "pos", "POST", "/v1/spends", spend | {"spend_id": "q-2", "member": {"code": fresh}})
    day.refused("points", "pos", "POST", "/v1/members/resolve", {"member": {"code": "00000000000000"}})
    day.ask("points", "operator", "PUT", "/v1/staff/staff-1", HANA)
    own = purchase(purchase_id="own", member=HANA, staff_id="staff-1", occurred_at=at(day, minutes=1))
    day.ask("points", "pos", "POST", "/v1/purchases", own)
    day.work()
    for alert in day.ask("points", "operator", "GET", "/v1/alerts")["items"]:
        day.ask("points", "operator", "POST", f"/v1/alerts/{alert['alert_id']}/resolve", {"verdict": "fraud"})
    day.ask("points", "operator", "DELETE", "/v1/staff/staff-1")
    journal = {"reconciliation_id": "close", "store_id": "shibuya", "business_day": "2026-11-20"}
    journal["lines"] = [{"purchase_id": "s-0", "amount": 60_000}, {"purchase_id": "lost", "amount": 5}]  # type: ignore[assignment]
    day.ask("points", "operator", "POST", "/v1/reconciliations", journal)
    day.ask("points", "operator", "POST", "/v1/adjustments/o-large/approve", {})
    trial = {"programme": {"version": 1}, "since": "2026-11-01", "until": "2026-11-30"}
    day.ask("points", "operator", "POST", "/v1/programme/simulations", trial)
    day.ask("points", "partner", "GET", "/v1/partner/budget")


def give_coupons(day: Day) -> None:
    codes = []
    for n in range(4):
        wish = {"campaign_id": "spring", "member": HANA, "source_id": f"c-{n}"}
        codes.append(day.ask("coupons", "ec", "POST", "/v1/issues", wish)["code"])
    for campaign_id in ("spring", "dear"):
        wish = {"claim_id": f"mine-{campaign_id}", "campaign_id": campaign_id}
        day.client("member:hana", "coupons").send("POST", "/v1/me/claims", wish)
    plant_codes(day, *codes)
    said = {"codes": codes[:1], "channel": "pos", "basket": BASKET}
    day.ask("coupons", "pos", "POST", "/v1/validations", said)
    for n, code in enumerate([*codes[:2], FOREIGN]):
        body = said | {"redemption_id": f"rd-{n}", "codes": [code], "order_ref": "o"}
        day.ask("coupons", "pos", "POST", "/v1/redemptions", body)
        day.refused("coupons", "pos", "POST", "/v1/redemptions", body | {"redemption_id": f"again-{n}"})
    day.ask("coupons", "pos", "POST", "/v1/redemptions/rd-0/void", {"void_id": "v"})
    unknown = said | {"redemption_id": "guess", "codes": made_up(1), "order_ref": "o"}
    day.refused("coupons", "pos", "POST", "/v1/redemptions", unknown)
    mistyped = said | {"redemption_id": "typed", "codes": [codes[2][:-1] + "!"], "order_ref": "o"}
    day.refused("coupons", "pos", "POST", "/v1/redemptions", mistyped)
    stamp = {"stamp_id": "st", "member": HANA, "programme_id": "coffee", "count": 3}
    day.ask("coupons", "ec", "POST", "/v1/stamps", stamp)
    told = {"trigger_id": "t", "type": "survey", "member": HANA}
    day.ask("coupons", "ec", "POST", "/v1/triggers", told)
    day.ask("coupons", "operator", "POST", "/v1/campaigns/poster/pause")


def plant_codes(day: Day, *codes: str) -> None:
    for code in codes:
        day.plant("coupon code", code, normalise(code))


def come_by(day: Day) -> None:
    day.plant("coordinate", *DIGITS)
    day.plant("device", DEVICE)
    elsewhere = {"lat": 34.70258765, "lon": 135.49598765}
    ways: tuple[dict[str, Any], ...] = ({}, {"is_mock": True}, elsewhere)
    for n, more in enumerate(ways):
        fix = {**PLACE, "captured_at": at(day), **more}
        visit = {"checkin_id": f"v-{n}", "store_id": "osaka" if "lat" in more else "shibuya", "location": fix}
        for _ in range(2):  # the answer was lost once
            day.ask("checkin", "member:hana", "POST", "/v1/me/checkins", visit | {"device_id": DEVICE})
        day.clock.forward(minutes=31)
    guess = {"checkin_id": "guess", "store_id": "shibuya", "presence_code": "00000000"}
    day.client("member:hana", "checkin").send(
        "POST", "/v1/me/checkins", guess | {"location": {**PLACE, "captured_at": at(day)}}
    )
    code = day.ask("checkin", "pos", "GET", "/v1/stores/shibuya/presence-code")
    day.plant("store code", code["code"], code["qr_payload"])
    wrong = {"checkin_id": "bad", "store_id": "shibuya", "location": {**PLACE, "captured_at": 7}}
    day.refused("checkin", "member:hana", "POST", "/v1/me/checkins", wrong)
    day.ask("checkin", "pos", "POST", "/v1/checkins", {"checkin_id": "scan", "store_id": "shibuya", "member": HANA})
    day.work()
    day.ask("checkin", "operator", "GET", "/v1/stores?limit=2")
    for review in day.ask("checkin", "operator", "GET", "/v1/reviews")["items"]:
        day.ask("checkin", "operator_second", "POST", f"/v1/reviews/{review['review_id']}/approve", {})
    stay = {"challenge_id": "stay", "store_id": "lounge", "location": {**PLACE, "captured_at": at(day)}}
    told = day.ask("checkin", "member:hana", "POST", "/v1/me/checkins/challenges", stay | {"device_id": DEVICE})
    day.plant("challenge", told["challenge"])
    overrun = json.dumps(catalogue.example("checkin.anomaly"))
    day.passing.deliver([("checkin", json.loads(overrun))])
    near = f"/v1/stores/nearby?lat={PLACE['lat']}&lon={PLACE['lon']}"
    day.ask("checkin", "member:hana", "GET", near)
    day.ask("checkin", "member:hana", "GET", f"/v1/geofences?lat={PLACE['lat']}&lon={PLACE['lon']}")
