"""The smallest account there is: a purse that takes and gives, and may refuse. Chains are proved on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.chain import Decided, Kind, Step
from shared.errors import Conflict
from shared.naming import Naming, Verb
from tests.kit import NOON

PURSE: Kind[int] = Kind("T", 0, lambda state: {"b": state}, lambda packed: packed["b"], lambda state: state)


@dataclass(frozen=True)
class Move:
    points: int


def move(state: int, op: Move, at: datetime) -> Decided[int]:
    if state + op.points < 0:
        raise Conflict("insufficient_points", required=-op.points, available=state, missing=-op.points - state)
    return Decided(state + op.points, (Step("moved", op.points),))


MOVE: Verb[int, Move] = Verb(PURSE, lambda op: {"p": op.points}, lambda packed: Move(packed["p"]), move)
MOVE_SURELY: Verb[int, Move] = Verb(PURSE, MOVE.pack, MOVE.unpack, move, carried_by="points")


def naming(name: str, content: str = "", at: datetime = NOON) -> Naming:
    return Naming("move", "shop", name, content.encode().ljust(16, b"."), at)


def put(world: Any, holder: str, points: int, name: str, at: datetime = NOON) -> Any:
    return world.ledger.perform(MOVE, naming(name, f"{holder}{points}", at), lambda _: (holder, Move(points)))
