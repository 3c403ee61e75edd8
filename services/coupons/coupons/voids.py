"""After a redemption: capturing what it holds, or voiding it, whatever became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coupons import book, limits, listing, packing
from coupons.book import Redeeming, Taken, Voiding
from coupons.dues import attentive
from coupons.limits import LIMIT, Taking
from coupons.model import Coupon as Shown, VoidAnswer, VoidRequest
from coupons.offline import LOST
from coupons.redemptions import answer, of_coupons
from coupons.several import Entering, Join, Plan, enter_all
from shared import chain, keys
from shared.chain import Head, Kind
from shared.clock import from_ms
from shared.codes import show
from shared.coupon_book import BOOK, CODES, Book, Coupon, Status
from shared.coupons_of import Codebook
from shared.errors import Conflict, Forbidden, NotFound
from shared.http import Call, Reply
from shared.naming import Done, Pending, Verb, unnamed
from shared.table import Item
from shared.world import World

CAPTURE: Verb[Any, Redeeming] = Verb(BOOK, unnamed, unnamed, attentive(book.capture))
CAPTURE_CODE: Verb[Any, Redeeming] = Verb(CODES, unnamed, unnamed, book.capture)
KEEP: Verb[Any, Taking] = Verb(LIMIT, unnamed, unnamed, limits.keep)
VOID: Verb[Any, Voiding] = Verb(BOOK, unnamed, unnamed, attentive(book.void))
VOID_CODE: Verb[Any, Voiding] = Verb(CODES, unnamed, unnamed, book.void)
GIVE_BACK: Verb[Any, Taking] = Verb(LIMIT, unnamed, unnamed, limits.give_back)
CAPTURES: Mapping[str, Verb[Any, Any]] = {keys.COUPON_BOOK: CAPTURE, keys.CODE: CAPTURE_CODE, keys.POOL: KEEP}
VOIDS: Mapping[str, Verb[Any, Any]] = {keys.COUPON_BOOK: VOID, keys.CODE: VOID_CODE, keys.POOL: GIVE_BACK}
_KINDS: Mapping[str, Kind[Any]] = {keys.COUPON_BOOK: BOOK, keys.CODE: CODES, keys.POOL: LIMIT}


@dataclass(frozen=True, slots=True)
class _Part:
    """A redemption's share in one chain: what it was to do there, and after which entry it can be.

    `head` is that of the book which has the coupons now: after a merge, another one.
    """

    account: str
    seen: int
    operation: Redeeming | Taking
    head: Head[Any]

    @property
    def own_head(self) -> Head[Any] | None:
        return self.head if self.head.account == self.account else None

    @property
    def coupons(self) -> tuple[Coupon, ...]:
        return self.operation.coupons if isinstance(self.operation, Redeeming) else ()


# ---- capture --------------------------------------------------------------------------------------------------------


def capture(call: Call[Any]) -> Reply:
    """Use for good what a redemption holds; again: the same answer."""
    naming = call.naming("redemption", call.path_id("redemption_id"))
    name = call.world.ledger.table.get(naming.partition, 0) or call.world.ledger.name(naming)
    if name is None:
        raise NotFound("redemption_not_found")
    if name.get("state") == "reversed":
        raise Conflict("reversed")
    reversal = chain.operation(name["pk"], is_reversal=True)

    def plan(consistent: bool) -> list[Entering]:
        return [
            Entering(
                CAPTURES[part.account[0]],
                part.account,
                Pending(part.operation, _final_mark(name, part), reversal, call.now, part.seen),
                part.own_head,
            )
            for part in _parts(call, name, consistent=consistent)
        ]

    done = of_coupons(_entered(call.world, plan, _joined))
    codebook = Codebook(call.world)
    told = answer(done, lambda coupon, taken: _code(call.world, codebook, coupon, taken))
    return Reply(told, 200, is_replay=done[0].is_replay)


def _final_mark(name: Item, part: _Part) -> bytes:
    """The mark of the entry that used the coupons for good: the capture of what was held, else the redemption's own."""
    is_hold = part.operation.hold_seconds is not None
    return chain.operation(f"{name['pk']}#capture" if is_hold else name["pk"])


def _code(world: World, codebook: Codebook, coupon: Coupon, taken: Taken) -> str:
    """The code that was used, in the form that people read."""
    return _foreign(world, taken) or show(codebook.code(coupon))


def _foreign(world: World, taken: Taken) -> str | None:
    return None if taken.sealed is None else world.secrets.unseal("foreign", "", taken.sealed)


# ---- void -----------------------------------------------------------------------------------------------------------


def void(call: Call[VoidRequest]) -> Reply:
    """Give back every coupon of a redemption, once. One that never arrived is closed for good."""
    naming = call.naming("redemption", call.path_id("redemption_id"))._replace(request_id=call.request_id)
    name, was_closed = call.world.ledger.table.get(naming.partition, 0), False
    if name is None:  # whether there is none, the closing decides
        name, was_closed = call.world.ledger.close(naming)
    if name is None or name.get("state") == "reversed":
        return _voided(call, [], is_replay=was_closed or name is not None)
    there, reversal = name, chain.operation(name["pk"], is_reversal=True)

    def plan(consistent: bool) -> list[Entering]:
        parts = _parts(call, there, consistent=consistent)
        until = _deadline(call, there, parts[0].operation)
        are_final = any(_used_for_good(call.world, there, part) for part in parts)
        wanted = []
        for part in parts:
            operation = _undoing(call, there, part, until, are_final=are_final)
            pending = Pending(operation, reversal, reversal, call.now, part.seen)
            wanted.append(Entering(VOIDS[part.account[0]], part.account, pending, part.own_head))
        return wanted

    done = _entered(call.world, plan, _joined_voidings)
    return _voided(call, done, is_replay=done[0].is_replay)


