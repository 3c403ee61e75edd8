"""From codes to coupons: which book or chain holds each code of a basket.

A member's coupons lie together in the member's book. A code that was printed, or that somebody else made, has a chain
of its own, which begins when something happens to it; a code that all share has one for each redemption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from coupons import packing, store
from coupons.campaign import Channel
from coupons.model import Basket, Occasion
from coupons.pool import POOL, Pool
from shared import keys, places
from shared.auth import Principal
from shared.business_day import DayRule
from shared.chain import Head
from shared.closings import Closing
from shared.codes import Form, NotACode, Reading, foreign, normalise, show
from shared.coupon_book import BOOK, CODES, Book, Coupon, Spot, Status
from shared.coupons_of import Codebook
from shared.errors import Forbidden, Invalid
from shared.http import Call
from shared.member_ref import require_member, resolve
from shared.reference import MemberRef
from shared.table import Item
from shared.world import World

ON_PAPER = "code"  # the source of a coupon that nobody was issued


@dataclass(frozen=True, slots=True)
class Shop:
    """Where a basket is bought. `counter` is what a limit by store and day counts by: a store, or a whole channel."""

    channel: Channel
    store_id: str | None
    days: DayRule
    counter: str


def shop(world: World, who: Principal, said: Occasion) -> Shop:
    """The place of a request: a till is always in its own store; the web shop goes by the programme's days."""
    if who.kind == "pos" and said.store_id not in (None, who.store_id):
        raise Forbidden("wrong_store")
    if who.kind == "pos" and said.channel != "pos":
        raise Forbidden("forbidden")
    store_id = said.store_id or (who.store_id if who.kind == "pos" else None)
    days = places.of_programme(world) if said.channel == "ec" else places.of_store(world, store_id)
    is_store = said.channel == "pos" and (who.kind == "pos" or places.is_known(world, store_id))
    counter = store_id if is_store and store_id else f"@{said.channel}"  # else a made-up store would have a limit anew
    return Shop(said.channel, store_id, days, counter)


def fetch_settings(world: World, who: Principal, said: Occasion, codes: Sequence[str]) -> None:
    """Read in one round trip what is asked for one by one below: the programme, the store, the campaigns of the codes."""
    if world.directory.is_in_cache(keys.programme()):
        return  # and with it most often the others: to decode the codes twice would cost more
    codebook = Codebook(world)
    found = {campaign_id for typed in codes for campaign_id in codebook.campaigns_of(typed)}
    store_id = said.store_id or who.store_id
    stores = [keys.store(store_id)] if store_id and said.channel != "ec" else []
    world.directory.fetch(keys.programme(), *stores, *map(keys.campaign, sorted(found)))


def check_currency(world: World, basket: Basket) -> None:
    """`currency_mismatch` for a basket in foreign money."""
    expected = places.currency(world)
    if basket.currency not in (None, expected):
        raise Invalid("currency_mismatch", expected=expected)


@dataclass(frozen=True, slots=True)
class Sought:
    """One code of a request: what it is shown as, and the coupon and its home if there is one.

    `is_owners`: the request names the member whose coupon it is, so that its reader may learn more. `sealed` is a
    foreign code, of which nothing else is kept. `is_unknown`: a code of the right form that was never made.
    """

    position: int
    code: str
    coupon: Coupon | None = None
    head: Head[Book] | None = None
    is_owners: bool = False
    sealed: str | None = None
    is_unknown: bool = False

    @property
    def is_on_paper(self) -> bool:
        """Whether the code lies in no member's book."""
        return self.head is not None and self.head.account[0] == keys.CODE


