"""Signing for tills without a line: the stage's key pair, and which coupons get a token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coupons import store
from coupons.store import Running
from shared import places
from shared.business_day import day_end
from shared.codes import Form
from shared.coupon_book import Coupon, Status
from shared.coupons_of import Codebook
from shared.offline_token import STORES_MAX, Token, key_id, public_bytes, store_mark, write
from shared.world import World

_ONE_DAY = timedelta(days=1)


def signing_key(world: World) -> Ed25519PrivateKey:
    """The stage's key, derived from its root secret like all others: after a rotation, another one."""
    return _key(world.secrets.derive("offline"))


def public_keys(world: World) -> Mapping[str, bytes]:
    """The public keys that are accepted, by their ids: that of the present root first, then of the one before."""
    found = (public_bytes(_key(seed)) for seed in world.secrets.derive_accepted("offline"))
    return {key_id(public): public for public in found}


@lru_cache(maxsize=4)
def _key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def token_of(world: World, codebook: Codebook, coupon: Coupon, at: datetime) -> str | None:
    """A coupon's token, good to the end of the programme's next day; None for one that needs the server to decide.

    That is: a code on paper, what is bound to an order, sleeps or was used; a campaign that stands still, that counts
    redemptions by store and day or in money, or whose coupons are for some items, more than three stores, the web
    shop alone, or give points.
    """
    days = places.of_programme(world)
    is_free = coupon.status in (Status.ISSUED, Status.HELD) and coupon.state(at, days.day(at)) == "issued"
    if not is_free or coupon.order is not None or codebook.form(coupon.locator) is not Form.ISSUED:
        return None
    running = store.campaign(world, codebook.campaign_of(coupon.locator))
    terms = store.terms(world, running.campaign.campaign_id, coupon.edition)
    offer, stores = terms.offer, terms.stores or ()
    if (
        _needs_the_server(running)
        or offer.type == "bonus_points"
        or offer.skus is not None
        or offer.categories is not None
        or "pos" not in (terms.channels or ("pos",))
        or len(stores) > STORES_MAX
    ):
        return None
    token = Token(
        locator=coupon.locator,
        index=coupon.index,
        type=offer.type,
        value=offer.value,
        first=coupon.first,
        last=coupon.last,
        expires=day_end(days.day(at) + _ONE_DAY, days.zone, days.cutoff_hour),
        stores=tuple(map(store_mark, stores)),
        max_discount=offer.max_discount,
        min_purchase=terms.min_purchase or 0,
    )
    try:
        return write(token, signing_key(world))
    except ValueError:
        return None  # its days lie too far away


def _needs_the_server(running: Running) -> bool:
    limits = running.campaign.limits
    is_counted = limits.per_store_day is not None or limits.budget is not None
    return is_counted or running.campaign.state in ("paused", "draft")
