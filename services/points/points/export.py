"""Everything that is kept about a member, as JSON: profile, points, purchases with their lines, coupons, check-ins.

One call gives all of it for nearly everybody. An answer has an end, about three megabytes of what chains tell; beyond
that it has a `next_cursor`, and the next call goes on where this one stopped. Identities are masked and codes are left
out: a file that lies about must open nothing. What says something of another person, such as who served at the till,
is not the member's to have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from points import account, forgetting, packing
from points.account import entry_answer
from points.model import Balance, EntryAnswer
from points.person import MemberAnswer
from points.profiles import answer
from shared import chain, clock, coupons_of, erasing, events, keys, places
from shared.chain import Entry
from shared.coupon_book import BOOK, Book
from shared.cursor import next_cursor, read_cursor
from shared.errors import BadRequest
from shared.http import Call
from shared.member_ref import masked, present, signed_in
from shared.shapes import Shape, Time
from shared.table import Item
from shared.world import World

BYTES_MAX = 3_000_000
"""So much of what the chains tell goes into one answer; API Gateway and Lambda take no more than some megabytes."""
_ITEMS = 25  # read at once: a purchase of 500 lines is some 60 KB
_LETTERS = (keys.MEMBER_POINTS, keys.COUPON_BOOK, keys.VISITS, keys.APPROACHES, keys.EXPOSURES)
_SECTIONS = {
    keys.MEMBER_POINTS: "entries",
    keys.COUPON_BOOK: "coupon_entries",
    keys.VISITS: "checkins",
    keys.APPROACHES: "approaches",
    keys.EXPOSURES: "campaign_contacts",
}
_NOT_TOLD = ("reason", "held_out", "counted_before", "member_id", "taken", "asked_of")
"""Of an entry: why a check-in was not paid, which nobody is told, and what our own books need."""
_NOT_THE_MEMBERS = ("staff_id", "held_by")


class Query(Shape):
    cursor: str | None = None


class HoldShown(Shape):
    hold_id: str
    points: int
    expires_at: Time


class Export(Shape):
    """What is kept about a member and whoever was merged into it. On later pages only what the chains tell goes on."""

    exported_at: Time
    member: MemberAnswer
    merged: list[MemberAnswer]
    card_masked: str
    joined_at: Time
    balance: Balance
    holds: list[HoldShown]
    coupons: list[dict[str, Any]]
    stamp_cards: list[dict[str, Any]]
    entries: list[EntryAnswer]
    purchases: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    coupon_entries: list[dict[str, Any]]
    checkins: list[dict[str, Any]]
    approaches: list[dict[str, Any]]
    campaign_contacts: list[dict[str, Any]]
    next_cursor: str | None = None


def of_me(call: Call[Any]) -> dict[str, Any]:
    """Everything that is kept about the signed-in member."""
    return _export(call, signed_in(call.world, call.who))


def of_member(call: Call[Any]) -> dict[str, Any]:
    """Everything that is kept about a member."""
    return _export(call, present(call.world, call.path_id("member_id"), consistent=True))


def _export(call: Call[Any], profile: Item) -> dict[str, Any]:
    world, member_id = call.world, profile["member_id"]
    _, state = account.settled(world, member_id, call.now)
    book = world.ledger.open_head(BOOK, member_id, consistent=True)
    chains = _Chains(call, member_id)
    position = chains.fill(_place(read_cursor(call, call.query.cursor), chains))
    said = Export(
        exported_at=call.now,
        member=answer(call, profile),
        merged=[answer(call, one) for one in chains.profiles()],
        card_masked=masked(profile["static_code"]),
        joined_at=clock.from_ms(profile["t"]),
        balance=account.balance(call, member_id),
        holds=[HoldShown(hold_id=one.hold_id, points=one.points, expires_at=one.ends) for one in state.holds],
        coupons=_coupons(world, book.state, max(call.now, book.recorded_at)),
        stamp_cards=_cards(book.state),
        next_cursor=next_cursor(call, position),
        **chains.told,
    )
    return said.model_dump(mode="json", exclude_none=True) | {"next_cursor": said.next_cursor}


# ---- what the chains tell -------------------------------------------------------------------------------------------


def _place(position: str | None, chains: _Chains) -> tuple[str, int]:
    if position is None:
        return chains.accounts[0], 0
    begun, _, after = position.rpartition(":")
    if begun not in chains.accounts:
        raise BadRequest("bad_cursor")  # of somebody who has been parted from this member since
    return begun, int(after)


@dataclass
class _Chains:
    """The chains of a member and of whoever was merged into it, read one after the other until an answer is full."""

    call: Call[Any]
    member_id: str
    told: dict[str, list[Any]] = field(init=False)
    accounts: list[str] = field(init=False)
    _members: list[str] = field(init=False)
    _left: int = field(init=False)

    def __post_init__(self) -> None:
        self._left = BYTES_MAX
        self.told = {name: [] for name in (*_SECTIONS.values(), "purchases", "requests")}
        self._members = list(erasing.all_guests_of(self.call.world.ledger.table, keys.MEMBER_POINTS, self.member_id))
        self.accounts = [keys.account(letter, one) for one in self._members for letter in _LETTERS]

    def profiles(self) -> Iterator[Item]:
        """The profiles of who was merged into the member."""
        for one in self._members[1:]:
            found = self.call.world.directory.table.get(*keys.member(one), consistent=True)
            if found is not None:
                yield found

    def fill(self, place: tuple[str, int]) -> str | None:
        """Read on from a place until the answer is full; where the next one goes on."""
        begun, after = place
        for one in self.accounts[self.accounts.index(begun) :]:
            while items := self._items(one, after):
                self._tell(one[0], [entry for item in items for entry in chain.entries_of(item)])
                after = items[-1]["sk"]
                if self._left <= 0:
                    return f"{one}:{after}"
            after = 0
        return None

    def _items(self, of: str, after: int) -> list[Item]:
        return self.call.world.ledger.table.items(of, after=after, limit=_ITEMS, consistent=True)

    def _tell(self, letter: str, entries: Sequence[Entry]) -> None:
        for entry in entries:
            is_points = letter == keys.MEMBER_POINTS
            self._add(_SECTIONS[letter], entry_answer(entry, self.call.language) if is_points else _shown(entry))
        if letter == keys.MEMBER_POINTS:
            for name in self._names(entries):
                self._add(*_said(name))

    def _names(self, entries: Sequence[Entry]) -> list[Item]:
        """The names that these entries came from, in the order of their entries; of a purchase only with its first."""
        first = [one for one in entries if one.ref and (one.ref[0] != "purchase" or "amount" in one.data)]
        wanted = dict.fromkeys(partition for one in first for partition in forgetting.names_of(one))
        found = self.call.world.ledger.table.get_many([(one, 0) for one in wanted], consistent=True)
        by_key = {item["pk"]: item for item in found if "op" in item}
        return [by_key[one] for one in wanted if one in by_key]

    def _add(self, section: str, row: Any) -> None:
        self.told[section].append(row)
        self._left -= len(row.model_dump_json() if isinstance(row, Shape) else json.dumps(row, ensure_ascii=False))


def _shown(entry: Entry) -> dict[str, Any]:
    """An entry of another service's chain as its event tells it, less what is not told to members."""
    said = {name: value for name, value in events.said_of(entry).items() if name not in _NOT_TOLD}
    return {"kind": entry.kind, "sequence": entry.sequence, "recorded_at": clock.to_text(entry.recorded_at), **said}


