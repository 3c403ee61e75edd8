"""Purchases: record, preview, batch."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

from points import guarding, holds, receipts, spending
from points.balances import ACCOUNT
from points.bought import Bought, HoldUsed
from points.earning import relevant
from points.model import Batch, Purchase
from points.paying import Payer
from points.purchase import COMPLETED, PLACED
from points.purchase_answers import purchase_answer
from points.recorded import BUY, BUY_SURELY
from points.store import programme
from shared import finding, http, keys
from shared.batch import one_of
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Refused, TooLarge
from shared.http import KB, Call, Reply
from shared.member_ref import Resolved, require_member, resolve
from shared.naming import Done, Naming, Verb

_SAID_OF_THE_BODY = ("invalid_request", "body_too_large", "exceeds_total", "forbidden")
BODY_MAX = 256 * KB
APPEND_MAX = 25
"""So many purchases of one member go into one append."""


def record(call: Call[Purchase]) -> Reply:
    """Record a purchase: its points are there when this has answered."""
    purchase = call.body
    _check(call, purchase)
    naming = _naming(call, purchase)
    if purchase.member is None:
        return receipts.record(call, naming, lambda: _bought(call, purchase))
    payer = Payer(call, naming)
    done = call.world.ledger.perform(
        _verb(purchase),
        naming,
        lambda consistent: _found(call, purchase, payer, consistent=consistent),
        partial(require_member, call.world),
        payer.use_code,
    )
    return _reply(call, done)


def preview(call: Call[Purchase]) -> Reply:
    """What a purchase would earn now; nothing is written."""
    purchase = call.body
    _check(call, purchase)
    if purchase.member is None:
        return Reply(purchase_answer(call, _bought(call, purchase), purchase.state), 200)
    member_id, bought = _found(call, purchase, Payer(call, _naming(call, purchase)), consistent=True)
    head = call.world.ledger.open_head(ACCOUNT, member_id, consistent=True)
    if ACCOUNT.is_nobodys(head):
        require_member(call.world, member_id)
    decided = BUY.decide(head.state, bought, max(call.now, head.recorded_at))
    own = [step for step in decided.steps if not step.is_due]
    holder, balance = keys.holder(head.account), decided.state.available
    return Reply(purchase_answer(call, bought, purchase.state, holder, balance, own), 200)


def record_batch(call: Call[Batch]) -> Reply:
    """Record up to 100 purchases, those of one member in one append; a bad one harms no other."""
    results: dict[int, dict[str, Any]] = {}
    groups: dict[str, list[tuple[int, Call[Purchase], Naming, Bought]]] = {}
    seen: set[tuple[str, str]] = set()
    alone: list[tuple[int, Call[Purchase]]] = []
    for n, sent in enumerate(call.body.purchases):
        try:
            _check_size(sent)
            one = one_of(call, "/v1/purchases", Purchase, sent)
            purchase = one.body
            _check(one, purchase)
            ref = (purchase.source, purchase.purchase_id)
            if purchase.member is None or _may_be_refused(purchase) or ref in seen:
                alone.append((n, one))
                continue
            seen.add(ref)
            naming = _naming(one, purchase)
            member_id, bought = _found(one, purchase, Payer(one, naming), consistent=False)
            groups.setdefault(member_id, []).append((n, one, naming, bought))
        except Refused as refused:
            results[n] = _result(sent, _refused_or_replayed(call, sent, refused))
    for member_id, group in groups.items():
        for start in range(0, len(group), APPEND_MAX):  # an item of the table has an end
            results |= _record_group(call, member_id, group[start : start + APPEND_MAX])
    for n, one in alone:  # after the others: what they earn may be used, and of one id the first has been recorded
        results[n] = _result(call.body.purchases[n], _recorded(one))
    return Reply({"results": [results[n] for n in range(len(call.body.purchases))]}, 200)


def _check_size(sent: Any) -> None:
    """In a batch, too, a purchase is no larger than alone: its name must fit into an item."""
    if len(json.dumps(sent).encode()) > BODY_MAX:
        raise TooLarge("body_too_large", limit_bytes=BODY_MAX)


# ---- one purchase ---------------------------------------------------------------------------------------------------


def _may_be_refused(purchase: Purchase) -> bool:
    return bool(purchase.points_used or purchase.hold_id)


def _verb(purchase: Purchase) -> Verb[Any, Bought]:
    return BUY if _may_be_refused(purchase) else BUY_SURELY


def _naming(call: Call[Any], purchase: Purchase) -> Naming:
    return call.naming(f"purchase.{purchase.source}", purchase.purchase_id)


def _check(call: Call[Any], purchase: Purchase) -> None:
    """What can be said of the body alone, and so of a retry too."""
    who = call.who
    if who.kind == "pos" and purchase.source != "pos":
        raise Forbidden("forbidden")
    if _may_be_refused(purchase):
        who.require("points:spend")
    if purchase.points_used > purchase.total:
        raise Invalid("exceeds_total", total=purchase.total)
    if _may_be_refused(purchase) and purchase.member is None:
        raise Invalid.at("/member", "missing", "points can only be used by a member")


def _found(call: Call[Any], purchase: Purchase, payer: Payer, *, consistent: bool) -> tuple[str, Bought]:
    """The member and the operation; what is refused here is refused after a replay has been looked for."""
    member = purchase.member
    assert member is not None
    try:
        bought = _bought(call, purchase)
    except Forbidden:
        found = resolve(call.world, call.who, member, consistent=consistent)
        require_member(call.world, found.member_id)  # that there is nobody is told first
        raise
    if purchase.points_used and purchase.hold_id is None:
        paid = (purchase.points_used, "/points_used")
        member_id = payer.find(member, *paid, consistent=consistent, total=purchase.total).member_id
        return member_id, guarding.waiting(call.world, member_id, bought)
    if purchase.points_used:
        spending.check(programme(call.world).spending, purchase.points_used, "/points_used", purchase.total)
    found = resolve(call.world, call.who, member, consistent=consistent)
    if purchase.hold_id is not None:
        bought = replace(bought, hold=_hold(call, purchase, payer, found, consistent=consistent))
    return found.member_id, guarding.waiting(call.world, found.member_id, bought)


def _hold(call: Call[Any], purchase: Purchase, payer: Payer, member: Resolved, *, consistent: bool) -> HoldUsed:
    """The hold that a purchase is paid from: the same member's, not ended otherwise, and large enough.

    Who pays a till from a hold has been present for it, at whatever till that was; the web shop's hold shows nobody.
    """
    assert purchase.hold_id is not None
    ledger = call.world.ledger
    name, holding, head = holds.known(call.world, call.who.shop, purchase.hold_id, consistent=consistent)
    place = finding.place(ledger.table, ACCOUNT, head, holds.ending(name))
    if place.head.account != ledger.open_head(ACCOUNT, member.member_id, consistent=consistent).account:
        raise NotFound("hold_not_found")
    if purchase.points_used and call.who.kind == "pos" and not holding.is_shown:
        payer.show(member)
    if purchase.points_used > holding.points:
        raise Invalid("exceeds_hold", held=holding.points)
    if place.found is not None:
        raise Conflict("hold_closed")
    return HoldUsed(holding, name["seen"], name["acc"])


def _bought(call: Call[Any], purchase: Purchase) -> Bought:
    """What is recorded; refused for what another now, programme or key may say otherwise of a retry."""
    who, rules = call.who, programme(call.world)
    if purchase.currency not in (None, rules.currency):
        raise Invalid("currency_mismatch", expected=rules.currency)
    call.check_past(purchase.occurred_at)
    if who.kind == "pos" and purchase.store_id not in (None, who.store_id):
        raise Forbidden("wrong_store")
    store_id = purchase.store_id or who.store_id
    more = {
        "store_id": store_id,
        "terminal_id": purchase.terminal_id or who.terminal_id,
        "staff_id": purchase.staff_id,
        "payment": purchase.payment,
        "order_ref": purchase.order_ref,
        "redemption_ids": purchase.redemption_ids or None,
        "taxes": [[tax.rate_bp, tax.amount] for tax in purchase.taxes] or None,
    }
    categories = {line.category for line in purchase.lines}
    return Bought(
        source=purchase.source,
        purchase_id=purchase.purchase_id,
        occurred_at=purchase.occurred_at,
        lines=tuple(purchase.lines),
        points_used=purchase.points_used,
        programme=relevant(rules, purchase.source, store_id, purchase.occurred_at, categories),
        is_placed=purchase.state == PLACED,
        more={name: value for name, value in more.items() if value is not None},
    )


def _reply(call: Call[Any], done: Done[Bought]) -> Reply:
    bought = done.operation
    state = PLACED if bought.is_placed else COMPLETED
    member_id = keys.holder(done.account)
    answer = purchase_answer(call, bought, state, member_id, done.item["b"], done.entries)
    return Reply(answer, 201, is_replay=done.is_replay)


# ---- batches --------------------------------------------------------------------------------------------------------


def _record_group(
    call: Call[Any], member_id: str, group: list[tuple[int, Call[Purchase], Naming, Bought]]
) -> dict[int, dict[str, Any]]:
    requests = [(naming, bought) for _, _, naming, bought in group]
    done: list[Done[Bought] | Refused]
    try:
        done = call.world.ledger.perform_many(BUY_SURELY, member_id, requests, partial(require_member, call.world))
    except Refused as refused:
        done = [refused] * len(group)
    results = {}
    for (n, one, _, bought), result in zip(group, done, strict=True):
        reply = _refusal(call, result) if isinstance(result, Refused) else _reply(one, result)
        results[n] = _result({"purchase_id": bought.purchase_id}, reply)
    return results


def _refused_or_replayed(call: Call[Batch], sent: Any, refused: Refused) -> Reply:
    """A refusal that came before the name was tried may meet a retry of something done: ask the single way."""
    if refused.code in _SAID_OF_THE_BODY:
        return _refusal(call, refused)
    return _recorded(one_of(call, "/v1/purchases", Purchase, sent))


def _recorded(one: Call[Purchase]) -> Reply:
    try:
        return record(one)
    except Refused as refused:
        return _refusal(one, refused)


def _refusal(call: Call[Any], refused: Refused) -> Reply:
    return http.refusal(call.told(refused), call.language, call.request_id)


def _result(sent: Any, reply: Reply) -> dict[str, Any]:
    purchase_id = sent.get("purchase_id") if isinstance(sent, dict) else None
    told = purchase_id if isinstance(purchase_id, str) else None
    return {"purchase_id": told, "status": reply.status, "body": reply.body}
