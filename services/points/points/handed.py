"""Purchases that a till made without a line: coupons' sync hands them over, and they are recorded as if sent just now.

The same action, the same name, the same content: a purchase that came in online as well is the same purchase. What
the action refuses is parked with its reason, so that nothing is lost.

What the till sent may name a member by phone or card, so it leaves the name as soon as the purchase has one of its own.
"""

from __future__ import annotations

import json
import zlib
from datetime import datetime
from typing import Any

from points import forgetting
from points.model import Purchase
from points.purchases import record
from shared.auth import Principal
from shared.batch import content_of
from shared.clock import from_ms
from shared.errors import Conflict
from shared.http import Call, Route
from shared.member_ref import resolve
from shared.preference import JSON
from shared.reference import MemberRef
from shared.table import Item
from shared.world import World

SCOPES = frozenset({"purchases:write"})
ROUTE = Route("POST", "/v1/purchases", "purchases:write", record, body=Purchase, status=201)


def finish(world: World, name: Item) -> None:
    """Record a purchase that was handed over; once, however often it is asked for."""
    handed = name["op"]
    if "b" not in handed:
        return
    kind, key_id, store_id, terminal_id = handed["w"]
    who = Principal(kind, SCOPES, key_id, store_id=store_id, terminal_id=terminal_id)
    sent = json.loads(zlib.decompress(handed["b"]))
    try:
        record(_call(world, who, sent, from_ms(handed["t"])))
    except Conflict as refused:
        if refused.code == "reversed":  # the till wants it no more, and nothing will lead to what it sent
            _forget(world, name)
        raise
    _forget(world, name)


def _forget(world: World, name: Item) -> None:
    world.ledger.table.put(forgetting.without_words(name))


def _call(world: World, who: Principal, sent: dict[str, Any], sold_at: datetime) -> Call[Purchase]:
    """The call that the till would have made. Its content is what was sent, whoever its member turns out to be."""
    purchase = Purchase.model_validate_json(json.dumps(sent))
    if purchase.member is not None:
        member = MemberRef(member_id=_member(world.at(sold_at), who, purchase.member))
        purchase = purchase.model_copy(update={"member": member})
    return Call(
        world=world,
        who=who,
        route=ROUTE,
        body=purchase,
        path={},
        query={},
        now=world.clock.now(),
        language="en",
        content=content_of(ROUTE.path, sent),
        media=JSON,
    )


def _member(world: World, who: Principal, shown: MemberRef) -> str:
    """Who was meant at the time of the sale: a code on the member's screen was good then."""
    return resolve(world, who, shown, consistent=True).member_id