def _said(name: Item) -> tuple[str, dict[str, Any]]:
    """The section and the row for what a name says in words."""
    kind, op = keys.kind_of(name["pk"]), name["op"]
    if kind.startswith("purchase."):
        return "purchases", _bought(op)
    owner, client_id = name["pk"].split("#")[2:4]
    words = {"order_ref": op["o"]} if kind in ("spend", "hold") else {"reason": op["w"]} if "w" in op else {}
    if kind == "action":
        words = {"type": op["a"]}
    at = clock.to_text(clock.from_ms(name["t"]))
    partner = {"partner_id": owner.removeprefix("partner.")} if kind == "award" else {}
    return "requests", {"kind": kind, "id": client_id, "at": at, **partner, **words}


def _bought(op: dict[str, Any]) -> dict[str, Any]:
    bought = packing.unpack_bought(op)
    more = {name: value for name, value in bought.more.items() if name not in _NOT_THE_MEMBERS}
    return {
        "purchase_id": bought.purchase_id,
        "source": bought.source,
        "occurred_at": clock.to_text(bought.occurred_at),
        "state": "placed" if bought.is_placed else "completed",
        "lines": [line.model_dump(mode="json", exclude_none=True) for line in bought.lines],
        "points_used": bought.points_used,
        **more,
    }


# ---- what the book of coupons holds ---------------------------------------------------------------------------------


def _coupons(world: World, book: Book, at: datetime) -> list[dict[str, Any]]:
    """A member's coupons without their codes."""
    campaigns = coupons_of.campaigns(world)
    day = places.of_programme(world).day(at)
    return [
        {
            "coupon_id": one.coupon_id,
            "campaign_id": campaigns[one.locator],
            "state": one.state(at, day),
            "source_id": one.source_id,
            "valid_from": one.first.isoformat(),
            "valid_until": one.last.isoformat() if one.last else None,
        }
        for one in book.shown
    ]


def _cards(book: Book) -> list[dict[str, Any]]:
    return [
        {"programme_id": one.programme_id, "stamps": one.stamps, "needed": one.needed, "completed": one.completed}
        for one in book.cards
    ]
