"""The store port in memory: the same promises as `shared.dynamo.DynamoTable`, for rules' tests and the simulator.

One lock makes each call atomic, as DynamoDB promises per call. Units are counted by DynamoDB's published size rules.
Items lie packed, so that nobody who holds one can change what is in the table.
"""

from __future__ import annotations

import itertools
import marshal
import sys
import threading
from bisect import bisect_right, insort
from collections.abc import Sequence
from typing import Any

from shared.table import Collision, Item, Put, Remove, Replace, Usage, Write

_KB = 1024
_KEYS_MAX = 100  # DynamoDB takes so many in one call
_PACKING = 2  # the version of marshal's format that looks for no repetitions, and is the fastest


class MemoryTable:
    """A table in a dictionary. One that does not count leaves its usage at nothing, for the speed."""

    def __init__(self, *, counts: bool = True) -> None:
        self._partitions: dict[str, dict[Any, bytes]] = {}
        self._order: dict[str, list[Any]] = {}
        self._lock = threading.RLock()
        self._counts = counts
        self.usage = Usage()

    def get(self, pk: str, sk: int | str, *, consistent: bool = False) -> Item | None:
        with self._lock:
            found = self._at(pk, sk)
            self._read([found] if found else [], consistent=consistent)
            return found

    def get_many(self, keys: Sequence[tuple[str, int | str]], *, consistent: bool = False) -> list[Item]:
        with self._lock:
            found = [item for key in dict.fromkeys(keys) if (item := self._at(*key)) is not None]
            if self._counts:
                self.usage.round_trips += -(-len(set(keys)) // _KEYS_MAX)
                units = sum(max(1, -(-size(item) // (4 * _KB))) for item in found) + len(set(keys)) - len(found)
                self.usage.read_units += units * (1 if consistent else 0.5)
            return found

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
            found = [_unpack(self._partitions[pk][number]) for number in numbers]
            self._read(found, consistent=consistent)
            return found

    def put_new(self, item: Item) -> Item | None:
        with self._lock:
            self._wrote(item)
            old = self._at(item["pk"], item["sk"])
            if old is None:
                self._keep(item)
            return None if old == item else old

    def put(self, item: Item) -> None:
        with self._lock:
            self._wrote(item)
            self._keep(item)

    def replace(self, item: Item, version: int) -> bool:
        with self._lock:
            self._wrote(item)
            old = self._at(item["pk"], item["sk"])
            if old is not None and old.get("version") == version:
                self._keep(item)
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
            self._transacted(writes)
            olds = {n: old for n, write in enumerate(writes) if (old := self._in_the_way(write)) is not None}
            if olds:
                if all(isinstance(w, Put | Remove) or self._at(w.item["pk"], w.item["sk"]) == w.item for w in writes):
                    return
                raise Collision(olds)
            for write in writes:
                if isinstance(write, Remove):
                    self._drop(write.pk, write.sk)
                else:
                    self._keep(write.item)

    def scan(self, *, after: tuple[str, int | str] | None = None, limit: int = sys.maxsize) -> list[Item]:
        """In key order; without bounds every item, for audits and tests."""
        with self._lock:
            keys = ((pk, sk) for pk in sorted(self._order) for sk in self._order[pk])
            later = (key for key in keys if after is None or key > after)
            found = [_unpack(self._partitions[pk][sk]) for pk, sk in itertools.islice(later, limit)]
            self._read(found, consistent=False)
            return found

    def _in_the_way(self, write: Write) -> Item | None:
        if isinstance(write, Put | Remove):
            return None
        old = self._at(write.item["pk"], write.item["sk"])
        if isinstance(write, Replace):
            return None if old is not None and old.get("version") == write.version else old or {}
        return old

    def _at(self, pk: str, sk: int | str) -> Item | None:
        packed = self._partitions.get(pk, {}).get(sk)
        return None if packed is None else _unpack(packed)

    def _keep(self, item: Item) -> None:
        pk, sk = item["pk"], item["sk"]
        partition = self._partitions.setdefault(pk, {})
        if sk not in partition:
            insort(self._order.setdefault(pk, []), sk)
        partition[sk] = marshal.dumps(item, _PACKING)

    def _drop(self, pk: str, sk: int | str) -> None:
        if self._partitions.get(pk, {}).pop(sk, None) is not None:
            self._order[pk].remove(sk)

    def _read(self, found: list[Item], *, consistent: bool) -> None:
        if self._counts:
            self.usage.round_trips += 1
            quarters = max(1, -(-sum(size(item) for item in found) // (4 * _KB)))
            self.usage.read_units += quarters * (1 if consistent else 0.5)

    def _wrote(self, item: Item) -> None:
        if self._counts:
            self.usage.round_trips += 1
            self.usage.write_units += write_units(item)

    def _transacted(self, writes: Sequence[Write]) -> None:
        if self._counts:
            self.usage.round_trips += 1
            self.usage.write_units += sum(2 if isinstance(w, Remove) else 2 * write_units(w.item) for w in writes)


def _unpack(packed: bytes) -> Item:
    item: Item = marshal.loads(packed)  # noqa: S302 - bytes of our own making
    return item


def write_units(item: Item) -> int:
    """Write units of one plain put: one for each begun KB."""
    return max(1, -(-size(item) // _KB))


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
