"""A code on paper, exchanged by a member for a coupon of the same campaign: a form that was filled in, a card in a box.

The code's chain and the member's book are written in one transaction, so a code is exchanged once or redeemed once. A code that
all share only proves that its reader was there: its coupon is issued like any other. A foreign one counts for its campaign's total
when it is used, so that is written in the same transaction, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from coupons import limits
from coupons.book import Asker, why_unusable
from coupons.campaign import Campaign
from coupons.homes import Homes, Sought
from coupons.limits import LIMIT, Taking
from coupons.pool import Pool
from shared import chain, keys, places
from shared.chain import Decided, Part, Step
from shared.clock import from_ms
from shared.codes import Form
from shared.coupon_book import BOOK, CODES, Book, Coupon, Status, Use
from shared.errors import Conflict, Invalid
from shared.http import Call
from shared.ledger import Ledger
from shared.naming import Naming
from shared.table import Collision, Item, PutNew
from shared.world import World

_ORDER = b"exchange"  # in the place of an order's hash: there is none


@dataclass(frozen=True, slots=True)
class Exchange:
    """A code that goes into a member's coupon, as it was before, and the claim that does it."""

    coupon: Coupon
    campaign_id: str
    claim_id: str
    day: date
    total: int | None = None  # what the campaign's total may come to, if this code counts only now


def exchange(code: Book, wanted: Exchange, by: bytes, at: datetime) -> Decided[Book]:
    """Use a code up, also one that sleeps; `code_not_usable` for one that was used, is held or is over.

    `by` is the mark of the coupon's issue, which both chains know then.
    """
    coupon = code.get(wanted.coupon.spot) or wanted.coupon
    if not _is_good(coupon, at, wanted.day):
        raise Conflict("code_not_usable")
    used = replace(coupon, status=Status.REDEEMED, use=Use(by, _ORDER, at))
    others = tuple(one for one in code.coupons if one.spot != coupon.spot)
    data = {"coupon_id": coupon.coupon_id, "campaign_id": wanted.campaign_id}
    step = Step("exchanged", ref=("claim", wanted.claim_id), data=data)
    return Decided(replace(code, coupons=(*others, used)), (step,))


def _is_good(coupon: Coupon, at: datetime, day: date) -> bool:
    awake = replace(coupon, status=Status.ISSUED) if coupon.status is Status.ASLEEP else coupon
    return why_unusable(awake, Asker(at, day)) is None


def use_up(total: Pool, wanted: Exchange, coupon_id: str, by: bytes, at: datetime) -> Decided[Pool]:
    """One more of a campaign's total, for the coupon that a code went into; `campaign_exhausted` if there is none left."""
    assert wanted.total is not None, "asked only where a total counts"
    if total.used(at) + 1 > wanted.total:
        raise Conflict("campaign_exhausted", left=0)
    taking = Taking(wanted.claim_id, by, 1, wanted.total, campaign_id=wanted.campaign_id)
    decided = limits.take(total, taking, at)
    drawn, *others = decided.steps
    return decided._replace(steps=(drawn._replace(ref=("coupon", coupon_id)), *others))


class WithCode(Ledger):
    """The books, where the item in which a claim enters comes together with the end of the code that it is for."""

    def __init__(self, world: World, holder: str, wanted: Exchange) -> None:
        super().__init__(world.ledger.table, world.clock)
        self._holder, self._wanted = holder, wanted

    def put(self, item: Item) -> Item | None:
        head = self.head(CODES, self._holder, consistent=True)
        at = max(from_ms(item["t"]), head.recorded_at)
        ((by, coupon_id),) = ((raw["o"], raw["x"]["coupon_id"]) for raw in item["e"] if raw["k"] == "issued")
        check_owner(self, head.state.get(self._wanted.coupon.spot), item["pk"])
        decided = exchange(head.state, self._wanted, by, at)
        code = chain.next_item(CODES, head, [Part(by, decided.steps)], decided.state, at)
        try:
            self.table.transact([PutNew(item), PutNew(code), *map(PutNew, self._counts(coupon_id, by, at))])
        except Collision as collision:
            return collision.olds.get(0, item)
        return None

    def _counts(self, coupon_id: str, by: bytes, at: datetime) -> Iterator[Item]:
        """What the campaign's total notes of it."""
        if self._wanted.total is not None:
            head = self.head(LIMIT, keys.limit(self._wanted.campaign_id), consistent=True)
            at = max(at, head.recorded_at)
            decided = use_up(head.state, self._wanted, coupon_id, by, at)
            yield chain.next_item(LIMIT, head, [Part(by, decided.steps)], decided.state, at)


def check_owner(ledger: Ledger, coupon: Coupon | None, account: str) -> None:
    """`code_not_usable` for a code that was given to a member whose coupons lie in another book than this."""
    owner = None if coupon is None else coupon.owner
    if owner is not None and ledger.open_head(BOOK, owner, consistent=True).account != account:
        raise Conflict("code_not_usable")


def with_code(call: Call[Any], campaign: Campaign, naming: Naming, qr: str) -> World:
    """The world in which a claim by this code enters; `code_not_usable` for what is no code of the campaign."""
    if campaign.price_points is not None:
        raise Invalid.at("/qr", "no_price", "what is paid for with points needs no code")
    found, day, form = _sought(call, campaign, qr, consistent=False)
    assert found.coupon is not None, "what is sought is found"
    assert found.head is not None, "what is found is somewhere"
    if form is Form.SHARED:
        return call.world
    total = campaign.limits.total if form is Form.FOREIGN else None
    wanted = Exchange(found.coupon, campaign.campaign_id, naming.client_id, day, total)
    return replace(call.world, ledger=WithCode(call.world, keys.holder(found.head.account), wanted))


def check(call: Call[Any], campaign: Campaign, qr: str, member_id: str) -> None:
    """Refuse a code that this member can't exchange now, before anything is written."""
    found, day, form = _sought(call, campaign, qr, consistent=True)
    assert found.coupon is not None, "what is sought is found"
    if form is Form.SHARED:
        return
    ledger, total = call.world.ledger, campaign.limits.total
    check_owner(ledger, found.coupon, ledger.open_head(BOOK, member_id, consistent=True).account)
    if not _is_good(found.coupon, call.now, day):
        raise Conflict("code_not_usable")
    if form is Form.FOREIGN and total is not None:
        head = ledger.head(LIMIT, keys.limit(campaign.campaign_id), consistent=True)
        if head.state.used(max(call.now, head.recorded_at)) + 1 > total:
            raise Conflict("campaign_exhausted", left=0)


def _sought(call: Call[Any], campaign: Campaign, qr: str, *, consistent: bool) -> tuple[Sought, date, Form]:
    """A code of this campaign on paper, the programme's day, and how its campaign's codes come to be."""
    homes = Homes(call, None, is_consistent=consistent)
    (found,) = homes.seek([qr])
    if found.coupon is None or found.head is None or not found.is_on_paper:
        raise Conflict("code_not_usable").as_guess(int(found.is_unknown))
    locator = found.coupon.locator
    if homes.codebook.campaign_of(locator) != campaign.campaign_id:
        raise Conflict("code_not_usable")
    day = places.of_programme(call.world).day(max(call.now, found.head.recorded_at))
    return found, day, homes.codebook.form(locator)
