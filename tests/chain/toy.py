"""The smallest account there is: a purse that takes and gives, and may refuse. Chains are proved on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import merging
from shared.chain import Decided, Kind, Step
from shared.errors import Conflict
from shared.moves import MOVED, Merge, Merger, Move as Moved
from shared.naming import Naming, Verb
from tests.kit import NOON

PURSE: Kind[int] = Kind("T", 0, lambda state: {"b": state}, lambda packed: packed["b"], lambda state: state)


@dataclass(frozen=True)
class Move:
    points: int


def move(state: int, op: Move, at: datetime) -> Decided[int]:
    if op.points < 0 and state + op.points < 0:
        raise Conflict("insufficient_points", required=-op.points, available=state, missing=-op.points - state)
    return Decided(state + op.points, (Step("moved", op.points),))


MOVE: Verb[int, Move] = Verb(PURSE, lambda op: {"p": op.points}, lambda packed: Move(packed["p"]), move)
MOVE_SURELY: Verb[int, Move] = Verb(PURSE, MOVE.pack, MOVE.unpack, move, carried_by="points")


def naming(name: str, content: str = "", at: datetime = NOON) -> Naming:
    return Naming("move", "shop", name, content.encode().ljust(16, b"."), at)


def put(world: Any, holder: str, points: int, name: str, at: datetime = NOON) -> Any:
    return world.ledger.perform(MOVE, naming(name, f"{holder}{points}", at), lambda _: (holder, Move(points)))


def take_back(state: int, op: Move, at: datetime) -> Decided[int]:
    return Decided(state + op.points, (Step("reversed", op.points),))


UNDO: Verb[int, Move] = Verb(PURSE, MOVE.pack, MOVE.unpack, take_back)


def _back(move: Moved[int]) -> int:
    return max(0, min(move.brought, move.there))


PURSES: Merger[int] = Merger(
    PURSE,
    leave=lambda state, move, at: Decided(0, (move.step(-state, {MOVED: {"b": state}}),)),
    join=lambda state, move, at: Decided(state + move.brought, (move.step(move.brought),)),
    part=lambda state, move, at: Decided(state - _back(move), (move.step(-_back(move), is_end=True),)),
    come_back=lambda state, move, at: Decided(state + _back(move), (move.step(_back(move), is_end=True),)),
)


def merge(world: Any, merge_id: str, leaver: str, host: str, at: datetime = NOON) -> Any:
    named = Naming("merge", "shop", merge_id, f"{leaver}{host}".encode(), at)
    return merging.merge(world.ledger, named, PURSES, Merge(merge_id, leaver, host))


def unmerge(world: Any, merge_id: str, leaver: str, at: datetime = NOON) -> Any:
    named = Naming("unmerge", "shop", merge_id, leaver.encode(), at)
    return merging.unmerge(world.ledger, named, PURSES, merging.Ending(merge_id, leaver))
