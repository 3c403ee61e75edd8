"""Who is held out of a campaign, so that what it brings can be told from what would have come anyway. Pure.

A hash of campaign and member decides, nobody's memory: the same member always gets the same answer, in every service,
and a greater share only adds members to those who were in. It needs no key: whoever could compute it would have to know
the share as well, and would gain nothing by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

WHOLE_BP = 10_000
"""A share is told in hundredths of a per cent."""


def share_bp(said: Mapping[str, Any]) -> int:
    """The share that a campaign holds out, as its operator said it."""
    return int(said.get("attribution", {}).get("holdout_share_bp", 0))


def is_held_out(campaign_id: str, member_id: str, share_bp: int) -> bool:
    """Whether a member, known by the id that merges lead to, belongs to the share that a campaign holds out."""
    digest = hashlib.sha256(f"holdout|{campaign_id}|{member_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") * WHOLE_BP >> 64 < share_bp
