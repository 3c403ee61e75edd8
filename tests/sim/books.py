"""The books of a run, as they were written, watched entry by entry."""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterator
from datetime import datetime

from checkin import arrival
from infra.invariants import Watch
from points import forgetting
from shared import chain
from shared.chain import Entry
from shared.table import Item


class Books:
    """All items of a run's ledger as they were written, watched one by one."""

    def __init__(self) -> None:
        self.entries = 0
        self.chains: dict[str, list[Item]] = {}
        self.all: list[Entry] = []
        self.where: dict[bytes, list[Entry]] = {}
        self.by_account: dict[str, list[Entry]] = {}
        self.named_at: dict[bytes, int] = {}
        self.balances: dict[str, list[tuple[int, int]]] = {}
        self._watch = Watch("Asia/Tokyo")

    def see(self, item: Item, old: Item | None, turn: int) -> list[str]:
        """What is wrong with an item that was just put, in this turn."""
        if old is not None:
            return self._rewritten(item, old)
        items = self.chains.setdefault(item["pk"], [])
        found = list(self._watch.see(item))
        if not item["sk"]:
            self.named_at[chain.operation(item["pk"])] = item["t"]
        else:
            if any(item["t"] < self.named_at.get(raw.get("o"), 0) for raw in item["e"]):
                found.append(f"{item['pk']} {item['sk']}: dated before it was asked for")
            self.entries += len(item["e"])
            self.balances.setdefault(item["pk"], [(0, 0)]).append((turn, item["b"]))
            for entry in chain.entries_of(item):
                self.all.append(entry)
                self.by_account.setdefault(entry.account, []).append(entry)
                self.where.setdefault(entry.operation, []).append(entry)
        items.append(item)
        return found

    def _rewritten(self, item: Item, old: Item) -> list[str]:
        """A name may lose its words, and the name of a phone: nothing else in the ledger ever changes."""
        if item["sk"] or item not in (forgetting.without_words(old), arrival.without_device(old)):
            return [f"{item['pk']} {item['sk']}: written over"]
        self.chains[item["pk"]][0] = item
        return []

    def end(self, now: datetime) -> Iterator[str]:
        """What is wrong between the chains, now that all is over."""
        return self._watch.end(now)

    def digest(self) -> bytes:
        """A hash over all chains and names."""
        return hashlib.sha256(marshal.dumps(sorted(self.chains.items()), 2)).digest()

    def entered(self, name: str, *, is_reversal: bool = False) -> list[Entry]:
        """The entries of a named operation, or of its reversal."""
        return self.where.get(chain.operation(name, is_reversal=is_reversal), [])
