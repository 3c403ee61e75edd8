"""At the till: the member's one scan, and the codes that the member shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from points import account
from points.person import Here, MemberCode, Offered, Resolve, Resolved, RotatingCode, StaticCode
from points.standing import tier_of
from points.store import programme
from shared import coupons_of, places
from shared.http import Call
from shared.member_ref import card_code, make_scan, number_of, profile, resolve, rotating_code, signed_in, use_up
from shared.totp import STEP_SECONDS


def here(call: Call[Any]) -> Here:
    """The place of the caller's key: what a till must know of its store, for its offline allowance and its journal."""
    world, store_id = call.world, call.who.store_id
    rule = places.of_store(world, store_id)
    day = rule.day(call.now)
    return Here(
        store_id=store_id,
        store_name=places.name_of(world, store_id),
        terminal_id=call.who.terminal_id,
        time_zone=rule.zone,
        business_day=day,
        business_day_ends_at=rule.end(day),
        currency=places.currency(world),
    )


def resolve_at_till(call: Call[Resolve]) -> dict[str, Any]:
    """The till's one scan: who is this, and what may they use."""
    found = resolve(call.world, call.who, call.body.member, consistent=True)
    use_up(call.world, found, f"resolve#{call.request_id}")
    member_id, state = account.settled(call.world, found.member_id, call.now)
    item = profile(call.world, member_id, consistent=True)
    scan, ends = make_scan(call.world, call.who, replace(found, member_id=member_id), call.now)
    said = Resolved(
        member_id=member_id,
        display_name=item.get("display_name"),
        balance=state.available,
        tier=tier_of(state, programme(call.world), call.now),
        code_level=found.level,
        scan=scan,
        scan_expires_at=ends,
        coupons=_coupons(call, member_id, found.level),
    ).model_dump(mode="json")
    for coupon in said["coupons"]:
        if coupon["code"] is None:
            del coupon["code"]  # not shown at this level
    return said


def _coupons(call: Call[Any], member_id: str, level: str) -> list[Offered]:
    """What the member may use now; their codes only for who has seen the member's rotating code, and the shop."""
    may_see_codes = level == "rotating" or call.who.kind in ("ec", "operator")
    found = coupons_of.usable(call.world, member_id, call.now, with_codes=may_see_codes)
    return [Offered.model_validate(one) for one in found]


def show_code(call: Call[Any]) -> MemberCode:
    """What the signed-in member shows at the till: texts, which any library draws as a barcode or QR."""
    member = signed_in(call.world, call.who)
    kept = member["static_code"]
    card = card_code(number_of(kept), programme(call.world).member_code_prefix)
    shown = rotating_code(call.world, member["member_id"], kept, call.now)
    return MemberCode(
        static=StaticCode(value=card, ean13=card, code128=card),
        rotating=RotatingCode(
            value=shown.value,
            qr_payload=shown.qr_payload,
            code128=shown.value,
            valid_until=shown.valid_until,
            step_seconds=STEP_SECONDS,
        ),
    )
