"""Purchases: record, preview, batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from points import packing, rules
from points.balances import ACCOUNT
from points.model import Batch, Purchase, PurchaseAnswer
from points.rules import Bought
from points.store import programme
from points.words import explained
from shared import http, keys
from shared.batch import one_of
from shared.clock import to_ms
from shared.errors import Conflict, Forbidden, Invalid, Refused
from shared.http import Call, Reply
from shared.ledger import Ledger
from shared.member_ref import require_member, require_presence, resolve, use_up
from shared.naming import Done, Naming, Verb, check_same
from shared.table import Item

AHEAD_MAX = timedelta(minutes=5)

BUY = Verb(ACCOUNT, packing.pack_bought, packing.unpack_bought, rules.buy)
"""A purchase that uses points may be refused, so only its caller finishes it."""
BUY_SURELY = replace(BUY, carried_by="points")
"""A purchase that only earns can't be refused, so the stream finishes it."""


def record(call: Call[Purchase]) -> Reply:
    """Record a purchase: its points are there when this has answered."""
    purchase = call.body
    _check(call, purchase)
    naming = _naming(call, purchase)
    if purchase.member is None:
        return _record_without_member(call, purchase, naming)
    done = call.world.ledger.perform(
        _verb(purchase),
        naming,
        lambda consistent: _found(call, purchase, consistent, naming.partition),
        lambda member_id: require_member(call.world, member_id),
    )
    return _reply(call, done)


def preview(call: Call[Purchase]) -> Reply:
    """What a purchase would earn now; nothing is written."""
    purchase = call.body
    _check(call, purchase)
    if purchase.member is None:
        return Reply(_answer(call, _bought(call, purchase), None, None), 200)
    member_id, bought = _found(call, purchase, True)
    head = call.world.ledger.head(ACCOUNT, member_id, consistent=True)
    if head.sequence == 0:
        require_member(call.world, member_id)
    decided = rules.buy(head.state, bought, max(call.now, head.recorded_at))
    points = sum(step.points for step in decided.steps if step.kind == "earned")
    return Reply(_answer(call, bought, member_id, decided.state.available, points), 200)


def record_batch(call: Call[Batch]) -> Reply:
    """Record up to 100 purchases, those of one member in one append; a bad one harms no other."""
    results: dict[int, dict[str, Any]] = {}
    groups: dict[str, list[tuple[int, Call[Purchase], Naming, Bought]]] = {}
    seen: set[tuple[str, str]] = set()
    alone: list[tuple[int, Call[Purchase]]] = []
    for n, sent in enumerate(call.body.purchases):
        try:
            one = one_of(call, "/v1/purchases", Purchase, sent)
            purchase = one.body
            _check(one, purchase)
            ref = (purchase.source, purchase.purchase_id)
            if purchase.member is None or purchase.points_used or ref in seen:
                alone.append((n, one))
                continue
            seen.add(ref)
            member_id, bought = _found(one, purchase, False)
            groups.setdefault(member_id, []).append((n, one, _naming(one, purchase), bought))
        except Refused as refused:
            results[n] = _result(sent, _refused_or_replayed(call, sent, refused))
    for member_id, group in groups.items():
        results |= _record_group(call, member_id, group)
    for n, one in alone:  # after the others: what they earn may be used, and of one id the first has been recorded
        results[n] = _result(call.body.purchases[n], _recorded(one))
    return Reply({"results": [results[n] for n in range(len(call.body.purchases))]}, 200)


def finish(world: Any, name: Item) -> None:
    """Bring a purchase into its member's account whose process died after the name."""
    world.ledger.carry_on(BUY_SURELY, name, world.clock.now())


# ---- one purchase ---------------------------------------------------------------------------------------------------


def _verb(purchase: Purchase) -> Verb[Any, Bought]:
    return BUY if purchase.points_used else BUY_SURELY


def _naming(call: Call[Any], purchase: Purchase) -> Naming:
    return call.naming(f"purchase.{purchase.source}", purchase.purchase_id)


def _check(call: Call[Any], purchase: Purchase) -> None:
    """What can be said without looking anything up."""
    who = call.who
    if who.kind == "pos" and purchase.source != "pos":
        raise Forbidden("forbidden")
    if purchase.points_used:
        who.require("points:spend")
    currency = programme(call.world).currency
    if purchase.currency not in (None, currency):
        raise Invalid("currency_mismatch", expected=currency)
    if purchase.occurred_at > call.now + AHEAD_MAX:
        raise Invalid("occurred_in_future")
    if purchase.points_used > purchase.total:
        raise Invalid("exceeds_total", total=purchase.total)
    if purchase.points_used and purchase.member is None:
        raise Invalid.at("/member", "missing", "points can only be used by a member")
    if purchase.state == "placed":
        raise Invalid.at("/state", "not_taken_yet", "only completed purchases are taken so far")
    if purchase.hold_id is not None:
        raise Invalid.at("/hold_id", "not_taken_yet", "holds are not taken so far")


def _found(call: Call[Any], purchase: Purchase, consistent: bool, by: str | None = None) -> tuple[str, Bought]:
    """The member and the operation; what is refused here is refused after a replay has been looked for.

    `by` names the request that uses up the member's rotating code, if points are used.
    """
    assert purchase.member is not None
    bought = _bought(call, purchase)
    found = resolve(call.world, call.who, purchase.member, consistent=consistent)
    if purchase.points_used:
        require_presence(call.who, found)
        if by is not None:
            use_up(call.world, found, by)
    return found.member_id, bought


