"""What every service reads of the others: programme, partners, keys, campaigns, stores, members.

Settings are cached for one second from the start of a consistent read, so a writer that waits that second out has
its change in force everywhere when it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from shared.clock import Clock
from shared.errors import Unavailable
from shared.patience import attempts
from shared.table import Collision, Item, PutNew, Replace, Table, Write

S = TypeVar("S")
T = TypeVar("T")

CACHE_SECONDS = 1.0
_CACHED_MAX = 10_000
_LISTED_MAX = 1 << 14  # as many as there are locators

Also = Callable[[Item | None, Item], Sequence[Write]]


class Directory:
    """The directory table behind a one-second cache."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.table = table
        self.clock = clock
        self._cache: dict[tuple[str, str], tuple[float, Item | None]] = {}
        self._partitions: dict[str, tuple[float, list[Item]]] = {}
        self.made: dict[Hashable, tuple[Any, Any]] = {}  # of settings as they are; whoever reads the same may share it

    def setting(self, key: tuple[str, str]) -> Item | None:
        """An item that may be up to one second old. Treat it as read-only: it is shared."""
        kept = self._cache.get(key)
        started = self.clock.elapsed()
        if kept is not None and 0 <= started - kept[0] < CACHE_SECONDS:
            return kept[1]
        item = self.table.get(*key, consistent=True)
        if len(self._cache) >= _CACHED_MAX:
            self._cache.clear()
            self.made.clear()
        self._cache[key] = (started, item)
        return item

    def read(self, key: tuple[str, str], parse: Callable[[Item], T]) -> T | None:
        """What `parse` makes of a setting: made once, for as long as the setting stays as it is. It is shared, too."""
        item = self.setting(key)
        return None if item is None else self._made(key, item, parse)

    def read_all(self, pk: str, parse: Callable[[list[Item]], T]) -> T:
        """As `read`, what `parse` makes of all items of a partition."""
        return self._made(pk, self.settings(pk), parse)

    def settings(self, pk: str) -> list[Item]:
        """All items of a partition, as `setting` reads one. For partitions of at most some hundred items."""
        kept = self._partitions.get(pk)
        started = self.clock.elapsed()
        if kept is not None and 0 <= started - kept[0] < CACHE_SECONDS:
            return kept[1]
        items = self.table.items(pk, limit=_LISTED_MAX, consistent=True)
        self._partitions[pk] = (started, items)
        return items

    def _made(self, key: Hashable, said: S, parse: Callable[[S], T]) -> T:
        known = self.made.get((key, parse))
        if known is not None and known[0] is said:
            made: T = known[1]
        else:  # read again, and most often it says the same
            made = known[1] if known is not None and known[0] == said else parse(said)
            self.made[key, parse] = said, made
        return made

    def change(self, key: tuple[str, str], make: Callable[[Item | None], Item], also: Also | None = None) -> Item:
        """Write what `make` makes of the present item, with its version one up, and wait until it holds everywhere.

        `also` names, from the item before and after, what must change with it, all or nothing.
        """
        _, item = self.write(key, make, also)
        self.wait()
        return item

    def write(
        self, key: tuple[str, str], make: Callable[[Item | None], Item], also: Also | None = None
    ) -> tuple[Item | None, Item]:
        """`change` without its `wait`, for many in a row, and the item before and after.

        Where `make` gives back the very item that it was given, nothing is written.
        """
        for _ in attempts(self.clock):
            old = self.table.get(*key, consistent=True)
            made = make(old)
            item = made | {"pk": key[0], "sk": key[1], "version": (old["version"] if old else 0) + 1}
            is_as_it_was = made is old
            if is_as_it_was or self._written(item, old, also(old, item) if also else ()):
                self._cache.pop(key, None)
                self._partitions.pop(key[0], None)
                return old, made if is_as_it_was else item
        raise Unavailable

    def wait(self) -> None:
        """Wait until what was written before this holds in every environment."""
        self.clock.sleep(CACHE_SECONDS)

    def _written(self, item: Item, old: Item | None, more: Sequence[Write]) -> bool:
        if not more:
            return self.table.put_new(item) is None if old is None else self.table.replace(item, old["version"])
        first: Write = PutNew(item) if old is None else Replace(item, old["version"])
        try:
            self.table.transact([first, *more])
        except Collision:
            return False
        return True
