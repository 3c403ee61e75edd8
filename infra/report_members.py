"""Reports over all members: the movements of points by month, and who buys how recently, how often, for how much.

The members' profiles are the list, as for what the shop owes. Of each member's chain only the part is read that the time
in question has written, newest first: about a read unit for ten entries. Nothing is kept for these reports, nothing is
written, and no table of entries is scanned; the chains know it all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from points.balances import ACCOUNT, settle
from points.movements import Movements, movements
from shared import chain, keys
from shared.chain import Entry, head_of
from shared.clock import from_ms
from shared.table import Item
from shared.units import Money, Points
from shared.world import World

R = TypeVar("R")
PAGE = 500
AT_ONCE = 16
_ITEMS = 100


def members(world: World) -> Iterator[Item]:
    """Every member's profile."""
    after = None
    while page := world.directory.table.scan(after=after, limit=PAGE):
        yield from (item for item in page if (item["pk"], item["sk"]) == keys.member(str(item.get("member_id"))))
        after = (page[-1]["pk"], page[-1]["sk"])


def of_each(world: World, read: Callable[[str], R], tell: Callable[[], object]) -> Iterator[tuple[Item, R]]:
    """What is read of each member, some at a time, in the order of the list."""
    waiting: list[Item] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for profile in members(world):
            waiting.append(profile)
            if len(waiting) == PAGE:
                yield from _read(pool, waiting, read, tell)
                waiting = []
        yield from _read(pool, waiting, read, tell)


def _read(
    pool: ThreadPoolExecutor, profiles: list[Item], read: Callable[[str], R], tell: Callable[[], object]
) -> Iterator[tuple[Item, R]]:
    for profile, found in zip(profiles, pool.map(read, [one["member_id"] for one in profiles]), strict=True):
        tell()
        yield profile, found


def items_since(world: World, member_id: str, since: datetime) -> list[Item]:
    """The items of a member's points recorded after a time, and the last one before it, oldest first."""
    found: list[Item] = []
    upto: int | None = None
    account = ACCOUNT.partition(member_id)
    while page := world.ledger.table.items(account, upto=upto, newest_first=True, limit=_ITEMS):
        for item in page:
            found.append(item)
            if from_ms(item["t"]) <= since:
                return found[::-1]
        upto = page[-1]["sk"] - 1
    return found[::-1]


# ---- points by month ------------------------------------------------------------------------------------------------


def by_month(world: World, bounds: Sequence[datetime], zone: str, tell: Callable[[], object]) -> list[Movements]:
    """The sums of all members."""
    sums = [Movements() for _ in bounds[1:]]

    def read(member_id: str) -> list[Movements]:
        items = items_since(world, member_id, bounds[0])
        return movements(items, bounds, ACCOUNT.partition(member_id), zone) if items else []

    for _, found in of_each(world, read, tell):
        for whole, one in zip(sums, found, strict=False):
            whole.add(one)
    return sums


# ---- what members do ------------------------------------------------------------------------------------------------


class Bought(NamedTuple):
    """A purchase that stands: when, and what it was worth as it was sold, less what came back since."""

    at: datetime
    amount: Money


@dataclass
class Activity:
    """What a member bought in a time. A purchase that was cancelled or reversed is none."""

    purchases: int = 0
    amount: Money = 0
    last_at: datetime | None = None
    balance: Points = 0
    leads_to: str | None = field(default=None, repr=False)

    def add(self, other: Activity) -> None:
        self.purchases += other.purchases
        self.amount += other.amount
        self.balance += other.balance
        self.last_at = max(filter(None, (self.last_at, other.last_at)), default=None)


def activity(world: World, member_id: str, start: datetime, end: datetime, zone: str) -> Activity:
    """What a member's own chain tells of its purchases from `start` until before `end`, as they stand now."""
    items = items_since(world, member_id, start)
    bought = _standing(world, [entry for item in items for entry in chain.entries_of(item)], start, end)
    head = head_of(ACCOUNT, ACCOUNT.partition(member_id), items[-1] if items else None)
    now = max(world.clock.now(), head.recorded_at)
    return Activity(
        purchases=len(bought),
        amount=sum(one.amount for one in bought),
        last_at=max((one.at for one in bought), default=None),
        balance=settle(head.state, now, zone)[0].available,
        leads_to=keys.holder(head.closings[-1].account) if head.is_closed else None,
    )


def _standing(world: World, entries: list[Entry], start: datetime, end: datetime) -> list[Bought]:
    found: dict[str, Bought] = {}
    for entry in entries:
        kind, of = entry.ref or ("", "")
        if kind == "purchase" and "amount" in entry.data:
            if start <= entry.occurred_at < end:
                found[of] = Bought(entry.occurred_at, entry.data["amount"])
        elif kind == "purchase" and entry.kind in ("returned", "reversed"):
            found.pop(of, None)
        elif kind == "return" and (known := found.get(of.rpartition("/")[0])):
            found[of.rpartition("/")[0]] = known._replace(amount=_left(world, of.rpartition("/")[0], known.amount))
    return list(found.values())


def _left(world: World, purchase: str, sold: Money) -> Money:
    """What is left of a purchase of which something came back: its own chain knows."""
    source, _, purchase_id = purchase.partition("/")
    item = world.ledger.table.newest(keys.purchase(source, purchase_id))
    told = chain.entries_of(item)[-1].data if item and item["sk"] else {}
    return int(told.get("amount_left", sold))


def activities(
    world: World, start: datetime, end: datetime, zone: str, tell: Callable[[], object]
) -> dict[str, Activity]:
    """What each member did, under the id that it has now: what was merged counts where it went. Erased ones are none."""
    found: dict[str, Activity] = {}
    for profile, one in of_each(world, lambda member_id: activity(world, member_id, start, end, zone), tell):
        if profile.get("state") != "erased":
            found[profile["member_id"]] = one
    for one in [one for one in found.values() if one.leads_to]:
        target = one
        while target.leads_to in found:
            target = found[target.leads_to]
        if target is not one and target.leads_to is None:
            target.add(one)
    return {member_id: one for member_id, one in found.items() if one.leads_to is None}
