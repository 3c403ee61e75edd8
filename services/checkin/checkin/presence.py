"""The screen in a store: its code of this half minute."""

from __future__ import annotations

from typing import Any

from checkin import store_codes
from checkin.model import PresenceCode
from checkin.stores import find
from shared.errors import Forbidden
from shared.http import Call


def show(call: Call[Any]) -> PresenceCode:
    """The code that a store's screen shows now; a terminal shows its own store's only."""
    store_id, who = call.path_id("store_id"), call.who
    find(call.world, store_id)
    if who.kind == "pos" and store_id != who.store_id:
        raise Forbidden("wrong_store")
    shown = store_codes.presence_code(call.world, store_id, call.now)
    return PresenceCode(code=shown.code, qr_payload=shown.qr_payload, valid_until=shown.valid_until)
