"""A purchase that a till made without a line is handed to points, once: by its name, which the stream brings there.

Points is another service, so it is recorded a moment after the sync has answered. A purchase that came in online
meanwhile is the same purchase; one of the same id and other content is told here if it is known, else parked there.
What the till sent stands in the name until it is recorded, and no longer: a phone or card number may be in it.
"""

from __future__ import annotations

import json
import zlib
from datetime import datetime

from coupons.belated import Told
from coupons.offline_model import OfflinePurchase, SyncItem
from coupons.terminal import TILL, Terminal
from shared import keys
from shared.batch import content_of, part_of
from shared.chain import Decided, Packed
from shared.clock import to_ms
from shared.errors import Forbidden, TooLarge
from shared.http import KB, Call
from shared.naming import Naming, Verb, check_same, name_item, unnamed

PATH = "/v1/purchases"
BODY_MAX = 256 * KB


def _pack(call: Call[SyncItem]) -> Packed:
    """All that points needs to take it as if the till had sent it."""
    who, item = call.who, call.body
    body = json.dumps(item.body, separators=(",", ":"), sort_keys=True).encode()
    caller = [who.kind, who.key_id, who.store_id, who.terminal_id]
    return {"b": zlib.compress(body, 9), "w": caller, "t": to_ms(item.occurred_at)}


def _nowhere(_till: Terminal, _call: Call[SyncItem], _at: datetime) -> Decided[Terminal]:
    raise AssertionError("it enters no chain of ours")


HAND: Verb[Terminal, Call[SyncItem]] = Verb(TILL, _pack, unnamed, _nowhere, carried_by="points")
"""Points finds it by its name."""


def hand_over(call: Call[SyncItem], terminal: str, seen: int) -> Told:
    """Hand a purchase over; a duplicate if it was handed over before, or has come in online."""
    call.who.require("purchases:write")
    item, ledger = call.body, call.world.ledger
    said = part_of(OfflinePurchase, item.body, "/body")
    if len(json.dumps(item.body).encode()) > BODY_MAX:
        raise TooLarge("body_too_large", limit_bytes=BODY_MAX)
    if call.who.kind == "pos" and said.store_id not in (None, call.who.store_id):
        raise Forbidden("wrong_store")
    call.check_past(said.occurred_at)
    print_ = call.world.secrets.fingerprint(content_of(PATH, item.body))  # as the purchase itself would have it
    naming = Naming("offline.purchase", keys.SHOP, said.purchase_id, print_, call.now)
    online = ledger.table.get(keys.purchase(said.source, said.purchase_id), 0)
    if online is None:
        name = name_item(naming, HAND, terminal, seen, call)
        online = ledger.table.put_new(name | {"q": call.request_id})  # tells this item's write from a twin's
    if online is None:
        return Told("applied")
    check_same(online, naming)
    return Told("duplicate", "applied")
