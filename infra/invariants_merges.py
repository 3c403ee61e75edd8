"""What merges promise: two halves that move nothing together, closings that lead to where it happened, in every service.

There are few merges, so all of them are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared import closings, keys
from shared.closings import Closing
from shared.table import Item

_SERVICES = (keys.MEMBER_POINTS, keys.COUPON_BOOK, keys.VISITS)


@dataclass(slots=True)
class _Half:
    """A merge's entry in one account: in the item of which number, under which, and what it moved."""

    account: str
    first: int
    number: int
    points: int
    at: int

    @property
    def where(self) -> str:
        return f"{self.account} entry {self.number}"


@dataclass(slots=True)
class Merges:
    """All halves of merges and all closings that were seen."""

    _halves: dict[bytes, list[_Half]] = field(default_factory=dict)
    _closings: dict[str, tuple[Closing, ...]] = field(default_factory=dict)
    _by: dict[tuple[str, str], str] = field(default_factory=dict)  # which merge has closed an account last
    _letters: set[str] = field(default_factory=set)

    def see(self, item: Item) -> None:
        """An item, of which only merges count."""
        account = item["pk"]
        self._letters.add(account[0])
        if "c" in item:
            self._closings[account] = closings.unpack(item["c"], account)
        for offset, raw in enumerate(item["e"]):
            if raw["k"] == "merged":
                half = _Half(account, item["sk"], item["sk"] + offset, raw.get("p", 0), item["t"])
                self._halves.setdefault(raw.get("o", b""), []).append(half)
                if raw.get("x", {}).get("from") == keys.holder(account):
                    self._by[account[0], keys.holder(account)] = raw["x"]["merge_id"]

    def faults(self, due: int) -> Iterator[str]:
        """What is wrong with them; what happened until `due` must have been heard of in all services."""
        for pair in self._halves.values():
            yield from _faults_of_pair(pair)
        for account, held in self._closings.items():
            for closing in held:
                yield from self._faults_of_closing(account, closing)
        yield from self._faults_of_services(due)

    def _faults_of_closing(self, account: str, closing: Closing) -> Iterator[str]:
        """Its entry is a merge's, whose other half follows the number that was seen; or the other was closed then."""
        where, to = f"{account} entry {closing.number}", closing.account
        pair = next((p for p in self._halves.values() if any(_is_at(h, account, closing.number) for h in p)), None)
        if pair is None:
            yield f"{where}: the closing names no entry of a merge"
        elif not any((half.account, half.first) == (to, closing.seen + 1) for half in pair) and all(
            one.number != closing.seen for one in self._closings.get(to, ())
        ):
            yield f"{where}: it leads to {to} after entry {closing.seen}, where nothing of the merge is"

    def _faults_of_services(self, due: int) -> Iterator[str]:
        """Whoever is merged away in one service is in the others, by the same merge."""
        wanted = {account[1:]: self._in_force(account) for account in self._closings if account[0] in _SERVICES}
        latest = {half.account[1:]: half.at for pair in self._halves.values() for half in pair}
        for holder in wanted:
            there = [letter for letter in _SERVICES if letter in self._letters]
            found = {self._in_force(letter + holder) for letter in there}
            if len(found) > 1 and latest.get(holder, 0) < due:
                said = ", ".join(f"{letter}{holder} {self._in_force(letter + holder) or 'open'}" for letter in there)
                yield f"the services do not agree on a merge: {said}"

    def _in_force(self, account: str) -> str | None:
        is_closed = closings.is_closed(self._closings.get(account, ()))
        return self._by.get((account[0], keys.holder(account))) if is_closed else None


def _faults_of_pair(pair: list[_Half]) -> Iterator[str]:
    """A merge, and its end, is an entry in each of two accounts; together they move nothing."""
    if len({half.account for half in pair}) != 2 or len(pair) != 2:
        yield f"{pair[0].where}: a merge of {len(pair)} entries, not of one in each of two accounts"
    elif points := sum(half.points for half in pair):
        yield f"{pair[0].where}: with the other half of the merge, {pair[1].where}, it adds up to {points}, not to 0"


def _is_at(half: _Half, account: str, number: int) -> bool:
    return (half.account, half.number) == (account, number)
