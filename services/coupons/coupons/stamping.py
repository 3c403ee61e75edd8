"""Stamps into members' books: by event, exactly once in whatever order, and by hand.

What fills a card brings the name of its coupon in the same transaction: from then on the coupon's code leads to the
book, and no other source can have its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from coupons import cards, hearing, notes, packing, store
from coupons.cards import OWNER, Granting, Occasion, Prize, Scheme
from coupons.dues import asking, attentive
from coupons.giving import Issuing
from coupons.hearing import Heard, Known, known_of
from coupons.stamp_programme import StampProgramme
from shared import chain, clock, finding, keys, places
from shared.chain import Decided, Head, Packed, Part
from shared.coupon_book import BOOK, Book
from shared.coupons_of import Codebook
from shared.errors import NotFound, Unavailable
from shared.events import Received
from shared.finding import Stop
from shared.http import AHEAD_MAX
from shared.ledger import Ledger
from shared.naming import Verb, unnamed
from shared.patience import attempts
from shared.table import Collision, Item, PutNew
from shared.world import World


class Books(Ledger):
    """The members' books, where an item in which a card is full comes together with the names of its coupons."""

    def __init__(self, world: World) -> None:
        super().__init__(world.ledger.table, world.clock)
        self.attempt = 0  # so often a coupon's place was another source's

    def put(self, item: Item) -> Item | None:
        names = list(_names(item))
        if not names:
            return super().put(item)
        try:
            self.table.transact([PutNew(item), *map(PutNew, names)])
        except Collision as collision:
            self.attempt += any(place > 0 for place in collision.olds)
            return collision.olds.get(0, item)
        return None


def _names(item: Item) -> Iterable[Item]:
    """The names of the coupons that full cards have earned in an item."""
    earned = {raw["x"]["coupon_id"] for raw in item["e"] if raw["k"] == "filled"}
    if not earned:
        return
    told = {raw["x"]["coupon_id"]: raw["x"] for raw in item["e"] if raw["k"] == "issued"}
    for coupon in BOOK.unpack(item["s"]).coupons:
        if coupon.coupon_id not in earned:
            continue
        issuing = Issuing(coupon, told[coupon.coupon_id]["campaign_id"], OWNER, coupon.first)
        yield {
            "pk": issuing.name,
            "sk": 0,
            "fp": hashlib.sha256(
                coupon.coupon_id.encode()
            ).digest(),  # of no request: whoever asks for it finds another
            "acc": item["pk"],
            "seen": item["sk"] - 1,
            "op": packing.pack_issuing(issuing),
            "t": item["t"],
            "v": 1,
        }


# ---- programmes -----------------------------------------------------------------------------------------------------


def programmes(world: World) -> list[StampProgramme]:
    """All stamp programmes of the stage, in the order of their ids."""
    return world.directory.read_all(keys.stamp_programme("")[0], _all_of)


def programme(world: World, programme_id: str) -> StampProgramme:
    """A stamp programme; `programme_not_found` for none."""
    found = world.directory.read(keys.stamp_programme(programme_id), of_item)
    if found is None:
        raise NotFound("programme_not_found")
    return found


def _all_of(items: list[Item]) -> list[StampProgramme]:
    return [of_item(item) for item in items]


def of_item(item: Item) -> StampProgramme:
    """A stamp programme as the directory keeps it."""
    return StampProgramme.model_validate(item["said"])


def scheme_of(world: World, one: StampProgramme, seed: str, attempt: int = 0) -> Scheme:
    """A programme with the coupons that its campaign gives now to an operation."""
    running = store.campaign(world, one.campaign_id)
    generation = Codebook(world).generation(running.locator)
    assert generation is not None, "a campaign is made with its locator"
    prize = Prize(running.campaign, generation, running.edition, seed, attempt)
    return Scheme(one, prize, places.of_programme(world))


# ---- by hand --------------------------------------------------------------------------------------------------------


def granting(world: World, books: Books) -> Verb[Book, Granting]:
    """The operation of giving stamps by hand. It may be refused, so only its caller finishes it."""

    def decide(book: Book, asked: Granting, at: datetime) -> Decided[Book]:
        one = programme(world, asked.programme_id)
        return cards.grant(book, asked, scheme_of(world, one, asked.seed, books.attempt), at)

    return Verb(BOOK, _pack, _unpack, attentive(decide))


def _pack(asked: Granting) -> Packed:
    return {"i": asked.stamp_id, "s": asked.seed, "p": asked.programme_id, "n": asked.count, "d": asked.day.toordinal()}


def _unpack(packed: Packed) -> Granting:
    return Granting(packed["i"], packed["s"], packed["p"], packed["n"], date.fromordinal(packed["d"]))


