"""What an alert says to the person who looks into it, in both languages."""

from __future__ import annotations

from points.guard_model import RuleName

_SAID: dict[RuleName, tuple[str, str]] = {
    "same_member": (
        "One member bought {count} times at this till on this day, for {amount}.",
        "同じ会員がこの日にこのレジで{count}回、合計{amount}の買い物をしています。",
    ),
    "unusual_amount": (
        "One member bought for {amount} at this till on this day, far more than is usual in the store.",
        "同じ会員がこの日にこのレジで合計{amount}の買い物をしています。店舗の通常の金額を大きく超えています。",
    ),
    "own_card": (
        "Receipts with the card of whoever served: {count}.",
        "レジ担当者自身の会員証が{count}件の取引に使われています。",
    ),
    "after_hours": (
        "Purchases while the store was closed: {count}.",
        "営業時間外の取引が{count}件あります。",
    ),
    "not_in_journal": (
        "{count} purchases gave points and are not in the till's journal.",
        "レジの売上記録にない取引{count}件にポイントが付与されています。",
    ),
}


def said(rule: RuleName, count: int, amount: int, language: str) -> str:
    """One sentence about what a rule has found; the amount in minor units."""
    return _SAID[rule][language == "ja"].format(count=count, amount=f"{amount:,}")