def _bought(call: Call[Any], purchase: Purchase) -> Bought:
    who = call.who
    if who.kind == "pos" and purchase.store_id not in (None, who.store_id):
        raise Forbidden("wrong_store")
    more = {
        "store_id": purchase.store_id or who.store_id,
        "terminal_id": purchase.terminal_id or who.terminal_id,
        "staff_id": purchase.staff_id,
        "payment": purchase.payment,
        "order_ref": purchase.order_ref,
        "redemption_ids": purchase.redemption_ids or None,
        "taxes": [[tax.rate_bp, tax.amount] for tax in purchase.taxes] or None,
    }
    return Bought(
        source=purchase.source,
        purchase_id=purchase.purchase_id,
        occurred_at=purchase.occurred_at,
        lines=tuple(purchase.lines),
        points_used=purchase.points_used,
        programme=programme(call.world),
        more={name: value for name, value in more.items() if value is not None},
    )


def _record_without_member(call: Call[Any], purchase: Purchase, naming: Naming) -> Reply:
    """A purchase of nobody: its name alone, which a late claim may find."""
    bought = _bought_or_replayed(call, purchase, naming)
    item = {
        "pk": naming.partition,
        "sk": 0,
        "fp": naming.fingerprint,
        "op": packing.pack_bought(bought),
        "t": to_ms(naming.at),
        "q": call.request_id,  # tells this request's write from a twin's
        "v": 1,
    }
    old = call.world.ledger.table.put_new(item)
    if old is not None:
        check_same(old, naming)
        _check_not_reversed(call.world.ledger, old)
        bought = packing.unpack_bought(old["op"])
    return Reply(_answer(call, bought, None, None), 201, is_replay=old is not None)


def reverse_without_member(ledger: Ledger, old: Item) -> str:
    """Close a purchase of nobody: the next item of its own chain says so, and nothing else is there to undo."""
    ledger.table.put_new({"pk": old["pk"], "sk": 1, "state": "reversed", "v": 1})
    return "reversed"


def _check_not_reversed(ledger: Ledger, old: Item) -> None:
    if ledger.table.get(old["pk"], 1, consistent=True) is not None:
        raise Conflict("reversed")


def _bought_or_replayed(call: Call[Any], purchase: Purchase, naming: Naming) -> Bought:
    try:
        return _bought(call, purchase)
    except Refused:
        old = call.world.ledger.name(naming)
        if old is None:
            raise
        check_same(old, naming)
        _check_not_reversed(call.world.ledger, old)
        return packing.unpack_bought(old["op"])


def _reply(call: Call[Any], done: Done[Bought]) -> Reply:
    earned = next(entry for entry in done.entries if entry.kind == "earned")
    member_id = keys.holder(done.account)
    answer = _answer(call, done.operation, member_id, done.item["b"], earned.points)
    return Reply(answer, 201, is_replay=done.is_replay)


def _answer(call: Call[Any], bought: Bought, member_id: str | None, balance: int | None, points: int = 0) -> Any:
    base = bought.programme.base
    said = PurchaseAnswer.model_validate(
        {
            "purchase_id": bought.purchase_id,
            "source": bought.source,
            "member_id": member_id,
            "state": "completed",
            "points": {"pending": 0, "available": points},
            "balance": balance,
            "explain": explained(f"base {points} {base.points} {base.per_amount}", call.language) if member_id else [],
        }
    )
    return said.model_dump(mode="json")


# ---- batches --------------------------------------------------------------------------------------------------------


def _record_group(
    call: Call[Any], member_id: str, group: list[tuple[int, Call[Purchase], Naming, Bought]]
) -> dict[int, dict[str, Any]]:
    requests = [(naming, bought) for _, _, naming, bought in group]
    done: list[Done[Bought] | Refused]
    try:
        done = call.world.ledger.perform_many(
            BUY_SURELY, member_id, requests, lambda holder: require_member(call.world, holder)
        )
    except Refused as refused:
        done = [refused] * len(group)
    results = {}
    for (n, one, _, bought), result in zip(group, done, strict=True):
        reply = _refusal(call, result) if isinstance(result, Refused) else _reply(one, result)
        results[n] = _result({"purchase_id": bought.purchase_id}, reply)
    return results


def _refused_or_replayed(call: Call[Batch], sent: Any, refused: Refused) -> Reply:
    """A refusal that came before the name was tried may meet a retry of something done: ask the single way."""
    if refused.code in ("invalid_request", "currency_mismatch", "occurred_in_future", "exceeds_total", "forbidden"):
        return _refusal(call, refused)
    return _recorded(one_of(call, "/v1/purchases", Purchase, sent))


def _recorded(one: Call[Purchase]) -> Reply:
    try:
        return record(one)
    except Refused as refused:
        return _refusal(one, refused)


def _refusal(call: Call[Any], refused: Refused) -> Reply:
    return http.refusal(refused, call.language, call.request_id)


def _result(sent: Any, reply: Reply) -> dict[str, Any]:
    purchase_id = sent.get("purchase_id") if isinstance(sent, dict) else None
    told = purchase_id if isinstance(purchase_id, str) else None
    return {"purchase_id": told, "status": reply.status, "body": reply.body}
