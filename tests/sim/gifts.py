"""What must come of coupons that members take, or that something brings: each once, and all that was promised."""

from __future__ import annotations

from collections.abc import Iterator

from shared import keys
from tests.sim.books import Books
from tests.sim.people import Ask


def faults(asks: list[Ask], books: Books) -> Iterator[str]:
    """All that is wrong with them."""
    yield from _claims(asks, books)


def _claims(asks: list[Ask], books: Books) -> Iterator[str]:
    """A claim that was taken has come into a book once, and none is being paid for any more."""
    kinds: dict[str, list[str]] = {}
    for entry in books.all:
        if entry.account[0] == keys.COUPON_BOOK and entry.kind in ("issued", "reserved"):
            kinds.setdefault(entry.data["source_id"], []).append(entry.kind)
    for ask in asks:
        if ask.of and ask.of[0] == "coupon claim":
            came = kinds.get(ask.of[1], [])
            if len(came) > 1 and came != ["reserved", "issued"]:
                yield f"a claim came as {came}: {ask}"
            if ask.good and not came:
                yield f"acknowledged, and in no book: {ask}"
