"""After a redemption: capturing what it holds, or voiding it, whatever became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coupons import book, listing, packing
from coupons.book import Redeeming, Voiding
from coupons.model import Coupon as Shown, RedemptionAnswer, VoidAnswer, VoidRequest
from coupons.redemptions import answer
from coupons.several import Entering, Join, enter_all
from shared import chain, keys
from shared.chain import Head
from shared.clock import from_ms
from shared.codes import show
from shared.coupon_book import BOOK, Book, Coupon
from shared.coupons_of import Codebook
from shared.errors import Conflict, Forbidden, NotFound
from shared.http import Call, Reply
from shared.naming import Done, Pending, Verb
from shared.table import Item
from shared.world import World


def _never(_: Any) -> Any:
    raise TypeError("this belongs to a redemption's name and is never packed into one of its own")


CAPTURE: Verb[Any, Redeeming] = Verb(BOOK, _never, _never, book.capture)
VOID: Verb[Any, Voiding] = Verb(BOOK, _never, _never, book.void)


@dataclass(frozen=True, slots=True)
class _Part:
    """A redemption's share in one book: what it was to do there, and after which entry it can be.

    `head` is that of the book which has the coupons now: after a merge, another one.
    """

    account: str
    seen: int
    redeeming: Redeeming
    head: Head[Book]

    @property
    def own_head(self) -> Head[Book] | None:
        return self.head if self.head.account == self.account else None


# ---- capture --------------------------------------------------------------------------------------------------------


def capture(call: Call[Any]) -> Reply:
    """Use for good what a redemption holds; again: the same answer."""
    naming = call.naming("redemption", call.path_id("redemption_id"))
    name = call.world.ledger.table.get(naming.partition, 0) or call.world.ledger.name(naming)
    if name is None:
        raise NotFound("redemption_not_found")
    if name.get("state") == "reversed":
        raise Conflict("reversed")
    parts = _parts(call, name)
    reversal = chain.operation(name["pk"], is_reversal=True)
    wanted = [Pending(one.redeeming, _final_mark(name, one), reversal, call.now, one.seen) for one in parts]
    done: list[Done[Redeeming]] = _entered(call, CAPTURE, parts, wanted, _joined)
    codebook = Codebook(call.world)
    told: RedemptionAnswer = answer(done, lambda coupon, _: show(codebook.code(coupon)))
    return Reply(told, 200, is_replay=done[0].is_replay)


def _final_mark(name: Item, part: _Part) -> bytes:
    """The mark of the entry that used the coupons for good: the capture of what was held, else the redemption's own."""
    return chain.operation(name["pk"] if part.redeeming.hold_seconds is None else f"{name['pk']}#capture")


# ---- void -----------------------------------------------------------------------------------------------------------


def void(call: Call[VoidRequest]) -> Reply:
    """Give back every coupon of a redemption, once. One that never arrived is closed for good."""
    naming = call.naming("redemption", call.path_id("redemption_id"))
    name, was_closed = call.world.ledger.table.get(naming.partition, 0), False
    if name is None or name.get("state") == "reversed":  # whether there is none, the closing decides
        name, was_closed = call.world.ledger.close(naming)
    if name is None:
        return _voided(call, [], is_replay=was_closed)
    parts = _parts(call, name)
    reversal = chain.operation(name["pk"], is_reversal=True)
    until = _deadline(call, name, parts[0].redeeming)
    wanted = []
    for part in parts:
        voiding = Voiding(part.redeeming, call.body.void_id, until, _lost(call.world, name, part))
        wanted.append(Pending(voiding, reversal, reversal, call.now, part.seen))
    done = _entered(call, VOID, parts, wanted, _joined_voidings)
    return _voided(call, done, is_replay=done[0].is_replay)


