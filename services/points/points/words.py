"""The sentences of an explanation, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def explained(explain: str, language: str) -> list[dict[str, Any]]:
    """The rules that an entry keeps, `rule points number … | rule points …`, as a person reads them."""
    found = []
    for part in explain.split("|"):
        rule, points, *numbers = part.split()
        found.append({"rule": rule, "points": int(points), "detail": _detail(rule, numbers, language)})
    return found


def _detail(rule: str, numbers: Sequence[str], language: str) -> str:
    is_japanese = language == "ja"
    if rule == "base":
        points, per_amount = numbers
        if is_japanese:
            return f"税抜{per_amount}円ごとに{points}ポイント(明細ごとに切り捨て)"
        return f"{points} for each {per_amount} without tax, rounded down line by line"
    if rule == "checkin":
        return "ご来店" if is_japanese else "for coming by"
    return rule
