"""Validations and redemptions: what codes take off a basket, as a dry run or for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from coupons import homes, judging, offline, packing
from coupons.book import Redeeming, Taken
from coupons.homes import Homes
from coupons.judging import Judged, Question
from coupons.model import (
    Applied,
    Explained,
    LineDiscount,
    RedemptionAnswer,
    RedemptionRequest,
    ValidationAnswer,
    ValidationRequest,
)
from coupons.planning import Plan, redeem_verb
from shared import chain, keys
from shared.chain import Head
from shared.codes import NotACode, foreign, normalise, show
from shared.coupon_book import Book, Coupon
from shared.errors import Conflict, Refused
from shared.http import Call, Reply
from shared.naming import Done, Naming, Pending, check_same, name_item
from shared.table import Item
from shared.together import Share, perform_all, resume_all
from shared.world import World


def validate(call: Call[ValidationRequest]) -> ValidationAnswer:
    """What these codes would take off this basket; with a member and no codes, the member's best set."""
    judged = _validated(call, consistent=False)
    if judged.unusable or judged.outcome.refused:
        judged = _validated(call, consistent=True)
    call.count_guesses(judged.guesses)
    outcome = judged.outcome
    return ValidationAnswer(
        discount_total=outcome.discount_total,
        applied=outcome.applied,
        refused=tuple(judging.refused(call.who, judged)),
    )


def _validated(call: Call[ValidationRequest], *, consistent: bool) -> Judged:
    asked = call.body
    homes.fetch_settings(call.world, call.who, asked, asked.codes)
    homes.check_currency(call.world, asked.basket)
    found = Homes(call, asked.member, is_consistent=consistent)
    shop = homes.shop(call.world, call.who, asked)
    if asked.codes or asked.member is None:
        return judging.judge(found, found.seek(asked.codes), Question(asked.basket, shop, call.now))
    question = Question(asked.basket, shop, call.now, wants_best_set=True)
    return Judged(judging.judge(found, found.all_of_member(), question).outcome)


def redeem(call: Call[RedemptionRequest]) -> Reply:
    """Use codes on a basket, all or nothing; with `hold_seconds` until the hold is captured or ends."""
    homes.fetch_settings(call.world, call.who, call.body, call.body.codes)
    homes.check_currency(call.world, call.body.basket)
    naming = call.naming("redemption", call.body.redemption_id)
    plan = Plan(call, naming)
    try:
        shares = plan.shares(consistent=False)
    except Refused:
        old = call.world.ledger.name(naming)
        if old is not None:
            return _replied(call, resume(call.world, old, naming))
        shares = plan.shares(consistent=True)
    if len(shares) > 1:
        return _replied(call, _in_several(call.world, naming, plan, shares))
    return _replied(call, _in_one(call.world, naming, shares[0]))


# ---- writing --------------------------------------------------------------------------------------------------------


def _in_one(world: World, naming: Naming, share: Share[Book, Redeeming]) -> list[Done[Redeeming]]:
    """Name, then one append."""
    head = share.head
    assert head is not None
    old = world.ledger.table.put_new(name_item(naming, share.verb, head.account, head.sequence, share.operation))
    if old is not None:
        return resume(world, old, naming, head)
    mark = chain.operation(naming.partition)
    reversal = chain.operation(naming.partition, is_reversal=True)
    pending = Pending(share.operation, mark, reversal, naming.at, head.sequence)
    done = world.ledger.enter_one(share.verb, head.account, pending, head)
    return [done]


def _in_several(world: World, naming: Naming, plan: Plan, shares: list[Share[Any, Any]]) -> list[Done[Redeeming]]:
    """The name and an append to each chain in one transaction."""
    done, name = perform_all(
        world.ledger, naming, lambda consistent: plan.shares(consistent=True) if consistent else shares
    )
    return _of_shares(world, name, done) if done[0].is_replay else of_coupons(done)


def of_coupons(done: Sequence[Done[Any]]) -> list[Done[Redeeming]]:
    """The parts that used coupons, without those that only counted."""
    return [one for one in done if isinstance(one.operation, Redeeming) and one.operation.coupons]


def resume(world: World, old: Item, naming: Naming, head: Head[Book] | None = None) -> list[Done[Redeeming]]:
    """What a redemption that has its name became; one home's is finished now if its process died."""
    check_same(old, naming)
    if "shares" not in old:
        return [world.ledger.resume(redeem_verb(old["acc"]), old, naming, head)]
    done, _ = resume_all(world.ledger, old, naming)
    return _of_shares(world, old, done)


def _of_shares(world: World, name: Item, done: Sequence[Done[Any]]) -> list[Done[Redeeming]]:
    """The parts of a transaction, read back; `reversed` if it was voided since."""
    reversal = chain.operation(name["pk"], is_reversal=True)
    found = []
    for share, one in zip(name["shares"], done, strict=True):
        if share["acc"][0] == keys.POOL:
            continue
        head = world.ledger.head(redeem_verb(share["acc"]).kind, keys.holder(share["acc"]), consistent=True)
        void = Pending(None, reversal, reversal, one.last.recorded_at, share["seq"])
        if world.ledger.find(head, void) is not None:
            raise Conflict("reversed")
        operation = packing.unpack_redeeming(share["op"])
        found.append(Done(operation, one.account, one.item, one.entries, is_replay=True))
    return of_coupons(found)


# ---- answering ------------------------------------------------------------------------------------------------------


def _replied(call: Call[RedemptionRequest], done: Sequence[Done[Redeeming]]) -> Reply:
    return Reply(
        answer(done, lambda _, taken: _as_typed(call.body.codes[taken.position])), 201, is_replay=done[0].is_replay
    )


def _as_typed(text: str) -> str:
    """A code that was typed, in the form that people read; at a retry the same, whatever became of our keys."""
    try:
        return show(normalise(text))
    except NotACode:
        return foreign(text)


def answer(done: Sequence[Done[Redeeming]], code_of: Callable[[Coupon, Taken], str]) -> RedemptionAnswer:
    """A redemption as it was when it was made: everything in it is in its name and its entries.

    `code_not_usable` for one that an offline till brought to its end when the coupon was gone.
    """
    if done[0].last.kind == offline.LOST:
        raise Conflict("code_not_usable")
    parts = [part for one in done for part in zip(one.operation.coupons, one.operation.taken, strict=True)]
    parts.sort(key=lambda part: part[1].place)
    first, times = done[0].operation, [one.last.recorded_at for one in done]
    is_held = done[0].last.kind == "held"
    return RedemptionAnswer(
        redemption_id=first.redemption_id,
        state="held" if is_held else "redeemed",
        discount_total=sum(taken.discount for _, taken in parts),
        applied=tuple(_applied(coupon, taken, code_of(coupon, taken)) for coupon, taken in parts),
        redeemed_at=None if is_held else max(times),
        held_until=min(times) + timedelta(seconds=first.hold_seconds or 0) if is_held else None,
    )


def _applied(coupon: Coupon, taken: Taken, code: str) -> Applied:
    return Applied(
        code=code,
        coupon_id=coupon.coupon_id,
        discount=taken.discount,
        lines=tuple(LineDiscount(line_id=line_id, discount=share) for line_id, share in taken.lines),
        explain=tuple(
            Explained.model_validate({"rule": rule, "amount": amount, "detail": detail})
            for rule, amount, detail in taken.explain
        ),
    )