def _voided(call: Call[VoidRequest], done: Sequence[Done[Voiding]], *, is_replay: bool) -> Reply:
    """The coupons as the void left them, read from its own entries: the same at every retry."""
    shown: list[Shown] = []
    for one in done:
        left = BOOK.unpack(one.item["s"])
        given = [entry.data["coupon_id"] for entry in one.entries if entry.kind == "voided"]
        coupons = [coupon for coupon in left.coupons if coupon.coupon_id in given]
        shown += listing.shown(call.world, coupons, one.last.recorded_at)
    state = "voided" if shown else "not_arrived"
    body = VoidAnswer.model_construct(redemption_id=call.path["redemption_id"], state=state, coupons=())
    told = body.model_dump(mode="json") | {"coupons": [listing.as_json(one) for one in shown]}
    return Reply(told, 200, is_replay=is_replay)


def _lost(world: World, name: Item, part: _Part) -> tuple[Coupon, ...]:
    """Coupons that this redemption used for good and that have left the head since: they come back by what its name knows.

    What it only held and somebody else used after the hold's end is not its own to give back.
    """
    if all(part.head.state.get(coupon.spot) for coupon in part.redeeming.coupons):
        return ()
    own = world.ledger.head(BOOK, keys.holder(part.account), consistent=True)
    mark, reversal = _final_mark(name, part), chain.operation(name["pk"], is_reversal=True)
    found = world.ledger.find(own, Pending(None, mark, reversal, from_ms(name["t"]), part.seen))
    if found is None or found.mark != mark:
        return ()
    head = _with_coupons(world, own, part.seen)
    return tuple(coupon for coupon in part.redeeming.coupons if head.state.get(coupon.spot) is None)


def _deadline(call: Call[Any], name: Item, redeeming: Redeeming) -> datetime | None:
    """When a till's right to void ends: with the store's next business day. The shop itself always may."""
    return redeeming.days.end_of_next_day(from_ms(name["t"])) if call.who.kind == "pos" else None


# ---- both -----------------------------------------------------------------------------------------------------------


def _parts(call: Call[Any], name: Item) -> list[_Part]:
    """A redemption's share in each of its books; a till has to do only with those of its own store."""
    shares = name.get("shares") or [{"acc": name["acc"], "seq": name["seen"] + 1, "op": name["op"]}]
    parts = []
    for one in shares:
        redeeming = packing.unpack_redeeming(one["op"])
        if call.who.kind == "pos" and redeeming.store_id != call.who.store_id:
            raise Forbidden("wrong_store")
        head = call.world.ledger.head(BOOK, keys.holder(one["acc"]))
        parts.append(_Part(one["acc"], one["seq"] - 1, redeeming, _with_coupons(call.world, head, one["seq"] - 1)))
    return parts


def _with_coupons(world: World, head: Head[Book], seen: int) -> Head[Book]:
    """The head of the book that has the coupons of a redemption which saw this number: where its book has led."""
    return world.ledger.last_head(BOOK, head.account, seen) if head.closings else head


def _joined(parts: Sequence[Redeeming]) -> Redeeming:
    """A redemption's shares in books that have been merged since."""
    coupons = tuple(coupon for part in parts for coupon in part.coupons)
    return replace(parts[0], coupons=coupons, taken=tuple(taken for part in parts for taken in part.taken))


def _joined_voidings(parts: Sequence[Voiding]) -> Voiding:
    lost = tuple(coupon for part in parts for coupon in part.lost)
    return replace(parts[0], redeeming=_joined([part.redeeming for part in parts]), lost=lost)


def _entered(
    call: Call[Any], verb: Verb[Any, Any], parts: Sequence[_Part], wanted: list[Pending[Any]], join: Join
) -> list[Done[Any]]:
    """One append to the one home, or a transaction over all of them."""
    ledger, part = call.world.ledger, parts[0]
    if len(parts) > 1:
        entering = [Entering(verb, part.account, one, part.own_head) for part, one in zip(parts, wanted, strict=True)]
        return enter_all(ledger, entering, join)
    (pending,) = wanted
    return [ledger.enter_one(verb, part.account, pending, part.own_head)]
