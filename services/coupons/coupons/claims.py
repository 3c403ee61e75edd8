"""Members take coupons themselves: for nothing, or for points.

A claim has a name of its own, so that its id is one for all campaigns. What follows is an issue whose source is the
claim. With a price, three chains decide in turn, each once: the book reserves, the points pay or refuse by an entry,
the book issues or lets go. Between them events carry what was decided, so there is no moment at which a crash leaves
the points without the coupon, or the coupon without the points.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from coupons import draws, exchanges, giving, issues, issuing, sources, store
from coupons.dues import attentive
from coupons.gift_model import ClaimAnswer, ClaimRequest
from coupons.giving import Answering, Issuing
from coupons.issues import ACCEPT, Asked
from shared import chain, keys
from shared.chain import Entry
from shared.clock import to_ms
from shared.codes import show
from shared.coupon_book import BOOK
from shared.coupons_of import Codebook
from shared.errors import Forbidden, NotFound, Refused
from shared.http import Call, Reply
from shared.member_ref import login_holder, present
from shared.naming import OPEN_NAME_LIFE, Done, Naming, Pending, Verb, check_same, named, unnamed
from shared.table import Item
from shared.world import World

KIND = "claim"
ANSWER: Verb[Any, Answering] = Verb(BOOK, unnamed, unnamed, attentive(giving.answer))


def claim(call: Call[ClaimRequest]) -> Reply:
    """Take a coupon of a campaign; for points, it is on its way."""
    login = _login(call)
    naming = call.naming(KIND, call.body.claim_id, _owner(login))
    try:
        done = _issue(call, naming, login)
    except Refused:
        old = call.world.ledger.name(naming)
        if old is not None:
            check_same(old, naming)
        raise
    if done.operation.price is None:
        return Reply(issuing.answer(call.world, done), 201, is_replay=done.is_replay)
    return Reply(ClaimAnswer(claim_id=call.body.claim_id, state="pending"), 202, is_replay=done.is_replay)


def _issue(call: Call[ClaimRequest], naming: Naming, login: str) -> Done[Issuing]:
    world, wanted = call.world, call.body
    member_id = _member(world, login)
    world.directory.fetch(keys.campaign(wanted.campaign_id), keys.programme())
    campaign = store.campaign(world, wanted.campaign_id).campaign
    if not (campaign.is_claimable if wanted.qr is None else campaign.bind is None):
        raise NotFound("campaign_not_found")
    if wanted.qr is not None:
        world = exchanges.with_code(call, campaign, naming, wanted.qr)

    def put_name() -> None:
        if wanted.qr is not None and world.ledger.name(naming) is None:
            exchanges.check(call, campaign, wanted.qr, member_id)
        name = {"pk": naming.partition, "sk": 0, "fp": naming.fingerprint, "op": {"i": wanted.campaign_id}}
        old = world.ledger.table.put_new(name | {"t": to_ms(naming.at), "v": 1})
        if old is not None:
            check_same(old, naming)

    asked = Asked(
        campaign_id=wanted.campaign_id,
        owner=naming.owner,
        source_id=wanted.claim_id,
        fingerprint=naming.fingerprint,
        at=call.now,
        member=lambda consistent: _member(world, login, consistent=True) if consistent else member_id,
        has_price=True,
        by_code=world is not call.world,
        agreed=put_name,
    )
    return issues.issue(world, asked)


def _login(call: Call[Any]) -> str:
    """Whose login this is, as long as there is such a member."""
    try:
        return login_holder(call.world, call.who)
    except NotFound:
        raise Forbidden("not_a_member") from None


def _owner(login: str) -> str:
    """Whose a claim's id is: that of the login, whoever the member is by now, so that a retry meets its first."""
    return f"member.{login}"


def _member(world: World, login: str, *, consistent: bool = False) -> str:
    """The member of a login, after a merge the one it leads to."""
    try:
        return str(present(world, login, consistent=consistent)["member_id"])
    except NotFound:
        raise Forbidden("not_a_member") from None


# ---- where a claim stands -------------------------------------------------------------------------------------------


def read(call: Call[Any]) -> ClaimAnswer:
    """Where one of the signed-in member's claims stands."""
    claim_id, login = call.path_id("claim_id"), _login(call)
    naming = call.naming(KIND, claim_id, _owner(login))
    _member(call.world, login)
    old = call.world.ledger.name(naming)
    if old is None:
        raise NotFound("claim_not_found")
    name = sources.find_name(call.world, old["op"]["i"], naming.owner, claim_id)
    answered = None if name is None else _latest(call.world, name)
    if name is None or answered is None:
        is_dead = to_ms(call.now) - old["t"] > OPEN_NAME_LIFE.total_seconds() * 1000
        return ClaimAnswer(claim_id=claim_id, state="refused" if is_dead else "pending")
    if answered.kind == "reserved":
        return ClaimAnswer(claim_id=claim_id, state="pending")
    if answered.kind != "issued":
        return ClaimAnswer(claim_id=claim_id, state="refused", code=answered.data.get("code"))
    coupon = named(ACCEPT, name).operation.coupon
    code = show(Codebook(call.world).code(coupon))
    return ClaimAnswer(claim_id=claim_id, state="issued", coupon_id=coupon.coupon_id, code=code)


def _latest(world: World, name: Item) -> Entry | None:
    """The last thing that the book has said of an issue: its answer to the points', else what it was at first."""
    head = world.ledger.head(BOOK, keys.holder(name["acc"]), consistent=True)
    pending = named(ACCEPT, name)
    wanted: list[Pending[Any]] = [pending]
    if pending.operation.price is not None:
        wanted.insert(0, _answering(name, Answering(pending.operation), pending.at))
    for one in wanted:
        found = world.ledger.find(head, one)
        if found is not None:
            return next(entry for entry in chain.entries_of(found.item) if entry.operation == one.mark)
    return None


# ---- what the points have answered ----------------------------------------------------------------------------------


def answer(world: World, coupon_id: str, refusal: str | None, at: datetime) -> None:
    """Bring the points' answer, paid or refused, into the book; what was not paid for is the pool's again."""
    locator, index = (int(part, 16) for part in coupon_id.split("-"))
    name = world.ledger.table.get(keys.issue(locator, index), 0, consistent=True)
    if name is None:
        raise ValueError("no coupon was reserved here")
    pending = named(ACCEPT, name)
    wanted = _answering(name, Answering(pending.operation, refusal), at)
    done = world.ledger.enter_one(ANSWER, name["acc"], wanted)
    _settle(world, pending, done.last)


def finish(world: World, name: Item) -> None:
    """Bring an issue to its end whose process died, and give back to the pool what was not paid for."""
    issues.finish(world, name)
    pending = named(ACCEPT, name)
    answered = None if pending.operation.price is None else _latest(world, name)
    if answered is not None:
        _settle(world, pending, answered)


def _settle(world: World, pending: Pending[Issuing], answered: Entry) -> None:
    if answered.kind == "released" and pending.operation.drawing is not None:
        draws.give_back(world, pending)


def _answering(name: Item, answering: Answering, at: datetime) -> Pending[Answering]:
    """The answer on its way into the book: one operation whatever it is, so that it enters once."""
    mark, reversal = (chain.operation(f"{name['pk']}/answer", is_reversal=one) for one in (False, True))
    return Pending(answering, mark, reversal, at, name["seen"], is_effect=True)
