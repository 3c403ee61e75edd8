"""Facts that belong together across chains, gathered by the operation they are about: in memory, or beside it on disk.

An export's chains come in no order, so the halves of a promise may lie anywhere in it. On disk they are sorted into
256 files by the first byte of their operation, and joined file by file: memory holds one of them at a time.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Fact = tuple[Any, ...]

_KEPT_MAX = 200_000


class Facts:
    """What chains say about operations."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lists: list[list[Fact]] = [[] for _ in range(256)]
        self._kept = 0

    def add(self, operation: bytes, *fact: Any) -> None:
        """One more fact about an operation."""
        self._lists[operation[0]].append((operation, fact))
        self._kept += 1
        if self._kept >= _KEPT_MAX and self._folder is not None:
            self._put_away(self._folder)

    def by_operation(self) -> Iterator[list[Fact]]:
        """All facts, those of one operation together."""
        for number, kept in enumerate(self._lists):
            found: dict[bytes, list[Fact]] = {}
            for operation, fact in self._away(number):
                found.setdefault(operation, []).append(fact)
            for operation, fact in kept:
                found.setdefault(operation, []).append(fact)
            yield from found.values()

    def _put_away(self, folder: Path) -> None:
        for number, kept in enumerate(self._lists):
            if kept:
                with (folder / f"{number:02x}").open("ab") as file:
                    marshal.dump(kept, file)
                kept.clear()
        self._kept = 0

    def _away(self, number: int) -> Iterator[Fact]:
        path = self._folder and self._folder / f"{number:02x}"
        if path is None or not path.exists():
            return
        with path.open("rb") as file:
            size = path.stat().st_size
            while file.tell() < size:
                yield from marshal.load(file)  # noqa: S302 - it has just been written here
