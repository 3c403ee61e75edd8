"""Coupons as they are shown: to their member, to the shop, and in the answers of writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from coupons import stats, store, tokens
from coupons.model import Coupon as Shown, CouponQuery
from shared import places
from shared.clock import from_ms, to_ms
from shared.codes import show
from shared.coupon_book import BOOK, Coupon, Status
from shared.coupons_of import Codebook
from shared.cursor import next_cursor, read_cursor
from shared.errors import NotFound
from shared.http import Call
from shared.member_ref import require_member, signed_in
from shared.world import World

NONE: Mapping[str, str] = {}
_USES = ("code", "qr_payload", "offline_token")


def mine(call: Call[Any]) -> dict[str, Any]:
    """A page of the signed-in member's coupons, the newest first."""
    return _page(call, signed_in(call.world, call.who)["member_id"])


def my_one(call: Call[Any]) -> dict[str, Any]:
    """One of the signed-in member's coupons."""
    member_id = signed_in(call.world, call.who)["member_id"]
    head = call.world.ledger.open_head(BOOK, member_id, consistent=True)
    wanted = call.path["coupon_id"]
    coupons = [coupon for coupon in head.state.shown if coupon.coupon_id == wanted]
    if not coupons:
        raise NotFound("coupon_not_found")
    at = max(call.now, head.recorded_at)
    (told,) = as_read(call.world, coupons, shown(call.world, coupons, at), at)
    stats.on_shown(call.world, told.campaign_id)
    return as_json(told)


def of_member(call: Call[Any]) -> dict[str, Any]:
    """A page of a member's coupons, the newest first; to a till without what would use them.

    A till learns members' ids from cards that earn. The codes it gets from a scan of the member's one-time code.
    """
    page = _page(call, call.path["member_id"])
    if call.who.kind == "pos":
        page["items"] = [{name: value for name, value in one.items() if name not in _USES} for one in page["items"]]
    return page


def _page(call: Call[Any], member_id: str) -> dict[str, Any]:
    asked: CouponQuery = call.query
    after = read_cursor(call, asked.cursor)
    head = call.world.ledger.open_head(BOOK, member_id, consistent=True)
    if BOOK.is_nobodys(head):
        require_member(call.world, member_id)
    at = max(call.now, head.recorded_at)
    listed = shown(call.world, reversed(head.state.shown), at)
    if after is not None:
        ids = [one.coupon_id for one in listed]
        listed = listed[ids.index(after) + 1 :] if after in ids else []
    fitting = [one for one in listed if asked.state in (None, one.state)]
    page = fitting[: asked.limit]
    position = page[-1].coupon_id if len(fitting) > asked.limit else None
    items = [as_json(one) for one in as_read(call.world, head.state.coupons, page, at)]
    return {"items": items, "next_cursor": next_cursor(call, position)}


def shown(world: World, coupons: Iterable[Coupon], at: datetime, foreign: Mapping[str, str] = NONE) -> list[Shown]:
    """Coupons at a time. Expiry goes by the programme's day; at a till the store's own business day decides.

    `foreign` are the codes, by the coupon's id, of which we keep nothing that could be shown.
    """
    codebook, day = Codebook(world), places.of_programme(world).day(at)
    return [_shown(world, codebook, coupon, coupon.state(at, day), foreign.get(coupon.coupon_id)) for coupon in coupons]


def _shown(world: World, codebook: Codebook, coupon: Coupon, state: Any, foreign: str | None) -> Shown:
    payload = foreign or codebook.code(coupon)
    campaign_id = codebook.campaign_of(coupon.locator)
    is_used = coupon.status is Status.REDEEMED and coupon.use is not None
    return Shown(
        coupon_id=coupon.coupon_id,
        campaign_id=campaign_id,
        state=state,
        code=foreign or show(codebook.code(coupon)),
        qr_payload=payload,
        source_id=coupon.source_id,
        valid_from=coupon.first,
        valid_until=coupon.last,
        offer=store.terms(world, campaign_id, coupon.edition).offer,
        redeemed_at=from_ms(to_ms(coupon.use.at)) if is_used and coupon.use else None,
    )


def as_read(world: World, coupons: Iterable[Coupon], told: Iterable[Shown], at: datetime) -> list[Shown]:
    """The same, each with its campaign's name, its terms, and the token by which a till takes it without a line.

    Only where coupons are read: a token is a new one every day, a name may be changed, and a write's answer must stay
    what it was.
    """
    codebook, by_id = Codebook(world), {coupon.coupon_id: coupon for coupon in coupons}

    def read(one: Shown) -> Shown:
        coupon = by_id[one.coupon_id]
        more = {
            "name": store.campaign(world, one.campaign_id).campaign.name,
            "min_purchase": store.terms(world, one.campaign_id, coupon.edition).min_purchase,
            "offline_token": tokens.token_of(world, codebook, coupon, at),
        }
        return one.model_copy(update=more)

    return [read(one) for one in told]


def as_json(coupon: Shown) -> dict[str, Any]:
    """A coupon as JSON; one that never ends says so by a null."""
    return {"valid_until": None, **coupon.model_dump(mode="json", exclude_none=True)}