def _undoing(
    call: Call[VoidRequest], name: Item, part: _Part, until: datetime | None, *, are_final: bool
) -> Voiding | Taking:
    """What one chain does for a void."""
    if isinstance(part.operation, Taking):
        return replace(part.operation, is_final=are_final)
    redeeming = replace(part.operation, are_final=are_final)
    return Voiding(redeeming, call.body.void_id, until, _lost(call.world, name, part))


def _voided(call: Call[VoidRequest], done: Sequence[Done[Any]], *, is_replay: bool) -> Reply:
    """The coupons as the void left them, read from its own entries: the same at every retry."""
    shown: list[Shown] = []
    is_voided = False
    for one in done:
        if not isinstance(one.operation, Voiding):
            continue
        left: Book = _KINDS[one.account[0]].unpack(one.item["s"])
        given = [entry.data["coupon_id"] for entry in one.entries if entry.kind == "voided"]
        is_voided = is_voided or bool(given)
        coupons = [coupon for coupon in left.coupons if coupon.coupon_id in given]  # none in the book of who is erased
        redeeming = one.operation.redeeming
        foreign = {
            coupon.coupon_id: code
            for coupon, taken in zip(redeeming.coupons, redeeming.taken, strict=True)
            if (code := _foreign(call.world, taken)) is not None
        }
        shown += listing.shown(call.world, coupons, one.last.recorded_at, foreign)
    state = "voided" if is_voided else "not_arrived"
    body = VoidAnswer.model_construct(redemption_id=call.path["redemption_id"], state=state, coupons=())
    told = body.model_dump(mode="json") | {"coupons": [listing.as_json(one) for one in shown]}
    return Reply(told, 200, is_replay=is_replay)


def _used_for_good(world: World, name: Item, part: _Part) -> bool:
    """Whether the coupons of this part were used for good by this redemption, and not only held."""
    by = chain.operation(name["pk"])
    for coupon in part.coupons:
        there = part.head.state.get(coupon.spot)
        if there is not None and there.status is Status.REDEEMED and there.use is not None and there.use.by == by:
            return True
    return bool(_lost(world, name, part))


def _lost(world: World, name: Item, part: _Part) -> tuple[Coupon, ...]:
    """Coupons that this redemption used for good and that have left the head since: they come back by what its name knows.

    What it only held and somebody else used after the hold's end is not its own to give back.
    """
    if part.account[0] != keys.COUPON_BOOK or all(part.head.state.get(coupon.spot) for coupon in part.coupons):
        return ()
    own = world.ledger.head(BOOK, keys.holder(part.account), consistent=True)
    mark, reversal = _final_mark(name, part), chain.operation(name["pk"], is_reversal=True)
    found = world.ledger.find(own, Pending(None, mark, reversal, from_ms(name["t"]), part.seen))
    if found is None or found.mark != mark or found.item["e"][-1]["k"] == LOST:
        return ()
    head = _with_coupons(world, own, part.seen)
    return tuple(coupon for coupon in part.coupons if head.state.get(coupon.spot) is None)


def _deadline(call: Call[Any], name: Item, first: Redeeming | Taking) -> datetime | None:
    """When a till's right to void ends: with the store's next business day. The shop itself always may."""
    assert isinstance(first, Redeeming), "the coupons come first"
    return first.days.end_of_next_day(from_ms(name["t"])) if call.who.kind == "pos" else None


# ---- both -----------------------------------------------------------------------------------------------------------


def _parts(call: Call[Any], name: Item, *, consistent: bool) -> list[_Part]:
    """A redemption's share in each of its chains; a till has to do only with those of its own store."""
    shares = name.get("shares") or [{"acc": name["acc"], "seq": name["seen"] + 1, "op": name["op"]}]
    parts = []
    for one in shares:
        letter, seen = one["acc"][0], one["seq"] - 1
        operation = limits.unpack_taking(one["op"]) if letter == keys.POOL else packing.unpack_redeeming(one["op"])
        if isinstance(operation, Redeeming) and call.who.kind == "pos" and operation.store_id != call.who.store_id:
            raise Forbidden("wrong_store")
        head = call.world.ledger.head(_KINDS[letter], keys.holder(one["acc"]), consistent=consistent)
        parts.append(_Part(one["acc"], seen, operation, _with_coupons(call.world, head, seen)))
    return parts


def _with_coupons(world: World, head: Head[Any], seen: int) -> Head[Any]:
    """The head of the book that has the coupons of a redemption which saw this number: where its book has led."""
    return world.ledger.last_head(BOOK, head.account, seen) if head.closings else head


def _joined(parts: Sequence[Redeeming]) -> Redeeming:
    """A redemption's shares in books that have been merged since."""
    return replace(
        parts[0],
        coupons=tuple(coupon for part in parts for coupon in part.coupons),
        taken=tuple(taken for part in parts for taken in part.taken),
        counted=tuple(one for part in parts for one in part.counted),
    )


def _joined_voidings(parts: Sequence[Voiding]) -> Voiding:
    lost = tuple(coupon for part in parts for coupon in part.lost)
    return replace(parts[0], redeeming=_joined([part.redeeming for part in parts]), lost=lost)


def _entered(world: World, plan: Plan, join: Join) -> list[Done[Any]]:
    """One append to the one home, or a transaction over all chains."""
    planned = plan(False)
    if len(planned) == 1:
        (one,) = planned
        return [world.ledger.enter_one(one.verb, one.account, one.pending, one.head)]
    return enter_all(world.ledger, lambda consistent: plan(True) if consistent else planned, join)
