"""Whose clock a day goes by: a store's zone and cutoff hour, or the programme's zone where there is no store."""

from __future__ import annotations

import json

from shared import keys
from shared.business_day import DayRule
from shared.opening import Hours
from shared.table import Item
from shared.world import World

_DEFAULT_ZONE = "Asia/Tokyo"
_DEFAULT_CURRENCY = "JPY"


def of_programme(world: World) -> DayRule:
    """The programme's days, which dates without a store go by."""
    item = world.directory.setting(keys.programme())
    return DayRule(item["zone"] if item else _DEFAULT_ZONE)


def of_store(world: World, store_id: str | None) -> DayRule:
    """A store's business days; those of the programme for no store, or one that nobody has put yet."""
    item = world.directory.setting(keys.store(store_id)) if store_id else None
    if item is None:
        return of_programme(world)
    return DayRule(item["time_zone"], item["cutoff_hour"])


def name_of(world: World, store_id: str | None) -> str | None:
    """A store's name; None for no store, or one that nobody has put."""
    return world.directory.read(keys.store(store_id), _name) if store_id else None


def _name(item: Item) -> str:
    return str(json.loads(item["body"])["name"])


def is_known(world: World, store_id: str | None) -> bool:
    """Whether this is a store that somebody has put."""
    return store_id is not None and world.directory.setting(keys.store(store_id)) is not None


def currency(world: World) -> str:
    """The programme's one currency."""
    item = world.directory.setting(keys.programme())
    return str(item["currency"]) if item else _DEFAULT_CURRENCY


def hours_of(world: World, store_id: str) -> tuple[Hours | None, str] | None:
    """A store's opening hours (None: always open) and its zone; None for a store that nobody has put."""
    return world.directory.read(keys.store(store_id), _hours)


def _hours(item: Item) -> tuple[Hours | None, str]:
    hours: Hours | None = json.loads(item["body"]).get("hours")
    return hours, str(item["time_zone"])
