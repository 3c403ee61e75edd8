"""A partner's statement: what it gave in a month, award by award, as its budget's chain tells it.

A month is the programme's month of the decision, since budgets go by it; so an award of its last minute that the till
sent late stands where it was counted. An award that the member's account refused was never given and is no line.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from points.account import recorded_by
from points.awards import partner_of
from points.budgets import BUDGET, BudgetState, member_of
from points.partner_model import Statement, StatementLine
from points.store import programme
from shared import chain, clock
from shared.business_day import day_start
from shared.chain import Entry, Head
from shared.errors import Conflict, Invalid
from shared.http import Call, Reply
from shared.member_ref import pseudonym
from shared.preference import CSV
from shared.spreadsheet import CONTENT_TYPE, csv_text
from shared.world import World

LINES_MAX = 20_000  # of the longest lines that there can be, what a Lambda function may answer: 6 MB
_PAGE = 500
_TICK = timedelta(milliseconds=1)


def statement(call: Call[Any]) -> Statement | Reply:
    """The caller's awards of a month as they stand now: JSON, or CSV for a spreadsheet."""
    found = of_partner(call.world, partner_of(call), call.path["month"])
    return _as_csv(found.month, found.lines) if call.media == CSV else found


def of_partner(world: World, partner_id: str, month: str) -> Statement:
    """A partner's awards of a month as they stand now."""
    zone = programme(world).zone
    start, end = _bounds(month, zone)
    lines = _lines(world, partner_id, start, end)
    given = [line.points for line in lines if line.state == "given"]
    undone = sum(line.points for line in lines if line.state == "reversed")
    return Statement(month=month, zone=zone, lines=lines, awards=len(given), points=sum(given), reversed=undone)


def _bounds(month: str, zone: str) -> tuple[datetime, datetime]:
    """The first moment of a month, and that of the next."""
    try:
        first = date.fromisoformat(f"{month}-01")
        if not 2000 <= first.year < 2100 or f"{first:%Y-%m}" != month:
            raise ValueError
    except ValueError:
        raise Invalid.at("/month", "month", "a month such as 2026-11") from None
    following = (first + timedelta(days=31)).replace(day=1)
    return day_start(first, zone, 0), day_start(following, zone, 0)


def _as_csv(month: str, lines: list[StatementLine]) -> Reply:
    rows = [(one.award_id, one.member_ref, one.points, clock.to_text(one.occurred_at), one.state) for one in lines]
    headers = {"Content-Type": CONTENT_TYPE, "Content-Disposition": f'attachment; filename="statement-{month}.csv"'}
    return Reply(csv_text(list(StatementLine.model_fields), rows), headers=headers)


# ---- reading the chain ----------------------------------------------------------------------------------------------


def _lines(world: World, partner_id: str, start: datetime, end: datetime) -> list[StatementLine]:
    """What the budget took in a month, oldest first, without what a member's account refused."""
    head = world.ledger.head(BUDGET, partner_id, consistent=True)
    taken: dict[int, Entry] = {}
    back: dict[int, bool] = {}  # the number of a taking that came back, and whether it was refused
    last = 0
    for entry in _entries(world, head, start, end):
        last = entry.sequence
        if entry.kind == "taken":
            taken[last] = entry
            _check_size(taken)
        elif "taken" in entry.data:
            back[entry.data["taken"]] = entry.kind == "refused"
    if taken:
        back |= _came_back_later(world, head, last)
    return [_line(world, partner_id, taken[n], is_reversed=n in back) for n in taken if not back.get(n)]


def _line(world: World, partner_id: str, entry: Entry, *, is_reversed: bool) -> StatementLine:
    assert entry.ref is not None
    return StatementLine(
        award_id=entry.ref[1],
        member_ref=pseudonym(world, partner_id, member_of(entry)),
        points=entry.data["points"],
        occurred_at=entry.occurred_at,
        state="reversed" if is_reversed else "given",
    )


def _check_size(taken: dict[int, Entry]) -> None:
    if len(taken) > LINES_MAX:
        raise Conflict("statement_too_long", lines_max=LINES_MAX)


def _entries(world: World, head: Head[BudgetState], start: datetime, end: datetime) -> Iterator[Entry]:
    """The entries that a chain recorded from one moment to another, page by page."""
    before = recorded_by(world, head.account, head, start - _TICK)
    after = before["sk"] if before else 0
    while items := world.ledger.table.items(head.account, after=after, limit=_PAGE, consistent=True):
        for item in items:
            if clock.from_ms(item["t"]) >= end:
                return
            yield from chain.entries_of(item)
        after = items[-1]["sk"]


def _came_back_later(world: World, head: Head[BudgetState], since: int) -> dict[int, bool]:
    """The takings that came back in a later month than their own, found from the newest entry back to a number."""
    found: dict[int, bool] = {}
    state = head.state
    while True:
        found |= {late.taken: late.is_refused for late in state.late}
        if state.late_before <= since:
            return found
        item = world.ledger.table.newest(head.account, upto=state.late_before, consistent=True)
        state = chain.head_of(BUDGET, head.account, item).state
