"""Receipts without a member: recorded as nobody's, and claimed later by the member who shows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from points import packing, purchase, recorded
from points.balances import ACCOUNT
from points.bought import Bought
from points.found import Recorded, find, of_items
from points.purchase import CANCELLED, PLACED, REVERSED, Change, Home
from points.purchase_answers import purchase_answer
from points.returned import ReceiptClaim
from points.store import programme
from shared import keys
from shared.clock import to_ms
from shared.errors import Conflict, Forbidden, NotFound, Refused
from shared.http import Call, Reply
from shared.member_ref import login_holder, present
from shared.naming import Naming, check_same
from shared.table import Item


def record(call: Call[Any], naming: Naming, bought_of: Callable[[], Bought]) -> Reply:
    """A purchase of nobody: its name alone, which a late claim may find."""
    try:
        bought = bought_of()
    except Refused:
        if call.world.ledger.name(naming) is None:
            raise
        return _replayed(call, naming)
    item = {
        "pk": naming.partition,
        "sk": 0,
        "fp": naming.fingerprint,
        "op": packing.pack_bought(bought),
        "t": to_ms(naming.at),
        "q": call.request_id,  # tells this request's write from a twin's
        "v": 1,
    }
    if call.world.ledger.table.put_new(item) is not None:
        return _replayed(call, naming)
    return Reply(purchase_answer(call, bought, _state(bought)), 201)


def _replayed(call: Call[Any], naming: Naming) -> Reply:
    items = call.world.ledger.table.items(naming.partition, consistent=True)
    check_same(items[0], naming)
    found = of_items(items)
    if found.head.state.state == REVERSED:
        raise Conflict("reversed")
    return Reply(purchase_answer(call, found.bought, _state(found.bought)), 201, is_replay=True)


def _state(bought: Bought) -> str:
    return PLACED if bought.is_placed else purchase.COMPLETED


def claim(call: Call[ReceiptClaim]) -> Reply:
    """The signed-in member's late claim of a receipt that was issued without a member: once, and within a window.

    The claim's id is a name of its own, so that it can't be used for another receipt.
    """
    member_id = _claimant(call)
    naming = call.naming("receipt", call.body.receipt_claim_id, f"member.{member_id}")
    ledger = call.world.ledger
    try:
        found = _shown(call)
    except Refused:
        old = ledger.name(naming)
        if old is None:
            raise
        check_same(old, naming)
        found = _found(call)
    else:
        old = ledger.table.put_new(_name_item(naming, found))
        if old is not None:
            check_same(old, naming)
    return _claimed(call, found, member_id)


def _claimant(call: Call[ReceiptClaim]) -> str:
    """The member whose login this is. A merge leads on from there, but the ids of claims stay where they were."""
    try:
        member_id = login_holder(call.world, call.who)
        present(call.world, member_id)
    except NotFound:
        raise Forbidden("not_a_member") from None
    return member_id


def _claimed(call: Call[ReceiptClaim], found: Recorded, member_id: str) -> Reply:
    head = call.world.ledger.open_head(ACCOUNT, member_id)
    home = Home(head.account, head.sequence, f"{found.partition}/claim")
    kept = {"carry": ["points", home.name, home.account, home.seen], "member_id": keys.holder(home.account)}
    what = f"claim/{member_id}/{call.body.receipt_claim_id}"
    done = recorded.decide(call.world, found, recorded.CLAIM, Change(found.bought, home, None, kept), what)
    own = recorded.obey(call.world, found, done, head)
    assert own is not None
    said = done.last.data
    answer = purchase_answer(call, found.bought, said["state"], said["member_id"], own.item["b"], own.entries)
    return Reply(answer, 201, is_replay=done.is_replay)


def _name_item(naming: Naming, found: Recorded) -> Item:
    return {
        "pk": naming.partition,
        "sk": 0,
        "fp": naming.fingerprint,
        "op": {"n": found.partition},
        "t": to_ms(naming.at),
        "v": 1,
    }


def _found(call: Call[ReceiptClaim]) -> Recorded:
    return find(call.world, keys.SHOP, call.body.source, call.body.purchase_id)


def _shown(call: Call[ReceiptClaim]) -> Recorded:
    """The purchase that a receipt shows, if it can be claimed.

    Whoever guesses learns nothing: a wrong amount is no purchase either.
    """
    try:
        found = _found(call)
    except (Conflict, NotFound):
        raise NotFound("purchase_not_found").as_guess() from None
    if found.head.state.state in (CANCELLED, REVERSED) or found.bought.total != call.body.amount:
        raise NotFound("purchase_not_found").as_guess()
    if found.home is not None:
        raise Conflict("receipt_claimed")
    _check_window(call, found.bought)
    return found


def _check_window(call: Call[ReceiptClaim], bought: Bought) -> None:
    days = programme(call.world).receipt_claim_days
    if call.now > bought.occurred_at + timedelta(days=days):
        raise Conflict("claim_window_over", days=days)
