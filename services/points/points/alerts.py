"""Alerts of the insider guard: said once, listed, and resolved by people.

An alert is one item for good; for as long as it is open a second one leads to it, and what it stops stands with its
store. All three change in one transaction. Its id is drawn from what it is about, so what comes again finds it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from points.guard_model import (
    COUNTED_MAX,
    Alert,
    AlertPage,
    AlertQuery,
    Evidence,
    Outcome,
    Resolution,
    ResolveAlert,
    RuleName,
)
from points.guard_rules import Counted
from points.guard_words import said
from shared import clock, guarded, keys
from shared.cursor import next_cursor, read_cursor
from shared.errors import Conflict, NotFound
from shared.http import Call, Reply
from shared.table import Item, Put, Remove, Write
from shared.world import World

_log = logging.getLogger("omotenashi")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has found: whom, where and when. `members`: the names by which the member came."""

    rule: RuleName
    outcome: Outcome
    store_id: str
    terminal_id: str | None
    members: tuple[str, ...]
    day: date

    @property
    def alert_id(self) -> str:
        about = "|".join((self.store_id, self.terminal_id or "", self.members[0]))
        return f"{self.day.isoformat()}-{self.rule}-{hashlib.sha256(about.encode()).hexdigest()[:16]}"


# ---- raised ----------------------------------------------------------------------------------------------------------


def tell(world: World, finding: Finding, rows: Iterable[Counted]) -> None:
    """Open the alert of a finding with its evidence, or add to it. One that is resolved stays as it is."""
    wanted = [list(row) for row in rows]

    def make(old: Item | None) -> Item:
        seen = old["seen"] if old else []
        known = {row[0] for row in seen}
        rows = {row[0]: row for row in wanted if row[0] not in known}
        new = list(rows.values())[: COUNTED_MAX - len(seen)]
        if old is not None and (not new or old["state"] == "resolved"):
            return old
        return {**(old or _opened(world, finding)), "seen": [*seen, *new]}

    def also(old: Item | None, _: Item) -> Sequence[Write]:
        if old is not None:
            return ()
        pk, sk = keys.open_alert(finding.alert_id)
        return [Put({"pk": pk, "sk": sk}), *_stopping(world, finding)]

    before, _ = world.directory.write(keys.alert(finding.alert_id), make, also)
    if before is None:
        said_once = {"kind": finding.rule, "key": finding.alert_id, "outcome": finding.outcome}
        _log.warning("alert", extra={**said_once, "metrics": {"AlertsOpened": 1}})


def note_waiting(world: World, alert_id: str, purchase_id: str) -> None:
    """Name a purchase with the alert for which its points wait."""

    def make(old: Item | None) -> Item:
        if old is None:
            raise LookupError("points wait for an alert that is there")
        waiting = old["waiting"]
        if purchase_id in waiting or len(waiting) >= COUNTED_MAX:
            return old
        return {**old, "waiting": [*waiting, purchase_id]}

    world.directory.write(keys.alert(alert_id), make)


def _opened(world: World, finding: Finding) -> Item:
    place = {} if finding.terminal_id is None else {"terminal_id": finding.terminal_id}
    return {
        "rule": finding.rule,
        "outcome": finding.outcome,
        "state": "open",
        "store_id": finding.store_id,
        **place,
        "member_id": finding.members[0],
        "day": finding.day.isoformat(),
        "t": clock.to_ms(world.clock.now()),
        "waiting": [],
    }


def _stopping(world: World, finding: Finding) -> list[Write]:
    if finding.outcome == "alert":
        return []
    stop = (finding.outcome, finding.terminal_id or "", list(finding.members))
    return guarded.stopping(world, finding.store_id, finding.alert_id, stop)


# ---- looked into -----------------------------------------------------------------------------------------------------


def listed(call: Call[Any]) -> dict[str, Any]:
    """A page of the alerts, by their business days, the oldest first."""
    page: AlertQuery = call.query
    table = call.world.directory.table
    pk, _ = (keys.open_alert if page.state == "open" else keys.alert)("")
    after = read_cursor(call, page.cursor) or (page.since.isoformat() if page.since else None)
    places = table.items(pk, after=after, limit=page.limit + 1, consistent=True)
    more = places[page.limit - 1]["sk"] if len(places) > page.limit else None
    shown = places[: page.limit]
    if page.state == "open":
        shown = table.get_many([keys.alert(place["sk"]) for place in shown], consistent=True)
    items = [_answer(item, call.language) for item in sorted(shown, key=lambda item: str(item["sk"]))]
    return AlertPage(items=items, next_cursor=next_cursor(call, more)).model_dump(mode="json")


def read(call: Call[Any]) -> Alert:
    """One alert, open or resolved."""
    item = call.world.directory.table.get(*keys.alert(call.path_id("alert_id")), consistent=True)
    if item is None:
        raise NotFound("alert_not_found")
    return _answer(item, call.language)


def resolve(call: Call[ResolveAlert]) -> Reply:
    """Say what an alert turned out to be; nothing is stopped for it any more when this has answered."""
    alert_id, is_replay = call.path_id("alert_id"), False

    def make(old: Item | None) -> Item:
        nonlocal is_replay
        if old is None:
            raise NotFound("alert_not_found")
        is_replay = old["state"] == "resolved"
        if not is_replay:
            done = [call.body.verdict, call.who.owner or "", clock.to_ms(call.now)]
            return {**old, "state": "resolved", "resolved": done}
        if old["resolved"][0] != call.body.verdict:
            raise Conflict("alert_resolved", verdict=old["resolved"][0])
        return old

    def also(_: Item | None, new: Item) -> Sequence[Write]:
        return [Remove(*keys.open_alert(alert_id)), *guarded.lifting(call.world, new["store_id"], alert_id)]

    item = call.world.directory.change(keys.alert(alert_id), make, also)
    return Reply(_answer(item, call.language), 200, is_replay=is_replay)


def _answer(item: Item, language: str) -> Alert:
    rows = sorted((Counted(*row) for row in item["seen"]), key=lambda row: (row.at_ms, row.purchase_id))
    return Alert(
        alert_id=item["sk"],
        rule=item["rule"],
        outcome=item["outcome"],
        state=item["state"],
        store_id=item["store_id"],
        terminal_id=item.get("terminal_id"),
        member_id=item["member_id"],
        staff_ids=sorted({row.staff_id for row in rows if row.staff_id}),
        business_day=date.fromisoformat(item["day"]),
        opened_at=clock.from_ms(item["t"]),
        evidence=[_evidence(item["member_id"], row) for row in rows],
        waiting=item["waiting"],
        text=said(item["rule"], len(rows), sum(row.amount for row in rows), language),
        resolution=_resolution(item),
    )


def _evidence(member_id: str, row: Counted) -> Evidence:
    entry_id = f"{member_id}:{row.sequence}" if row.sequence else None
    at = clock.from_ms(row.at_ms)
    return Evidence(purchase_id=row.purchase_id, amount=row.amount, occurred_at=at, entry_id=entry_id)


def _resolution(item: Item) -> Resolution | None:
    if "resolved" not in item:
        return None
    verdict, by, at = item["resolved"]
    return Resolution(verdict=verdict, by=by, at=clock.from_ms(at))
