"""A code on paper, exchanged by a member for a coupon of the same campaign: a form that was filled in, a card in a box.

The code's chain and the member's book are written in one transaction, so a code is exchanged once or redeemed once. A code that
all share only proves that its reader was there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from coupons.book import Asker, why_unusable
from coupons.campaign import Campaign
from coupons.homes import Homes, Sought
from shared import chain, keys, places
from shared.chain import Decided, Part, Step
from shared.clock import from_ms
from shared.codes import Form
from shared.coupon_book import CODES, Book, Coupon, Status, Use
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


class WithCode(Ledger):
    """The books, where the item in which a claim enters comes together with the end of the code that it is for."""

    def __init__(self, world: World, holder: str, wanted: Exchange) -> None:
        super().__init__(world.ledger.table, world.clock)
        self._holder, self._wanted = holder, wanted

    def put(self, item: Item) -> Item | None:
        at = from_ms(item["t"])
        head = self.head(CODES, self._holder, consistent=True)
        at = max(at, head.recorded_at)
        (by,) = (raw["o"] for raw in item["e"] if raw["k"] == "issued")
        decided = exchange(head.state, self._wanted, by, at)
        code = chain.next_item(CODES, head, [Part(by, decided.steps)], decided.state, at)
        try:
            self.table.transact([PutNew(item), PutNew(code)])
        except Collision as collision:
            return collision.olds.get(0, item)
        return None


def with_code(call: Call[Any], campaign: Campaign, naming: Naming, qr: str) -> World:
    """The world in which a claim by this code enters; `code_not_usable` for what is no code of the campaign."""
    if campaign.price_points is not None:
        raise Invalid.at("/qr", "no_price", "what is paid for with points needs no code")
    found, day, is_shared = _sought(call, campaign, qr, consistent=False)
    assert found.coupon is not None, "what is sought is found"
    assert found.head is not None, "what is found is somewhere"
    if is_shared:
        return call.world
    wanted = Exchange(found.coupon, campaign.campaign_id, naming.client_id, day)
    return replace(call.world, ledger=WithCode(call.world, keys.holder(found.head.account), wanted))


def check(call: Call[Any], campaign: Campaign, qr: str) -> None:
    """Refuse a code that can't be exchanged now, before anything is written."""
    found, day, is_shared = _sought(call, campaign, qr, consistent=True)
    assert found.coupon is not None, "what is sought is found"
    if not is_shared and not _is_good(found.coupon, call.now, day):
        raise Conflict("code_not_usable")


def _sought(call: Call[Any], campaign: Campaign, qr: str, *, consistent: bool) -> tuple[Sought, date, bool]:
    """A code of this campaign on paper, the programme's day, and whether all share it."""
    homes = Homes(call, None, is_consistent=consistent)
    (found,) = homes.seek([qr])
    if found.coupon is None or found.head is None or not found.is_on_paper:
        raise Conflict("code_not_usable")
    locator = found.coupon.locator
    if homes.codebook.campaign_of(locator) != campaign.campaign_id:
        raise Conflict("code_not_usable")
    day = places.of_programme(call.world).day(max(call.now, found.head.recorded_at))
    return found, day, homes.codebook.form(locator) is Form.SHARED
