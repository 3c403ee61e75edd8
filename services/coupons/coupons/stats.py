"""A campaign's figures: counted from the events of its coupons as they come by, never by reading all books."""

from __future__ import annotations

import hashlib
import random
import re
from datetime import datetime
from typing import Any

from coupons import figures, lifting, store
from coupons.campaign import Campaign
from coupons.figures import FIGURES, Figures
from coupons.limits import LIMIT
from coupons.pool import POOL
from coupons.stats_model import Left, Stats, Uplift
from coupons.store import Earlier
from shared import chain, events, keys
from shared.chain import Part
from shared.errors import Refused
from shared.event_types import short_name
from shared.events import Received
from shared.http import Call
from shared.naming import Verb, unnamed
from shared.shapes import ID_PATTERN
from shared.world import World

COUNT = Verb(FIGURES, unnamed, unnamed, figures.count)


# ---- counting -------------------------------------------------------------------------------------------------------


def on_coupon(world: World, event: Received) -> None:
    """Count what has happened to a coupon; once, however often it is told."""
    campaign_id = event.data.get("campaign_id")
    if not isinstance(campaign_id, str) or not re.fullmatch(ID_PATTERN, campaign_id):
        raise ValueError("the event names no campaign")
    counted = figures.of_event(short_name(event.type), event.data)
    shard = hashlib.sha256(event.id.encode()).digest()[0] % keys.FIGURES_SHARDS
    world.ledger.obey(COUNT, keys.figures(campaign_id, shard), [(event.id, event.time, counted)])


def on_shown(world: World, campaign_id: str) -> None:
    """Count that a coupon was shown to its member, with its code: one try, and whoever asked to see it never waits.

    What another writer or an outage keeps out is not counted; beyond some hundreds the figure is an estimate anyway.
    """
    holder = keys.figures(campaign_id, random.randrange(keys.FIGURES_SHARDS))  # noqa: S311 - not a secret
    try:
        head = world.ledger.head(FIGURES, holder)
        weight = figures.shown_weight(head.state, random.random())  # noqa: S311
        if weight:
            at = max(head.recorded_at, world.clock.now())
            decided = figures.count(head.state, Figures(shown=weight), at)
            mark = chain.operation(f"shown/{random.getrandbits(64):016x}")
            item = chain.next_item(FIGURES, head, [Part(mark, decided.steps)], decided.state, at)
            world.ledger.table.put_new(item)
    except Refused:
        return


REACTIONS = {events.type_name(name): on_coupon for name in figures.EVENTS}


# ---- reading --------------------------------------------------------------------------------------------------------


def read(call: Call[Any]) -> Stats:
    """A campaign's figures so far; what has happened in the last moments may be on its way."""
    return of_campaign(call.world, call.path["campaign_id"], call.now)


def of_campaign(world: World, campaign_id: str, now: datetime) -> Stats:
    """A campaign's figures so far; `campaign_not_found` for none."""
    running = store.campaign(world, campaign_id)
    campaign, earlier = running.campaign, running.earlier
    sums = _sums(world, campaign_id)
    redeemed = sums.redeemed - sums.voided
    pool = world.ledger.head(POOL, keys.limit(campaign_id)).state
    taken = sums.issued + pool.made if campaign.limits.total is None else pool.used(now) + earlier.total
    spent = sums.discount if campaign.limits.budget is None else _spent(world, campaign_id, now) + earlier.budget
    return Stats(
        campaign_id=campaign_id,
        state=campaign.state,
        issued=sums.issued,
        codes_made=pool.made,
        shown=sums.shown,
        held=sums.held,
        redeemed=redeemed,
        voided=sums.voided,
        released=sums.released,
        expired=sums.expired,
        taken_back=sums.taken_back,
        discount_total=sums.discount,
        bonus_points_total=sums.bonus_points,
        total=_left(campaign.limits.total, earlier.total, taken),
        budget=_left(campaign.limits.budget, earlier.budget, spent),
        uplift=Uplift(
            redeemed_basket_amount=sums.basket_amount,
            average_basket_amount=_average(sums.basket_amount, redeemed),
            average_discount=_average(sums.discount, redeemed),
        ),
        attribution=lifting.attributed(campaign, sums),
        as_of=now,
    )


def uncounted(world: World, campaign: Campaign, now: datetime) -> Earlier:
    """What a campaign has given so far beside what the chains of its limits have counted, as the figures know it."""
    sums = _sums(world, campaign.campaign_id)
    pool = world.ledger.head(POOL, keys.limit(campaign.campaign_id), consistent=True).state
    given = sums.issued + pool.made
    if campaign.code.mode != "unique":
        given += sums.redeemed - sums.voided
    spent = _spent(world, campaign.campaign_id, now)
    return Earlier(max(0, given - pool.used(now)), max(0, sums.discount - spent))


def _sums(world: World, campaign_id: str) -> Figures:
    holders = (keys.figures(campaign_id, shard) for shard in range(keys.FIGURES_SHARDS))
    return figures.total(world.ledger.head(FIGURES, holder).state for holder in holders)


def _spent(world: World, campaign_id: str, now: datetime) -> int:
    """What a campaign's budget has counted."""
    return world.ledger.head(LIMIT, keys.limit(campaign_id, "budget")).state.used(now)


def _left(limit: int | None, earlier: int, used: int) -> Left:
    """What is left of a limit, which the chains count less what came earlier."""
    if limit is None:
        return Left(limit=None, used=used, left=None)
    return Left(limit=limit + earlier, used=used, left=max(0, limit + earlier - used))


def _average(amount: int, times: int) -> int | None:
    """Rounded down; none of nothing."""
    return amount // times if times > 0 else None