class Homes:
    """The books and chains that the codes of one request live in, each read once. `by` is the redemption's mark."""

    def __init__(self, call: Call[Any], member: MemberRef | None, by: bytes = b"", *, is_consistent: bool) -> None:
        self.world = call.world
        self.codebook = Codebook(call.world)
        self.member_id: str | None = None
        self._by = by
        self._is_consistent = is_consistent
        self._heads: dict[str, Head[Book]] = {}
        self._closings: dict[str, tuple[Closing, ...]] = {}
        self._limits: dict[str, Head[Pool]] = {}
        if member is not None:
            self.member_id = resolve(call.world, call.who, member, consistent=is_consistent).member_id
            if BOOK.is_nobodys(self._head(self.member_id)):
                require_member(call.world, self.member_id)

    def seek(self, codes: Sequence[str]) -> list[Sought]:
        """The coupons of codes as people typed them, in the same order."""
        return [self._one(position, typed) for position, typed in enumerate(codes)]

    def limit(self, holder: str) -> Head[Pool]:
        """One of a campaign's limits."""
        if holder not in self._limits:
            self._limits[holder] = self.world.ledger.head(POOL, holder, consistent=self._is_consistent)
        return self._limits[holder]

    def of_member(self) -> Head[Book]:
        """The book of the member who was named."""
        assert self.member_id is not None
        return self._head(self.member_id)

    def all_of_member(self) -> list[Sought]:
        """Every coupon of the member who was named, as if its code had been typed."""
        assert self.member_id is not None
        head = self._head(self.member_id)
        return [
            Sought(position, show(self.codebook.code(coupon)), coupon, head, is_owners=True)
            for position, coupon in enumerate(head.state.shown)
        ]

    def _one(self, position: int, typed: str) -> Sought:
        try:
            code = normalise(typed)
        except NotACode as wrong:
            return self._foreign(position, typed, is_mistyped=wrong.reason == "check")
        readings = self.codebook.read(code)
        for reading in readings:
            found = self._issued(reading) if reading.generation.form is Form.ISSUED else self._on_paper(reading)
            if found.coupon is not None:
                return replace(found, position=position, code=show(code))
        return Sought(position, show(code), is_unknown=not readings)  # a place without a coupon is no guess

    def _issued(self, reading: Reading) -> Sought:
        """A coupon in a member's book."""
        spot = reading.generation.locator, reading.index
        head = self._home(spot)
        coupon = head.state.get(spot) if head else None
        return Sought(0, "", coupon, head, is_owners=self.member_id is not None)

    def _on_paper(self, reading: Reading) -> Sought:
        """A code that was made in bulk, or that all share."""
        locator, index = reading.generation.locator, reading.index
        holder = keys.code(locator, index)
        if reading.generation.form is Form.SHARED:  # each redemption's use stands for itself
            holder, index = keys.shared_use(locator, self._by), int.from_bytes(self._by[:5])
        head = self.world.ledger.head(CODES, holder, consistent=self._is_consistent)
        coupon = head.state.get((locator, index)) or self._made(locator, index)
        return self._owned(Sought(0, "", coupon, head))

    def is_shared_use(self, locator: int, mark: bytes) -> bool:
        """Whether the redemption with this mark used a code that all share."""
        head = self.world.ledger.head(CODES, keys.shared_use(locator, mark), consistent=self._is_consistent)
        return head.sequence > 0

    def _foreign(self, position: int, typed: str, *, is_mistyped: bool) -> Sought:
        """A code that somebody else made: known by its keyed hash. It may look like one of ours, mistyped."""
        try:
            code = foreign(typed) if self.codebook.takes_foreign else ""
        except NotACode:
            code = ""
        for digest in self.world.secrets.digests_accepted("foreign", code) if code else ():
            head = self.world.ledger.head(CODES, keys.foreign(digest), consistent=self._is_consistent)
            for coupon in head.state.coupons:
                sealed = self.world.secrets.seal("foreign", "", code)
                return self._owned(Sought(position, code, coupon, head, sealed=sealed))
        return Sought(position, typed, is_unknown=bool(code) and not is_mistyped)

    def _made(self, locator: int, index: int) -> Coupon:
        """A code that nothing has happened to yet, as its campaign made it."""
        campaign_id = self.codebook.campaign_of(locator)
        running = store.campaign(self.world, campaign_id)
        is_shared = self.codebook.form(locator) is Form.SHARED
        edition = running.edition if is_shared else self.codebook.edition_of(locator, index)
        terms = store.terms(self.world, campaign_id, edition)
        status = Status.ASLEEP if running.campaign.code.sleeping else Status.ISSUED
        return Coupon(locator, index, edition, terms.valid_from, terms.valid_until, ON_PAPER, status)

    def _owned(self, found: Sought) -> Sought:
        """A code that was given to a member is that member's; who names another one has none."""
        owner = found.coupon.owner if found.coupon else None
        if owner is None or self.member_id is None:
            return found
        is_owners = self._head(owner).account == self._head(self.member_id).account
        return replace(found, is_owners=True) if is_owners else replace(found, coupon=None)

    def _home(self, spot: Spot) -> Head[Book] | None:
        """The book that a coupon is in: the member's who was named, one read already, or the one its name tells."""
        if self.member_id is not None:
            return self._head(self.member_id)
        known = next((head for head in self._heads.values() if head.state.get(spot)), None)
        if known is not None:
            return known
        name = self.issue(spot)
        return None if name is None else self._keeper(name, spot)

    def issue(self, spot: Spot) -> Item | None:
        """The name of the issue that made a coupon."""
        return self.world.ledger.table.get(keys.issue(*spot), 0, consistent=self._is_consistent)

    def keeper(self, spot: Spot) -> tuple[Coupon, Head[Book]] | None:
        """A coupon as it was issued, and the book that has it now, or had it last."""
        name = self.issue(spot) or self.world.ledger.table.get(keys.issue(*spot), 0, consistent=True)
        return None if name is None else (packing.unpack_issuing(name["op"]).coupon, self._keeper(name, spot))

    def _keeper(self, name: Item, spot: Spot) -> Head[Book]:
        """The book that a coupon is in: its member's, or one that this was merged into for a time."""
        member_id = keys.holder(name["acc"])
        head, closings = self._head(member_id), self._closings[member_id]
        if head.state.get(spot) is not None or not closings:
            return head
        others = [keys.holder(closing.account) for closing in closings]
        others.append(keys.holder(self.world.ledger.last_head(BOOK, name["acc"], name["seen"]).account))
        found = (other for one in others if (other := self._head(one)).state.get(spot) is not None)
        return next(found, head)

    def _head(self, member_id: str) -> Head[Book]:
        """The book that a member's coupons are in now. Each is read once, whoever leads to it."""
        if member_id not in self._heads:
            ledger = self.world.ledger
            own = ledger.head(BOOK, member_id, consistent=self._is_consistent)
            head = ledger.open_head(BOOK, member_id, consistent=True) if own.is_closed else own
            self._closings |= {keys.holder(head.account): head.closings, member_id: own.closings}
            self._heads[member_id] = self._heads.setdefault(keys.holder(head.account), head)
        return self._heads[member_id]
