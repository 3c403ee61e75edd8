"""What a service does when two members were merged, or parted again: its own chains follow, in any order of hearing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared import events, keys, merging
from shared.errors import Refused
from shared.events import Received
from shared.inbox import React
from shared.moves import Merge, Merger
from shared.naming import Naming
from shared.shapes import Id
from shared.world import World


class _Said(BaseModel):
    """What is read of `member.merged` and `member.unmerged`; what else they say, and may say later, is not needed."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    merge_id: Id
    leaver: Id = Field(alias="from")
    host: Id = Field(alias="into")


def reactions(what: str, merger: Merger[Any]) -> dict[str, React]:
    """The reactions of a service, by event type; `what` names its chains among those that a merge moves."""

    def on_merged(world: World, event: Received) -> None:
        wanted = _read(event)
        _once(lambda: merging.merge_as_told(world.ledger, _naming(event, "merge", what, wanted), merger, wanted))

    def on_unmerged(world: World, event: Received) -> None:
        """If the merge itself has not been heard of, it never will be: its name is closed for good."""
        wanted = _read(event)
        if world.ledger.close(_naming(event, "merge", what, wanted))[0] is not None:
            naming = _naming(event, "unmerge", what, wanted)
            _once(lambda: merging.unmerge_as_told(world.ledger, naming, merger, wanted))

    return {events.type_name("member.merged"): on_merged, events.type_name("member.unmerged"): on_unmerged}


def _read(event: Received) -> Merge:
    said = _Said.model_validate_json(json.dumps(dict(event.data)))
    return Merge(said.merge_id, said.leaver, said.host)


def _naming(event: Received, kind: str, what: str, wanted: Merge) -> Naming:
    """One merge has one name in each service: the same event again finds it."""
    content = f"{wanted.leaver} into {wanted.host}".encode()
    return Naming(f"{kind}.{what}", keys.SHOP, wanted.merge_id, content, event.time)


def _once(work: Callable[[], None]) -> None:
    """A merge whose end was heard of first is done."""
    try:
        work()
    except Refused as refused:
        if refused.code != "reversed":
            raise
