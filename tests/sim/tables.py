"""A table in memory whose calls are turns, which may fail in every way in which a call of DynamoDB can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from shared.errors import Unavailable
from shared.memory import MemoryTable, Stored
from shared.table import Collision, Item, Remove, Write
from tests.sim.turns import Dies, Turns
from tests.sim.weather import Weather

Wrote = Callable[[Item, Item | None], None]
_REMEMBERED = 3  # writes of a partition that a stale read may not show yet


class SimTable(MemoryTable):
    """`wrote` is told of every item that is put, and of what stood there before."""

    def __init__(self, turns: Turns, weather: Weather, wrote: Wrote | None = None) -> None:
        super().__init__(counts=False)
        self._turns = turns
        self._random = turns.random.random
        self._weather = weather
        self._wrote_item = wrote
        self._past: dict[str, list[tuple[Any, Stored | None]]] = {}
        self._hidden: dict[str, dict[Any, Item | None]] = {}  # of a transaction that is coming in sight

    # ---- reads ------------------------------------------------------------------------------------------------------

    def get(self, pk: str, sk: int | str, *, consistent: bool = False) -> Item | None:
        self._read_call()
        found = super().get(pk, sk, consistent=consistent)
        unseen = self._hidden.get(pk) if consistent else self._unseen(pk)
        if unseen and sk in unseen:
            return unseen[sk]
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
        self._read_call()
        unseen = self._hidden.get(pk) if consistent else self._unseen(pk)
        more = limit + len(unseen or ())
        found = super().items(pk, after=after, upto=upto, newest_first=newest_first, limit=more, consistent=consistent)
        if unseen:
            found = [one for one in (unseen.get(item["sk"], item) for item in found) if one is not None]
        return found[:limit]

    def scan(self, *, after: tuple[str, int | str] | None = None, limit: int = 1 << 60) -> list[Item]:
        self._read_call()
        return super().scan(after=after, limit=limit)

    def _read_call(self) -> None:
        self._turns.step()
        match self._weather.fate(self._random()):
            case None:
                return
            case "refused" | "unknown":
                raise Unavailable
            case "dies_before" | "dies_after":
                raise Dies
            case "rests":
                self._rest()

    def _unseen(self, pk: str) -> dict[Any, Item | None] | None:
        """What a read that is not consistent does not see yet: the past of the partition's last few writes."""
        stale = self._weather.stale
        if not stale or self._random() >= stale:
            return self._hidden.get(pk)
        past = self._past.get(pk, ())
        behind = 1 + int(self._random() * _REMEMBERED)
        before = {sk: old and old.item() for sk, old in reversed(past[-behind:])}
        return before | self._hidden.get(pk, {})

    # ---- writes -----------------------------------------------------------------------------------------------------

    def put_new(self, item: Item) -> Item | None:
        return self._write(lambda: MemoryTable.put_new(self, item))

    def put(self, item: Item) -> None:
        self._write(lambda: MemoryTable.put(self, item))

    def replace(self, item: Item, version: int) -> bool:
        return self._write(lambda: MemoryTable.replace(self, item, version))

    def delete(self, pk: str, sk: int | str) -> None:
        self._write(lambda: MemoryTable.delete(self, pk, sk))

    def transact(self, writes: Sequence[Write]) -> None:
        olds: list[Item | None] = []

        def write() -> None:
            # What stood there in the moment of the write: of a twin, the twin's own, so that nothing in sight goes out of it.
            olds[:] = [self._at(*_key(one)) for one in writes] if self._weather.piecemeal else []
            MemoryTable.transact(self, writes)

        self._write(write, is_transaction=True)
        if olds:
            self._come_in_sight(writes, olds)

    def _come_in_sight(self, writes: Sequence[Write], olds: Sequence[Item | None]) -> None:
        """Show what a transaction wrote one item after the other, to everybody else.

        AWS: reads of several items beside a transaction are read-committed, not isolated from it.
        """
        keys = [_key(write) for write in writes]
        for (pk, sk), old in zip(keys, olds, strict=True):
            self._hidden.setdefault(pk, {})[sk] = old
        self._turns.random.shuffle(keys)
        for pk, sk in keys:
            self._turns.step()
            self._hidden[pk].pop(sk, None)

    def _write(self, call: Callable[[], Any], *, is_transaction: bool = False) -> Any:
        self._turns.step()
        match self._weather.fate(self._random()):
            case None:
                return call()
            case "refused":
                raise Unavailable
            case "dies_before":
                raise Dies
            case "conflict":
                if is_transaction:
                    raise Collision({0: {}})
            case "rests":
                self._rest()
            case "lost":
                call()
                self._turns.step()
            case "unknown":
                call()
                raise Unavailable
            case "dies_after":
                call()
                raise Dies
        return call()

    def _rest(self) -> None:
        """A Lambda function may stand still, but for no longer than its time-out."""
        self._turns.sleep(self._random() ** 3 * 600)

    def _keep(self, item: Item, size: int) -> None:
        old = self._stored(item["pk"], item["sk"])
        past = self._past.setdefault(item["pk"], [])
        past.append((item["sk"], old))
        del past[:-_REMEMBERED]
        super()._keep(item, size)
        if self._wrote_item is not None:
            self._wrote_item(item, old and old.item())

    def fill(self, table: MemoryTable) -> None:
        """What is there before the run begins; nobody is told of it."""
        self._partitions = {pk: dict(items) for pk, items in table._partitions.items()}
        self._order = {pk: list(order) for pk, order in table._order.items()}


def _key(write: Write) -> tuple[str, Any]:
    return (write.pk, write.sk) if isinstance(write, Remove) else (write.item["pk"], write.item["sk"])
