"""What moves when two accounts become one, and what moves back: the words of it, pure. `shared.merging` does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.chain import Decided, Kind, Packed, Step
from shared.naming import Verb, unnamed

S = TypeVar("S")
MOVED = "moved"  # of the entry that closed an account: what it brought, packed


@dataclass(frozen=True, slots=True)
class Merge:
    """Who is merged into whom, by which request."""

    merge_id: str
    leaver: str
    host: str


@dataclass(frozen=True, slots=True)
class Move(Generic[S]):
    """What moves from one account into the other, or back: what the leaver brought, and what is there where it went.

    Both sides of the transaction decide by the same two states, at the same time, so they agree to the point.
    """

    merge: Merge
    brought: S
    there: S

    def step(self, points: int = 0, data: Packed | None = None, *, is_end: bool = False) -> Step:
        """The entry of a merge, or of its end, in one of the two accounts."""
        ref = "unmerge" if is_end else "merge", self.merge.merge_id
        said = {"merge_id": self.merge.merge_id, "from": self.merge.leaver, "into": self.merge.host}
        return Step("merged", points, ref=ref, data={**said, **(data or {})})


Rule = Callable[[S, Move[S], datetime], Decided[S]]


@dataclass(frozen=True)
class Merger(Generic[S]):
    """How accounts of a kind are merged (`leave`, `join`) and parted again (`part`, `come_back`).

    The entry of `leave` keeps under `MOVED`, packed, what the leaver brought.
    """

    kind: Kind[S]
    leave: Rule[S]
    join: Rule[S]
    part: Rule[S]
    come_back: Rule[S]

    def verb(self, rule: Rule[S]) -> Verb[S, Move[S]]:
        """The rule as an operation. Its name only tells who was meant; all else is in the entries."""
        return Verb(self.kind, lambda move: _pack(move.merge), unnamed, rule)


def named(packed: Any) -> Merge:
    """Who was meant, from the name of a merge or of its end."""
    return Merge(packed["i"], packed["a"], packed["b"])


def _pack(merge: Merge) -> dict[str, Any]:
    return {"i": merge.merge_id, "a": merge.leaver, "b": merge.host}
