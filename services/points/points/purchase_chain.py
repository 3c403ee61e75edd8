"""How the state of a purchase is kept in the items that follow its name."""

from __future__ import annotations

from typing import Any

from points.bought import pack_touched, unpack_touched
from points.earning import Given
from points.facts import Facts
from points.lots import pack_lots, unpack_lots
from points.purchase import COMPLETED, PLACED, Home, Progress
from shared import keys
from shared.chain import Kind, Packed
from shared.clock import from_ms, to_ms


def _opened(name: Packed) -> Progress:
    """What a name alone says: nothing has happened to the purchase yet."""
    home = Home(name["acc"], name["seen"], name["pk"]) if "acc" in name else None
    return Progress(PLACED if name["op"].get("w") else COMPLETED, home)


def _pack(progress: Progress) -> Packed:
    packed: Packed = {"s": progress.state}
    if progress.home is not None:
        packed["h"] = [progress.home.account, progress.home.seen, progress.home.name]
    if progress.touched:
        packed["l"] = pack_touched(progress.touched)
    if (facts := progress.facts) is not None:
        given = [[one.rule_id, one.points, *[True] * one.is_capped] for one in facts.given]
        packed["f"] = [given, to_ms(facts.earned_at), facts.waits, pack_lots(facts.used), pack_lots(facts.lots)]
    if progress.completed_at is not None:
        packed["c"] = to_ms(progress.completed_at)
    return packed


def _unpack(packed: Packed) -> Progress:
    return Progress(
        state=packed["s"],
        home=Home(*packed["h"]) if "h" in packed else None,
        touched=unpack_touched(packed["l"]) if "l" in packed else (),
        facts=_facts(*packed["f"]) if "f" in packed else None,
        completed_at=from_ms(packed["c"]) if "c" in packed else None,
    )


def _facts(given: list[list[Any]], earned_at: int, waits: int, used: bytes, lots: bytes) -> Facts:
    return Facts(tuple(Given(*one) for one in given), from_ms(earned_at), waits, unpack_lots(used), unpack_lots(lots))


PURCHASE = Kind(keys.PURCHASE, Progress(COMPLETED), _pack, _unpack, opened=_opened)
