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
        self._fixed: dict[tuple[str, str], Item] = {}
        self.made: dict[Hashable, tuple[Any, Any]] = {}  # of settings as they are; whoever reads the same may share it

    def setting(self, key: tuple[str, str]) -> Item | None:
        """An item that may be up to one second old. Treat it as read-only: it is shared."""
        started = self.clock.elapsed()
        if self._is_fresh(self._cache.get(key), started):
            return self._cache[key][1]
        item = self.table.get(*key, consistent=True)
        self._keep(key, started, item)
        return item

    def fetch(self, *wanted: tuple[str, str]) -> None:
        """Read settings in one round trip that will be asked for one by one; those in the cache are not read again."""
        started = self.clock.elapsed()
        old = [key for key in dict.fromkeys(wanted) if not self._is_fresh(self._cache.get(key), started)]
        if len(old) < 2:
            return  # one alone is read when somebody asks for it, if anybody does
        found = {(item["pk"], item["sk"]): item for item in self.table.get_many(old, consistent=True)}
        for key in old:
            self._keep(key, started, found.get(key))

    def is_in_cache(self, key: tuple[str, str]) -> bool:
        """Whether this setting can be told without a round trip."""
        return self._is_fresh(self._cache.get(key), self.clock.elapsed())

    def fixed(self, key: tuple[str, str]) -> Item | None:
        """An item that never changes once it is written: read once in the life of an environment."""
        item = self._fixed.get(key)
        if item is None:
            item = self.table.get(*key, consistent=True)
            if item is not None:
                if len(self._fixed) >= _CACHED_MAX:
                    self._fixed.clear()
                self._fixed[key] = item
        return item

    def read_fixed(self, key: tuple[str, str], parse: Callable[[Item], T]) -> T | None:
        """What `parse` makes of an item that never changes."""
        item = self.fixed(key)
        return None if item is None else self._made(key, item, parse)

    def read(self, key: tuple[str, str], parse: Callable[[Item], T]) -> T | None:
        """What `parse` makes of a setting: made once, for as long as the setting stays as it is. It is shared, too."""
        item = self.setting(key)
        return None if item is None else self._made(key, item, parse)

    def read_all(self, pk: str, parse: Callable[[list[Item]], T]) -> T:
        """As `read`, what `parse` makes of all items of a partition."""
        return self._made(pk, self.settings(pk), parse)

    def settings(self, pk: str) -> list[Item]:
        """All items of a partition, as `setting` reads one. For partitions of at most some hundred items."""
        started = self.clock.elapsed()
        if self._is_fresh(self._partitions.get(pk), started):
            return self._partitions[pk][1]
        items = self.table.items(pk, limit=_LISTED_MAX, consistent=True)
        self._partitions[pk] = (started, items)
        return items

    @staticmethod
    def _is_fresh(kept: tuple[float, Any] | None, now: float) -> bool:
        return kept is not None and 0 <= now - kept[0] < CACHE_SECONDS

    def _keep(self, key: tuple[str, str], read_at: float, item: Item | None) -> None:
        if len(self._cache) >= _CACHED_MAX:
            self._cache.clear()
            self.made.clear()
        self._cache[key] = (read_at, item)

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
