"""Stamp cards: stamps by hand; the coupons of full cards, redeemed while purchases that earned them come back."""

from __future__ import annotations

from collections.abc import Iterator

from shared import keys
from shared.coupon_book import BOOK
from shared.stamp_card import Card
from tests.sim.books import Books
from tests.sim.opening import CARDS, LEAVERS, MEMBERS
from tests.sim.sales import Sales
from tests.sim.visits import Visits

COUNTS = (1, 1, 2, 4)  # given by hand at once


class Stamps(Visits, Sales):
    """Stories of those who collect."""

    def is_stamped(self) -> None:
        stamp_id, who = self.id("g"), self.member()
        body = {
            "stamp_id": stamp_id,
            "member": {"member_id": who},
            "programme_id": "desk",
            "count": self.random.choice(COUNTS),
        }
        ask = self.people.ask("ec", "coupons POST /v1/stamps", body, of=("stamp", stamp_id))
        self.mistaken(ask, count=3)

    def uses_a_card(self) -> None:
        """Whatever coupon the member finds, which may be taken back at this very moment."""
        if self.perhaps(0.5):
            self.at_once(self.buys, self.is_stamped)
        listed = self.people.ask(self.member(), "coupons GET /v1/me/coupons", of=("cards",))
        items = listed.good.body["items"] if listed.good else []
        codes = [one["code"] for one in items if one["state"] == "issued"]
        if codes:
            code = self.random.choice(codes)
            self.at_once(lambda: self._redeem("till", [code]), self.buys)


def faults(books: Books, *, is_plain: bool, is_merged: bool) -> Iterator[str]:
    """With a pencil: every measure of money that is left of a completed purchase is a stamp, on whosoever's card."""
    cards = [card for name in MEMBERS for card in _cards(books, name)]
    for programme_id in ("money",) if is_plain else ("money", "coins"):
        rules = CARDS[programme_id]
        own = (card for card in cards if card.programme_id == programme_id)
        found = sum(card.stamps + card.completed * rules["stamps"] for card in own)
        expected = sum(left // rules["spend_per_stamp"] for left in _left(books).values())
        if found != expected:
            yield f"all cards of {programme_id} together have {found} stamps, of what was bought it must be {expected}"
    if is_merged:
        return
    for card in cards:
        if CARDS[card.programme_id]["by"] == "spend":
            continue  # what reaches the limit of a day counts whole, and nobody limits what is bought
        per_day = CARDS[card.programme_id].get("per_day", 1)
        if CARDS[card.programme_id]["by"] == "manual":
            per_day += max(COUNTS) - 1  # the last of a day counts whole
        yield from (f"{count} stamps on {day} of {card.programme_id}" for day, count in card.days if count > per_day)


def _cards(books: Books, member_id: str) -> tuple[Card, ...]:
    items = books.chains.get(keys.account(keys.COUPON_BOOK, member_id))
    return BOOK.unpack(items[-1]["s"]).cards if items else ()


def _left(books: Books) -> dict[str, int]:
    """What is left of each purchase of a member that is completed, by the purchase's own chain."""
    left: dict[str, int] = {}
    is_placed: dict[str, bool] = {}
    for entry in books.all:
        if (
            entry.account[0] == keys.MEMBER_POINTS
            and entry.ref
            and entry.ref[0] == "purchase"
            and "amount" in entry.data
        ):
            if keys.holder(entry.account) in LEAVERS:
                continue
            left[entry.ref[1]] = entry.data["amount"]
            is_placed[entry.ref[1]] = entry.kind == "pending" and "on" not in entry.data
    for purchase in is_placed:
        source, _, purchase_id = purchase.partition("/")
        for entry in books.by_account.get(keys.name(f"purchase.{source}", keys.SHOP, purchase_id), ()):
            left[purchase] = entry.data.get("amount_left", left[purchase])
            if entry.kind == "completed":
                is_placed[purchase] = False
    return {purchase: 0 if is_placed[purchase] else amount for purchase, amount in left.items()}
