"""Reports on points and on members: where their numbers come from, their columns, and how people read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from infra.commands import Failed
from infra.report_tables import Row, Table, number_of, progress, sums
from shared import keys
from shared.business_day import day_end, day_start
from shared.clock import to_text
from shared.errors import Invalid, NotFound
from shared.world import World

OUTSTANDING = ("day", "state", "ends", "kind", "consideration", "source", "points")
MONTHS = (
    "month", "opening", "issued", "spent", "expired", "returned", "adjusted", "held", "moved", "closing", "reported",
)  # fmt: skip
STATEMENT = ("partner_id", "award_id", "member_ref", "points", "occurred_at", "state")
ACTIVITY = ("member_id", "last_purchase_at", "days_since", "purchases", "amount", "balance")
_TICK = timedelta(milliseconds=1)
_SHOWN_MAX = 20


# ---- points ---------------------------------------------------------------------------------------------------------


def liability(world: World, on: date | None) -> Table:
    """What the shop owes its members in points, now or at the end of a day."""
    from points import reports

    try:
        found = reports.of_day(world, on) if on else reports.added_up(world)
    except NotFound:
        raise Failed(f"There is no report of {on}: each is made in the night after its day.") from None
    head = f"Points outstanding on {found.on} ({found.zone}), programme {found.version}, {found.members:,} members"
    words = [
        f"  {one.month or 'never':<9}{one.kind:<9}{one.consideration:<6}{one.source:<12}{one.points:>15,}"
        for one in found.by_month
    ]
    day = found.on.isoformat()
    rows: list[Row] = [
        {"day": day, "state": "available", "ends": one.month, "kind": one.kind, "consideration": one.consideration,
         "source": one.source, "points": one.points}
        for one in found.by_month
    ]  # fmt: skip
    apart = {"held": found.held, "pending": found.pending, "debt": found.debt}
    rows += [{"day": day, "state": state, "points": points} for state, points in apart.items()]
    told = {
        "available": found.total,
        "in open holds": found.held,
        "pending": found.pending,
        "bought, of all these": found.paid,
        "debts of members": found.debt,
    }
    columns = f"  {'ends':<9}{'kind':<9}{'for':<6}{'source':<12}{'points':>15}"
    value = found.model_dump(mode="json")
    return Table("liability", OUTSTANDING, rows, value, [head, columns, *words, "", *sums(told)], day[:7], day)


def months(world: World, since: date | None, until: date | None) -> Table:
    """Points issued, spent, expired and outstanding by month; the present one so far. Without months, the last twelve."""
    from infra import report_members
    from points.store import programme

    rules, now = programme(world), world.clock.now()
    until = min(until or date.max, rules.day(now))
    firsts = list(_firsts(since or _year_before(until), until))
    if not firsts:
        raise Failed("These months have not begun.")
    starts = [*firsts, _following(firsts[-1])]
    bounds = [min(day_start(first, rules.zone, 0) - _TICK, now) for first in starts]
    with progress("members") as tell:
        found = report_members.by_month(world, bounds, rules.zone, tell)
    rows = [
        {"month": f"{first:%Y-%m}", **asdict(one), "reported": _reported(world, _following(first) - timedelta(days=1))}
        for first, one in zip(firsts, found, strict=True)
    ]
    head = f"Points by month ({rules.zone}): balances less debts at each end; what holds took is in none of them"
    lines = ["  " + "".join(f"{name:>12}" for name in MONTHS)]
    lines += ["  " + "".join(f"{number_of(row[name]):>12}" for name in MONTHS) for row in rows]
    return Table("months", MONTHS, rows, {"zone": rules.zone, "months": rows}, [head, *lines], name="months")


def _reported(world: World, last_day: date) -> int | None:
    """What the report of a month's last night says; it must be the same."""
    from points import reports

    try:
        found = reports.of_day(world, last_day)
    except NotFound:
        return None
    return found.total - found.debt


def _firsts(since: date, until: date) -> Iterator[date]:
    first = since.replace(day=1)
    while first <= until:
        yield first
        first = _following(first)


def _year_before(until: date) -> date:
    number = until.year * 12 + until.month - 12
    return date(number // 12, number % 12 + 1, 1)


def _following(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def statement(world: World, partner_id: str, month: str) -> Table:
    """What a partner gave in a month."""
    from points import statements

    if world.directory.setting(keys.partner(partner_id)) is None:
        raise Failed(f"There is no partner {partner_id!r}.")
    try:
        found = statements.of_partner(world, partner_id, month)
    except Invalid:
        raise Failed(f"{month!r} is no month such as 2026-11.") from None
    words = [
        f"  {to_text(one.occurred_at):<26}{one.award_id:<38}{one.state:<10}{one.points:>12,}" for one in found.lines
    ]
    told = {"points given": found.points, "in awards": found.awards, "points taken back": found.reversed}
    head = f"What {partner_id} gave in {month} ({found.zone})"
    columns = f"  {'at':<26}{'award':<38}{'state':<10}{'points':>12}"
    value = found.model_dump(mode="json")
    rows = [{"partner_id": partner_id, **one} for one in value["lines"]]
    lines = [head, columns, *words, "", *sums(told)]
    return Table("statement", STATEMENT, rows, value, lines, month, partner_id)


# ---- members --------------------------------------------------------------------------------------------------------


def activity(world: World, on: date | None, days: int) -> Table:
    """How recently, how often and for how much each member has bought in the days until the end of one."""
    from infra import report_members
    from points.store import programme

    rules = programme(world)
    last = on or rules.day(world.clock.now())
    start = day_start(last - timedelta(days=days - 1), rules.zone, 0)
    with progress("members") as tell:
        found = report_members.activities(world, start, day_end(last, rules.zone, 0), rules.zone, tell)
    rows = [_of_member(member_id, one, last, rules.day) for member_id, one in found.items()]
    told = {
        "members": len(rows),
        "bought something": sum(row["purchases"] > 0 for row in rows),
        "purchases": sum(row["purchases"] for row in rows),
        "amount": sum(row["amount"] for row in rows),
    }
    best = sorted(rows, key=lambda row: (-row["amount"], row["member_id"]))[:_SHOWN_MAX]
    lines = [f"Members' activity in the {days} days until {last} ({rules.zone})", *sums(told), ""]
    lines += [f"  {'member':<38}{'days since':>12}{'purchases':>12}{'amount':>14}{'balance':>12}"]
    lines += [
        f"  {row['member_id']:<38}{number_of(row['days_since']):>12}{row['purchases']:>12,}{row['amount']:>14,}"
        f"{row['balance']:>12,}"
        for row in best
    ]
    if len(rows) > len(best):
        lines.append(f"  and {len(rows) - len(best):,} more; --format csv --out FILE tells them all.")
    value = {"on": last.isoformat(), "days": days, "zone": rules.zone, **told, "rows": rows}
    return Table("activity", ACTIVITY, rows, value, lines, f"{last:%Y-%m}", "activity")


def _of_member(member_id: str, one: Any, last: date, day_of: Callable[[datetime], date]) -> dict[str, Any]:
    return {
        "member_id": member_id,
        "last_purchase_at": one.last_at and to_text(one.last_at),
        "days_since": (last - day_of(one.last_at)).days if one.last_at else None,
        "purchases": one.purchases,
        "amount": one.amount,
        "balance": one.balance,
    }
