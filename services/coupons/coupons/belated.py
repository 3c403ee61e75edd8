"""A redemption that a till made without a line, when it is heard of: its name, its home, and what it lost if any.

It goes under the name that the same redemption would have had online. So one that had come in already, whose answer
the till never got, counts once; and it can be voided like any other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from coupons import homes, losses, redemptions, rules, store, tokens
from coupons.book import Offline, Redeeming, Taken, order_hash
from coupons.homes import Homes
from coupons.losses import REDEEM_OFFLINE
from coupons.model import Applied, RedemptionAnswer, RedemptionRequest
from coupons.offline import LOST
from coupons.offline_model import OfflineRedemption, Outcome, SyncItem
from coupons.packing import unpack_redeeming
from coupons.rules import Candidate, Place, Validity
from coupons.terminal import Allowing
from shared import chain, keys, offline_token, places
from shared.batch import one_of, part_of
from shared.chain import Head
from shared.codes import NotACode, normalise
from shared.coupon_book import Book, Coupon
from shared.coupons_of import Codebook
from shared.errors import Conflict, Forbidden, Invalid, Refused
from shared.http import Call
from shared.naming import Done, Naming, check_same, name_item, named, pending_of
from shared.offline_till import CLOCK_MARGIN
from shared.offline_token import NotAToken, Token
from shared.table import Item
from shared.units import Money, spread
from shared.world import World


class Told(NamedTuple):
    """What became of an item; `first`: what it had become when it first came. `discount`: what is booked for it."""

    outcome: Outcome
    first: Outcome | None = None
    discount: Money | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an item comes from: the till's chain and the number of its head, and the allowance that it was under."""

    terminal: str
    seen: int
    allowing: Allowing


def by_code(call: Call[SyncItem]) -> Told:
    """A redemption without a token, of which a till can't know anything: as if it came online only now."""
    call.who.require("coupons:redeem")
    asked = one_of(call, "/v1/redemptions", RedemptionRequest, call.body.body)
    if asked.body.hold_seconds is not None:
        raise Invalid.at("/body/hold_seconds", "extra_forbidden", "what was sold is not held")
    reply = redemptions.redeem(asked)
    answer: RedemptionAnswer = reply.body
    if reply.is_replay:
        return Told("duplicate", "applied", answer.discount_total)
    return Told("applied", discount=answer.discount_total)


def by_token(call: Call[SyncItem], desk: Desk) -> Told:
    """A redemption by a token that the till has checked: it counts, whatever became of the coupon meanwhile."""
    item, ledger = call.body, call.world.ledger
    said = part_of(OfflineRedemption, item.body, "/body")
    homes.check_currency(call.world, said.basket)
    token = _token(call)
    naming = Naming("redemption", keys.SHOP, said.redemption_id or item.id, _fingerprint(call), call.now)
    try:
        redeeming, head = _judged(call, desk, said, token, naming)
    except Refused:
        old = ledger.name(naming)
        if old is None:
            raise
        return _again(call, old, naming, token, _offline(call, desk, token))
    old = ledger.table.put_new(name_item(naming, REDEEM_OFFLINE, head.account, head.sequence, redeeming))
    if old is not None:
        return _again(call, old, naming, token, _offline(call, desk, token))
    return _told(call.world, losses.enter(call.world, head.account, pending_of(naming, redeeming, head.sequence), head))


def _fingerprint(call: Call[SyncItem]) -> bytes:
    """Of all that the item says but its own id."""
    said = call.body.model_dump(mode="json", exclude={"id"})
    return call.world.secrets.fingerprint(json.dumps(said, sort_keys=True).encode())


def _token(call: Call[SyncItem]) -> Token:
    try:
        return offline_token.read(str(call.body.offline_token), tokens.public_keys(call.world))
    except NotAToken:
        raise Conflict("token_invalid") from None


def _offline(call: Call[SyncItem], desk: Desk, token: Token) -> Offline:
    is_late = call.now > token.expires
    return Offline(desk.terminal, desk.seen, desk.allowing.day, call.body.occurred_at, is_late)


# ---- judging --------------------------------------------------------------------------------------------------------


