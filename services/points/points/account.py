"""Reading a member's account: the balance at any time, and the entries."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from points.balances import ACCOUNT, Account, earned_since, settle
from points.lots import Lot, unpack_lots
from points.model import At, Balance, EntryAnswer, EntryPage, Expiring, Page, Tier
from points.programme import Programme
from points.store import programme
from points.words import explained
from shared import chain, clock
from shared.business_day import day_end
from shared.chain import Entry, Head, head_of
from shared.cursor import next_cursor, read_cursor
from shared.errors import Invalid
from shared.http import Call
from shared.member_ref import require_member
from shared.world import World

TIER = "base"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def balance(call: Call[Any], member_id: str) -> Balance:
    """The balance now, or as it was or will be at a time."""
    at = _moment(call.query, programme(call.world), call.now) if isinstance(call.query, At) else call.now
    account = ACCOUNT.partition(member_id)
    head = call.world.ledger.head(ACCOUNT, member_id, consistent=True)
    if head.sequence == 0:
        require_member(call.world, member_id)
    if head.sequence and at < head.recorded_at and call.query.at is not None:
        head = head_of(ACCOUNT, account, recorded_by(call.world, account, head, at))
    elif at < head.recorded_at:
        at = head.recorded_at  # in one account time never runs backwards
    return _balance(member_id, head.state, at, programme(call.world))


def recorded_by(world: World, account: str, head: Head[Any], at: datetime) -> Any:
    """The last item recorded by a time, found by halving: items are in order of time."""
    low, high, best = 0, head.sequence, None
    while low < high:
        middle = (low + high + 1) // 2
        item = world.ledger.table.newest(account, upto=middle, consistent=True)
        if item is None:
            break
        if clock.from_ms(item["t"]) <= at:
            low, best = max(middle, chain.last_sequence(item)), item
        else:
            high = item["sk"] - 1
    return best


def settled(world: World, member_id: str, now: datetime) -> Account:
    """What a member has now, read consistently; `member_not_found` if there is no such member."""
    head = world.ledger.head(ACCOUNT, member_id, consistent=True)
    if head.sequence == 0:
        require_member(world, member_id)
    return settle(head.state, max(now, head.recorded_at), programme(world).zone)[0]


def tier_of(account: Account, programme: Programme, at: datetime) -> Tier:
    """The default programme has one tier; what was earned in its calendar year is counted all the same."""
    january = programme.day(at).year * 12
    earned = earned_since(account, january, january + 11)
    return Tier(name=TIER, earned_in_window=earned)


def _balance(member_id: str, account: Account, at: datetime, programme: Programme) -> Balance:
    account, _ = settle(account, at, programme.zone)
    return Balance(
        member_id=member_id,
        available=account.available,
        pending=account.waiting,
        held=account.held,
        debt=account.debt,
        as_of=at,
        expiring=[_expiring(lot) for lot in sorted(account.lots, key=lambda lot: lot.last_day) if lot.last_day],
        tier=tier_of(account, programme, at),
    )


def _expiring(lot: Lot) -> Expiring:
    day = date.fromordinal(lot.last_day)
    return Expiring(on=day.isoformat(), points=lot.points, kind="limited" if lot.is_limited else "regular")


def _moment(query: At, programme: Programme, now: datetime) -> datetime:
    """The time that a query names; a date stands for its end in the programme's zone."""
    if query.at is None:
        return now
    try:
        if _DATE.fullmatch(query.at):
            end = day_end(date.fromisoformat(query.at), programme.zone, 0)
            at = clock.from_ms(clock.to_ms(end) - 1)
        else:
            at = clock.from_text(query.at)
        if not 2000 <= at.year < 2100:
            raise ValueError
    except (ValueError, OverflowError):
        raise Invalid.at("/at", "time", "a time with a zone, or a date such as 2026-12-31") from None
    return at


# ---- entries --------------------------------------------------------------------------------------------------------


def entries(call: Call[Any], member_id: str) -> dict[str, Any]:
    """A page of an account's entries, newest first."""
    page: Page = call.query
    account = ACCOUNT.partition(member_id)
    upto = read_cursor(call, page.cursor)
    found: list[Entry] = []
    items = call.world.ledger.table.items(
        account, upto=None if upto is None else int(upto), newest_first=True, limit=page.limit + 1, consistent=True
    )
    if not items and upto is None:
        require_member(call.world, member_id)
    for item in items:
        found += [entry for entry in reversed(chain.entries_of(item)) if upto is None or entry.sequence <= int(upto)]
    shown = [entry for entry in found if entry.kind != "refused"]
    more = shown[page.limit].sequence if len(shown) > page.limit else None
    if more is None and len(items) > page.limit:
        more = items[-1]["sk"] - 1
    listed = [_entry(entry, member_id, call.language) for entry in shown[: page.limit]]
    cursor = next_cursor(call, None if not more else str(more))
    return EntryPage(items=listed, next_cursor=cursor).model_dump(mode="json")


def _entry(entry: Entry, member_id: str, language: str) -> EntryAnswer:
    packed = entry.data.get("lots")
    explain = entry.data.get("explain")
    return EntryAnswer.model_validate(
        {
            "entry_id": f"{member_id}:{entry.sequence}",
            "sequence": entry.sequence,
            "kind": entry.kind,
            "points": entry.points,
            "balance_after": entry.balance_after,
            "occurred_at": entry.occurred_at,
            "recorded_at": entry.recorded_at,
            "ref": {"kind": entry.ref[0], "id": entry.ref[1].rpartition("/")[2]} if entry.ref else None,
            "lots": [_expiring(lot) for lot in unpack_lots(packed) if lot.last_day] if packed else None,
            "explain": explained(explain, language) if explain else None,
        }
    )
