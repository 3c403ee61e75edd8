"""What a purchase or an action earns, by which rules, and into which lots. Pure.

The rules that fit an occasion are found here; `points.reckoning` reckons with them. A purchase keeps what each rule
gave; after a return the same rules are reckoned over what is left, so its parts add up to the last point.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from points import premium
from points.programme import Programme
from points.reckoning import Given, Sold, reckon
from points.rule import Rule, When
from shared.units import Points

__all__ = ["Given", "Occasion", "Sold", "capped", "earned", "explain", "given_of", "lots_for", "relevant", "remaining"]

_A_THING = Sold(amount=0)
"""What an action is for the rules: one thing without a price."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What rules look at besides the lines. `action` names what a member did that was no purchase."""

    channel: str | None
    store_id: str | None
    at: datetime
    tier: str = "base"
    is_first: bool = False
    action: str | None = None


def earned(
    programme: Programme, occasion: Occasion, lines: Sequence[Sold], room: Mapping[str, Points]
) -> tuple[Given, ...]:
    """What each rule that applies gives. `room`: what is left of capped rules for this member; missing: the full cap."""
    fitting = [rule for rule in programme.earning if _fits(rule, occasion, programme.zone)]
    rooms = {
        rule.rule_id: max(0, min(rule.cap.whole, room.get(rule.rule_id, rule.cap.whole)))
        for rule in fitting
        if rule.cap
    }
    if occasion.action is not None:
        lines = [_A_THING]
    return premium.within_law(programme, lines, reckon(programme, fitting, lines, rooms, rooms))


def remaining(programme: Programme, given: Sequence[Given], lines: Sequence[Sold]) -> tuple[Given, ...]:
    """The same purchase under the same rules with less on its lines.

    `given` is what it gave at first: its rules are those that apply, and a capped one never gives more than it gave.
    The more is returned, the less remains; nothing is left of lines that are empty.
    """
    given = [one for one in given if one.rule_id != premium.RULE_ID]  # reckoned anew from what is left
    gave = {one.rule_id: one for one in given}
    fitting = [rule for rule in programme.earning if rule.rule_id in gave]
    rooms = {rule.rule_id: gave[rule.rule_id].points for rule in fitting if rule.cap}
    cut = [one.rule_id for one in given if one.is_capped]
    left = {one.rule_id: one for one in reckon(programme, fitting, lines, rooms, cut)}
    return premium.within_law(programme, lines, [left.get(one.rule_id, Given(one.rule_id, 0)) for one in given])


def capped(programme: Programme) -> tuple[Rule, ...]:
    """The rules with a cap: those whose points are counted by member."""
    return tuple(rule for rule in programme.earning if rule.cap)


def _fits(rule: Rule, occasion: Occasion, zone: str) -> bool:
    """Whether a rule applies to the whole purchase or action; categories are judged line by line."""
    when = rule.conditions
    return (
        _is_of_kind(when, occasion.action)
        and when.is_at(occasion.channel, occasion.store_id)
        and when.is_in_time(occasion.at, zone)
        and (when.tiers is None or occasion.tier in when.tiers)
        and (occasion.is_first or not when.first_purchase)
    )


def _is_of_kind(when: When, action: str | None) -> bool:
    """A rule for actions is for these actions alone, any other for purchases alone."""
    return when.actions is None if action is None else action in (when.actions or ())


# ---- what a name keeps ----------------------------------------------------------------------------------------------


def relevant(
    programme: Programme,
    channel: str | None,
    store_id: str | None,
    at: datetime,
    categories: Collection[str | None],
    action: str | None = None,
) -> Programme:
    """The programme with only the rules that can apply to this purchase or action.

    Conditions that the purchase fulfils for good (channel, store, time) are left out too. Tier and first purchase stay:
    they are judged in the append.
    """
    kept: list[Rule] = []
    for rule in programme.earning:
        when = rule.conditions
        of_place = _is_of_kind(when, action) and when.is_at(channel, store_id)
        if of_place and when.is_in_time(at, programme.zone) and any(when.is_for(one) for one in categories or (None,)):
            kept.append(_reduced(rule, categories))
    return programme.model_copy(update={"earning": tuple(_without_shadowed(kept))})