def _judged(
    call: Call[SyncItem], desk: Desk, said: OfflineRedemption, token: Token, naming: Naming
) -> tuple[Redeeming, Head[Book]]:
    """The redemption and the book that it belongs into; raises why the till should not have taken this token."""
    allowing, item, world = desk.allowing, call.body, call.world
    call.check_past(item.occurred_at)
    if not allowing.starts_at - CLOCK_MARGIN <= item.occurred_at <= allowing.expires_at + CLOCK_MARGIN:
        raise Conflict("allowance_over")
    if item.occurred_at > token.expires + CLOCK_MARGIN:
        raise Conflict("token_expired")
    if said.store_id not in (None, allowing.store_id):
        raise Forbidden("wrong_store")
    found = Homes(call, None, is_consistent=False).keeper(token.spot)
    if found is None:
        raise Conflict("code_not_usable")
    coupon, head = found
    _check_codes(world, said, token)
    applied = _applied(world, said, coupon, Place(said.channel, allowing.store_id, allowing.day))
    redeeming = Redeeming(
        redemption_id=naming.client_id,
        by=chain.operation(naming.partition),
        order=order_hash(said.order_ref),
        order_ref=said.order_ref,
        days=places.of_store(world, allowing.store_id),
        coupons=(head.state.get(coupon.spot) or coupon,),
        taken=(_taken(applied, said.discount),),
        store_id=allowing.store_id,
        channel=said.channel,
        basket_amount=said.basket.amount,
        offline=_offline(call, desk, token),
    )
    return redeeming, head


def _check_codes(world: World, said: OfflineRedemption, token: Token) -> None:
    """A code beside the token must be that of its coupon."""
    for typed in said.codes:
        try:
            spots = [(one.generation.locator, one.index) for one in Codebook(world).read(normalise(typed))]
        except NotACode:
            spots = []
        if token.spot not in spots:
            raise Invalid.at("/body/codes/0", "other_coupon", "the code is not that of the token's coupon")


def _applied(world: World, said: OfflineRedemption, coupon: Coupon, place: Place) -> tuple[str, Applied]:
    """What the coupon's terms take off the basket; its campaign too."""
    campaign_id = Codebook(world).campaign_of(coupon.locator)
    days = Validity(coupon.first, coupon.last)
    if days.is_over(place.business_day):
        raise Conflict("code_not_usable")
    terms = store.terms(world, campaign_id, coupon.edition)
    outcome = rules.discount(said.basket, [Candidate("", coupon.coupon_id, campaign_id, terms, days)], place)
    if outcome.refused:
        raise Conflict("code_not_applicable", reason=outcome.refused[0].reason)
    return campaign_id, outcome.applied[0]


def _taken(applied: tuple[str, Applied], given: Money | None) -> Taken:
    """What the coupon took off: what the till gave, and no more than the terms give."""
    campaign_id, full = applied
    lines = [(line.line_id, line.discount) for line in full.lines]
    explain = [(step.rule, step.amount, step.detail) for step in full.explain]
    amount = full.discount if given is None else min(given, full.discount)
    if amount < full.discount:
        shares = spread(amount, [share for _, share in lines])
        lines = [(line_id, share) for (line_id, _), share in zip(lines, shares, strict=True) if share]
        explain.append(("max_discount", amount - full.discount, f"≤ {amount}"))
    return Taken(0, 0, campaign_id, amount, tuple(lines), tuple(explain))


# ---- what became of it ----------------------------------------------------------------------------------------------


def _again(call: Call[SyncItem], old: Item, naming: Naming, token: Token, offline: Offline) -> Told:
    """A redemption whose name is there: from an earlier sync, or because it had come in online."""
    world = call.world
    if old.get("state") == "reversed" or "f" in old.get("op", ()):
        check_same(old, naming)
        pending = named(REDEEM_OFFLINE, old)._replace(is_replay=False)
        return _told(world, losses.enter(world, old["acc"], pending))
    parts = _online(old)
    spots = {coupon.spot for part in parts for coupon in part.coupons}
    if token.spot not in spots:
        raise Invalid("id_reused")
    if parts[0].hold_seconds is not None:
        raise Conflict("hold_open")
    if "shares" in old or len(spots) > 1:
        done = redemptions.resume(world, old, naming._replace(fingerprint=old["fp"]))
        return Told("duplicate", "applied", redemptions.answer(done, lambda *_: "").discount_total)
    pending = named(REDEEM_OFFLINE, old)
    pending = pending._replace(operation=replace(pending.operation, offline=offline), is_replay=False)
    return _told(world, losses.enter(world, old["acc"], pending))


def _online(old: Item) -> list[Redeeming]:
    """What an online redemption was to do in the homes of its coupons."""
    shares: list[Any] = old.get("shares") or [old]
    return [unpack_redeeming(one["op"]) for one in shares if one["acc"][0] != keys.POOL]


def _told(world: World, done: Done[Redeeming]) -> Told:
    """The outcome by the entries; a loss is brought to the till's chain first, if it is not there yet."""
    discount = sum(taken.discount for taken in done.operation.taken)
    outcome: Outcome = "expired_but_honoured" if "honoured" in done.last.data else "applied"
    code = None
    if done.last.kind == LOST:
        is_absorbed = losses.bear(world, done.last).last.kind == "absorbed"
        outcome, code = ("conflict_absorbed", None) if is_absorbed else ("conflict_refused", "allowance_used_up")
    if done.is_replay:
        return Told("duplicate", outcome, discount, code)
    return Told(outcome, discount=discount, code=code)
