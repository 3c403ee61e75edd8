"""Operations as their names keep them, so that a retry or the stream decides by the same words in ten years.

Lines are rows of JSON, deflated: a real basket is about 280 bytes.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from points.holding import Holding
from points.model import Line
from points.programme import Programme
from points.rules import Bought, Earning, Giving, Spending
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
        more=packed.get("m", {}),
    )


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


def pack_nothing(_: Earning) -> Packed:
    """An effect of an event has no name: the event itself says everything."""
    return {}


def unpack_earning(_: Packed) -> Earning:
    raise TypeError("an effect of an event has no name to be read back from")