def _reduced(rule: Rule, categories: Collection[str | None]) -> Rule:
    if rule.when is None:
        return rule
    changes: dict[str, object] = dict.fromkeys(("channels", "store_ids", "from_", "until"))
    changes["first_purchase"] = rule.when.first_purchase or None
    if rule.when.categories is not None:
        changes["categories"] = tuple(one for one in rule.when.categories if one in categories)
    when = rule.when.model_copy(update=changes)
    return rule.model_copy(update={"when": None if when == When() else when})


def _without_shadowed(rules: Iterable[Rule]) -> Iterable[Rule]:
    """The rules without base rules behind one that fits every line."""
    is_settled = False
    for rule in rules:
        if rule.kind != "base" or not is_settled:
            yield rule
        is_settled |= rule.kind == "base" and rule.when is None


# ---- lots -----------------------------------------------------------------------------------------------------------


def lots_for(programme: Programme, given: Sequence[Given], earned_at: datetime) -> list[tuple[bool, int, Points]]:
    """The lots of what was given: `(is_limited, last_day, points)`, none of them empty.

    What a factor below 1, or the law, takes away is taken from the base rules' lots first, then from the others in turn.
    """
    rules = {rule.rule_id: rule for rule in programme.earning}
    adding = [(rules[one.rule_id], one.points) for one in given if one.points > 0]
    lots: dict[tuple[bool, int], Points] = {}
    for rule, points in adding:  # what base rules gave comes first
        key = (rule.lot is not None and rule.lot.kind == "limited", programme.last_day(earned_at, rule.lot))
        lots[key] = lots.get(key, 0) + points
    less = -sum(min(0, one.points) for one in given)
    for key, points in lots.items():
        taken = min(points, less)
        lots[key] -= taken
        less -= taken
    return [(is_limited, last_day, points) for (is_limited, last_day), points in lots.items() if points]


# ---- explanation ----------------------------------------------------------------------------------------------------


def explain(programme: Programme, given: Sequence[Given]) -> str:
    """What an entry keeps of the reckoning: `rule points numbers…|…`, read by `points.words.explained`.

    The numbers are `1 100` for a base rule, `x5/10` for a multiplier, `+500` or `+1/200` for a bonus; behind a rate
    what is not usual of tax, rounding and currency; then `<300d` and `<1000m` for caps, and `cut` where one cut.
    """
    rules = {rule.rule_id: rule for rule in programme.earning}
    return "|".join(
        " ".join([one.rule_id, str(one.points), *_numbers(programme, rules.get(one.rule_id), one)]) for one in given
    )


def _numbers(programme: Programme, rule: Rule | None, one: Given) -> list[str]:
    if rule is None:
        return []  # no rule of the programme: the law
    if rule.kind == "multiplier":
        words = [f"x{rule.factor}"]
    elif rule.per_amount is None:
        words = [f"+{rule.points}"]
    else:
        rate = [str(rule.points), str(rule.per_amount)]
        words = (rate if rule.kind == "base" else ["+" + "/".join(rate)]) + _unusual(programme)
    caps = [(rule.cap.per_day, "d"), (rule.cap.per_member, "m")] if rule.cap else []
    return words + [f"<{most}{span}" for most, span in caps if most] + ["cut"] * one.is_capped


_USUAL = Programme()


def _unusual(programme: Programme) -> list[str]:
    """How the programme reckons, where it is not without tax, rounded down line by line, in yen."""
    told = [
        (programme.basis.tax, _USUAL.basis.tax),
        (programme.rounding.mode, _USUAL.rounding.mode),
        (programme.rounding.scope, _USUAL.rounding.scope),
        (programme.currency, _USUAL.currency),
    ]
    return [said for said, default in told if said != default]


def given_of(explanation: str) -> tuple[Given, ...]:
    """What the rules gave, as the explanation tells it."""
    parts = [part.split() for part in explanation.split("|") if part]
    return tuple(Given(words[0], int(words[1]), is_capped=words[-1] == "cut") for words in parts)
