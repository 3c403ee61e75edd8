"""Stores: setting one, reading one, the list of all, pausing a store's rewards.

A store is one item of the directory, a place in the list of all stores, and a listing in each cell around it that a
search may read. All of them change in one transaction under the store's version, so a search never meets half a move,
and nothing is left to repair.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import partial
from typing import Any

from checkin import geo, listing, store_codes
from checkin.model import Pause, PauseAnswer, Store, StoreBody, StoreFields, StoreQr, StoreQuery
from shared import keys
from shared.cursor import next_cursor, read_cursor
from shared.errors import Invalid, NotFound
from shared.http import Call
from shared.table import Item, Put, Remove, Write
from shared.world import World

# What stands at a store's place in an address and is none.
RESERVED = ("import", "nearby")

SEARCHED_MAX = 1000
"""So many stores of the list are looked through in one call: about 100 KB."""


def put(call: Call[StoreBody]) -> Store:
    """Set a store; in force everywhere when this has answered. The same again changes nothing."""
    store_id = call.path_id("store_id")
    if call.body.store_id not in (None, store_id):
        raise Invalid.at("/store_id", "differs", "the path names another store")
    if store_id in RESERVED:
        raise Invalid.at("/store_id", "reserved", "an address of its own has this name")
    return store_of(call.world.directory.change(keys.store(store_id), partial(_item, store_id, call.body), _listings))


def take_in(world: World, store_id: str, said: StoreBody) -> bool:
    """Set a store and leave the wait to the caller; whether it is new.

    What may be left out and is left out stays as it is. The same again writes nothing.
    """

    def make(old: Item | None) -> Item:
        item = _item(store_id, _filled(said, old), old)
        return old if old == item else item

    before, _ = world.directory.write(keys.store(store_id), make, _listings)
    return before is None


def read(call: Call[Any]) -> Store:
    """A store as it was set."""
    item = call.world.directory.table.get(*keys.store(call.path_id("store_id")), consistent=True)
    if item is None:
        raise NotFound("store_not_found")
    return store_of(item)


def listed(call: Call[Any]) -> dict[str, Any]:
    """A page of all stores, in the order of their ids; with words, of those whose id or name has them."""
    asked: StoreQuery = call.query
    table, after = call.world.directory.table, read_cursor(call, asked.cursor)
    looked = SEARCHED_MAX if asked.q else asked.limit
    places = table.items(keys.listed_store("")[0], after=after, limit=looked + 1, consistent=True)
    words = _folded(asked.q or "")
    fitting = [one["sk"] for one in places[:looked] if words in one["n"] or words in _folded(one["sk"])]
    shown, more = fitting[: asked.limit], None
    if len(fitting) > asked.limit:
        more = shown[-1]
    elif len(places) > looked:
        more = places[looked - 1]["sk"]
    found = {one["pk"]: one for one in table.get_many([keys.store(one) for one in shown], consistent=True)}
    stores = [store_of(found[keys.store(one)[0]]) for one in shown]
    items = [one.model_dump(mode="json", exclude_none=True) for one in stores]
    return {"items": items, "next_cursor": next_cursor(call, more)}


def qr(call: Call[Any]) -> StoreQr:
    """What to print as the store's QR: the same for as long as the stage has its secret."""
    store_id = find(call.world, call.path_id("store_id")).store_id
    return StoreQr(store_id=store_id, qr_payload=store_codes.qr_of(call.world, store_id))


def pause(call: Call[Pause]) -> PauseAnswer:
    """Stop or resume what a store gives for check-ins; they are recorded all the same."""
    store_id, wanted = call.path_id("store_id"), call.body

    def make(old: Item | None) -> Item:
        if old is None:
            raise NotFound("store_not_found")
        kept = {name: value for name, value in old.items() if name not in ("paused", "paused_by", "reason")}
        return kept | {"paused": wanted.paused} | ({"reason": wanted.reason} if wanted.reason else {})

    call.world.directory.change(keys.store(store_id), make)
    return PauseAnswer(store_id=store_id, paused=wanted.paused, reason=wanted.reason)


def find(world: World, store_id: str) -> Store:
    """A store as of the last second; `store_not_found` if there is none."""
    store = world.directory.read(keys.store(store_id), store_of)
    if store is None:
        raise NotFound("store_not_found")
    return store


def store_of(item: Item) -> Store:
    """The store that an item of the directory holds."""
    said = StoreBody.model_validate_json(item["body"])
    paused_by = item.get("paused_by", "operator") if item.get("paused") else None
    return said.named(item["pk"].partition("#")[2], paused_by=paused_by)


def _item(store_id: str, said: StoreBody, old: Item | None) -> Item:
    """The store's item. What other routes have set beside the body, such as a pause, survives it."""
    store = said.named(store_id)
    # Whoever only asks for the day finds zone and cutoff beside the text.
    return {**(old or {}), "body": _pack(store), "time_zone": store.time_zone, "cutoff_hour": store.cutoff_hour}


def _filled(said: StoreBody, old: Item | None) -> StoreBody:
    if old is None:
        return said
    before = store_of(old)
    open_fields = StoreFields.model_fields.keys() - said.model_fields_set
    return said.model_copy(update={name: getattr(before, name) for name in open_fields})


def _pack(store: Store) -> str:
    """What was said, as JSON text: a number of the table can't hold every coordinate that a body can."""
    return store.model_dump_json(exclude={"store_id", "rewards_paused", "paused_by"}, exclude_none=True)


def _listings(old: Item | None, new: Item) -> Sequence[Write]:
    """The store's place in the list of all, its listings where it is, and none where it was.

    At most 14 cells each; a transaction takes 100 parts.
    """
    store, before = store_of(new), store_of(old) if old else None
    packed = listing.pack(store)
    here = geo.cells_of(store.lat, store.lon)
    there = geo.cells_of(before.lat, before.lon) if before else []
    pk, sk = keys.listed_store(store.store_id)
    writes: list[Write] = [Put({"pk": pk, "sk": sk, "n": _folded(store.name)})]
    for name in here:
        pk, sk = keys.cell(name, store.store_id)
        writes.append(Put({"pk": pk, "sk": sk, "p": packed}))
    return [*writes, *(Remove(*keys.cell(name, store.store_id)) for name in there if name not in here)]


def _folded(text: str) -> str:
    """A text as a search compares it: full and half width, large and small letters are alike."""
    return unicodedata.normalize("NFKC", text).casefold()
