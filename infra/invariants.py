"""The promises of the books, written once: for the simulator, for the tests and for `omo audit`.

`Watch` sees the ledger grow, one stored item after the other, and says what is wrong with each, given what it saw
before. What it says holds in every prefix of the books. `end` says what is wrong when nothing is under way any more.

What every chain promises stands in `invariants_chain`, and beside it, by the letter of the account: members' points
(`invariants_points`), purchases (`invariants_purchase`), coupons (`invariants_books`), budgets and pools
(`invariants_budgets`), campaigns' figures (`invariants_figures`) and what they bring (`invariants_attribution`), tills
without a line (`invariants_tills`), visits and what is around them (`invariants_presence`). What lies between chains stands in `invariants_between`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from infra.invariants_attribution import Exposures, StoreDays
from infra.invariants_between import Between
from infra.invariants_books import Coupons
from infra.invariants_budgets import Budget, Pool
from infra.invariants_chain import Chain
from infra.invariants_facts import Facts
from infra.invariants_figures import Figures
from infra.invariants_lots import Days
from infra.invariants_names import Names
from infra.invariants_points import Points
from infra.invariants_presence import Approaches, Device, Traffic, Visits
from infra.invariants_purchase import Purchase
from infra.invariants_tills import Tills
from shared import keys
from shared.item_hash import hash_of
from shared.table import Item


class Own(Protocol):
    """What one kind of account promises beside what every chain does."""

    def faults(self, item: Item) -> list[str]: ...


class _Seen:
    """A chain as far as it was seen."""

    __slots__ = ("chain", "own")

    def __init__(self, own: Own | None) -> None:
        self.chain = Chain()
        self.own = own


class Watch:
    """The books as they grow.

    Chains may interleave; each chain's items come in the order of their numbers. `zone` is the programme's, if it was
    always the same: without it the last day of points is over only when it is over everywhere on earth.
    """

    def __init__(self, zone: str | None = None, *, folder: Path | None = None, is_joined: bool = True) -> None:
        self._days = Days(zone)
        self._names = Names(are_kept=folder is None)
        self._between = Between(Facts(folder)) if is_joined else None
        self._chains: dict[str, _Seen] = {}
        # Operations that were reversed, by the letter of the account: where, and when.
        self._closed: dict[tuple[str, bytes], tuple[str, int]] = {}

    def see(self, item: Item, digest: bytes | None = None) -> list[str]:
        """What is wrong with the next item of the ledger; its hash may be known already."""
        partition = item["pk"]
        if item["sk"] == 0:
            return self._see_name(partition, item)
        seen = self._chains.get(partition)
        if seen is None:
            seen = self._chains[partition] = self._begin(partition)
        found = seen.chain.faults(item, hash_of(item) if digest is None else digest)
        try:
            if seen.own is not None:
                found += seen.own.faults(item)
            if self._names.are_kept:
                found += self._reversed(item)
            if self._between is not None:
                self._between.see(item)
        except (KeyError, ValueError, TypeError, IndexError, AssertionError) as error:
            found.append(f"it can't be read: {error!r}")
        return [f"{partition} entry {item['sk']}: {fault}" for fault in found] if found else found

    def see_bare(self, name: str, at: int) -> None:
        """The name of a purchase that only earns, and to which nothing has happened: of it nothing more need be read."""
        if self._between is not None:
            self._between.bare_name(name, at)

    def forget(self, partition: str) -> None:
        """The chain is over: nothing more of it will be seen."""
        self._chains.pop(partition, None)
        if self._between is not None:
            self._between.forget(partition)

    def end(self, now: datetime) -> Iterator[str]:
        """What is wrong between the chains, now that nothing is under way any more."""
        if self._between is not None:
            yield from self._between.end(now)

    def _reversed(self, item: Item) -> Iterator[str]:
        """Nothing of an operation enters after its reversal, whatever was merged meanwhile.

        An operation may have parts in several chains of a kind, and an audit reads chain by chain.
        """
        letter = item["pk"][0]
        for raw in item["e"]:
            mark = raw.get("o")
            if mark is None:
                continue
            where, at = self._closed.get((letter, mark), ("", item["t"]))
            if where == item["pk"] or item["t"] > at:
                yield f"the operation {mark.hex()} enters after it was reversed"
            original = self._names.reversed_by(mark)
            if original is not None:
                self._closed.setdefault((letter, original), (item["pk"], item["t"]))

    def _see_name(self, partition: str, item: Item) -> list[str]:
        found = [f"{partition}: {fault}" for fault in self._names.faults(item)]
        if self._between is not None:
            self._between.name(item)
        if partition.startswith(_PURCHASES):
            purchase = Purchase()
            purchase.name(item)
            self._chains[partition] = _Seen(purchase)
        return found

    def _begin(self, partition: str) -> _Seen:
        if partition.startswith(_PURCHASES):
            return _Seen(Purchase())
        kinds: dict[str, Callable[[], Own]] = {
            keys.MEMBER_POINTS: lambda: Points(self._days),
            keys.PARTNER_BUDGET: lambda: Budget(self._names),
            keys.POOL: lambda: Pool(self._names),
            keys.COUPON_BOOK: Coupons,
            keys.CODE: lambda: Coupons(is_code=True),
            keys.VISITS: lambda: Visits(self._names),
            keys.DEVICE: Device,
            keys.TRAFFIC: Traffic,
            keys.APPROACHES: Approaches,
            keys.FIGURES: Figures,
            keys.EXPOSURES: Exposures,
            keys.STORE_DAYS: StoreDays,
            keys.TERMINAL: Tills,
        }
        make = kinds.get(partition[0])
        return _Seen(make() if make else None)


_PURCHASES = f"{keys.NAME_PREFIX}purchase."


def faults(items: Iterable[Item], now: datetime | None = None, zone: str | None = None) -> list[str]:
    """What is wrong with some items of the ledger, each chain in the order of its numbers; between them if it is `now`."""
    watch = Watch(zone)
    found = [fault for item in items for fault in watch.see(item)]
    return found if now is None else [*found, *watch.end(now)]
