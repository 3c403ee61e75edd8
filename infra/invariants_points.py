"""What a member's points promise: every entry says which lots it moved, and the state after them is what they make.

The entries are played on what the items before have made (`invariants_moves`), and the item must say the same. Where
nothing but points is earned, as in most entries, the packed state need not be read at all: it must be, byte by byte,
what the one before becomes.
"""

from __future__ import annotations

from collections.abc import Mapping

from infra.invariants_account import Account, Hold, Raw
from infra.invariants_lots import Days, Lots, as_text, first_days, lots_of, numbers, packed, relative, slid, total
from infra.invariants_moves import PLAY
from shared.table import Item

_NO_DATA: Raw = {}
_NOT_PLAIN = frozenset("dhpstx")
"""What stands in a state of more than lots: debt, holds, points that wait, sliding days, that its holder is erased."""
_LOTS_KNOWN_MAX = 1 << 16
_Lot = tuple[int, int, int]  # sort, day, points

_known_lots: dict[bytes, _Lot | None] = {}


class Points:
    """A member's points, item by item."""

    __slots__ = ("account", "days", "ends", "is_erased", "lots", "state", "tail")

    def __init__(self, days: Days) -> None:
        self.days = days
        self.account = Account(days)
        self.state = b""  # the lots as the last item has packed them
        self.tail: _Tail | None = None
        self.lots: dict[int, int] = {}  # their days and points, where they are of one sort
        self.ends = 0  # when the first of them must be gone
        self.is_erased = False

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        if self._only_earned(item):
            return []
        found: list[str] = []
        state, account = item["s"], self.account
        account.begin(found, item["t"], relative(state.get("s", 0)))
        for raw in item["e"]:
            play = PLAY.get(raw["k"])
            if play is None:
                found.append(f"an entry of the unknown kind {raw['k']}")
            else:
                play(account, raw, raw.get("x", _NO_DATA))
        self._compare(state, item["b"], found)
        self._compare_rest(state, found)
        if self.is_erased > ("x" in state):
            found.append("an erased member is one again")
        self.is_erased = "x" in state
        if self.is_erased and (account.lots or account.has_rest):
            found.append("an erased member has something left")
        self.tail = None
        if len(account.lots) == 1 and not account.has_rest:
            (self.lots,) = account.lots.values()
            self.tail = _Tail(self.state, account.lots, item["b"])
        return found

    # ---- the state after the entries --------------------------------------------------------------------------------

    def _compare(self, state: Raw, balance: int, found: list[str]) -> None:
        """The lots are those that the entries make, whole and not expired, and with the debt they are the balance."""
        lots, account = lots_of(state["l"]), self.account
        debt, points = state.get("d", 0), total(lots)
        if points - debt != balance:
            found.append(f"the lots add up to {points - debt}, the balance is {balance}")
        if debt != account.debt:
            found.append(f"the debt is {debt}, by the entries {account.debt}")
        if debt < 0 or any(0 in days.values() for days in lots.values()):
            found.append("a lot or a debt of less than nothing")
        is_same = lots == account.lots or (account.slides and slid(account.lots, account.slides) == lots)
        if account.knows_lots and not is_same:
            found.append("the lots are not what the entries make of those before")
        first = min(first_days(lots), default=0)
        self.ends = self.days.ends(first)[1] if first else 0
        if first and self.ends <= account.at:
            found.append(f"points of {as_text(first)} are still there")
        account.lots, account.debt = lots, debt
        self.state = state["l"]

    def _compare_rest(self, state: Raw, found: list[str]) -> None:
        """Holds, and points that wait."""
        account, rows, pending = self.account, state.get("t", ()), state.get("p", 0)
        if not (account.has_rest or rows or pending or "h" in state):
            return
        holds = {hold_id: (ends, lots_of(lots)) for _, hold_id, ends, lots in state.get("h", ())}
        if (holds != account.holds) if account.knows_rest else (_held(holds) != account.held):
            found.append("the holds are not what the entries make of those before")
        waiting = {
            (day, sort, last): points
            for day, lots in rows
            for sort, days in lots_of(lots).items()
            for last, points in days.items()
        }
        waits = pending + sum(waiting.values())
        if account.knows_rest:
            is_same = (pending, waiting) == (account.pending, account.waiting)
        else:
            is_same = waits == account.waits if account.knows_waits else waits <= account.waits
        if pending < 0 or not is_same:
            found.append("what waits is not what the entries make of what waited before")
        account.holds, account.held = holds, _held(holds)
        account.pending, account.waiting, account.waits = pending, waiting, waits

    # ---- most entries -----------------------------------------------------------------------------------------------

    def _only_earned(self, item: Item) -> bool:
        """Whether the item only adds a lot behind all others, or to the last of them, and says so in every byte."""
        tail, entries, state = self.tail, item["e"], item["s"]
        if tail is None or len(entries) != 1 or not _NOT_PLAIN.isdisjoint(state):
            return False
        raw = entries[0]
        data = raw.get("x", _NO_DATA)
        if raw["k"] != "earned" or "lots" not in data or self.ends <= item["t"]:
            return False
        row = data["lots"]
        lot = _known_lots[row] if row in _known_lots else _lot_of(row)
        if lot is None:
            return False
        after = tail.after(self.state, lot)
        _, day, points = lot
        if after != state["l"] or tail.points != item["b"] or points != raw.get("p"):
            self.tail = None  # it has gone on: the item is looked at in full
            return False
        self.state = state["l"]
        self.lots[day] = self.lots.get(day, 0) + points
        return True


class _Tail:
    """The end of packed lots of one sort: where the last one begins, its day and points, and what all add up to."""

    __slots__ = ("begins", "count", "day", "head", "last", "points", "sort", "step")

    def __init__(self, state: bytes, lots: Lots, points: int) -> None:
        ((self.sort, days),) = lots.items()
        latest = reversed(days)
        self.day, self.count, self.points = next(latest), len(days), points
        self.step, self.last = self.day - next(latest, 0), days[self.day]
        self.head = len(packed(1) + packed(self.sort) + packed(self.count))
        self.begins = len(state) - len(packed(self.step) + packed(self.last))

    def after(self, state: bytes, lot: _Lot) -> bytes | None:
        """The packed lots with one more; None if that comes before the last or is of another sort."""
        sort, day, points = lot
        step = day - self.day
        if sort != self.sort or step < 0 or (not self.day and step):
            return None
        self.points += points
        if not step:
            self.last += points
            return state[: self.begins] + packed(self.step) + packed(self.last)
        self.count += 1
        self.day, self.step, self.last = day, step, points
        head = packed(1) + packed(sort) + packed(self.count)
        before = head + state[self.head :]
        self.head, self.begins = len(head), len(before)
        return before + packed(step) + packed(points)


def _lot_of(lots: bytes) -> _Lot | None:
    """The lot of an entry that has but one."""
    read = numbers(lots)
    found = (read[1], read[3], read[4]) if len(read) == 5 and read[0] == read[2] == 1 else None
    if len(_known_lots) < _LOTS_KNOWN_MAX:
        _known_lots[lots] = found
    return found


def _held(holds: Mapping[str, Hold]) -> int:
    return sum(total(lots) for _, lots in holds.values())
