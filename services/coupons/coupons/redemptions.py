"""Validations and redemptions: what codes take off a basket, as a dry run or for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from coupons import book, homes, packing
from coupons.book import Redeeming, Taken
from coupons.homes import Homes, Judged, Question, Sought
from coupons.model import (
    Applied,
    Explained,
    LineDiscount,
    RedemptionAnswer,
    RedemptionRequest,
    ValidationAnswer,
    ValidationRequest,
)
from shared import chain, keys
from shared.chain import Head
from shared.codes import normalise, show
from shared.coupon_book import BOOK, Book, Coupon
from shared.errors import Conflict, Refused
from shared.http import Call, Reply
from shared.naming import Done, Naming, Pending, Verb, name_item
from shared.table import Item
from shared.together import Share, perform_all, resume_all
from shared.world import World

REDEEM = Verb(BOOK, packing.pack_redeeming, packing.unpack_redeeming, book.redeem)


def validate(call: Call[ValidationRequest]) -> ValidationAnswer:
    """What these codes would take off this basket; with a member and no codes, the member's best set."""
    judged = _validated(call, consistent=False)
    if judged.unusable or judged.outcome.refused:
        judged = _validated(call, consistent=True)
    outcome = judged.outcome
    return ValidationAnswer(
        discount_total=outcome.discount_total,
        applied=outcome.applied,
        refused=tuple(homes.refused(call.who, judged)),
    )


def _validated(call: Call[ValidationRequest], *, consistent: bool) -> Judged:
    asked = call.body
    homes.check_currency(call.world, asked.basket)
    shop = homes.shop(call.world, call.who, asked)
    found = Homes(call, asked.member, is_consistent=consistent)
    if asked.codes or asked.member is None:
        return homes.judge(call.world, found.codebook, found.seek(asked.codes), Question(asked.basket, shop, call.now))
    question = Question(asked.basket, shop, call.now, wants_best_set=True)
    return Judged(homes.judge(call.world, found.codebook, found.all_of_member(), question).outcome)


def redeem(call: Call[RedemptionRequest]) -> Reply:
    """Use codes on a basket, all or nothing; with `hold_seconds` until the hold is captured or ends."""
    homes.check_currency(call.world, call.body.basket)
    naming = call.naming("redemption", call.body.redemption_id)
    plan = _Plan(call, naming)
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


@dataclass(frozen=True, slots=True)
class _Plan:
    """Finds the homes of a request's codes and what each of them is to take."""

    call: Call[RedemptionRequest]
    naming: Naming

    def shares(self, *, consistent: bool) -> list[Share[Book, Redeeming]]:
        """Each home's part; raises why the request as a whole can't be."""
        call, asked = self.call, self.call.body
        shop = homes.shop(call.world, call.who, asked)
        found = Homes(call, asked.member, is_consistent=consistent)
        by, order = chain.operation(self.naming.partition), homes.order_hash(asked.order_ref)
        question = Question(asked.basket, shop, call.now, by, order)
        judged = homes.judge(call.world, found.codebook, found.seek(asked.codes), question)
        self._refuse(judged)
        by_home: dict[str, list[tuple[Sought, Taken]]] = {}
        for one, taken in judged.used:
            assert one.head is not None
            by_home.setdefault(one.head.account, []).append((one, taken))
        return [self._share(shop, by, order, used) for used in by_home.values()]

    def _share(
        self, shop: homes.Shop, by: bytes, order: bytes, used: Sequence[tuple[Sought, Taken]]
    ) -> Share[Book, Redeeming]:
        asked, head = self.call.body, used[0][0].head
        assert head is not None
        redeeming = Redeeming(
            redemption_id=asked.redemption_id,
            by=by,
            order=order,
            order_ref=asked.order_ref,
            days=shop.days,
            coupons=tuple(one.coupon for one, _ in used if one.coupon is not None),
            taken=tuple(taken for _, taken in used),
            store_id=shop.store_id,
            hold_seconds=asked.hold_seconds,
        )
        return Share(REDEEM, keys.holder(head.account), redeeming, head)

    def _refuse(self, judged: Judged) -> None:
        """One word for every code that can't be used; for one that does not fit this basket, why."""
        if judged.unusable:
            one, why = judged.unusable[0]
            told = homes.reason_told(self.call.who, one, why)
            raise Conflict(
                "code_not_usable",
                errors=[{"pointer": f"/codes/{one.position}", "code": "code_not_usable", "detail": "can't be used"}],
                **({"reason": told} if told else {}),
            )
        if judged.outcome.refused:
            first = judged.outcome.refused[0]
            reason = first.reason
            raise Conflict(
                "code_not_applicable",
                reason=reason,
                coupon_code=first.code,
                errors=[{"pointer": "/codes", "code": reason, "detail": f"{first.code}: {reason}"}],
            )


# ---- writing --------------------------------------------------------------------------------------------------------


def _in_one(world: World, naming: Naming, share: Share[Book, Redeeming]) -> list[Done[Redeeming]]:
    """Name, then one append."""
    head = share.head
    assert head is not None
    old = world.ledger.table.put_new(name_item(naming, REDEEM, head.account, head.sequence, share.operation))
    if old is not None:
        return resume(world, old, naming, head)
    mark = chain.operation(naming.partition)
    reversal = chain.operation(naming.partition, is_reversal=True)
    pending = Pending(share.operation, mark, reversal, naming.at, head.sequence)
    done = world.ledger.enter_one(REDEEM, head.account, pending, head)
    return [done]


def _in_several(
    world: World, naming: Naming, plan: _Plan, shares: list[Share[Book, Redeeming]]
) -> list[Done[Redeeming]]:
    """The name and an append to each home in one transaction."""
    done, name = perform_all(
        world.ledger, naming, lambda consistent: list(plan.shares(consistent=True) if consistent else shares)
    )
    return _of_shares(world, name, done) if done[0].is_replay else done


def resume(world: World, old: Item, naming: Naming, head: Head[Book] | None = None) -> list[Done[Redeeming]]:
    """What a redemption that has its name became; one home's is finished now if its process died."""
    if "shares" not in old:
        return [world.ledger.resume(REDEEM, old, naming, head)]
    done, _ = resume_all(world.ledger, old, naming)
    return _of_shares(world, old, done)


def _of_shares(world: World, name: Item, done: Sequence[Done[Any]]) -> list[Done[Redeeming]]:
    """The parts of a transaction, read back; `reversed` if it was voided since."""
    reversal = chain.operation(name["pk"], is_reversal=True)
    found = []
    for share, one in zip(name["shares"], done, strict=True):
        head = world.ledger.head(BOOK, keys.holder(share["acc"]), consistent=True)
        void = Pending(None, reversal, reversal, one.last.recorded_at, share["seq"])
        if world.ledger.find(head, void) is not None:
            raise Conflict("reversed")
        operation = packing.unpack_redeeming(share["op"])
        found.append(Done(operation, one.account, one.item, one.entries, is_replay=True))
    return found


# ---- answering ------------------------------------------------------------------------------------------------------


def _replied(call: Call[RedemptionRequest], done: Sequence[Done[Redeeming]]) -> Reply:
    codes = [show(normalise(typed)) for typed in call.body.codes]
    return Reply(answer(done, lambda _, taken: codes[taken.position]), 201, is_replay=done[0].is_replay)


def answer(done: Sequence[Done[Redeeming]], code_of: Callable[[Coupon, Taken], str]) -> RedemptionAnswer:
    """A redemption as it was when it was made: everything in it is in its name and its entries."""
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
