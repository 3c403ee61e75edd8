"""What a member's account says about the tier: points counted by month, and the level that they make. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from points.balances import Account
from points.programme import Programme
from points.tiers import Rolling, downgrade, earned_in_window, month_of, window_of
from shared.units import Points


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's tier at a moment. `until` is the last day it lasts if nothing more is earned; None: it lasts."""

    name: str
    earned: Points
    until: date | None
    next_name: str | None
    missing: Points


def tallied(account: Account, programme: Programme, earned_at: datetime, points: Points) -> Account:
    """Count points as earned at a moment; negative ones were taken back.

    A calendar year is counted in one sum, under its January; a rolling window needs its months.
    """
    tiers, month = programme.tiers, month_of(programme.day(earned_at))
    newest = max((one for one, _ in account.earned), default=month)
    if isinstance(tiers.window, Rolling):
        return _counted(account, month, points, window_of(tiers, max(newest, month)).start)
    return _counted(account, month - month % 12, points, newest - newest % 12)


def _counted(account: Account, month: int, points: Points, oldest: int) -> Account:
    """Count points as earned in a month (negative: returned); months before `oldest` are forgotten."""
    sums = dict(account.earned)
    if month >= oldest:
        sums[month] = sums.get(month, 0) + points
    newest = max((*sums, month))
    kept = sorted((one, earned) for one, earned in sums.items() if one >= oldest or one == newest)
    return account._replace(earned=tuple((one, earned) for one, earned in kept if earned))


def tier_of(account: Account, programme: Programme, at: datetime) -> str:
    """The name of a member's tier at a moment."""
    if len(programme.tiers.levels) == 1:
        return programme.tiers.levels[0].name
    earned = earned_in_window(programme.tiers, dict(account.earned), month_of(programme.day(at)))
    return programme.tiers.at(earned)


def standing(account: Account, programme: Programme, at: datetime) -> Standing:
    """The tier of a member at a moment, until when it lasts, and what the next one needs."""
    tiers, month, earned = programme.tiers, month_of(programme.day(at)), dict(account.earned)
    in_window = max(0, earned_in_window(tiers, earned, month))
    falls = downgrade(tiers, earned, month)
    following = tiers.following(in_window)
    return Standing(
        name=tiers.at(in_window),
        earned=in_window,
        until=falls[0] - timedelta(days=1) if falls else None,
        next_name=following[0] if following else None,
        missing=following[1] if following else 0,
    )