# ---- by event -------------------------------------------------------------------------------------------------------


def on_checkin(world: World, event: Received) -> None:
    """A check-in is a stamp in each programme of visits that has room on its day."""
    wanted = [one for one in programmes(world) if one.by == "visit"]
    if not wanted or event.subject is None:
        return
    books, seed = Books(world), f"{OWNER}|{event.id}"
    occasion = Occasion(("checkin", str(event.data["checkin_id"])), date.fromisoformat(event.data["business_day"]))

    def decide(book: Book, _: None, at: datetime) -> Decided[Book]:
        schemes = [scheme_of(world, one, seed, books.attempt) for one in wanted]
        return cards.visit(book, schemes, occasion, at)

    books.obey(Verb(BOOK, unnamed, unnamed, attentive(decide)), event.subject, [(seed, event.time, None)])


def on_purchase(world: World, event: Received) -> None:
    """What happens to a member's purchase: completed, it gives stamps; with less left of it, it takes some back."""
    wanted = [one for one in programmes(world) if one.by in ("purchase", "spend")]
    heard = _heard(world, event)
    # All events about a purchase are looked at together, so they are of one member: whose it was when it was recorded.
    member_id = event.data.get("asked_of", event.subject)
    if not wanted or member_id is None or heard is None:
        return
    since = clock.from_text(event.data.get("bought_at", event.data["occurred_at"])) - AHEAD_MAX
    books = Books(world)
    for attempt in attempts(world.clock):
        head, known = _place(books, member_id, heard.ref[1], since, is_again=attempt > 0)
        if BOOK.is_erased(head.state):
            return
        mark, at = chain.operation(name := _name(heard.ref[1], known.entries)), max(head.recorded_at, event.time)
        schemes = [scheme_of(world, one, name, books.attempt) for one in wanted]
        decided = hearing.hear(head.state, known, heard, schemes, at)
        if decided is None:
            return
        decided = asking(decided, at)
        item = chain.next_item(BOOK, head, [Part(mark, decided.steps)], decided.state, at)
        if books.put(item) is None:
            return
    raise Unavailable


def is_placed(data: Mapping[str, Any]) -> bool:
    """Whether a purchase that is recorded is an order that still has to be completed."""
    return "pending" in data and "on" not in data


def _heard(world: World, event: Received) -> Heard | None:
    """What an event says of a purchase; None for an order that is placed, which gives nothing yet."""
    data = event.data
    kind, ref, left = notes.told(event)
    if kind == "recorded" and is_placed(data):
        return None
    if kind not in ("recorded", "completed"):
        return Heard(("purchase", ref), left, None)
    days = places.of_store(world, data.get("store_id"))
    return Heard(("purchase", ref), left, days.day(clock.from_text(data["occurred_at"])))


def _name(purchase: str, number: int) -> str:
    """Under which name the book has an entry about a purchase."""
    return f"{OWNER}|purchase|{purchase}|{number}"


def _place(books: Books, member_id: str, purchase: str, since: datetime, *, is_again: bool) -> tuple[Head[Book], Known]:
    """The head that an event about a member's purchase enters at, and what is known of that purchase.

    It enters where the member's book leads now; its earlier entries are in any book that it has ever led to. A stale
    head makes the append fail, and what it shows is true.
    """
    head = books.head(BOOK, member_id, consistent=is_again)
    if not head.closings:
        return head, _known([head], books, purchase, since)
    for _ in attempts(books.clock):
        head = books.open_head(BOOK, member_id, consistent=True)
        heads = _all_it_led_to(books, BOOK.partition(member_id))
        known = _known([head, *(one for one in heads if one.account != head.account)], books, purchase, since)
        # Read again: whoever leads the book elsewhere meanwhile appends to this head, or has done so before it was read.
        if books.open_head(BOOK, member_id, consistent=True).account == head.account:
            return head, known
    raise Unavailable


def _all_it_led_to(books: Books, account: str) -> list[Head[Book]]:
    heads: dict[str, Head[Book]] = {}
    wanted = [account]
    while wanted:
        account = wanted.pop()
        if account not in heads:
            heads[account] = finding.newest(books.table, BOOK, account)
            wanted += [closing.account for closing in heads[account].closings]
    return list(heads.values())


def _known(heads: list[Head[Book]], books: Books, purchase: str, since: datetime) -> Known:
    """What the latest of the entries about a purchase says."""
    stops = [Stop(head, 0, since, None) for head in heads]
    said = notes.latest(books.table, stops, lambda number: _name(purchase, number))
    return Known() if said is None else known_of(said)
