"""Reading a member's account: the balance at any time, and the entries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from points.balances import ACCOUNT, Account, settle
from points.lots import Lot, unpack_lots
from points.model import At, Balance, EntryAnswer, EntryPage, Expiring, NextTier, Page, Tier
from points.programme import Programme
from points.standing import standing, tier_of
from points.store import programme
from points.words import explained
from shared import chain, clock, keys
from shared.business_day import day_end
from shared.chain import Entry, Head, head_of
from shared.cursor import next_cursor, read_cursor
from shared.errors import Invalid, Unavailable
from shared.http import Call
from shared.member_ref import require_member
from shared.shapes import YEAR_MAX
from shared.table import Item
from shared.world import World

HIDDEN = ("refused", "reminded", "tier")  # entries that are no business of the account's holder
_MERGES_MAX = 32
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def balance(call: Call[Any], member_id: str) -> Balance:
    """The balance now, or as it was or will be at a time; of a merged member, that of the account it leads to."""
    at = _moment(call.query, programme(call.world), call.now) if isinstance(call.query, At) else call.now
    if isinstance(call.query, At) and call.query.at is not None:
        head = _head_at(call.world, call.world.ledger.head(ACCOUNT, member_id, consistent=True), at)
    else:
        head = call.world.ledger.open_head(ACCOUNT, member_id, consistent=True)
    if head.sequence == 0:
        require_member(call.world, member_id)
    at = max(at, head.recorded_at)  # in one account time never runs backwards
    return _balance(keys.holder(head.account), head.state, at, programme(call.world))


def _head_at(world: World, head: Head[Account], at: datetime) -> Head[Account]:
    """The head as it was at a time, in the account that a member's operations entered then."""
    for _ in range(_MERGES_MAX):
        if at < head.recorded_at:
            head = head_of(ACCOUNT, head.account, recorded_by(world, head.account, head, at))
        if not head.is_closed:
            return head
        head = world.ledger.head(ACCOUNT, keys.holder(head.closings[-1].account), consistent=True)
    raise Unavailable


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


def settled(world: World, member_id: str, now: datetime) -> tuple[str, Account]:
    """Who a member is after all merges, and what it has now, read consistently; `member_not_found` for nobody."""
    head = world.ledger.open_head(ACCOUNT, member_id, consistent=True)
    if ACCOUNT.is_nobodys(head):
        require_member(world, member_id)
    return keys.holder(head.account), settle(head.state, max(now, head.recorded_at), programme(world).zone)[0]


def tier_name(world: World, member_id: str, now: datetime) -> str:
    """The name of a member's tier now; whoever has earned nothing yet has the lowest."""
    head = world.ledger.open_head(ACCOUNT, member_id, consistent=True)
    return tier_of(head.state, programme(world), max(now, head.recorded_at))


def tier(account: Account, programme: Programme, at: datetime) -> Tier:
    """The member's tier, until when it lasts, and what the next one needs."""
    found = standing(account, programme, at)
    following = NextTier(name=found.next_name, missing=found.missing) if found.next_name else None
    return Tier(name=found.name, earned_in_window=found.earned, until=found.until, next=following)


def _balance(member_id: str, account: Account, at: datetime, programme: Programme) -> Balance:
    account, _ = settle(account, at, programme.zone)
    return Balance(
        member_id=member_id,
        available=account.available,
        pending=account.waiting,
        held=account.held,
        debt=account.debt,
        paid=account.paid or None,
        as_of=at,
        expiring=_expirings(account.lots),
        tier=tier(account, programme, at),
    )


def _expirings(lots: Iterable[Lot]) -> list[Expiring]:
    """What expires when, day by day; what never does is left out. Where points came from is not told here."""
    sums: dict[tuple[int, bool], int] = {}
    for lot in lots:
        if lot.last_day:
            sums[lot.last_day, lot.is_limited] = sums.get((lot.last_day, lot.is_limited), 0) + lot.points
    return [
        Expiring(on=date.fromordinal(day).isoformat(), points=points, kind="limited" if is_limited else "regular")
        for (day, is_limited), points in sorted(sums.items())
    ]


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
        if at.year > YEAR_MAX:
            raise ValueError
    except (ValueError, OverflowError):
        said = f"a time with a zone, or a date such as 2026-12-31, of the years 1 to {YEAR_MAX}"
        raise Invalid.at("/at", "time", said) from None
    return at


# ---- entries --------------------------------------------------------------------------------------------------------


def entries(call: Call[Any], member_id: str) -> dict[str, Any]:
    """A page of an account's entries, newest first."""
    page: Page = call.query
    account, upto = _place(read_cursor(call, page.cursor), ACCOUNT.partition(member_id))
    items = _newest(call.world, account, upto, page.limit + 1)
    if not items and upto is None:
        require_member(call.world, member_id)
    if items and upto is None and head_of(ACCOUNT, account, items[0]).is_closed:
        account = call.world.ledger.open_head(ACCOUNT, member_id, consistent=True).account
        items = _newest(call.world, account, None, page.limit + 1)
    found: list[Entry] = []
    for item in items:
        found += [entry for entry in reversed(chain.entries_of(item)) if upto is None or entry.sequence <= upto]
    shown = [entry for entry in found if entry.kind not in HIDDEN]
    more = shown[page.limit].sequence if len(shown) > page.limit else None
    if more is None and len(items) > page.limit:
        more = items[-1]["sk"] - 1
    listed = [entry_answer(entry, call.language) for entry in shown[: page.limit]]
    cursor = next_cursor(call, f"{more}:{account}" if more else None)
    return EntryPage(items=listed, next_cursor=cursor).model_dump(mode="json")


def _place(position: str | None, account: str) -> tuple[str, int | None]:
    """Where a list goes on: in the account in which it began, whatever was merged meanwhile."""
    if position is None:
        return account, None
    upto, _, begun = position.partition(":")
    return begun, int(upto)


def _newest(world: World, account: str, upto: int | None, limit: int) -> list[Item]:
    return world.ledger.table.items(account, upto=upto, newest_first=True, limit=limit, consistent=True)


def entry_answer(entry: Entry, language: str) -> EntryAnswer:
    """An entry as it is shown."""
    packed = entry.data.get("lots")
    explain = entry.data.get("explain")
    return EntryAnswer.model_validate(
        {
            "entry_id": f"{keys.holder(entry.account)}:{entry.sequence}",
            "sequence": entry.sequence,
            "kind": entry.kind,
            "points": entry.points,
            "balance_after": entry.balance_after,
            "occurred_at": entry.occurred_at,
            "recorded_at": entry.recorded_at,
            "ref": {"kind": entry.ref[0], "id": entry.ref[1].rpartition("/")[2]} if entry.ref else None,
            "lots": _expirings(unpack_lots(packed)) if packed else None,
            "explain": explained(explain, language) if explain else None,
        }
    )
