"""Where a list goes on: sealed with its caller, route and query, so that no other call can use it."""

from __future__ import annotations

import json
from typing import Any

from shared.errors import BadRequest
from shared.http import Call


def next_cursor(call: Call[Any], position: str | None) -> str | None:
    """The cursor of a position in this call's list; None at the end."""
    return None if position is None else call.world.secrets.seal("cursor", _context(call), position)


def read_cursor(call: Call[Any], cursor: str | None) -> str | None:
    """The position that a cursor of this very list stands for; `bad_cursor` for any other."""
    if cursor is None:
        return None
    position = call.world.secrets.unseal("cursor", _context(call), cursor)
    if position is None:
        raise BadRequest("bad_cursor")
    return position


def _context(call: Call[Any]) -> str:
    asked = call.query.model_dump(mode="json", exclude={"cursor"})
    return json.dumps([call.who.identity, call.route.method, call.route.path, dict(call.path), asked], sort_keys=True)
