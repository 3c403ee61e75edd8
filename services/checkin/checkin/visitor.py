"""The signed-in member whose phone tells where it is: who that is, and whether it may."""

from __future__ import annotations

from typing import Any

from checkin.model import Store
from checkin.stores import find
from shared.errors import Forbidden, NotFound
from shared.http import Call
from shared.member_ref import login_holder, present
from shared.world import World


def holder(call: Call[Any]) -> str:
    """The member id of the login; `not_a_member` if it has none."""
    try:
        return login_holder(call.world, call.who)
    except NotFound:
        raise Forbidden("not_a_member") from None


def store_for(world: World, member_id: str, store_id: str, *, consistent: bool) -> Store:
    """The store that a member says to be at or near; `consent_required` from who has not agreed to be located."""
    try:
        member = present(world, member_id, consistent=consistent)
    except NotFound:
        raise Forbidden("not_a_member") from None
    store = find(world, store_id)
    if not member["consents"].get("location", {}).get("granted"):
        raise Forbidden("consent_required")
    return store
