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

PAGE = 200
SCANS_MAX = 5
"""So many items of the directory are read over at once, and so often in a call: few of them may be members."""
MEMBERS_MAX = 50
"""So many members a call, each with a read or two."""
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
        world, after, read, members = self.call.world, self._after(), 0, 0
        for _ in range(SCANS_MAX):
            page = world.directory.table.scan(after=after, limit=PAGE)
            for item in page:
                self._last = item
                if (item["pk"], item["sk"]) != keys.member(str(item.get("member_id"))):
                    continue
                account = ACCOUNT.partition(item["member_id"])
                items = _items(world, account, since)
                read, members = read + len(items), members + 1
                if len(items) > ITEMS_MAX and from_ms(items[ITEMS_MAX]["t"]) >= since:
                    self.left_out += 1
                else:
                    yield account, items
                if read >= ITEMS_MAX or members >= MEMBERS_MAX:
                    return
            if len(page) < PAGE:
                self._last = None
                return
            after = page[-1]["pk"], page[-1]["sk"]

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
