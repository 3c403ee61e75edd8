"""A purchase's chain and its member's chain without a table: every item is really made, packed and read back."""

from datetime import timedelta
from typing import Any

from points import purchase, rules
from points.balances import ACCOUNT, Account
from points.effects import effect, undoing_of
from points.facts import facts_of
from points.lots import merged, total
from points.purchase import Change, Completing, Home, Progress, Returning
from points.purchase_chain import PURCHASE
from points.undoing import undo
from shared import chain
from shared.chain import Head, Part
from shared.clock import EPOCH
from tests.rules.sales import NOON

MARK = b"operator"


class Books:
    """Both chains of one purchase, and the time. Whatever the purchase decides, the account obeys at once."""

    def __init__(self, account=None, at=NOON):
        self.at = at
        self.member = Head("M#taro", 0, EPOCH, account or Account())
        self.sale: Any = None
        self.purchase: Any = None
        self.facts: Any = None
        self.bought: Any = []

    @property
    def account(self) -> Account:
        return self.member.state

    def forward(self, **by):
        self.at += timedelta(**by)

    def does(self, decide, operation):
        """The member's account does something; its entries."""
        decided = decide(self.member.state, operation, self.at)
        item = chain.next_item(ACCOUNT, self.member, [Part(MARK, decided.steps)], decided.state, self.at)
        self.member = chain.head_of(ACCOUNT, "M#taro", item)
        assert self.member.state == decided.state, "what is packed is what was decided"
        assert total(self.account.lots) == item["b"] + self.account.debt
        assert min(self.account.debt, self.account.pending, *(lot.points for lot in self.account.lots), 0) >= 0
        return chain.entries_of(item)

    def buy(self, sale):
        self.sale = sale
        home = Home("M#taro", self.member.sequence, "N#p")
        state = purchase.PLACED if sale.is_placed else purchase.COMPLETED
        self.purchase = Head("N#p", 0, EPOCH, Progress(state, home))
        entries = self.does(rules.buy, sale)
        self.facts = facts_of(entries)
        self.bought = [entry for entry in entries if entry.ref == sale.ref]
        return self.bought

    def happens(self, decide, change):
        """Something happens to the purchase: what it decided, and what the account did."""
        entry = self.decides(decide, change)
        return entry, self._undone(entry) if entry.kind == purchase.REVERSED else self.obeys(entry)

    def decides(self, decide, change):
        decided = decide(self.purchase.state, change, self.at)
        item = chain.next_item(PURCHASE, self.purchase, [Part(MARK, decided.steps)], decided.state, self.at)
        self.purchase = chain.head_of(PURCHASE, "N#p", item)
        assert self.purchase.state == decided.state
        (entry,) = chain.entries_of(item)
        return entry

    def obeys(self, decided):
        """The account does what the purchase has decided; its own entries of that."""
        verb, operation = effect(self.sale, decided, self.sale.programme)
        return [entry for entry in self.does(verb.decide, operation) if entry.ref == decided.ref]

    def _change(self, kind=Change, **more):
        progress = self.purchase.state
        return kind(self.sale, progress.home, self.facts if progress.facts is None else None, {}, **more)

    def complete(self):
        waits = self.sale.waits(self.at)
        return self.happens(purchase.complete, self._change(Completing, completed_at=self.at, waits=waits))

    def cancel(self):
        return self.happens(purchase.cancel, self._change())

    def reverse(self):
        return self.happens(purchase.reverse, self._change())

    def give_back(self, *parts, return_id="r"):
        """Parts that come back; without any, all that is left."""
        return self.happens(purchase.give_back, self._returning(parts, return_id))

    def decides_to_give_back(self, *parts):
        """The same, and the account does not obey yet."""
        return self.decides(purchase.give_back, self._returning(parts, "r"))

    def _returning(self, parts, return_id):
        return self._change(Returning, return_id=return_id, lines=tuple(parts) or None)

    def _undone(self, entry):
        return self.does(undo, undoing_of(self.sale, entry, self.bought, self.sale.programme))


def comparable(account: Account):
    """What of an account a purchase that came back whole must leave as it was."""
    return merged(account.lots), account.debt, account.pending, account.dated, account.holds


def of(entries, kind):
    """The one entry of a kind."""
    (entry,) = [entry for entry in entries if entry.kind == kind]
    return entry
