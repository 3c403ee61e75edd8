"""Proving merges: what leaves one account is in the other, and a closing leads to where that happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shared import chain, closings
from shared.chain import Entry
from shared.closings import Closing
from shared.table import Item

Held = Mapping[str, Sequence[Item]]


def faults(held: Held) -> Iterator[str]:
    """What is wrong between the chains of a ledger, each in the order of its numbers."""
    halves: dict[bytes, list[Entry]] = {}
    for items in held.values():
        for item in items:
            for entry in chain.entries_of(item):
                if entry.kind == "merged":
                    halves.setdefault(entry.operation, []).append(entry)
    for pair in halves.values():
        yield from _faults_of_pair(pair)
    for account, items in held.items():
        for closing in closings.unpack(items[-1].get("c", ()), account):
            yield from _faults_of_closing(held, account, closing, halves)


def _faults_of_pair(pair: Sequence[Entry]) -> Iterator[str]:
    """A merge, and its end, is an entry in each of two accounts; together they move nothing."""
    first = f"{pair[0].account} entry {pair[0].sequence}"
    if len({entry.account for entry in pair}) != 2 or len(pair) != 2:
        yield f"{first}: a merge of {len(pair)} entries, not of one in each of two accounts"
    elif points := sum(entry.points for entry in pair):
        other = f"{pair[1].account} entry {pair[1].sequence}"
        yield f"{first}: with the other half of the merge, {other}, it adds up to {points}, not to 0"


def _faults_of_closing(
    held: Held, account: str, closing: Closing, halves: Mapping[bytes, Sequence[Entry]]
) -> Iterator[str]:
    """Its entry is a merge's, whose other half follows the number that was seen; or the other was closed itself then."""
    where = f"{account} entry {closing.number}"
    own = next((one for pair in halves.values() for one in pair if _is_at(one, account, closing.number)), None)
    if own is None:
        yield f"{where}: the closing names no entry of a merge"
        return
    opened = next((item for item in held.get(closing.account, ()) if item["sk"] == closing.seen + 1), None)
    if opened and any(entry.operation == own.operation for entry in chain.entries_of(opened)):
        return
    there = held.get(closing.account, [{}])[-1]
    if all(one.number != closing.seen for one in closings.unpack(there.get("c", ()), closing.account)):
        yield f"{where}: it leads to {closing.account} after entry {closing.seen}, where nothing of the merge is"


def _is_at(entry: Entry, account: str, number: int) -> bool:
    return (entry.account, entry.sequence) == (account, number)
