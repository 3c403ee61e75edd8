"""The liability report: a daily job over all members' accounts, and what it found, day by day.

The members' profiles in the directory are the list. The ledger has no list of accounts and holds every entry ever
made; reading it through would cost more with each year, while the directory costs about a tenth of a unit a member,
beside the half unit for the head of the member's chain. An account that has had entries since the day ended is read
as it was then, so a report is the same whenever it is computed; only effects that were still on their way are missing.

A million members take hours. After each page the partial sums and the place reached are one item, replaced under a
condition: a run that died goes on from there, and of two at once only one counts a page.

A day that the job has not come to, today with it, is added up when somebody asks, and not kept: that is enough for a
shop of some thousand members, and on the day on which it opens.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from points.account import recorded_by
from points.balances import ACCOUNT, settle
from points.liability import Liability, On, Outstanding, Sums
from points.programme import Programme
from points.store import programme
from shared import clock, keys
from shared.business_day import day_end
from shared.chain import head_of
from shared.clock import from_ms, to_ms
from shared.errors import Invalid, NotFound
from shared.http import Call, Reply
from shared.preference import CSV
from shared.spreadsheet import CONTENT_TYPE, csv_text
from shared.table import Item
from shared.world import World

PAGE = 500
_ASKED_PAGE = 50
_ASKED_SECONDS = 8.0  # how long somebody who asks for a day that was not computed is kept waiting
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TICK = timedelta(milliseconds=1)


def liability(call: Call[Any]) -> dict[str, Any] | Reply:
    """What was outstanding at the end of a day: JSON, or CSV for a spreadsheet."""
    day = _day(call.query, programme(call.world), call.now)
    try:
        found = of_day(call.world, day)
    except NotFound:
        found = added_up(call.world, day, call.world.clock.elapsed() + _ASKED_SECONDS)
    if call.media == CSV:
        return _as_csv(found)
    return found.model_dump(mode="json")


def _day(query: On, rules: Programme, now: datetime) -> date | None:
    if query.on is None:
        return None
    try:
        day = date.fromisoformat(query.on) if _DATE.fullmatch(query.on) else None
    except ValueError:
        day = None
    if day is None or day.year < 2000:
        raise Invalid.at("/on", "date", "a date such as 2026-12-31")
    if day > rules.day(now):
        raise Invalid.at("/on", "in_future", "a day that has begun")
    return day


def of_day(world: World, day: date | None) -> Liability:
    """The report of a day, or the newest; `report_not_found` for one that was not computed."""
    if day is None:
        item = world.directory.table.newest(keys.liability(date.max)[0])
    else:
        item = world.directory.table.get(*keys.liability(day))
    if item is None:
        raise NotFound("report_not_found")
    on = date.fromisoformat(item["sk"])
    return report_of(Sums.unpack(item), on, item["zone"], item["programme"], from_ms(item["t"]))


def report_of(sums: Sums, on: date, zone: str, version: int, computed_at: datetime) -> Liability:
    """Sums as a report."""
    return Liability(
        on=on,
        zone=zone,
        version=version,
        total=sums.total,
        by_month=sums.by_month(),
        held=sums.held,
        pending=sums.pending,
        debt=sums.debt,
        paid=sums.paid,
        members=sums.members,
        computed_at=computed_at,
    )


def _as_csv(found: Liability) -> Reply:
    """One row a sum: what is available by month, then what stands apart from it."""
    header = ["on", "state", *Outstanding.model_fields]
    rows: list[tuple[str | int, ...]] = [
        (found.on.isoformat(), "available", one.month or "", one.kind, one.consideration, one.source, one.points)
        for one in found.by_month
    ]
    apart = (("held", found.held), ("pending", found.pending), ("debt", found.debt))
    rows += [(found.on.isoformat(), state, "", "", "", "", points) for state, points in apart]
    file = f'attachment; filename="liability-{found.on}.csv"'
    return Reply(csv_text(header, rows), headers={"Content-Type": CONTENT_TYPE, "Content-Disposition": file})


# ---- the job --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far the job has come: the day that it reckons, the last item of the directory read for it, and the sums."""

    day: date
    after: tuple[str, str] | None = None
    sums: Sums = field(default_factory=Sums)
    version: int = 1


def work(world: World, leave_at: float) -> bool:
    """Compute the reports of all days that have ended, until `leave_at` (of the clock's `elapsed`); whether all are."""
    rules = programme(world)
    today = rules.day(world.clock.now())
    progress = _progress(world, today - timedelta(days=1))
    while progress.day < today:
        if world.clock.elapsed() >= leave_at:
            return False
        at = day_end(progress.day, rules.zone, 0) - _TICK
        page = world.directory.table.scan(after=progress.after, limit=PAGE)
        add_page(world, progress.sums, page, at, rules.zone)
        if page:
            following = replace(progress, after=(page[-1]["pk"], page[-1]["sk"]), version=progress.version + 1)
        else:
            _keep(world, progress, rules)
            following = Progress(progress.day + timedelta(days=1), version=progress.version + 1)
        if not world.transient.replace(_item(following), progress.version):
            return False  # another run is at work: it goes on from there
        progress = following
    return True


def add_page(world: World, sums: Sums, page: list[Item], at: datetime, zone: str) -> None:
    """Count the accounts of the members on a page of the directory, as they were at a moment."""
    for item in page:
        member_id = str(item.get("member_id"))
        if (item["pk"], item["sk"]) != keys.member(member_id):
            continue
        head = world.ledger.head(ACCOUNT, member_id)
        if head.sequence and head.recorded_at > at:
            head = head_of(ACCOUNT, head.account, recorded_by(world, head.account, head, at))
        if head.sequence:
            sums.add(settle(head.state, at, zone)[0])


def added_up(world: World, day: date | None = None, leave_at: float = math.inf) -> Liability:
    """A day's report, today's without one, as far as the day has gone; nothing is kept of it.

    `report_not_found` if there are more members than can be read until `leave_at` (of the clock's `elapsed`).
    """
    rules, now = programme(world), world.clock.now()
    day = day or rules.day(now)
    at = min(now, day_end(day, rules.zone, 0) - _TICK)
    sums, after = Sums(), None
    while page := world.directory.table.scan(after=after, limit=_ASKED_PAGE):
        if world.clock.elapsed() >= leave_at:
            raise NotFound("report_not_found")
        add_page(world, sums, page, at, rules.zone)
        after = (page[-1]["pk"], page[-1]["sk"])
    return report_of(sums, day, rules.zone, rules.version, now)


def _progress(world: World, yesterday: date) -> Progress:
    """Where the last run stopped; the very first one begins with yesterday."""
    first = Progress(yesterday)
    item = world.transient.get(*keys.job("liability"), consistent=True) or world.transient.put_new(_item(first))
    if item is None:
        return first
    after = tuple(item["after"]) or None
    return Progress(date.fromisoformat(item["day"]), after, Sums.unpack(item), item["version"])


def _item(progress: Progress) -> Item:
    """Progress as it is kept. Its time tells the write of one run from that of another."""
    pk, sk = keys.job("liability")
    place = {"day": progress.day.isoformat(), "after": list(progress.after or ()), "version": progress.version}
    return {"pk": pk, "sk": sk, "t": to_ms(clock.utc_now()), **place, **progress.sums.pack()}


def _keep(world: World, progress: Progress, rules: Programme) -> None:
    """Keep a day's report, once."""
    pk, sk = keys.liability(progress.day)
    made = {"zone": rules.zone, "programme": rules.version, "t": to_ms(world.clock.now())}
    world.directory.table.put_new({"pk": pk, "sk": sk, **made, **progress.sums.pack()})
