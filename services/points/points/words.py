"""The sentences of an explanation, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

_UNITS = {"JPY": "円"}
_ROUNDED = {
    "floor": ("rounded down", "切り捨て"),
    "half_up": ("rounded half up", "四捨五入"),
    "ceil": ("rounded up", "切り上げ"),
}
_OF_OTHERS = {
    "checkin": ("for coming by", "ご来店"),
    "premium": ("the legal limit for premiums", "景品表示法の上限"),
}
OF_CAMPAIGN = "campaign:"
"""Before the id of the campaign whose coupon gave points."""
_COUPON = ("a coupon of this campaign", "このキャンペーンのクーポン")


def explained(explain: str, language: str) -> list[dict[str, Any]]:
    """The rules that an entry keeps, `rule points numbers … | rule points …`, as a person reads them."""
    found = []
    for part in explain.split("|") if explain else ():
        rule, points, *numbers = part.split()
        found.append({"rule": rule, "points": int(points), "detail": _detail(rule, numbers, language)})
    return found


def _detail(rule: str, numbers: Sequence[str], language: str) -> str:
    is_japanese = language == "ja"
    if rule.startswith(OF_CAMPAIGN):
        return _COUPON[is_japanese]
    if not numbers:
        return _OF_OTHERS[rule][is_japanese] if rule in _OF_OTHERS else rule
    told = _what(numbers, is_japanese=is_japanese)
    limits = [_limit(word, is_japanese=is_japanese) for word in numbers if word.startswith("<") or word == "cut"]
    return ("、" if is_japanese else ", ").join([told, *limits])


def _what(numbers: Sequence[str], *, is_japanese: bool) -> str:
    """What the rule gives, by the form of its first number."""
    first = numbers[0]
    if first.startswith("x"):
        factor = _decimal(Fraction(first[1:]))
        return f"基本ポイントの{factor}倍" if is_japanese else f"{factor} times the base points"
    if first.startswith("+") and "/" not in first:
        return f"ボーナス{first[1:]}ポイント" if is_japanese else f"a bonus of {first[1:]} points"
    points, per_amount = first[1:].split("/") if first.startswith("+") else numbers[:2]
    told = _rate(points, per_amount, numbers, is_japanese=is_japanese)
    if first.startswith("+"):
        return f"ボーナス: {told}" if is_japanese else f"a bonus of {told}"
    return told


def _rate(points: str, per_amount: str, how: Sequence[str], *, is_japanese: bool) -> str:
    """So many points for so much money, and how it is reckoned: what is not said in `how` is the usual."""
    mode = next((mode for mode in ("half_up", "ceil") if mode in how), "floor")
    rounded = _ROUNDED[mode][is_japanese]
    currency = next((word for word in how if len(word) == 3 and word.isupper()), "JPY")
    if is_japanese:
        tax, scope = "税込" if "incl" in how else "税抜", "注文ごと" if "order" in how else "明細ごと"
        money = f"{per_amount}{_UNITS[currency]}" if currency in _UNITS else f"{currency} {per_amount}"
        return f"{tax}{money}ごとに{points}ポイント({scope}に{rounded})"
    tax, scope = "with" if "incl" in how else "without", "over the order" if "order" in how else "line by line"
    return f"{points} for each {per_amount} {tax} tax, {rounded} {scope}"


def _limit(word: str, *, is_japanese: bool) -> str:
    if word == "cut":
        return "上限に到達" if is_japanese else "cut there"
    most, span = word[1:-1], word[-1]
    if is_japanese:
        return f"{'1日' if span == 'd' else 'お一人'}{most}ポイントまで"
    return f"at most {most} {'a day' if span == 'd' else 'a member'}"


def _decimal(factor: Fraction) -> str:
    """A factor as shops write it, 0.5 or 3; as a fraction where three decimals do not hold it."""
    thousandths = factor * 1000
    if thousandths.denominator != 1:
        return str(factor)
    whole, rest = divmod(thousandths.numerator, 1000)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)
