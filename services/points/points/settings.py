"""The programme's settings over HTTP: read, or set as a whole. Every version is kept, so that any entry can be explained.

Whoever sets them says which version they read; a change that came between is a conflict, not a lost one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from points import premium
from points.programme import Programme
from points.store import programme_item, programme_of
from shared import keys
from shared.directory import CACHE_SECONDS
from shared.errors import Conflict, Invalid, NotFound
from shared.http import Call, Reply
from shared.shapes import Shape
from shared.table import Item, PutNew, Write


class Settings(Programme):
    """A whole programme, with the version that it was read at. What is left out has its default."""

    version: Annotated[int, Field(ge=1)]


class Version(Shape):
    """Which version to read; the one in force if none is named."""

    version: Annotated[int, Field(ge=1)] | None = None


def read(call: Call[Any]) -> Programme:
    """The programme in force, or an old version of it."""
    table, version = call.world.directory.table, call.query.version
    present = programme_of(table.get(*keys.programme(), consistent=True))
    if version is None or version == present.version:
        return present
    item = table.get(*keys.programme_version(version), consistent=True)
    if item is None and version != Programme().version:
        raise NotFound("version_not_found")
    return programme_of(item)


def put(call: Call[Settings]) -> Reply:
    """Set the programme; in force everywhere when this has answered."""
    premium.check(call.body)
    wanted = Programme.of(call.body.version + 1, call.body.differences)
    directory = call.world.directory
    try:
        is_begun = bool(call.world.ledger.table.scan(after=None, limit=1))
        directory.change(keys.programme(), lambda old: _following(old, wanted, is_begun=is_begun), _kept)
    except Conflict:
        if programme_of(directory.table.get(*keys.programme(), consistent=True)) != wanted:
            raise
        call.world.clock.sleep(CACHE_SECONDS)  # the first answer was lost, and perhaps its wait too
        return Reply(wanted, is_replay=True)
    return Reply(wanted)


def _following(old: Item | None, wanted: Programme, *, is_begun: bool) -> Item:
    """The item of the wanted programme, if it may follow the present one.

    Zone and currency are for good as soon as they were set, or anything was recorded: days and amounts are of them.
    """
    present = programme_of(old)
    for name in ("zone", "currency") if old or is_begun else ():
        if getattr(wanted, name) != getattr(present, name):
            raise Invalid.at(f"/{name}", "fixed", f"the programme's {name} is {getattr(present, name)} for good")
    if wanted.version != present.version + 1:
        raise Conflict("version_conflict", version=present.version)
    return programme_item(wanted)


def _kept(_: Item | None, new: Item) -> Sequence[Write]:
    """The version for good, beside the one in force."""
    pk, sk = keys.programme_version(new["edition"])
    return [PutNew({**programme_item(programme_of(new)), "pk": pk, "sk": sk})]
