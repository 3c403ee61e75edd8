"""The store port: what the product asks of a table. `shared.dynamo` and `shared.memory` are its two forms.

An item is a plain dictionary of text, integers, bytes, booleans, lists and dictionaries (floats only for
coordinates), with its key under `pk` and `sk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PutNew:
    """Part of a transaction: put where nothing is."""

    item: Item


@dataclass(frozen=True, slots=True)
class Replace:
    """Part of a transaction: put over the item whose `version` is this."""

    item: Item
    version: int


@dataclass(frozen=True, slots=True)
class Put:
    """Part of a transaction: put whatever is there. Another part's condition must guard it."""

    item: Item


@dataclass(frozen=True, slots=True)
class Remove:
    """Part of a transaction: delete, whatever is there."""

    pk: str
    sk: int | str


Write = PutNew | Replace | Put | Remove


class Collision(Exception):
    """A transaction that wrote nothing; `olds` holds, by position, what stood where a condition failed."""

    def __init__(self, olds: dict[int, Item]) -> None:
        super().__init__(f"{len(olds)} conditions failed")
        self.olds = olds


@dataclass
class Usage:
    """What the engine reported since the last reset: capacity units and calls."""

    write_units: float = 0
    read_units: float = 0
    round_trips: int = 0

    def reset(self) -> None:
        self.write_units = self.read_units = self.round_trips = 0


class Table(Protocol):
    """One table. Reads are eventually consistent unless asked otherwise."""

    usage: Usage

    def get(self, pk: str, sk: int | str, *, consistent: bool = False) -> Item | None:
        """The item of this key."""

    def get_many(self, keys: Sequence[tuple[str, int | str]], *, consistent: bool = False) -> list[Item]:
        """The items of those of these keys where one is, in any order."""

    def newest(self, pk: str, *, upto: int | None = None, consistent: bool = False) -> Item | None:
        """The item of the highest number, at most `upto`."""

    def items(
        self,
        pk: str,
        *,
        after: int | str | None = None,
        upto: int | str | None = None,
        newest_first: bool = False,
        limit: int = 1000,
        consistent: bool = False,
    ) -> list[Item]:
        """The items of a partition in key order, `after` excluded and `upto` included."""

    def scan(self, *, after: tuple[str, int | str] | None, limit: int) -> list[Item]:
        """The next items of the whole table after a key, in an order that is the table's own; none at the end.

        For jobs alone: it costs what it reads over.
        """

    def put_new(self, item: Item) -> Item | None:
        """Put where nothing is and answer None; else answer what is there and change nothing.

        The very same item again counts as put: a retry on the wire can't tell its own write from another's.
        """

    def put(self, item: Item) -> None:
        """Put whatever was there. Only for items that nobody decides upon."""

    def replace(self, item: Item, version: int) -> bool:
        """Put over the item whose `version` is this; False, and no change, if it has another."""

    def delete(self, pk: str, sk: int | str) -> None:
        """Delete; no error if nothing is there. Never used on the ledger."""

    def transact(self, writes: Sequence[Write]) -> None:
        """All or nothing; raises `Collision` if a condition fails or another transaction is in the way."""
