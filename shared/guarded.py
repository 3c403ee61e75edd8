"""What the insider guard has stopped, for as long as its alerts are open: whose till may write, whose points wait.

One setting a store, cached as all settings are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared import keys
from shared.auth import Principal
from shared.errors import Forbidden
from shared.table import Item, PutNew, Replace, Write
from shared.world import World

STOPS_MAX = 200
"""So many alerts of a store can stop something at a time; whoever has more open has other means."""


def check(world: World, who: Principal) -> None:
    """Raise `terminal_paused` for a till that may write nothing."""
    if who.kind != "pos" or who.store_id is None:
        return
    for outcome, terminal_id, _ in _stops(world, who.store_id).values():
        if outcome == "block" and terminal_id == who.terminal_id:
            raise Forbidden("terminal_paused")


def held_by(world: World, store_id: str | None, member_id: str) -> str | None:
    """The alert for which what a member earns in a store waits; None if it does not."""
    if store_id is None:
        return None
    stops = sorted(_stops(world, store_id).items())
    return next((alert for alert, (outcome, _, members) in stops if outcome == "hold" and member_id in members), None)


def stopping(world: World, store_id: str, alert_id: str, stop: tuple[str, str, list[str]]) -> list[Write]:
    """What must be written with an alert that stops something."""
    return _changed(world, store_id, lambda by: by if len(by) >= STOPS_MAX else {**by, alert_id: list(stop)})


def lifting(world: World, store_id: str, alert_id: str) -> list[Write]:
    """What must be written with the end of an alert: nothing is stopped for it any more."""
    return _changed(world, store_id, lambda by: {one: stop for one, stop in by.items() if one != alert_id})


def _stops(world: World, store_id: str) -> Mapping[str, Any]:
    item = world.directory.setting(keys.guarded(store_id))
    stops: Mapping[str, Any] = item["by"] if item else {}
    return stops


def _changed(world: World, store_id: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> list[Write]:
    pk, sk = keys.guarded(store_id)
    old = world.directory.table.get(pk, sk, consistent=True)
    before = old["by"] if old else {}
    after = change(before)
    if after == before:
        return []
    version = old["version"] if old else 0
    item: Item = {"pk": pk, "sk": sk, "version": version + 1, "by": after}
    return [Replace(item, version) if old else PutNew(item)]
