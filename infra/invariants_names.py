"""What names say of the operations that will enter: the limits that were theirs, and the marks they enter under.

Only where names come before what they name, as in a ledger that grows; in an export they may come later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.chain import operation
from shared.clock import from_ms
from shared.table import Item

_AWARD, _ISSUE, _CHECKIN = "N#award#", "N#issue#", "N#checkin#"


class Names:
    """The names so far; empty, and without any use, if they are not kept."""

    def __init__(self, *, are_kept: bool) -> None:
        self.are_kept = are_kept
        self._said: dict[str, Mapping[str, Any]] = {}
        self._of_reversal: dict[bytes, bytes] = {}
        self._places: dict[bytes, tuple[str, int]] = {}

    def faults(self, item: Item) -> list[str]:
        """What is wrong with a name: it comes once, and never changes."""
        if not self.are_kept:
            return []
        name = item["pk"]
        if name in self._said:
            return ["the name comes twice"]
        said = self._said[name] = item.get("op", {})
        mark = operation(name)
        self._of_reversal[operation(name, is_reversal=True)] = mark
        if name.startswith(_CHECKIN) and said:
            self._places[mark] = tuple(said["z"])
        return []

    def reversed_by(self, mark: bytes) -> bytes | None:
        """The operation that this one reverses, of those that have names."""
        return self._of_reversal.get(mark)

    def limits_of_award(self, name: str) -> tuple[int, int, int] | None:
        """The budget, what it may give on a day, and the points of an award."""
        said = self._said.get(name)
        return (said["b"][1], said["b"][3], said["a"]) if said else None

    def per_member_day(self, name: str) -> int | None:
        """What a partner may give a member on a day, when an award was asked for."""
        said = self._said.get(name)
        return said["b"][2] if said else None

    def total_of_issue(self, name: str) -> int | None:
        """So many coupons of a campaign may be taken, when an issue was asked for."""
        said = self._said.get(name)
        return said["l"][0] if said and "l" in said else None

    def total_of_job(self, name: str) -> int | None:
        """So many coupons and codes of a campaign may be taken, when a job was ordered."""
        said = self._said.get(name)
        return said.get("t") if said else None

    def count_of_job(self, name: str) -> int | None:
        """So many codes a job was ordered to make."""
        said = self._said.get(name)
        return said["n"] if said else None

    def business_day(self, mark: bytes, at_ms: int) -> date | None:
        """The day of the place that a check-in was at, reckoned by the wall clock there."""
        place = self._places.get(mark)
        if place is None:
            return None
        zone, cutoff_hour = place
        wall = from_ms(at_ms).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        return (wall - timedelta(hours=cutoff_hour)).date()
