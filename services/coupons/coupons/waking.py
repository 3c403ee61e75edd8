"""Codes that sleep until staff wake them: at the counter, when a gift is handed out, for anybody or for one member."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from coupons import listing
from coupons.dues import attentive
from coupons.homes import Homes, Sought
from coupons.model import ActivateRequest
from shared import keys, places
from shared.chain import Decided, Packed, Step
from shared.codes import Form, NotACode, normalise
from shared.coupon_book import BOOK, CODES, Book, Coupon, Status, pack_coupons, unpack_coupons
from shared.coupons_of import Codebook
from shared.errors import Conflict, NotFound
from shared.http import Call, Reply
from shared.member_ref import require_member, resolve
from shared.naming import Verb


@dataclass(frozen=True, slots=True)
class Waking:
    """A coupon that is woken, as it was before; for a member, if one is named."""

    activate_id: str
    coupon: Coupon
    campaign_id: str
    day: date
    owner: str | None = None


def wake(book: Book, waking: Waking, _: datetime) -> Decided[Book]:
    """Let a sleeping coupon be used from now on; `code_not_usable` for one that does not sleep, or is over."""
    there = book.get(waking.coupon.spot)
    coupon = there or waking.coupon
    if coupon.status is not Status.ASLEEP or coupon.is_over(waking.day):
        raise Conflict("code_not_usable")
    awake = replace(coupon, status=Status.ISSUED, owner=waking.owner)
    after = book.with_(awake) if there else replace(book, coupons=(*book.coupons, awake))
    data = {"coupon_id": coupon.coupon_id, "campaign_id": waking.campaign_id}
    owner = {"member_id": waking.owner} if waking.owner else {}
    return Decided(after, (Step("activated", ref=("activation", waking.activate_id), data=data | owner),))


def _pack(waking: Waking) -> Packed:
    packed: Packed = {
        "i": waking.activate_id,
        "c": pack_coupons([waking.coupon]),
        "g": waking.campaign_id,
        "d": waking.day.toordinal(),
    }
    return packed | ({"m": waking.owner} if waking.owner else {})


def _unpack(packed: Packed) -> Waking:
    (coupon,) = unpack_coupons(packed["c"])
    return Waking(packed["i"], coupon, packed["g"], date.fromordinal(packed["d"]), packed.get("m"))


WAKE_IN_BOOK, WAKE_CODE = Verb(BOOK, _pack, _unpack, attentive(wake)), Verb(CODES, _pack, _unpack, wake)


def activate(call: Call[ActivateRequest]) -> Reply:
    """Wake a sleeping code; with a member, for that member alone."""
    typed, naming = call.path["code"], call.naming("activate", call.body.activate_id)
    is_issued = _is_issued(Codebook(call.world), typed)

    def find(consistent: bool) -> tuple[str, Waking]:
        found = _sought(call, typed, consistent=consistent)
        assert found.coupon is not None, "what was sought and found"
        assert found.head is not None, "what was found is somewhere"
        campaign_id = Codebook(call.world).campaign_of(found.coupon.locator)
        day = places.of_programme(call.world).day(max(call.now, found.head.recorded_at))
        owner = None if is_issued else _owner(call, consistent=consistent)
        waking = Waking(call.body.activate_id, found.coupon, campaign_id, day, owner)
        return keys.holder(found.head.account), waking

    done = call.world.ledger.perform(WAKE_IN_BOOK if is_issued else WAKE_CODE, naming, find)
    woken = replace(done.operation.coupon, status=Status.ISSUED, owner=done.operation.owner)
    foreign = {} if _is_ours(typed) else {woken.coupon_id: typed}
    (shown,) = listing.shown(call.world, [woken], done.last.recorded_at, foreign)
    return Reply(listing.as_json(shown), 200, is_replay=done.is_replay)


def _sought(call: Call[ActivateRequest], typed: str, *, consistent: bool) -> Sought:
    """The coupon of a code. A coupon in a member's book is that member's: who names another one is told of none."""
    (found,) = Homes(call, None, is_consistent=consistent).seek([typed])
    if found.coupon is None or found.head is None:
        raise NotFound("coupon_not_found").as_guess(int(found.is_unknown))
    if call.body.member is not None and not found.is_on_paper:
        mine = Homes(call, call.body.member, is_consistent=consistent).of_member()
        if mine.state.get(found.coupon.spot) is None:
            raise NotFound("coupon_not_found")
    return found


def _owner(call: Call[ActivateRequest], *, consistent: bool) -> str | None:
    if call.body.member is None:
        return None
    member_id = resolve(call.world, call.who, call.body.member, consistent=consistent).member_id
    require_member(call.world, member_id)
    return member_id


def _is_issued(codebook: Codebook, typed: str) -> bool:
    """Whether a code is one of a member's book; without a read."""
    try:
        readings = codebook.read(normalise(typed))
    except NotACode:
        return False
    return any(reading.generation.form is Form.ISSUED for reading in readings)


def _is_ours(typed: str) -> bool:
    try:
        normalise(typed)
    except NotACode:
        return False
    return True
