"""The screen in a store: its code of this half minute."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from checkin import store_codes
from checkin.model import PresenceCode
from checkin.stores import find
from shared.errors import Forbidden
from shared.http import Call


def show(call: Call[Any]) -> PresenceCode:
    """The code that a store's screen shows now; a terminal shows its own store's only."""
    store_id, who = call.path_id("store_id"), call.who
    store = find(call.world, store_id)
    if who.kind == "pos" and store_id != who.store_id:
        raise Forbidden("wrong_store")
    shown = store_codes.presence_code(call.world, store_id, call.now)
    left_ms = (shown.valid_until - call.now) // timedelta(milliseconds=1)
    return PresenceCode(
        code=shown.code,
        qr_payload=shown.qr_payload,
        valid_until=shown.valid_until,
        valid_for_ms=left_ms,
        store_name=store.name,
    )
