"""Reports on campaigns: what they cost against their budgets, and what they brought."""

from __future__ import annotations

from typing import Any

from infra.commands import Failed
from infra.report_tables import Row, Table, number_of, progress, sums
from shared import keys
from shared.errors import NotFound
from shared.world import World

CAMPAIGN = (
    "campaign_id", "name", "state", "issued", "codes_made", "shown", "held", "redeemed", "voided", "expired",
    "discount_total", "bonus_points_total", "budget_limit", "budget_used", "budget_left", "basket_amount",
)  # fmt: skip


def campaign(world: World, campaign_id: str) -> Table:
    """What a campaign has brought."""
    from coupons import stats, store

    try:
        found = stats.of_campaign(world, campaign_id, world.clock.now())
    except NotFound:
        raise Failed(f"There is no campaign {campaign_id!r}.") from None
    told = {
        "issued": found.issued,
        "codes made in bulk": found.codes_made,
        "shown to their members (an estimate)": found.shown,
        "held at one time or another": found.held,
        "redeemed, and not voided": found.redeemed,
        "voided after that": found.voided,
        "expired unused": found.expired,
        "discount given": found.discount_total,
        "of a budget of": found.budget.limit,
        "left of it": found.budget.left,
        "points given": found.bonus_points_total,
        "baskets with the coupon, together": found.uplift.redeemed_basket_amount,
        "such a basket on average": found.uplift.average_basket_amount,
        "discount on average": found.uplift.average_discount,
    }
    known = {name: number for name, number in told.items() if number is not None}
    measured = _measured(found.attribution) if found.attribution else []
    words = [f"Campaign {campaign_id} ({found.state}) until now", *sums(known), *measured]
    row = _of_campaign(found, store.campaign(world, campaign_id).campaign)
    value = found.model_dump(mode="json", exclude_none=True)
    return Table("campaigns", CAMPAIGN, [row], value, words, _month_of(world), campaign_id)


def _measured(found: Any) -> list[str]:
    """Both arms of a campaign that is measured, and what the coupon has brought, if that can be told."""
    rows = [f"  {'':<14}{'members':>10}{'visits':>10}{'buyers':>10}{'spent':>15}{'of each':>13}"]
    for name, arm in (("with coupon", found.treated), ("held out", found.held_out)):
        numbers = f"{arm.members:>10,}{arm.visits:>10,}{arm.buyers:>10,}{arm.spent:>15,}"
        rows.append(f"  {name:<14}{numbers}{'-' if arm.mean_spent is None else f'{arm.mean_spent:,.2f}':>13}")
    told = (
        ("more spent by each", found.lift.spent_per_member, ",.2f"),
        ("more buyers", found.lift.buyers_share, ".2%"),
        ("more in relation", found.lift.relative, ".2%"),
    )
    lift = [
        f"  {name:<20}{one.value:>12{form}}, and in 95 of 100 campaigns between {one.low:{form}} and {one.high:{form}}"
        for name, one, form in told
        if one is not None
    ]
    return ["", *rows, "", *(lift or [f"  {found.lift.state.replace('_', ' ')}"])]


def campaigns(world: World) -> Table:
    """What every campaign has cost until now, against its budget."""
    from coupons import stats, store

    now = world.clock.now()
    running = [store.of_item(item).campaign for item in world.directory.settings(keys.campaign("")[0])]
    rows = []
    with progress("campaigns") as tell:
        for one in sorted(running, key=lambda one: one.campaign_id):
            rows.append(_of_campaign(stats.of_campaign(world, one.campaign_id, now), one))
            tell()
    lines = [f"  {'campaign':<34}{'state':<8}{'redeemed':>12}{'discount':>14}{'points':>12}{'budget':>14}{'left':>14}"]
    lines += [
        f"  {row['campaign_id'][:33]:<34}{row['state']:<8}{row['redeemed']:>12,}{row['discount_total']:>14,}"
        f"{row['bonus_points_total']:>12,}{number_of(row['budget_limit']):>14}{number_of(row['budget_left']):>14}"
        for row in rows
    ]
    together = {name: sum(row[name] for row in rows) for name in ("redeemed", "discount_total", "bonus_points_total")}
    lines += ["", *sums({name.replace("_", " "): number for name, number in together.items()})]
    value = {"campaigns": rows, **together}
    return Table("campaigns", CAMPAIGN, rows, value, ["Campaigns until now", *lines], _month_of(world), "all")


def _of_campaign(found: Any, said: Any) -> Row:
    names = said.name.model_dump(exclude_none=True)
    return {
        **found.model_dump(mode="json", include=set(CAMPAIGN)),
        "name": names.get("ja") or names.get("en"),
        "budget_limit": found.budget.limit,
        "budget_used": found.budget.used,
        "budget_left": found.budget.left,
        "basket_amount": found.uplift.redeemed_basket_amount,
    }


def _month_of(world: World) -> str:
    from points.store import programme

    return f"{programme(world).day(world.clock.now()):%Y-%m}"
