"""Caps of earning rules for one member, pure: so many points a day of the programme, so many ever.

A day's count is kept for the last seven days on which the rule gave anything. A receipt that comes later than that
finds no room: a cap is never exceeded, at the price of a bonus for very late receipts.

What is cancelled or reversed leaves its room to the next purchase: often it is the same one, sent anew. What was
returned stays counted, for the bonus has been had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from points.balances import Account, Capped
from points.earning import Given
from points.programme import Programme
from points.rule import Rule
from shared.units import Points

DAYS_KEPT = 7


def room(account: Account, programme: Programme, day: int) -> Mapping[str, Points]:
    """What each capped rule may still give a member on a day (ordinal)."""
    known = {one.rule_id: one for one in account.caps}
    return {
        rule.rule_id: _room(rule, known.get(rule.rule_id, Capped(rule.rule_id, 0, ())), day)
        for rule in programme.earning
        if rule.cap is not None
    }


def _room(rule: Rule, capped: Capped, day: int) -> Points:
    assert rule.cap is not None
    rooms = []
    if rule.cap.per_member is not None:
        rooms.append(rule.cap.per_member - capped.ever)
    if rule.cap.per_day is not None:
        days = dict(capped.days)
        is_forgotten = len(days) == DAYS_KEPT and day < min(days)
        rooms.append(0 if is_forgotten else rule.cap.per_day - days.get(day, 0))
    return max(0, min(rooms, default=0))


def used_up(account: Account, programme: Programme, given: Sequence[Given], day: int) -> Account:
    """Count what capped rules gave on a day."""
    capped = {rule.rule_id for rule in programme.earning if rule.cap is not None}
    if not capped:
        return account
    known = {one.rule_id: one for one in account.caps}
    for one in given:
        if one.rule_id in capped and one.points > 0:
            old = known.get(one.rule_id, Capped(one.rule_id, 0, ()))
            days = dict(old.days)
            days[day] = days.get(day, 0) + one.points
            kept = tuple(sorted(days.items())[-DAYS_KEPT:])
            known[one.rule_id] = Capped(one.rule_id, old.ever + one.points, kept)
    return account._replace(caps=tuple(known.values()))


@dataclass(frozen=True, slots=True)
class Void:
    """A purchase of which nothing stands any more: what rules gave until then, and on which day (ordinal)."""

    given: tuple[Given, ...]
    day: int


def uncounted(account: Account, programme: Programme, void: Void) -> Account:
    """The account without a purchase in its counters: it was none, and what it took of caps is there again."""
    capped = {rule.rule_id for rule in programme.earning if rule.cap is not None}
    gave = {one.rule_id: one.points for one in void.given if one.rule_id in capped and one.points > 0}
    caps = tuple(_less(one, gave.get(one.rule_id, 0), void.day) for one in account.caps)
    return account._replace(purchases=max(0, account.purchases - 1), caps=tuple(one for one in caps if one.ever))


def _less(capped: Capped, points: Points, day: int) -> Capped:
    """A count less so many points. A day of 0 stays where days may have been forgotten, so that they stay forgotten."""
    days = dict(capped.days)
    if day in days:
        days[day] = max(0, days[day] - points)
    if len(days) < DAYS_KEPT:
        days = {one: count for one, count in days.items() if count}
    return Capped(capped.rule_id, max(0, capped.ever - points), tuple(days.items()))
