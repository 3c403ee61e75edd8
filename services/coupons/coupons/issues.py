"""Issuing coupons: to a member, for a source, once; within the campaign's total and the member's limit.

The coupon's index is a hash of its source, and its name lies at locator and index. So the same source is the same
coupon, and a code leads to its name and by that to the member's book. A campaign with a total asks its pool first;
then the book accepts, or refuses by an entry, and only after that does the pool get its unit back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coupons import draws, exposing, giving, packing, pool, rules, sources, store
from coupons.book import order_hash
from coupons.dues import attentive
from coupons.giving import Drawing, Issuing
from coupons.pool import POOL, Pool
from coupons.store import Running
from shared import keys, places
from shared.chain import Head
from shared.codes import Generation
from shared.coupon_book import BOOK, Book, Coupon, Status
from shared.errors import Conflict, Invalid, Refused, Unavailable
from shared.holdout import is_held_out
from shared.member_ref import require_member
from shared.naming import OPEN_NAME_LIFE, Done, Naming, Pending, Verb, check_same, name_item, named
from shared.table import Item
from shared.world import World

ISSUE = Verb(BOOK, packing.pack_issuing, packing.unpack_issuing, attentive(giving.issue))
"""An issue may be refused, so only its caller finishes it."""
ACCEPT = Verb(BOOK, packing.pack_issuing, packing.unpack_issuing, attentive(giving.issue_or_tell))
"""What the pool has given is brought to its end by the stream, whom the pool's entry tells."""


@dataclass(frozen=True)
class Asked:
    """One issue that somebody wants: a request's, or an event's.

    `agreed` is called when nothing speaks against it any more, before anything is written.
    """

    campaign_id: str
    owner: str
    source_id: str
    fingerprint: bytes
    at: datetime
    member: Callable[[bool], str]
    order_ref: str | None = None
    comes_again: bool = False  # a queue brings it until it is done; a caller gives up within a day
    has_price: bool = False  # the member claims it for what the campaign asks
    store_id: str | None = None  # where that happened which it is for
    by_code: bool = False  # in exchange for a code of its own on paper, which counts by itself, and is awake then
    agreed: Callable[[], None] = lambda: None

    def of(self, campaign_id: str) -> Asked:
        """The same, of another campaign."""
        return replace(self, campaign_id=campaign_id)


class HeldOut(Conflict):
    """Nothing speaks against the coupon but that the member is held out of the campaign, which is told to no member."""

    def __init__(self, member_id: str, issuing: Issuing) -> None:
        super().__init__("held_out")
        self.member_id, self.issuing = member_id, issuing


@dataclass(frozen=True, slots=True)
class _Heads:
    """What an issue was judged by. Without the pool's head, the coupon is in the book already."""

    book: Head[Book]
    pool: Head[Pool] | None = None


def issue(world: World, asked: Asked) -> Done[Issuing]:
    """Issue a coupon, or answer the one that this source has already caused."""
    running = store.campaign(world, asked.campaign_id)
    generation = sources.generation(world, running)
    for attempt in range(sources.ATTEMPTS):
        one = _One(world, asked, running, generation, sources.index(generation, asked.owner, asked.source_id, attempt))
        try:
            return one.perform()
        except HeldOut as held:
            exposing.hold_out(world, held.member_id, held.issuing)
            raise
        except Invalid as refused:
            if refused.code != "id_reused" or not one.is_taken_by_another():
                raise
    raise Unavailable


def finish(world: World, name: Item) -> None:
    """Bring an issue to its end whose process died after the pool had given; before that, nothing happened."""
    pending = named(ACCEPT, name)
    try:
        draws.draw(world, pending, None, may_append=False)
    except Conflict:
        return  # the pool never gave, or has it back
    try:
        _accept(world, name["acc"], pending)
    except Conflict:
        return  # the book had no room, and the pool has its unit back


