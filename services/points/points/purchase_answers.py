"""How purchases and returns are told, from what their entries keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from points.bought import Bought
from points.model import PurchaseAnswer
from points.returned import ReturnAnswer
from points.words import explained
from shared.chain import Entry, Step
from shared.http import Call


def purchase_answer(
    call: Call[Any],
    bought: Bought,
    state: str,
    member_id: str | None = None,
    balance: int | None = None,
    entries: Sequence[Entry | Step] = (),
) -> dict[str, Any]:
    """A purchase and what it gave: `entries` are those of the member's account that tell of it."""
    own = [entry for entry in entries if entry.kind in ("earned", "pending", "activated") and "explain" in entry.data]
    explain = own[0].data["explain"] if own else ""
    return PurchaseAnswer.model_validate(
        {
            "purchase_id": bought.purchase_id,
            "source": bought.source,
            "member_id": member_id,
            "state": state,
            "points": {
                "pending": sum(entry.data.get("pending", 0) for entry in own),
                "available": sum(entry.points for entry in own),
            },
            "balance": balance,
            "explain": explained(explain, call.language) if explain else [],
        }
    ).model_dump(mode="json")


def return_answer(
    call: Call[Any],
    return_id: str,
    bought: Bought,
    decided: Entry | Step,
    own: Sequence[Entry | Step],
    balance: int | None,
) -> dict[str, Any]:
    """A return: `decided` is the purchase's entry, `own` what the member's account did (nothing without a member)."""
    taken: Mapping[str, Any] = next((entry.data for entry in own if entry.kind == "returned"), {})
    restored = next((entry for entry in own if entry.kind == "restored"), None)
    explain = decided.data.get("explain", "")
    return ReturnAnswer.model_validate(
        {
            "return_id": return_id,
            "purchase_id": bought.purchase_id,
            "points": {
                "clawed_back": taken.get("clawed", 0),
                "given_back": restored.points if restored else 0,
                "forfeited": restored.data.get("forfeited", 0) if restored else 0,
                "debt": taken.get("debt", 0),
            },
            "balance": balance,
            "explain": explained(explain, call.language) if explain else [],
        }
    ).model_dump(mode="json")
