"""The members' chains, a page of members a call: what a report or a trial reads that no list serves. Nothing is written.

The members' profiles are the list, as for the liability report; the directory is read in the order of its hash. Of each
member's chain the part is read that was written since some moment; the item before it holds the account as it was then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from points.balances import ACCOUNT
from shared import cursor as cursors, keys
from shared.clock import from_ms
from shared.errors import BadRequest
from shared.http import Call
from shared.table import Item
from shared.world import World

PAGE = 50
"""So many items of the directory a call: some of them are members, each with a read or two."""
ITEMS_MAX = 1000
"""Who has more in the time is no person, and a call that has read as many ends: it must answer."""
_FIRST = 10
_MORE = 250
"""Most members have no more than the first few in a month, and whoever did not come in it is read with a unit."""


@dataclass
class Walk:
    """One call's way through the members. `question`: what the cursor was given for, and is good for alone."""

    call: Call[Any]
    cursor: str | None
    question: str = ""
    left_out: int = 0
    _last: Item | None = field(default=None, repr=False)

    def chains(self, since: datetime) -> Iterator[tuple[str, list[Item]]]:
        """Each member's account, and its items since a moment and the one before, the newest first."""
        world, read = self.call.world, 0
        page = world.directory.table.scan(after=self._after(), limit=PAGE)
        for item in page:
            if (item["pk"], item["sk"]) == keys.member(str(item.get("member_id"))):
                account = ACCOUNT.partition(item["member_id"])
                items = _items(world, account, since)
                read += len(items)
                if len(items) > ITEMS_MAX and from_ms(items[ITEMS_MAX]["t"]) >= since:
                    self.left_out += 1
                else:
                    yield account, items
            if read >= ITEMS_MAX and item is not page[-1]:
                self._last = item
                return
        self._last = page[-1] if len(page) == PAGE else None

    def next_cursor(self) -> str | None:
        """Where to go on when `chains` is through; None at the end of the list."""
        last = self._last
        position = None if last is None else json.dumps([self.question, last["pk"], last["sk"]])
        return cursors.next_cursor(self.call, position)

    def _after(self) -> tuple[str, str] | None:
        position = cursors.read_cursor(self.call, self.cursor)
        if position is None:
            return None
        question, pk, sk = json.loads(position)
        if question != self.question:
            raise BadRequest("bad_cursor")
        return pk, sk


def _items(world: World, account: str, since: datetime) -> list[Item]:
    """A little more than so many at most."""
    found, limit = world.ledger.table.items(account, newest_first=True, limit=_FIRST), _FIRST
    while len(found) == limit and len(found) <= ITEMS_MAX and from_ms(found[-1]["t"]) >= since:
        found += world.ledger.table.items(account, upto=found[-1]["sk"] - 1, newest_first=True, limit=_MORE)
        limit += _MORE
    return found
