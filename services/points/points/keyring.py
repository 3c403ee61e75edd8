"""API keys: making, listing and revoking them. The secret is shown once and kept as a hash."""

from __future__ import annotations

from typing import Any

from points.key_model import KeyAnswer, NewKey
from points.model import Page
from shared import auth, clock, keys
from shared.cursor import next_cursor, read_cursor
from shared.errors import Forbidden, Invalid, NotFound
from shared.http import Call, Reply
from shared.table import Item


def create(call: Call[NewKey]) -> Reply:
    """A new key. Asked again with the same `key_id`, the same key without its secret."""
    wanted = call.body
    scopes = _scopes(call, wanted)
    name = wanted.key_id or call.idempotency_key
    table_id = _table_id(call, name)
    secret = auth.new_secret(call.world.stage.name, table_id)
    pk, sk = keys.api_key(table_id)
    bound = wanted.model_dump(include={"store_id", "terminal_id", "partner_id"}, exclude_none=True)
    item: Item = {
        "pk": pk,
        "sk": sk,
        "version": 1,
        "key_id": name or table_id,
        "owner": wanted.owner,
        "kind": wanted.kind,
        "scopes": scopes,
        "state": "active",
        "hash": auth.hash_of(secret),
        "fp": call.world.secrets.fingerprint(call.content),
        "t": clock.to_ms(clock.utc_now()),
        **bound,
    }
    if wanted.not_after is not None:
        item["not_after"] = clock.to_ms(wanted.not_after)
    old = call.world.directory.table.put_new(item)
    if old is None:
        call.world.clock.sleep(1.0)  # an environment may have remembered that there is no such key
        return Reply(_answer(item, secret), 201)
    if old["fp"] != item["fp"]:
        raise Invalid("id_reused")
    return Reply(_answer(old), 201, is_replay=True)


def listed(call: Call[Any]) -> dict[str, Any]:
    """A page of the stage's keys, without secrets."""
    page: Page = call.query
    after = read_cursor(call, page.cursor)
    items = call.world.directory.table.items(keys.api_key("")[0], after=after, limit=page.limit + 1, consistent=True)
    more = items[page.limit - 1]["sk"] if len(items) > page.limit else None
    shown = [_answer(item).model_dump(mode="json", exclude_none=True) for item in items[: page.limit]]
    return {"items": shown, "next_cursor": next_cursor(call, more)}


def revoke(call: Call[Any]) -> Reply:
    """Stop a key for good; every environment knows within the cache's second, the gateway within its thirty."""
    key_id, directory = call.path["key_id"], call.world.directory
    for table_id in (_table_id(call, key_id), key_id):  # a key that nobody named goes by its table's id
        key = keys.api_key(table_id)
        item = directory.table.get(*key, consistent=True)
        if item is not None and item["key_id"] == key_id:
            directory.change(key, lambda item: (item or {}) | {"state": "revoked"})
            return Reply(None, 204)
    raise NotFound("key_not_found")


def _table_id(call: Call[Any], name: str | None) -> str:
    """The twelve characters in the key's text: drawn from the name that the shop gave it, so it is made once."""
    if name is None:
        return auth.new_key_id()
    number, text = int(call.world.secrets.digest("key_id", name), 16), ""
    for _ in range(12):
        number, digit = divmod(number, 62)
        text += auth.BASE62[digit]
    return text


def _scopes(call: Call[NewKey], wanted: NewKey) -> list[str]:
    """The scopes of the key: a subset of its kind's, and none that its maker lacks."""
    allowed = auth.KINDS[wanted.kind]
    scopes = sorted(allowed) if wanted.scopes is None else sorted(set(wanted.scopes))
    for n, scope in enumerate(wanted.scopes or ()):
        if scope not in allowed:
            raise Invalid.at(f"/scopes/{n}", "scope", f"a {wanted.kind} key can't have this scope")
    if not set(scopes) <= call.who.scopes:
        raise Forbidden("forbidden")
    return scopes


def _answer(item: Item, secret: str | None = None) -> KeyAnswer:
    return KeyAnswer.model_validate(
        {
            **{name: item.get(name) for name in ("key_id", "owner", "kind", "scopes", "state")},
            **{name: item.get(name) for name in ("store_id", "terminal_id", "partner_id")},
            "created_at": clock.from_ms(item["t"]),
            "not_after": clock.from_ms(item["not_after"]) if "not_after" in item else None,
            "secret": secret,
        }
    )
