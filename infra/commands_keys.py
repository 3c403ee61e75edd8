"""`omo keys`: the API keys of a stage, made, listed, rotated and revoked over HTTP, as anybody would."""

from __future__ import annotations

import argparse
import json
import uuid
from typing import Any

from infra import reach
from infra.client import NoAnswer, Patience, Send, call
from infra.commands import Failed, Result, Say
from infra.commands_codes import Arguments, an_id
from infra.locate import Home
from points.key_model import OVERLAP_SECONDS_MAX
from shared.auth import KINDS

_COLUMNS = ("key_id", "kind", "owner", "state", "last_used", "not_after", "scopes")
DAY = 86_400


def overlap(text: str) -> int:
    """The type of an overlap in seconds."""
    if not text.isascii() or not text.isdigit() or int(text) > OVERLAP_SECONDS_MAX:
        raise argparse.ArgumentTypeError(f"whole seconds from 0 to {OVERLAP_SECONDS_MAX}")
    return int(text)


_KEY: Arguments = [(("key_id",), {"metavar": "KEY_ID", "type": an_id})]
LIST = reach.BY_KEY
MAKE: Arguments = [
    *_KEY,
    (("--kind",), {"required": True, "choices": sorted(KINDS)}),
    (("--owner",), {"required": True, "metavar": "NAME", "help": "who it is given to"}),
    (("--store",), {"type": an_id, "metavar": "STORE_ID", "help": "of a pos key"}),
    (("--terminal",), {"type": an_id, "metavar": "TERMINAL_ID", "help": "of a pos key"}),
    (("--partner",), {"type": an_id, "metavar": "PARTNER_ID", "help": "of a partner key"}),
    (("--scope",), {"action": "append", "metavar": "S", "help": "one of its kind's; more than once; default: all"}),
    (("--not-before",), {"metavar": "TIME", "help": "when it begins, like 2026-12-01T00:00:00Z"}),
    (("--not-after",), {"metavar": "TIME", "help": "when it ends"}),
    *reach.BY_KEY,
]
ROTATE: Arguments = [
    *_KEY,
    (
        ("--overlap",),
        {
            "type": overlap,
            "default": DAY,
            "metavar": "SECONDS",
            "help": "the old secret goes on so long (default: a day)",
        },
    ),
    *reach.BY_KEY,
]
REVOKE = [*_KEY, *reach.BY_KEY]


def listed(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Every key, without secrets, with the day of its last use."""
    wire = reach.place(asked, home).wire("points")
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = _answer(wire, "GET", f"/v1/keys?limit=100{cursor}")
        found += page["items"]
        if page["next_cursor"] is None:
            return Result(found, _table(found))
        cursor = f"&cursor={page['next_cursor']}"


def make(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """A new key. Its secret is told here and nowhere else."""
    said = {
        "key_id": asked.key_id,
        "owner": asked.owner,
        "kind": asked.kind,
        "store_id": asked.store,
        "terminal_id": asked.terminal,
        "partner_id": asked.partner,
        "scopes": asked.scope,
        "not_before": asked.not_before,
        "not_after": asked.not_after,
    }
    made = _answer(
        reach.place(asked, home).wire("points"),
        "POST",
        "/v1/keys",
        {name: value for name, value in said.items() if value is not None},
    )
    return Result(made, made.get("secret", f"{asked.key_id} was made before; its secret can't be told again."))


def rotate(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """A new secret for a key; the old one goes on for a time."""
    said = {"rotate_id": uuid.uuid4().hex, "overlap_seconds": asked.overlap}
    made = _answer(reach.place(asked, home).wire("points"), "POST", f"/v1/keys/{asked.key_id}/rotate", said)
    lost = f"{asked.key_id} has a new secret, but the answer was lost: rotate it again, the old one goes on."
    return Result(made, made.get("secret", lost), 0 if "secret" in made else 1)


def revoke(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Stop a key for good."""
    _answer(reach.place(asked, home).wire("points"), "DELETE", f"/v1/keys/{asked.key_id}", {})
    return Result(
        {"key_id": asked.key_id, "state": "revoked"}, f"{asked.key_id} is revoked, everywhere within a minute."
    )


def _answer(wire: Send, method: str, path: str, said: Any = None) -> Any:
    body = None if said is None else json.dumps(said).encode()
    try:
        answer = call(wire, method, path, body, patience=Patience())
    except NoAnswer as silent:
        raise Failed(str(silent)) from silent
    told: Any = json.loads(answer.body) if answer.body else None
    if answer.status < 300:
        return told
    errors = "; ".join(f"{one['pointer']}: {one['detail']}" for one in told.get("errors", ()))
    raise Failed(f"{told['detail']} ({told['code']}){': ' if errors else ''}{errors}")


def _table(found: list[dict[str, Any]]) -> str:
    rows = [_COLUMNS, *(tuple(_cell(one, name) for name in _COLUMNS) for one in found)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_COLUMNS) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )


def _cell(one: dict[str, Any], name: str) -> str:
    """What stands in a table; nothing in an owner's name may steer a terminal."""
    if name == "scopes":
        return "all" if set(one[name]) == KINDS[one["kind"]] else " ".join(one[name])
    return "".join(sign if sign.isprintable() else "?" for sign in str(one.get(name) or "-"))
