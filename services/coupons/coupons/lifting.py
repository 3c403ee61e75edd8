"""What a campaign has brought, as its operator reads it: both arms and the difference, and the days at each store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any

from coupons import lift, store, store_days
from coupons.campaign import Campaign
from coupons.figures import Figures
from coupons.lift import Interval
from coupons.stats_model import Arm, Attributed, Estimate, Lift, StoreDay, StoreDays, StoreDaysQuery
from coupons.store_days import STORE_DAYS, Row
from shared import keys
from shared.cursor import next_cursor, read_cursor
from shared.errors import Invalid
from shared.http import Call
from shared.world import World

_DAYS_MAX, _DAYS_A_PAGE = 366, 31
_DATE = len("2026-11-20")
_AFTER_ALL = "~"  # no id has it, and it comes after all that they have
_DIGITS = 6


def attributed(campaign: Campaign, sums: Figures) -> Attributed | None:
    """Both arms of a campaign that is measured or was, and the difference between them."""
    if campaign.attribution is None and not (sums.exposed or sums.held_out):
        return None
    treated = lift.Arm(sums.exposed, sums.buyers, sums.spent, sums.squares)
    held_out = lift.Arm(sums.held_out, sums.held_out_buyers, sums.held_out_spent, sums.held_out_squares)
    measured = campaign.attribution
    return Attributed(
        window_hours=measured.window_hours if measured else None,
        holdout_share_bp=measured.holdout_share_bp if measured else None,
        treated=_arm(treated, sums.visits),
        held_out=_arm(held_out, sums.held_out_visits),
        lift=_lift(treated, held_out, is_compared=bool(campaign.holdout_share_bp or sums.held_out)),
    )


def _arm(arm: lift.Arm, visits: int) -> Arm:
    mean = round(float(arm.mean), _DIGITS) if arm.members else None
    return Arm(members=arm.members, visits=visits, buyers=arm.buyers, spent=arm.spent, mean_spent=mean)


def _lift(treated: lift.Arm, held_out: lift.Arm, *, is_compared: bool) -> Lift:
    if not is_compared:
        return Lift(state="nobody_held_out")
    found = lift.lift(treated, held_out)
    return Lift(
        state="too_little_data" if found.buyers is None else "estimated",
        spent_per_member=_estimate(found.spent),
        buyers_share=_estimate(found.buyers),
        relative=_estimate(found.relative),
    )


def _estimate(found: Interval | None) -> Estimate | None:
    if found is None:
        return None
    value, low, high = (round(one, _DIGITS) for one in found)
    return Estimate(value=value, low=low, high=high)


# ---- by store and day -----------------------------------------------------------------------------------------------


def by_store_and_day(call: Call[Any]) -> dict[str, Any]:
    """A page of a campaign's days by store, in their order; days on which nothing happened have no row."""
    asked: StoreDaysQuery = call.query
    campaign_id = store.campaign(call.world, call.path["campaign_id"]).campaign.campaign_id
    if not timedelta(0) <= asked.until - asked.since < timedelta(days=_DAYS_MAX):
        raise Invalid.at("/until", "window", f"until lies on or after since, and less than {_DAYS_MAX} days after it")
    after = read_cursor(call, asked.cursor) or ""
    first = date.fromisoformat(after[:_DATE]) if after else asked.since
    last = min(asked.until, first + timedelta(days=_DAYS_A_PAGE))
    found = (
        (day, store_id, row)
        for day, store_id, row in _rows(call.world, campaign_id, first, last)
        if _place(day, store_id) > after
    )
    shown = list(islice(found, asked.limit + 1))
    items = [StoreDay(business_day=day, store_id=store_id or None, **row._asdict()) for day, store_id, row in shown]
    position = None if last == asked.until else _place(last, _AFTER_ALL)
    if len(items) > asked.limit:
        day, store_id, _ = shown[asked.limit - 1]
        position = _place(day, store_id)
    page = StoreDays(items=items[: asked.limit], next_cursor=next_cursor(call, position))
    return page.model_dump(mode="json")


def _place(day: date, store_id: str) -> str:
    """Where a row stands in the list."""
    return f"{day.isoformat()}|{store_id}"


def _rows(world: World, campaign_id: str, first: date, last: date) -> Iterator[tuple[date, str, Row]]:
    """The rows of some days: eight heads for each of them."""
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(number)
        holders = (keys.store_days_of(campaign_id, day.isoformat(), shard) for shard in range(keys.FIGURES_SHARDS))
        rows = store_days.total(world.ledger.head(STORE_DAYS, holder).state for holder in holders)
        yield from ((day, store_id, row) for store_id, row in sorted(rows.items()))
