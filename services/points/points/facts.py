"""What a purchase did to its member's account, as its entries there tell it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from points.bought import UNTIL_COMPLETE, Bought
from points.earning import Given, given_of, lots_for
from points.lots import Lot, merged, unpack_lots
from shared.chain import Entry
from shared.clock import from_ms


@dataclass(frozen=True, slots=True)
class Facts:
    """What a purchase did to its member's account. Only the entry in the account could say it first."""

    given: tuple[Given, ...]  # by which rule how many points, before any return
    earned_at: datetime
    waits: int  # UNTIL_COMPLETE, or the programme's day (ordinal) on which they become available, or 0 for at once
    used: tuple[Lot, ...]  # the points that it was paid with and that have not come back, as they were taken
    lots: tuple[Lot, ...]  # the points that it gave and that have not been taken back


def facts_of(entries: Sequence[Entry]) -> Facts | None:
    """What the entries of a purchase in its member's account tell of it; None if there are none."""
    used = [lot for entry in entries if "used" in entry.data for lot in unpack_lots(entry.data["used"])]
    for entry in entries:
        if entry.kind in ("earned", "pending"):
            waits = entry.data.get("on", UNTIL_COMPLETE if entry.kind == "pending" else 0)
            lots = unpack_lots(entry.data["lots"]) if "lots" in entry.data else ()
            return Facts(given_of(entry.data["explain"]), entry.occurred_at, waits, tuple(used), lots)
    return None


def when(data: Mapping[str, Any]) -> tuple[datetime, int]:
    """When the points were earned of which an entry tells, and until when they wait."""
    earned_at, waits = data["when"].split()
    return from_ms(int(earned_at)), int(waits)


def lots_of(bought: Bought, given: Sequence[Given], earned_at: datetime) -> tuple[Lot, ...]:
    """The lots that points of a purchase go into."""
    lots = lots_for(bought.programme, given, earned_at)
    return merged(Lot(is_limited, last_day, points) for is_limited, last_day, points in lots)
