"""The routes of stamps: programmes, a member's cards, stamps given by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from coupons import stamping, store
from coupons.cards import Granting, settle
from coupons.stamp_programme import (
    GRANT_MAX,
    PROGRAMMES_MAX,
    CardQuery,
    ShownCard,
    Stamped,
    StampProgramme,
    StampRequest,
    why_not,
)
from coupons.stamping import Books
from shared import keys, places
from shared.clock import to_ms, utc_now
from shared.coupon_book import BOOK
from shared.cursor import next_cursor, read_cursor
from shared.directory import CACHE_SECONDS
from shared.errors import Conflict, Invalid, NotFound
from shared.http import Call, Reply
from shared.member_ref import require_member, resolve, signed_in
from shared.naming import Done
from shared.stamp_card import Card


def create(call: Call[StampProgramme]) -> Reply:
    """A new stamp programme, which never changes. It counts everywhere when this has answered."""
    said, table = call.body, call.world.directory.table
    pk, sk = keys.stamp_programme(said.programme_id)
    print_ = call.world.secrets.fingerprint(call.content)
    old = table.get(pk, sk, consistent=True)
    if old is None:
        _check(call)
        kept = said.model_dump(mode="json", exclude_none=True)
        old = table.put_new({"pk": pk, "sk": sk, "said": kept, "version": 1, "fp": print_, "t": to_ms(utc_now())})
    if old is not None and old["fp"] != print_:
        raise Invalid("id_reused")
    call.world.clock.sleep(CACHE_SECONDS)
    return Reply(said, 201, is_replay=old is not None)


def _check(call: Call[StampProgramme]) -> None:
    fault = why_not(store.campaign(call.world, call.body.campaign_id).campaign)
    if fault is not None:
        raise Invalid.at("/campaign_id", "not_for_stamps", fault)
    if len(stamping.programmes(call.world)) >= PROGRAMMES_MAX:
        raise Conflict("stamp_programmes_full", limit=PROGRAMMES_MAX)


def read(call: Call[Any]) -> StampProgramme:
    """A stamp programme as it was made."""
    item = call.world.directory.table.get(*keys.stamp_programme(call.path["programme_id"]), consistent=True)
    if item is None:
        raise NotFound("programme_not_found")
    return stamping.of_item(item)


def listed(call: Call[Any]) -> dict[str, Any]:
    """A page of the stamp programmes, in the order of their ids."""
    shown = [one.model_dump(mode="json", exclude_none=True) for one in stamping.programmes(call.world)]
    return _page(call, shown)


def mine(call: Call[Any]) -> dict[str, Any]:
    """The signed-in member's cards, one for each programme that has given stamps."""
    world, member_id = call.world, signed_in(call.world, call.who)["member_id"]
    head = world.ledger.open_head(BOOK, member_id, consistent=True)
    today = places.of_programme(world).day(max(call.now, head.recorded_at))
    shown = [_shown(card, stamping.programme(world, card.programme_id), today) for card in head.state.cards]
    return _page(call, shown)


def _shown(kept: Card, programme: StampProgramme, today: date) -> dict[str, Any]:
    card, _ = settle(kept, programme, today)
    told = ShownCard(
        programme_id=card.programme_id,
        stamps=card.stamps,
        needed=programme.stamps,
        completed=card.completed,
        expires_on=card.expires_on(programme.expires_days),
    )
    return told.model_dump(mode="json", exclude_none=True)


def _page(call: Call[Any], shown: Sequence[dict[str, Any]]) -> dict[str, Any]:
    asked: CardQuery = call.query
    after = read_cursor(call, asked.cursor)
    fitting = [one for one in shown if after is None or one["programme_id"] > after]
    page = fitting[: asked.limit]
    position = page[-1]["programme_id"] if len(fitting) > asked.limit else None
    return {"items": page, "next_cursor": next_cursor(call, position)}


def grant(call: Call[StampRequest]) -> Reply:
    """Give a member stamps by hand, within the programme's limit of a day; a full card is a coupon at once."""
    world, asked = call.world, call.body
    naming = call.naming("stamp", asked.stamp_id)
    one = stamping.programme(world, asked.programme_id)
    if asked.count > one.stamps * GRANT_MAX:
        raise Invalid.at("/count", "less_than_equal", f"at most {one.stamps * GRANT_MAX}: {GRANT_MAX} full cards")
    day = places.of_programme(world).day(call.now)
    granting = Granting(asked.stamp_id, naming.partition, asked.programme_id, asked.count, day)
    books = Books(world)
    done = books.perform(
        stamping.granting(world, books),
        naming,
        lambda consistent: (resolve(world, call.who, asked.member, consistent=consistent).member_id, granting),
        partial(require_member, world),
    )
    return Reply(_stamped(done), 201, is_replay=done.is_replay)


def _stamped(done: Done[Granting]) -> Stamped:
    """The card right after the stamps, whatever became of it since: all of it is in their entries."""
    said = next(entry.data for entry in done.entries if entry.kind == "stamped")
    earned = tuple(entry.data["coupon_id"] for entry in done.entries if entry.kind == "filled")
    shown = {name: said[name] for name in ShownCard.model_fields if name in said}
    return Stamped.model_validate(
        {**shown, "stamp_id": done.operation.stamp_id, "count": said["added"], "coupons": earned}
    )