@dataclass(frozen=True)
class _One:
    """One try to issue at one index."""

    world: World
    asked: Asked
    running: Running
    generation: Generation
    index: int

    @property
    def naming(self) -> Naming:
        place = f"{self.generation.locator:05d}", f"{self.index:010x}"
        return Naming("issue", *place, self.asked.fingerprint, self.asked.at)

    def perform(self) -> Done[Issuing]:
        """Name, then append; a "no" leaves nothing behind and is never said on a stale read."""
        ledger = self.world.ledger
        try:
            issuing, heads = self._look(consistent=False)
        except Refused:
            old = ledger.name(self.naming)
            if old is not None:
                return self._resume(old, None)
            issuing, heads = self._look(consistent=True)
        self.asked.agreed()
        verb = ISSUE if issuing.drawing is None else ACCEPT
        name = name_item(self.naming, verb, heads.book.account, heads.book.sequence, issuing)
        old = ledger.table.put_new(name)
        if old is not None:
            return self._resume(old, heads.book)
        pending = named(verb, name)._replace(is_replay=False)
        if issuing.drawing is None:
            return _enter(self.world, ISSUE, heads.book.account, pending, heads.book)
        draws.draw(self.world, pending, heads.pool)
        return _accept(self.world, heads.book.account, pending, heads.book)

    def is_taken_by_another(self) -> bool:
        """Whether the name at this index belongs to another source: 40 bits can't keep all sources apart."""
        old = self.world.ledger.name(self.naming)
        return old is not None and sources.of_name(old) != (self.asked.owner, self.asked.source_id)

    def _look(self, *, consistent: bool) -> tuple[Issuing, _Heads]:
        """The issue and the heads that it is judged by; raises the refusal."""
        ledger, campaign = self.world.ledger, self.running.campaign
        member_id = self.asked.member(consistent)
        head = ledger.open_head(BOOK, member_id, consistent=consistent)
        if BOOK.is_nobodys(head):
            require_member(self.world, member_id)
        issuing = self._issuing(None)
        if self._is_there(head.state):
            return issuing, _Heads(head)  # a retry: its name will answer
        if campaign.state != "active" or issuing.coupon.is_over(issuing.coupon.first):
            raise Conflict("campaign_not_active")  # or nothing is left of its days
        if campaign.limits.total is None or self.asked.by_code:
            giving.issue(head.state, issuing, self.asked.at)
            self._hold_out(head, issuing)
            return issuing, _Heads(head)
        left = ledger.head(POOL, campaign.campaign_id, consistent=consistent)
        issuing = self._issuing(Drawing(campaign.limits.total, left.sequence, keys.holder(head.account), head.sequence))
        pool.take(left.state, issuing, self.asked.at)
        giving.issue(head.state, issuing, self.asked.at)
        self._hold_out(head, issuing)
        return issuing, _Heads(head, left)

    def _hold_out(self, head: Head[Book], issuing: Issuing) -> None:
        """Last of all: who would be refused anyway is not compared with those who got one."""
        campaign, member_id = self.running.campaign, keys.holder(head.account)
        share_bp = 0 if self.asked.by_code else campaign.holdout_share_bp
        if is_held_out(campaign.campaign_id, member_id, share_bp):
            raise HeldOut(member_id, issuing)

    def _issuing(self, drawing: Drawing | None) -> Issuing:
        campaign, locator = self.running.campaign, self.generation.locator
        issued_on = places.of_programme(self.world).day(self.asked.at)
        days = rules.validity(campaign, issued_on)
        return Issuing(
            coupon=Coupon(
                locator=locator,
                index=self.index,
                edition=self.running.edition,
                first=days.first,
                last=days.last,
                source_id=self.asked.source_id,
                status=Status.ASLEEP if campaign.code.sleeping and not self.asked.by_code else Status.ISSUED,
                order=self._order(),
            ),
            campaign_id=campaign.campaign_id,
            owner=self.asked.owner,
            issued_on=issued_on,
            order_ref=self.asked.order_ref,
            per_member=campaign.limits.per_member,
            drawing=drawing,
            price=campaign.price_points if self.asked.has_price else None,
            store_id=self.asked.store_id if campaign.attribution else None,
            exposed=self._exposed(),
        )

    def _exposed(self) -> tuple[datetime, int] | None:
        """From when on it is measured what the member does; a code on paper is somebody's who came for it."""
        measured = None if self.asked.by_code else self.running.campaign.attribution
        return None if measured is None else (self.asked.at, measured.window_hours)

    def _order(self) -> bytes | None:
        """The one order that the coupon is for, where the campaign wants one."""
        if self.running.campaign.bind is None:
            return None
        if self.asked.order_ref is None:
            raise Invalid.at("/order_ref", "missing", "the campaign's coupons are each for one order")
        return order_hash(self.asked.order_ref)

    def _is_there(self, there: Book) -> bool:
        coupon = there.get((self.generation.locator, self.index))
        return coupon is not None and coupon.source_id == self.asked.source_id

    def _resume(self, old: Item, head: Head[Book] | None) -> Done[Issuing]:
        """What a name that is already there became; finished now if its process died."""
        check_same(old, self.naming)
        world, account = self.world, old["acc"]
        pending = named(ISSUE, old)
        if head is not None and (head.account != account or not self._is_there(head.state)):
            head = None  # read eventually consistent and before the name was seen: what it lacks proves nothing
        may_append = self.asked.comes_again or world.clock.now() - pending.at <= OPEN_NAME_LIFE
        if pending.operation.drawing is None:
            return _enter(world, ISSUE, account, pending, head, may_append=may_append)
        (done,) = world.ledger.enter(ACCEPT, account, [pending], head, may_append=False)
        if not isinstance(done, Refused):
            return _told(world, pending, done)
        draws.draw(world, pending, None, may_append=may_append)
        return _accept(world, account, pending)


def _enter(
    world: World,
    verb: Verb[Any, Issuing],
    account: str,
    pending: Pending[Issuing],
    head: Head[Any] | None,
    *,
    may_append: bool = True,
) -> Done[Issuing]:
    return world.ledger.enter_one(verb, account, pending, head, may_append=may_append)


def _accept(world: World, account: str, pending: Pending[Issuing], head: Head[Book] | None = None) -> Done[Issuing]:
    """The book's part."""
    return _told(world, pending, _enter(world, ACCEPT, account, pending, head))


def _told(world: World, pending: Pending[Issuing], done: Done[Issuing]) -> Done[Issuing]:
    """What the book decided; after its refusal, the pool's unit back."""
    if done.last.kind != "refused":
        return done
    draws.give_back(world, pending)
    raise Conflict(done.last.data["code"], limit=done.last.data["limit"])
