"""Whose account is whose, as merges and their ends have it at each moment; and that what follows something goes with it.

It is reckoned from the entries alone, in the order in which they were written: what the chains remember of their closings
has no part in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from points import holding
from shared import chain, keys
from shared.chain import Entry
from tests.sim.books import Books


class Hosts:
    """Of one kind of account: into which each leads."""

    def __init__(self) -> None:
        self._hosts: dict[str, str] = {}

    def follow(self, entry: Entry) -> None:
        """Heed an entry: of a merge and of its end, both accounts have one."""
        if entry.kind != "merged":
            return
        leaver = keys.account(entry.account[0], entry.data["from"])
        if entry.ref and entry.ref[0] == "unmerge":
            self._hosts.pop(leaver, None)
        elif entry.account != leaver:
            self._hosts[leaver] = entry.account

    def of(self, account: str) -> str:
        """The account that an account's contents are in now."""
        while account in self._hosts:
            account = self._hosts[account]
        return account


def faults(books: Books) -> Iterator[str]:
    """What is reversed, and a hold that ends, is so where it is by then: nobody else pays for it, or is paid."""
    originals = dict(_following(books))
    hosts, entered = Hosts(), dict[bytes, str]()
    for entry in books.all:
        if entry.account[0] != keys.MEMBER_POINTS:
            continue
        hosts.follow(entry)
        entered.setdefault(entry.operation, entry.account)
        original = originals.get(entry.operation)
        home = entered.get(original) if original else None
        if home is not None and hosts.of(home) != entry.account:
            yield f"{entry.account} {entry.sequence}: {entry.kind} follows from what is in {hosts.of(home)}"


def _following(books: Books) -> Iterator[tuple[bytes, bytes]]:
    """By the mark of what follows the mark of what it follows from."""
    for name in (partition for partition in books.chains if partition.startswith(keys.NAME_PREFIX)):
        mark = chain.operation(name)
        yield chain.operation(name, is_reversal=True), mark
        if name.startswith(keys.name("hold", keys.SHOP, "")):
            yield chain.operation(holding.end_name(name)), mark
