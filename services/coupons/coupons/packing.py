"""Operations as their names keep them, so that a retry or the stream goes on by the same words in ten years.

What coupons took off is rows of JSON, deflated: one coupon on a basket of some lines is about 150 bytes. The lines'
ids stand in them once, so that ten coupons on 500 lines fit into an item.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from coupons.book import Counted, Offline, Redeeming, Taken
from coupons.giving import Drawing, Issuing
from shared.business_day import DayRule
from shared.chain import Packed
from shared.clock import from_ms, to_ms
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
        drawing = issuing.drawing
        packed["l"] = [drawing.total, drawing.seen, drawing.member_id, drawing.member_seen]
    more = {"p": issuing.price, "s": issuing.store_id, "e": _pack_exposed(issuing)}
    return packed | {name: value for name, value in more.items() if value is not None}


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
        price=packed.get("p"),
        store_id=packed.get("s"),
        exposed=_unpack_exposed(*packed["e"]) if "e" in packed else None,
    )


def _pack_exposed(issuing: Issuing) -> list[int] | None:
    return None if issuing.exposed is None else [to_ms(issuing.exposed[0]), issuing.exposed[1]]


def _unpack_exposed(at: int, hours: int) -> tuple[datetime, int]:
    return from_ms(int(at)), int(hours)


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
    if redeeming.counted:
        packed["n"] = [[part for part in one if part is not None] for one in redeeming.counted]
    if redeeming.offline is not None:
        packed["f"] = _pack_offline(redeeming.offline)
    more = {"e": redeeming.channel, "m": redeeming.member_id, "a": redeeming.basket_amount}
    return packed | {name: value for name, value in more.items() if value}


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
        channel=packed.get("e"),
        member_id=packed.get("m"),
        basket_amount=packed.get("a", 0),
        counted=tuple(Counted(*one) for one in packed.get("n", ())),
        offline=_unpack_offline(*packed["f"]) if "f" in packed else None,
    )


def _pack_offline(offline: Offline) -> list[Any]:
    day, at = offline.day.toordinal(), to_ms(offline.occurred_at)
    return [offline.terminal, offline.seen, day, at, *[True] * offline.is_late]


def _unpack_offline(terminal: str, seen: int, day: int, at: int, *is_late: bool) -> Offline:
    return Offline(terminal, int(seen), date.fromordinal(int(day)), from_ms(int(at)), bool(is_late))


def _pack_taken(taken: Sequence[Taken]) -> bytes:
    ids = list(dict.fromkeys(line_id for one in taken for line_id, _ in one.lines))
    number = {line_id: n for n, line_id in enumerate(ids)}
    rows = [
        [
            one.place,
            one.position,
            one.campaign_id,
            one.discount,
            [(number[line_id], share) for line_id, share in one.lines],
            one.explain,
            one.bonus_points,
            one.sealed,
        ]
        for one in taken
    ]
    return zlib.compress(json.dumps([ids, rows], separators=(",", ":"), ensure_ascii=False).encode(), _LEVEL)


def _unpack_taken(packed: bytes) -> tuple[Taken, ...]:
    ids, rows = json.loads(zlib.decompress(packed))
    return tuple(_row(ids, *row) for row in rows)


def _row(ids: list[str], *row: Any) -> Taken:
    place, position, campaign_id, discount, numbered, explain, *more = row
    lines = tuple((ids[number], share) for number, share in numbered)
    return Taken(place, position, campaign_id, discount, lines, tuple(map(tuple, explain)), *more)
