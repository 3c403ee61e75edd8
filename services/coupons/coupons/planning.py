"""What a redemption is to do in each chain: in the books and codes whose coupons it uses, and in limits it runs into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coupons import book, homes, judging, limits, packing
from coupons.book import Counted, Redeeming, Taken
from coupons.dues import attentive
from coupons.homes import Homes, Sought
from coupons.judging import Judged, Question, Told, Usable
from coupons.limits import LIMIT, Taking
from coupons.model import RedemptionRequest
from coupons.pool import Pool
from shared import chain, keys
from shared.chain import Head
from shared.clock import to_text
from shared.coupon_book import BOOK, CODES, Book
from shared.errors import Conflict
from shared.http import Call
from shared.naming import Naming, Verb
from shared.together import Share

REDEEM = Verb(BOOK, packing.pack_redeeming, packing.unpack_redeeming, attentive(book.redeem))
REDEEM_CODE = Verb(CODES, packing.pack_redeeming, packing.unpack_redeeming, book.redeem_code)
TAKE = Verb(LIMIT, limits.pack_taking, limits.unpack_taking, limits.take)


def redeem_verb(account: str) -> Verb[Book, Redeeming]:
    """How coupons in this account are redeemed: a member's book, or a code that has a chain of its own."""
    return REDEEM if account[0] == keys.COUPON_BOOK else REDEEM_CODE


@dataclass(frozen=True, slots=True)
class Plan:
    """Finds the homes of a request's codes and what each of them is to take."""

    call: Call[RedemptionRequest]
    naming: Naming

    def shares(self, *, consistent: bool) -> list[Share[Any, Any]]:
        """Each chain's part, those of the coupons first; raises why the request as a whole can't be."""
        call, asked = self.call, self.call.body
        by, order = chain.operation(self.naming.partition), book.order_hash(asked.order_ref)
        found = Homes(call, asked.member, by, is_consistent=consistent)
        shop = homes.shop(call.world, call.who, asked)
        question = Question(asked.basket, shop, call.now, by, order)
        judged = judging.judge(found, found.seek(asked.codes), question)
        self._refuse(judged)
        common = Redeeming(
            redemption_id=asked.redemption_id,
            by=by,
            order=order,
            order_ref=asked.order_ref,
            days=shop.days,
            coupons=(),
            taken=(),
            store_id=shop.store_id,
            hold_seconds=asked.hold_seconds,
            channel=shop.channel,
            member_id=found.member_id,
            basket_amount=asked.basket.amount,
        )
        return [*_of_homes(common, found, judged.used), *_of_limits(common, judged.used)]

    def _refuse(self, judged: Judged) -> None:
        """One word for every code that can't be used; for one that does not fit this basket, why."""
        if judged.unusable:
            one, why = judged.unusable[0]
            told = judging.reason_told(self.call.who, one, why)
            raise Conflict(
                "code_not_usable",
                errors=[{"pointer": f"/codes/{one.position}", "code": "code_not_usable", "detail": "can't be used"}],
                **_told(one, told),
            ).as_guess(judged.guesses)
        if judged.outcome.refused:
            first = judged.outcome.refused[0]
            reason = first.reason
            raise Conflict(
                "code_not_applicable",
                reason=reason,
                coupon_code=first.code,
                errors=[{"pointer": "/codes", "code": reason, "detail": f"{first.code}: {reason}"}],
            )


def _told(one: Sought, why: Told | None) -> dict[str, str]:
    """What an owner's refusal says: why, and of a coupon that an order holds until when."""
    if why is None:
        return {}
    use = one.coupon.use if one.coupon is not None else None
    return {"reason": why, **({"held_until": to_text(use.at)} if why == "held" and use is not None else {})}


def _of_homes(
    common: Redeeming, found: Homes, used: Sequence[tuple[Usable, Taken]]
) -> Iterator[Share[Book, Redeeming]]:
    """The part of each book and code; the member's book also counts the codes on paper that are limited by member."""
    heads: dict[str, Head[Book]] = {}
    by_home: dict[str, list[tuple[Usable, Taken]]] = {}
    counted: dict[str, list[Counted]] = {}
    for one, taken in used:
        assert one.sought.head is not None
        heads[one.sought.head.account] = one.sought.head
        by_home.setdefault(one.sought.head.account, []).append((one, taken))
        if one.counted is not None:
            book_head = found.of_member()
            heads[book_head.account] = book_head
            counted.setdefault(book_head.account, []).append(one.counted)
    for account, head in heads.items():
        own = by_home.get(account, ())
        redeeming = replace(
            common,
            member_id=None if account[0] == keys.COUPON_BOOK else common.member_id,  # the book is the member's
            coupons=tuple(one.coupon for one, _ in own),
            taken=tuple(taken for _, taken in own),
            counted=tuple(counted.get(account, ())),
        )
        yield Share(redeem_verb(account), keys.holder(account), redeeming, head)


def _of_limits(common: Redeeming, used: Sequence[tuple[Usable, Taken]]) -> Iterator[Share[Pool, Taking]]:
    """The part of each limit that these coupons run into: once each, for no two of them are of one campaign."""
    for one, taken in used:
        for draw in one.draws:
            amount = judging.drawn(draw, taken.discount)
            if amount:
                whose = one.candidate.campaign_id if draw.is_total else None
                taking = Taking(
                    common.redemption_id,
                    common.by,
                    amount,
                    draw.limit,
                    common.hold_seconds,
                    campaign_id=whose,
                    instead=draw.instead,
                    order=common.order,
                )
                yield Share(TAKE, keys.holder(draw.head.account), taking, draw.head)
