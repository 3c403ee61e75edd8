"""The store port in memory: the same promises as `shared.dynamo.DynamoTable`, for rules' tests and the simulator.

One lock makes each call atomic, as DynamoDB promises per call. Units are counted by DynamoDB's published size rules.
Items lie packed, so that nobody who holds one can change what is in the table; their size lies beside them.
"""

from __future__ import annotations

import itertools
import marshal
import sys
import threading
from bisect import bisect_right, insort
from collections.abc import Sequence
from typing import Any, NamedTuple

from shared.table import Collision, Item, Put, Remove, Replace, Usage, Write

_KB = 1024
_KEYS_MAX = 100  # DynamoDB takes so many in one call
_PACKING = 2  # the version of marshal's format that looks for no repetitions, and is the fastest


class Stored(NamedTuple):
    """An item as it lies there, and its size in bytes (0 in a table that does not count)."""

    packed: bytes
    size: int

    def item(self) -> Item:
        item: Item = marshal.loads(self.packed)  # noqa: S302 - bytes of our own making
        return item


class MemoryTable:
    """A table in a dictionary. One that does not count leaves its usage at nothing, for the speed."""

    def __init__(self, *, counts: bool = True) -> None:
        self._partitions: dict[str, dict[Any, Stored]] = {}
        self._order: dict[str, list[Any]] = {}
        self._lock = threading.RLock()
        self._counts = counts
        self.usage = Usage()

    def get(self, pk: str, sk: int | str, *, consistent: bool = False) -> Item | None:
        with self._lock:
            found = self._stored(pk, sk)
            self._read([found] if found else [], consistent=consistent)
            return found.item() if found else None

    def get_many(self, keys: Sequence[tuple[str, int | str]], *, consistent: bool = False) -> list[Item]:
        with self._lock:
            found = [stored for key in dict.fromkeys(keys) if (stored := self._stored(*key)) is not None]
            if self._counts:
                self.usage.round_trips += -(-len(set(keys)) // _KEYS_MAX)
                units = sum(max(1, -(-one.size // (4 * _KB))) for one in found) + len(set(keys)) - len(found)
                self.usage.read_units += units * (1 if consistent else 0.5)
            return [one.item() for one in found]

    def newest(self, pk: str, *, upto: int | None = None, consistent: bool = False) -> Item | None:
        found = self.items(pk, upto=upto, newest_first=True, limit=1, consistent=consistent)
        return found[0] if found else None

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
        with self._lock:
            order = self._order.get(pk, [])
            low = 0 if after is None else bisect_right(order, after)
            high = len(order) if upto is None else bisect_right(order, upto)
            if newest_first:
                low = max(low, high - limit)
            else:
                high = min(high, low + limit)
            numbers = order[low:high][::-1] if newest_first else order[low:high]
            found = [self._partitions[pk][number] for number in numbers]
            self._read(found, consistent=consistent)
            return [one.item() for one in found]

    def put_new(self, item: Item) -> Item | None:
        with self._lock:
            size = self._wrote(item)
            old = self._at(item["pk"], item["sk"])
            if old is None:
                self._keep(item, size)
            return None if old == item else old

    def put(self, item: Item) -> None:
        with self._lock:
            self._keep(item, self._wrote(item))

    def replace(self, item: Item, version: int) -> bool:
        with self._lock:
            size = self._wrote(item)
            old = self._at(item["pk"], item["sk"])
            if old is not None and old.get("version") == version:
                self._keep(item, size)
                return True
            return old == item

    def delete(self, pk: str, sk: int | str) -> None:
        with self._lock:
            if self._counts:
                self.usage.round_trips += 1
                self.usage.write_units += 1
            self._drop(pk, sk)

    def transact(self, writes: Sequence[Write]) -> None:
        with self._lock:
            sizes = self._transacted(writes)
            olds = {n: old for n, write in enumerate(writes) if (old := self._in_the_way(write)) is not None}
            if olds:
                if all(isinstance(w, Put | Remove) or self._at(w.item["pk"], w.item["sk"]) == w.item for w in writes):
                    return
                raise Collision(olds)
            for write, size in zip(writes, sizes, strict=True):
                if isinstance(write, Remove):
                    self._drop(write.pk, write.sk)
                else:
                    self._keep(write.item, size)

    def scan(self, *, after: tuple[str, int | str] | None = None, limit: int = sys.maxsize) -> list[Item]:
        """In key order; without bounds every item, for audits and tests."""
        with self._lock:
            keys = ((pk, sk) for pk in sorted(self._order) for sk in self._order[pk])
            later = (key for key in keys if after is None or key > after)
            found = [self._partitions[pk][sk] for pk, sk in itertools.islice(later, limit)]
            self._read(found, consistent=False)
            return [one.item() for one in found]

    def _in_the_way(self, write: Write) -> Item | None:
        if isinstance(write, Put | Remove):
            return None
        old = self._at(write.item["pk"], write.item["sk"])
        if isinstance(write, Replace):
            return None if old is not None and old.get("version") == write.version else old or {}
        return old

    def _stored(self, pk: str, sk: int | str) -> Stored | None:
        return self._partitions.get(pk, {}).get(sk)

    def _at(self, pk: str, sk: int | str) -> Item | None:
        stored = self._stored(pk, sk)
        return None if stored is None else stored.item()

    def _keep(self, item: Item, size: int) -> None:
        pk, sk = item["pk"], item["sk"]
        partition = self._partitions.setdefault(pk, {})
        if sk not in partition:
            insort(self._order.setdefault(pk, []), sk)
        partition[sk] = Stored(marshal.dumps(item, _PACKING), size)

    def _drop(self, pk: str, sk: int | str) -> None:
        if self._partitions.get(pk, {}).pop(sk, None) is not None:
            self._order[pk].remove(sk)

    def _read(self, found: list[Stored], *, consistent: bool) -> None:
        if self._counts:
            self.usage.round_trips += 1
            quarters = max(1, -(-sum([one.size for one in found]) // (4 * _KB)))
            self.usage.read_units += quarters * (1 if consistent else 0.5)

    def _wrote(self, item: Item) -> int:
        """Count one write; the item's size."""
        if not self._counts:
            return 0
        written = size(item)
        self.usage.round_trips += 1
        self.usage.write_units += _begun(written)
        return written

    def _transacted(self, writes: Sequence[Write]) -> list[int]:
        """Count a transaction; the size of each item."""
        if not self._counts:
            return [0] * len(writes)
        sizes = [0 if isinstance(write, Remove) else size(write.item) for write in writes]
        self.usage.round_trips += 1
        self.usage.write_units += sum([2 * _begun(one) for one in sizes])
        return sizes


def write_units(item: Item) -> int:
    """Write units of one plain put: one for each begun KB."""
    return _begun(size(item))


def _begun(written: int) -> int:
    return max(1, -(-written // _KB))


def size(value: Any) -> int:
    """Bytes that DynamoDB counts for an item or value (AWS: "DynamoDB item sizes and formats")."""
    match value:
        case str():
            return len(value) if value.isascii() else len(value.encode())
        case bool() | None:
            return 1
        case int():
            return _digits(str(value))
        case bytes():
            return len(value)
        case dict():
            return 3 * ("pk" not in value) + sum([size(name) + size(v) for name, v in value.items()])
        case list() | tuple():
            return 3 + sum([1 + size(one) for one in value])
    return _digits(str(value).replace(".", ""))


def _digits(written: str) -> int:
    digits = written.lstrip("-").strip("0")
    return (len(digits) + 1) // 2 + 1 + written.startswith("-")
