"""That no person is rewarded twice for a store-day, whoever was merged and parted meanwhile.

It is reckoned from the entries alone: what the product remembers of visits, and hands over when members are merged, has
no part in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from shared import keys
from shared.chain import Entry
from tests.sim.books import Books
from tests.sim.hosts import Hosts
from tests.sim.opening import PLACES

_TOKYO = timedelta(hours=9)


def faults(books: Books) -> Iterator[str]:
    """One rewarded visit a person, store and business day: the store's own day, from its cutoff hour on.

    While members are merged they are one person, with all that either did before; once they are parted, two again.
    """
    hosts = Hosts()
    taken: dict[tuple[str, date], dict[str, str]] = defaultdict(dict)  # by store-day: each check-in, and whose it was
    for entry in (entry for entry in books.all if entry.account[0] == keys.VISITS):
        hosts.follow(entry)
        match entry.kind:
            case "accepted" | "flagged":
                place = _store_day(entry)
                if any(hosts.of(account) == entry.account for account in taken[place].values()):
                    yield f"{place} taken a second time by {entry.account}"
                taken[place][entry.data["checkin_id"]] = entry.account
            case "approved" if entry.data["checkin_id"] not in taken[_store_day(entry)]:
                yield f"{_store_day(entry)} rewarded for a check-in that did not wait"
            case "rejected":
                taken[_store_day(entry)].pop(entry.data["checkin_id"], None)


def _store_day(entry: Entry) -> tuple[str, date]:
    store_id = entry.data["store_id"]
    cutoff = PLACES[store_id].get("cutoff_hour", 0)
    return store_id, (entry.occurred_at + _TOKYO - timedelta(hours=cutoff)).date()
