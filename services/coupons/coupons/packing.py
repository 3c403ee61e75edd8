"""Operations as their names keep them, so that a retry or the stream goes on by the same words in ten years.

What coupons took off is rows of JSON, deflated: one coupon on a basket of some lines is about 150 bytes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from coupons.book import Drawing, Issuing, Redeeming, Taken
from shared.business_day import DayRule
from shared.chain import Packed
from shared.coupon_book import pack_coupons, unpack_coupons

_LEVEL = 9


def pack_issuing(issuing: Issuing) -> Packed:
    packed: Packed = {
        "c": pack_coupons([issuing.coupon]),
        "i": issuing.campaign_id,
        "o": issuing.owner,
        "d": issuing.issued_on.toordinal(),
    }
    if issuing.order_ref is not None:
        packed["r"] = issuing.order_ref
    if issuing.per_member is not None:
        packed["m"] = issuing.per_member
    if issuing.drawing is not None:
        packed["l"] = [issuing.drawing.total, issuing.drawing.seen]
    return packed


def unpack_issuing(packed: Packed) -> Issuing:
    (coupon,) = unpack_coupons(packed["c"])
    return Issuing(
        coupon=coupon,
        campaign_id=packed["i"],
        owner=packed["o"],
        issued_on=date.fromordinal(packed["d"]),
        order_ref=packed.get("r"),
        per_member=packed.get("m"),
        drawing=Drawing(*packed["l"]) if "l" in packed else None,
    )


def pack_redeeming(redeeming: Redeeming) -> Packed:
    packed: Packed = {
        "i": redeeming.redemption_id,
        "b": redeeming.by,
        "h": redeeming.order,
        "r": redeeming.order_ref,
        "z": [redeeming.days.zone, redeeming.days.cutoff_hour],
        "c": pack_coupons(redeeming.coupons),
        "x": _pack_taken(redeeming.taken),
    }
    if redeeming.store_id is not None:
        packed["s"] = redeeming.store_id
    if redeeming.hold_seconds is not None:
        packed["u"] = redeeming.hold_seconds
    return packed


def unpack_redeeming(packed: Packed) -> Redeeming:
    return Redeeming(
        redemption_id=packed["i"],
        by=packed["b"],
        order=packed["h"],
        order_ref=packed["r"],
        days=DayRule(*packed["z"]),
        coupons=unpack_coupons(packed["c"]),
        taken=_unpack_taken(packed["x"]),
        store_id=packed.get("s"),
        hold_seconds=packed.get("u"),
    )


def _pack_taken(taken: Sequence[Taken]) -> bytes:
    rows = [[one.place, one.position, one.campaign_id, one.discount, one.lines, one.explain] for one in taken]
    return zlib.compress(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode(), _LEVEL)


def _unpack_taken(packed: bytes) -> tuple[Taken, ...]:
    return tuple(_row(*row) for row in json.loads(zlib.decompress(packed)))


def _row(*row: Any) -> Taken:
    place, position, campaign_id, discount, lines, explain = row
    return Taken(place, position, campaign_id, discount, tuple(map(tuple, lines)), tuple(map(tuple, explain)))
