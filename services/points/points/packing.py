"""Operations as their names keep them, so that a retry or the stream decides by the same words in ten years.

Lines are rows of JSON, deflated: a real basket is about 280 bytes.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from points.acting import Acting
from points.adjusting import Adjusting
from points.bought import Bought, HoldUsed
from points.budgets import Giving
from points.holding import Holding
from points.model import Line
from points.programme import Programme
from points.rules import Spending
from shared.chain import Packed
from shared.clock import from_ms, to_ms

_LEVEL = 9


def pack_lines(lines: tuple[Line, ...]) -> bytes:
    """The rows `[line_id, sku, category, quantity, amount, tax, rate]`, trailing nothings left out."""
    rows = []
    for line in lines:
        row: list[Any] = [line.line_id, line.sku, line.category, line.quantity, line.amount, line.tax, line.tax_rate_bp]
        while row[-1] in (None, 0) and len(row) > 5:
            row.pop()
        rows.append(row)
    return zlib.compress(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode(), _LEVEL)


def unpack_lines(packed: bytes) -> tuple[Line, ...]:
    lines = []
    for row in json.loads(zlib.decompress(packed)):
        line_id, sku, category, quantity, amount, tax, rate = row + [0, None][len(row) - 5 :]
        lines.append(
            Line.model_construct(
                line_id=line_id,
                sku=sku,
                category=category,
                quantity=quantity,
                amount=amount,
                tax=tax,
                tax_rate_bp=rate,
            )
        )
    return tuple(lines)


def pack_bought(bought: Bought) -> Packed:
    packed: Packed = {
        "s": bought.source,
        "i": bought.purchase_id,
        "t": to_ms(bought.occurred_at),
        "l": pack_lines(bought.lines),
        "r": bought.programme.to_rule(),
    }
    if bought.points_used:
        packed["u"] = bought.points_used
    if bought.is_placed:
        packed["w"] = 1
    if bought.hold is not None:
        packed["h"] = [pack_holding(bought.hold.holding), bought.hold.seen, bought.hold.account]
    if bought.more:
        packed["m"] = bought.more
    return packed


def unpack_bought(packed: Packed) -> Bought:
    return Bought(
        source=packed["s"],
        purchase_id=packed["i"],
        occurred_at=from_ms(packed["t"]),
        lines=unpack_lines(packed["l"]),
        points_used=packed.get("u", 0),
        programme=Programme.from_rule(packed["r"]),
        is_placed="w" in packed,
        hold=_hold_used(*packed["h"]) if "h" in packed else None,
        more=packed.get("m", {}),
    )


def _hold_used(holding: Packed, seen: int, account: str) -> HoldUsed:
    return HoldUsed(unpack_holding(holding), seen, account)


def pack_spending(spending: Spending) -> Packed:
    packed = {"i": spending.spend_id, "p": spending.points, "o": spending.order_ref, "z": spending.zone}
    return packed | ({"s": spending.store_id} if spending.store_id else {})


def unpack_spending(packed: Packed) -> Spending:
    return Spending(packed["i"], packed["p"], packed["o"], packed["z"], packed.get("s"))


def pack_holding(holding: Holding) -> Packed:
    packed: Packed = {
        "i": holding.hold_id,
        "p": holding.points,
        "o": holding.order_ref,
        "t": holding.ttl_seconds,
        "z": holding.zone,
    }
    return packed | ({"s": holding.store_id} if holding.store_id else {})


def unpack_holding(packed: Packed) -> Holding:
    return Holding(packed["i"], packed["p"], packed["o"], packed["t"], packed["z"], packed.get("s"))


def pack_acting(acting: Acting) -> Packed:
    packed: Packed = {
        "i": acting.action_id,
        "a": acting.type,
        "t": to_ms(acting.occurred_at),
        "r": acting.programme.to_rule(),
    }
    said = {"s": acting.store_id, "f": acting.staff_id}
    return packed | {name: value for name, value in said.items() if value}


def unpack_acting(packed: Packed) -> Acting:
    rules = Programme.from_rule(packed["r"])
    return Acting(packed["i"], packed["a"], from_ms(packed["t"]), rules, packed.get("s"), packed.get("f"))


def pack_adjusting(adjusting: Adjusting) -> Packed:
    packed: Packed = {
        "i": adjusting.adjustment_id,
        "p": adjusting.points,
        "w": adjusting.reason,
        "k": adjusting.maker,
        "r": adjusting.programme.to_rule(),
    }
    return packed | ({"c": 1} if adjusting.is_paid else {})


def unpack_adjusting(packed: Packed) -> Adjusting:
    rules = Programme.from_rule(packed["r"])
    return Adjusting(packed["i"], packed["p"], packed["w"], "c" in packed, packed["k"], rules)


def pack_giving(giving: Giving) -> Packed:
    return {
        "i": giving.award_id,
        "p": giving.partner_id,
        "m": giving.member_id,
        "n": giving.member_seen,
        "a": giving.points,
        "w": giving.reason,
        "t": to_ms(giving.occurred_at),
        "b": [giving.budget_kind, giving.budget, giving.per_member_day, giving.per_day],
        "r": giving.programme.to_rule(),
    }


def unpack_giving(packed: Packed) -> Giving:
    kind, budget, per_member_day, per_day = packed["b"]
    return Giving(
        award_id=packed["i"],
        partner_id=packed["p"],
        member_id=packed["m"],
        member_seen=packed["n"],
        points=packed["a"],
        reason=packed["w"],
        occurred_at=from_ms(packed["t"]),
        budget_kind=kind,
        budget=budget,
        per_member_day=per_member_day,
        per_day=per_day,
        programme=Programme.from_rule(packed["r"]),
    )
