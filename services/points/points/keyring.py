"""API keys: making, listing, rotating and revoking them. A secret is shown once and kept as a hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from points.key_model import KeyAnswer, NewKey, Rotation
from points.model import Page
from shared import auth, clock, keys, last_used
from shared.cursor import next_cursor, read_cursor
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.http import Call, Reply
from shared.table import Item

OLDER_MAX = 3
"""So many replaced secrets of a key are good at most, beside its own."""


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
    for name_of, at in (("not_before", wanted.not_before), ("not_after", wanted.not_after)):
        if at is not None:
            item[name_of] = clock.to_ms(at)
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
    used = last_used.days(call.world, after=after, limit=page.limit)
    answers = [_answer(item, used_on=used.get(item["sk"])) for item in items[: page.limit]]
    shown = [one.model_dump(mode="json", exclude_none=True) for one in answers]
    return {"items": shown, "next_cursor": next_cursor(call, more)}


def revoke(call: Call[Any]) -> Reply:
    """Stop a key for good; every environment knows within the cache's second, the gateway within its thirty."""
    call.world.directory.change(_found(call), lambda item: (item or {}) | {"state": "revoked"})
    return Reply(None, 204)


def rotate(call: Call[Rotation]) -> Reply:
    """A new secret for a key; those before it go on for the overlap, and no longer than they would have.

    Asked again with the same `rotate_id`, the same key without its secret; whoever has lost it rotates once more, and
    the secret in use goes on as it was promised.
    """
    key = _found(call)
    secret = auth.new_secret(call.world.stage.name, key[1])
    now = clock.to_ms(call.world.clock.unmoved())
    rotation = Rotated(auth.hash_of(secret), now, now + call.body.overlap_seconds * 1000)
    rotate_id, replayed = call.body.rotate_id or call.idempotency_key, False

    def rotated(item: Item | None) -> Item:
        nonlocal replayed
        assert item is not None, "a key is never deleted"
        if not set(item["scopes"]) <= call.who.scopes:
            raise Forbidden("forbidden")
        done = item.get("rotations", {})
        print_ = call.world.secrets.fingerprint(call.content)
        replayed = rotate_id in done
        if replayed:
            if done[rotate_id] != print_:
                raise Invalid("id_reused")
            return item
        if not auth.is_valid(item | {"not_before": 0}, now):
            raise Conflict("key_over")
        after = rotation.of(item)
        return after if rotate_id is None else after | {"rotations": done | {rotate_id: print_}}

    item = call.world.directory.change(key, rotated)
    return Reply(_answer(item, None if replayed else secret), 201, is_replay=replayed)


@dataclass(frozen=True, slots=True)
class Rotated:
    """A key's new secret, as its hash; those that it had go on until `ends` at most, in milliseconds."""

    hash: bytes
    now: int
    ends: int

    def of(self, item: Item) -> Item:
        """A key after it. Of the older secrets those are kept that are still good, the last ones to end."""
        older = [[item["hash"], self.ends], *([kept, min(ends, self.ends)] for kept, ends in item.get("older", ()))]
        good = sorted((one for one in older if one[1] > self.now), key=lambda one: -one[1])
        return item | {"hash": self.hash, "older": good[:OLDER_MAX]}


def _found(call: Call[Any]) -> tuple[str, str]:
    """Where the key of the path lies; `key_not_found` for none."""
    key_id = call.path["key_id"]
    for table_id in (_table_id(call, key_id), key_id):  # a key that nobody named goes by its table's id
        key = keys.api_key(table_id)
        item = call.world.directory.table.get(*key, consistent=True)
        if item is not None and item["key_id"] == key_id:
            return key
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


def _answer(item: Item, secret: str | None = None, used_on: date | None = None) -> KeyAnswer:
    older = [ends for _, ends in item.get("older", ())]
    return KeyAnswer.model_validate(
        {
            **{name: item.get(name) for name in ("key_id", "owner", "kind", "scopes", "state")},
            **{name: item.get(name) for name in ("store_id", "terminal_id", "partner_id")},
            "created_at": clock.from_ms(item["t"]),
            "not_before": clock.from_ms(item["not_before"]) if "not_before" in item else None,
            "not_after": clock.from_ms(item["not_after"]) if "not_after" in item else None,
            "last_used": used_on,
            "older_until": clock.from_ms(max(older)) if older else None,
            "secret": secret,
        }
    )
