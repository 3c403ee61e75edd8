"""Campaigns: made, changed, paused, resumed, ended. Coupons keep the terms that they were issued with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import ValidationError

from coupons import stats, store
from coupons.campaign import Campaign, CampaignChange, CampaignQuery, CampaignRequest, CampaignTold
from coupons.locators import draw_locator
from coupons.store import Earlier, Running
from shared import keys, places, problem
from shared.clock import to_ms, utc_now
from shared.codes import Form, show
from shared.coupons_of import Codebook
from shared.cursor import next_cursor, read_cursor
from shared.directory import CACHE_SECONDS
from shared.errors import Conflict, Invalid, NotFound, Unavailable
from shared.http import Call, Reply
from shared.patience import attempts
from shared.table import Collision, Item, PutNew, Write
from shared.world import World

FIRST_EDITION = 1
State = Literal["draft", "active", "paused", "ended"]


def create(call: Call[CampaignRequest]) -> Reply:
    """A new campaign. It counts everywhere when this has answered."""
    print_ = call.world.secrets.fingerprint(call.content)
    campaign = as_days(call.world, call.body)
    old = _begin(call.world, campaign, print_)
    if old is not None and old["fp"] != print_:
        raise Invalid("id_reused")
    call.world.clock.sleep(CACHE_SECONDS)  # an environment may have remembered that there is no such campaign
    return Reply(_told(call.world, campaign), 201, is_replay=old is not None)


def as_days(world: World, wanted: CampaignRequest) -> Campaign:
    """A campaign as it was sent, with its days by the programme's clock."""
    try:
        return wanted.on(places.of_programme(world))
    except ValidationError as error:
        raise problem.of_validation(error) from None


def _begin(world: World, campaign: Campaign, print_: bytes) -> Item | None:
    """Write a campaign with its terms; what is already there, if anything. Who was only in the way may have gone."""
    table, key = world.directory.table, keys.campaign(campaign.campaign_id)
    for _ in attempts(world.clock):
        old = table.get(*key, consistent=True)
        if old is not None:
            return old
        running = Running(campaign, draw_locator(world, campaign.campaign_id, Form.ISSUED), FIRST_EDITION)
        if campaign.code.mode == "shared":
            draw_locator(world, campaign.campaign_id, Form.SHARED)
        item = _keyed(running, key) | {"version": 1, "fp": print_, "t": to_ms(utc_now())}
        try:
            table.transact([PutNew(item), PutNew(store.terms_item(running))])
            return None
        except Collision:
            pass
    raise Unavailable


def read(call: Call[Any]) -> CampaignTold:
    """A campaign as it is now."""
    item = call.world.directory.table.get(*keys.campaign(call.path["campaign_id"]), consistent=True)
    if item is None:
        raise NotFound("campaign_not_found")
    return _told(call.world, store.as_said(item).campaign)


def listed(call: Call[Any]) -> dict[str, Any]:
    """A page of the campaigns, in the order of their ids."""
    asked: CampaignQuery = call.query
    pk, _ = keys.campaign("")
    after = read_cursor(call, asked.cursor)
    items = call.world.directory.table.items(pk, after=after, limit=asked.limit + 1, consistent=True)
    shown = items[: asked.limit]
    more = shown[-1]["sk"] if len(items) > asked.limit else None
    told = [_told(call.world, store.as_said(item).campaign) for item in shown]
    page = [one.model_dump(mode="json", exclude_none=True) for one in told]
    return {"items": page, "next_cursor": next_cursor(call, more)}


def _told(world: World, campaign: Campaign) -> CampaignTold:
    """A campaign as its operator reads it."""
    shared_code = None
    if campaign.code.mode == "shared":
        codebook = Codebook(world)
        locator = codebook.locator_of(campaign.campaign_id, Form.SHARED)
        assert locator is not None, "a shared code's locator is drawn before its campaign is there"
        shared_code = show(codebook.code_of(locator, 0))
    return CampaignTold(**dict(campaign), shared_code=shared_code)


def change(call: Call[CampaignChange]) -> CampaignTold:
    """Change name, last day, limits or stores; coupons that are out keep their terms."""
    wanted = call.body.on(places.of_programme(call.world))
    return _change(call, lambda campaign: _changed(campaign, wanted))


def pause(call: Call[Any]) -> CampaignTold:
    """Stop issuing and redeeming until the campaign is resumed."""
    return _change(call, lambda campaign: _turned(campaign, "paused", ("active", "paused")))


def resume(call: Call[Any]) -> CampaignTold:
    """Let a draft begin, or a paused campaign go on."""
    return _change(call, lambda campaign: _turned(campaign, "active", ("draft", "active", "paused")))


def end(call: Call[Any]) -> CampaignTold:
    """Issue no more coupons, for good; those that are out stay good."""
    return _change(call, lambda campaign: _turned(campaign, "ended", ("draft", "active", "paused", "ended")))


def _change(call: Call[Any], make: Callable[[Campaign], Campaign]) -> CampaignTold:
    def changed(old: Item | None) -> Item:
        if old is None:
            raise NotFound("campaign_not_found")
        before = store.as_said(old)
        after = make(before.campaign)
        edition = before.edition + (after.terms != before.campaign.terms)
        item = old | store.to_item(replace(before, campaign=after, edition=edition))
        return item | {"earlier": _earlier(call, old, before.campaign, after)}

    def new_terms(old: Item | None, item: Item) -> Sequence[Write]:
        assert old is not None
        return [] if item["edition"] == old["edition"] else [PutNew(store.terms_item(store.as_said(item)))]

    key = keys.campaign(call.path["campaign_id"])
    return _told(call.world, store.as_said(call.world.directory.change(key, changed, new_terms)).campaign)


def _earlier(call: Call[Any], old: Item, before: Campaign, after: Campaign) -> dict[str, int]:
    """What came before the limits that a campaign has: seen when one is added, forgotten when it is taken away."""
    earlier: dict[str, int] = {}
    for name in Earlier._fields:
        if getattr(after.limits, name) is not None:
            is_new = getattr(before.limits, name) is None
            kept = old.get("earlier", {}).get(name, 0)
            earlier[name] = getattr(stats.uncounted(call.world, after, call.now), name) if is_new else kept
    return {name: count for name, count in earlier.items() if count}


def _changed(campaign: Campaign, change: CampaignChange) -> Campaign:
    try:
        return campaign.changed(change)
    except ValidationError as error:
        raise problem.of_validation(error) from None


def _turned(campaign: Campaign, state: State, from_: Sequence[State]) -> Campaign:
    if campaign.state not in from_:
        raise Conflict("campaign_not_active")
    return campaign.model_copy(update={"state": state})


def _keyed(running: Running, key: tuple[str, str]) -> Item:
    return {"pk": key[0], "sk": key[1], **store.to_item(running)}
