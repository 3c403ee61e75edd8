"""Writing to chains, exactly once: names, retries, effects of events, reversals.

A request from outside first puts its name and then appends. An operation can be only in entries after its `seen`; an
event's only in entries that are not older than it; and where a merge closed the account, wherever that led.
`docs/protocols.md` tells why each step is where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from shared import chain, finding
from shared.chain import Entry, Head
from shared.chains import Chains, or_raise, read_back
from shared.clock import to_ms
from shared.errors import Refused, Unavailable
from shared.naming import (
    OPEN_NAME_LIFE,
    Done,
    Naming,
    Pending,
    Verb,
    check_same,
    done_of,
    name_item,
    named,
    pending_of,
    seen_of,
    slice_of,
)
from shared.patience import attempts
from shared.table import Item

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741 - the operation

Resolve = Callable[[bool], tuple[str, O]]
"""Finds the account's holder and the operation; called with True it reads consistently. Raises `Refused`."""


class Ledger(Chains):
    """The chains of one table, and the names of what enters them."""

    def name(self, naming: Naming) -> Item | None:
        """The name that a request put, if it got that far."""
        return self.table.get(naming.partition, 0, consistent=True)

    # ---- one operation ----------------------------------------------------------------------------------------------

    def perform(
        self,
        verb: Verb[S, O],
        naming: Naming,
        resolve: Resolve[O],
        unused: Callable[[str], None] = lambda _: None,
        agreed: Callable[[], None] = lambda: None,
    ) -> Done[O]:
        """Name, then append. The same request again gets its first entries; other content is `id_reused`.

        A "no" leaves nothing behind and is never said on a stale read or to a retry of something done.
        `unused` is asked about the holder of a chain without entries, and raises if there is no such holder. `agreed`
        is called when nothing speaks against it any more, for what a refusal must not use up.
        """
        name, pending, head = self.put_name(verb, naming, resolve, unused, agreed)
        if pending is None:
            return self.resume(verb, name, naming, head)
        return self.enter_one(verb, name["acc"], pending, head)

    def put_name(
        self,
        verb: Verb[S, O],
        naming: Naming,
        resolve: Resolve[O],
        unused: Callable[[str], None] = lambda _: None,
        agreed: Callable[[], None] = lambda: None,
    ) -> tuple[Item, Pending[O] | None, Head[S] | None]:
        """The first half of `perform`: the name, what must enter now, and the head that it was judged by.

        Nothing must enter if the name was there already, and what it stands for may have entered long ago.
        """
        try:
            operation, head = self._look(verb, naming, resolve, unused, consistent=False)
            agreed()
        except Refused:
            old = self.name(naming)
            if old is not None:
                return old, None, None
            operation, head = self._look(verb, naming, resolve, unused, consistent=True)
            agreed()
        item = name_item(naming, verb, head.account, head.sequence, operation)
        old = self.table.put_new(item)
        return (item, pending_of(naming, operation, head.sequence), head) if old is None else (old, None, head)

    def _look(
        self,
        verb: Verb[S, O],
        naming: Naming,
        resolve: Resolve[O],
        unused: Callable[[str], None],
        *,
        consistent: bool,
    ) -> tuple[O, Head[S]]:
        """The operation and the head that it is judged by; raises the refusal."""
        holder, operation = resolve(consistent)
        head = self.open_head(verb.kind, holder, consistent=consistent)
        if verb.kind.is_nobodys(head):
            unused(holder)
        if verb.carried_by is None:  # what can't be refused need not be asked
            verb.decided(head.state, operation, max(naming.at, head.recorded_at))
        return operation, head

    def resume(self, verb: Verb[S, O], old: Item, naming: Naming, head: Head[S] | None = None) -> Done[O]:
        """What a name that is already there became; finished now if its process died."""
        check_same(old, naming)
        return self.carry_on(verb, old, self.clock.now(), head)

    def carry_on(self, verb: Verb[S, O], old: Item, now: datetime, head: Head[S] | None = None) -> Done[O]:
        """Bring a name into its account if it is not there yet."""
        pending = named(verb, old)
        if head is not None and head.account == old["acc"]:
            found = self.find(head, pending)
            if found is not None:  # what a stale head shows is true; what it does not show proves nothing
                return done_of(pending, found)
        is_dead = verb.carried_by is None and now - pending.at > OPEN_NAME_LIFE
        return self.enter_one(verb, old["acc"], pending, may_append=not is_dead)

    # ---- many operations of one account -----------------------------------------------------------------------------

    def perform_many(
        self,
        verb: Verb[S, O],
        holder: str,
        requests: Sequence[tuple[Naming, O]],
        unused: Callable[[str], None] = lambda _: None,
    ) -> list[Done[O] | Refused]:
        """As `perform`, for several operations that can't be refused, in one append. Results in the same order."""
        head: Head[S] | None = self.open_head(verb.kind, holder)
        assert head is not None
        if verb.kind.is_nobodys(head):
            unused(holder)
        account, seen = head.account, head.sequence
        results: dict[int, Done[O] | Refused] = {}
        wanted: dict[int, Pending[O]] = {}
        for n, (naming, operation) in enumerate(requests):
            old = self.table.put_new(name_item(naming, verb, account, seen, operation))
            if old is None:
                wanted[n] = pending_of(naming, operation, seen)
                continue
            head = None  # a name that was there may have entries that a head read before does not show
            try:
                check_same(old, naming)
                if old["acc"] == account:
                    wanted[n] = named(verb, old)
                else:
                    results[n] = self.carry_on(verb, old, self.clock.now())
            except Refused as refused:
                results[n] = refused
        if wanted:
            results |= zip(wanted, self.enter(verb, account, list(wanted.values()), head), strict=True)
        return [results[n] for n in range(len(requests))]

    def obey(
        self,
        verb: Verb[S, O],
        holder: str,
        events: Sequence[tuple[str, datetime, O]],
        unused: Callable[[str], None] = lambda _: None,
    ) -> list[Done[O] | Refused]:
        """Apply effects of events, `(id, time, operation)`, once each however often and late they come.

        The head may be stale: what it shows is true, and what it does not show yet makes the append fail.
        """
        head = self.head(verb.kind, holder)
        if head.sequence == 0:
            unused(holder)
        pending = [_pending_of_event(event, at, operation) for event, at, operation in events]
        return self.enter(verb, head.account, pending, head)

    # ---- reversal ---------------------------------------------------------------------------------------------------

    def close(self, naming: Naming) -> tuple[Item | None, bool]:
        """Put a name as reversed if it is new, so that it can never be used; else answer the name that is there.

        Also answers whether it had been closed before.
        """
        item = {"pk": naming.partition, "sk": 0, "state": "reversed", "t": to_ms(naming.at), "v": 1}
        item |= {"q": naming.request_id} if naming.request_id else {}
        old = self.table.put_new(item)
        return (None, True) if old and old.get("state") == "reversed" else (old, False)

    def undo(
        self,
        verb: Verb[S, O],
        old: Item,
        account: str,
        make: Callable[[tuple[Entry, ...]], O],
        since: datetime | None = None,
    ) -> tuple[Done[O], bool]:
        """Append "X reversed" where X is by now, or to the chain that it would enter; after that it can't enter any more.

        `make` gives the reversal of what X did: its entries, none if it never came. Also answers whether X did.
        If X is an event, it can be there `since` it had begun.
        """
        mark, reversal = chain.operation(old["pk"]), chain.operation(old["pk"], is_reversal=True)
        at, seen = self.clock.now(), seen_of(old, account)
        for _ in attempts(self.clock):
            head = finding.newest(self.table, verb.kind, account)
            is_event = since is not None
            looking = Pending(None, reversal, reversal, at, seen, is_event=is_event, begun=since, of=mark)
            place = finding.place(self.table, verb.kind, head, looking)
            found = place.original or finding.latest_of(self.table, place.way, (mark,))
            entries = slice_of(looking._replace(mark=mark), found.item, is_replay=True).entries if found else ()
            wanted = Pending(make(entries), reversal, reversal, at, place.seen, is_event=is_event, begun=since)
            if place.found is not None:
                return slice_of(wanted, place.found.item, is_replay=True), bool(entries)
            if not place.is_fresh(self.table):
                continue
            (result,), item = self.compose(verb, place.head, [wanted], may_append=True)
            assert result is not None
            if item is None or self.put(item) is None:
                return or_raise(read_back(result, item)), bool(entries)
        raise Unavailable


def _pending_of_event(event: str, at: datetime, operation: O) -> Pending[O]:
    mark, reversal = chain.operation(event), chain.operation(event, is_reversal=True)
    return Pending(operation, mark, reversal, at, 0, is_effect=True, is_event=True)
