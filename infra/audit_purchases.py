"""Proving purchases: what their own chains decided is what their members' accounts did, and never more than was bought.

A purchase is a chain behind its name. What happens to it is decided there and obeyed in the member's account, under
the mark that the decision names. A decision of the last minutes may be on its way still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from points import packing
from points.bought import Bought, Left, whole
from points.lots import total, unpack_lots
from points.purchase import CANCELLED, COMPLETED, REVERSED
from points.purchase_chain import PURCHASE
from shared import chain, keys
from shared.chain import Entry
from shared.clock import from_ms
from shared.table import Item

ON_ITS_WAY = timedelta(minutes=5)
"""So young may a decision be that its account has not obeyed yet, or had not when it was read."""

PREFIX = f"{keys.NAME_PREFIX}purchase."
_TAKING_BACK = ("returned", CANCELLED, REVERSED)

Items = Sequence[Item]
Marks = Mapping[bytes, Sequence[Entry]]


@dataclass(frozen=True, slots=True)
class _Purchase:
    """A recorded purchase with the entries of its chain, and by which name it entered an account, if it did."""

    name: Item
    bought: Bought
    items: Items

    @property
    def entries(self) -> Iterator[Entry]:
        return (entry for item in self.items for entry in chain.entries_of(item))

    @property
    def home(self) -> str | None:
        claims = (entry.data["carry"][1] for entry in self.entries if entry.kind == "claimed")
        return self.name["pk"] if "acc" in self.name else next(claims, None)

    def effects(self) -> Iterator[tuple[Entry, bytes]]:
        """What was decided, and the mark of its entries in the member's account."""
        for entry in self.entries:
            if "carry" in entry.data:
                is_reversal = entry.kind == REVERSED
                name = self.home if is_reversal else entry.data["carry"][1]
                yield entry, chain.operation(str(name), is_reversal=is_reversal)


def faults(purchases: Mapping[str, Items], accounts: Mapping[str, Items], now: datetime) -> Iterator[str]:
    """What is wrong with purchases, each in the order of its numbers from its name on, or with what accounts did."""
    marks, decided = _marks(accounts), set[bytes]()
    for name, *later in purchases.values():
        if name["sk"] != 0 or (later and name.get("state") == "reversed"):
            yield f"{name['pk']}: entries of a purchase that never came"
            continue
        yield from _faults_of_entering(name, marks, now)
        if later:
            purchase = _Purchase(name, packing.unpack_bought(name["op"]), later)
            decided.update(mark for _, mark in purchase.effects())
            yield from _faults_of_lines(purchase)
            yield from _faults_of_effects(purchase, marks, now)
    for entry in (entry for own in marks.values() for entry in own):
        if entry.kind in ("returned", "restored") and entry.operation not in decided and _is_due(entry, now):
            yield f"{_where(entry)}: no purchase decided it"


def _marks(accounts: Mapping[str, Items]) -> dict[bytes, list[Entry]]:
    """The entries of members' accounts by their operation."""
    found: dict[bytes, list[Entry]] = {}
    for account, items in accounts.items():
        if account.startswith(f"{keys.MEMBER_POINTS}#"):
            for entry in (entry for item in items for entry in chain.entries_of(item)):
                found.setdefault(entry.operation, []).append(entry)
    return found


def _where(entry: Entry) -> str:
    return f"{entry.account} entry {entry.sequence}"


def _is_due(entry: Entry, now: datetime) -> bool:
    """Whether it is so old that its other half must be there."""
    return entry.recorded_at + ON_ITS_WAY < now


# ---- the lines -------------------------------------------------------------------------------------------------------


def _faults_of_lines(purchase: _Purchase) -> Iterator[str]:
    """Lines only ever become less, and by the amounts that the entries tell."""
    before: tuple[Left, ...] = whole(purchase.bought)
    for item in purchase.items:
        left = PURCHASE.unpack(item["s"]).left_of(purchase.bought)
        where = f"{item['pk']} entry {item['sk']}"
        if len(left) != len(before) or any(_is_more(*pair) for pair in zip(left, before, strict=False)):
            yield f"{where}: more is left of a line than there was"
        less = sum(line.amount for line in before) - sum(line.amount for line in left)
        told = [entry.data["amount"] for entry in chain.entries_of(item) if entry.kind in _TAKING_BACK]
        if less != sum(told):
            yield f"{where}: the lines became less by {less}, not by the amount that it tells"
        before = left


def _is_more(now: Left, before: Left) -> bool:
    pairs = ((now.quantity, before.quantity), (now.amount, before.amount), (now.tax, before.tax))
    return any(one > other for one, other in (*pairs, (now.share, before.share)))


# ---- the accounts ----------------------------------------------------------------------------------------------------


def _faults_of_entering(name: Item, marks: Marks, now: datetime) -> Iterator[str]:
    """A purchase that only earns can't be refused: it is in an account, or its reversal is."""
    wanted = (chain.operation(name["pk"]), chain.operation(name["pk"], is_reversal=True))
    if "carry" in name and from_ms(name["t"]) + ON_ITS_WAY < now and not any(mark in marks for mark in wanted):
        yield f"{name['pk']}: no account has it"


def _faults_of_effects(purchase: _Purchase, marks: Marks, now: datetime) -> Iterator[str]:
    """Every decision has its entries in an account, to the same points; and no more comes back than was there."""
    given, used = _gave(purchase, marks), purchase.bought.points_used
    for entry, mark in purchase.effects():
        if mark in marks:
            yield from _faults_of_obeying(entry, marks[mark])
        elif _is_due(entry, now):
            yield f"{_where(entry)}: no account has obeyed it"
        if entry.kind in _TAKING_BACK and "lots" in entry.data:
            given, used = given - _points(entry, "lots"), used - _points(entry, "used")
    if min(given, used) < 0:
        yield f"{purchase.name['pk']}: more points came back than it gave or used"


def _gave(purchase: _Purchase, marks: Marks) -> int:
    """The points that it earned when it entered its account, pending or not."""
    own = marks.get(chain.operation(purchase.home or ""), ())
    return sum(_points(entry, "lots") for entry in own if entry.kind in ("earned", "pending") and "lots" in entry.data)


def _faults_of_obeying(entry: Entry, obeyed: Sequence[Entry]) -> Iterator[str]:
    """What an account did is what was decided: taken back or borne by the shop, given back or lost, arrived."""
    did = {one.kind: one for one in obeyed}
    if entry.kind in ("returned", CANCELLED):
        taken = _sum(did, "returned", "clawed", "forgiven")
        back = _sum(did, "restored", "forfeited") + sum(one.points for one in obeyed if one.kind == "restored")
        if (taken, back) != (_points(entry, "lots"), _points(entry, "used")):
            wanted = f"{_points(entry, 'lots')} and {_points(entry, 'used')}"
            yield f"{_where(entry)}: {_where(obeyed[0])} took and gave back {taken} and {back} points, not {wanted}"
    elif entry.kind == COMPLETED:
        arrived = sum(one.points + one.data.get("pending", 0) for one in obeyed)
        if arrived != _points(entry, "lots"):
            yield f"{_where(entry)}: {_where(obeyed[0])} earned {arrived} points, not {_points(entry, 'lots')}"


def _sum(did: Mapping[str, Entry], kind: str, *names: str) -> int:
    return sum(did[kind].data.get(name, 0) for name in names) if kind in did else 0


def _points(entry: Entry, name: str) -> int:
    return total(unpack_lots(entry.data[name]))
