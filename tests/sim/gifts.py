"""What must come of coupons that members take, or that something brings: each once, and all that was promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shared import keys
from tests.sim.books import Books
from tests.sim.people import Ask


def faults(asks: list[Ask], books: Books) -> Iterator[str]:
    """All that is wrong with them."""
    yield from _claims(asks, books)
    yield from _triggers(asks, books)
    yield from _exchanges(asks, books)


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


def _exchanges(asks: list[Ask], books: Books) -> Iterator[str]:
    """A code on paper that was exchanged is used up by that, and its coupon is in one book."""
    used = Counter(entry.ref for entry in books.all if entry.kind == "exchanged")
    came = Counter(
        entry.data["source_id"]
        for entry in books.all
        if entry.account[0] == keys.COUPON_BOOK and entry.kind == "issued"
    )
    for ask in asks:
        if ask.of and ask.of[0] == "exchange":
            times = used["claim", ask.of[1]]
            if times > 1 or times != came[ask.of[1]] or times < bool(ask.good):
                yield f"{times} codes were exchanged, for {came[ask.of[1]]} coupons: {ask}"


def _triggers(asks: list[Ask], books: Books) -> Iterator[str]:
    """What was told brings each coupon once, and those without a limit for certain; so does each time points are spent."""
    came: Counter[tuple[str, str]] = Counter()
    for entry in books.all:
        is_brought = entry.kind == "issued" and entry.data["campaign_id"] in ("thanks", "stars", "spender")
        if entry.account[0] == keys.COUPON_BOOK and is_brought:
            came[entry.data["campaign_id"], entry.data["source_id"]] += 1
    for (campaign, source), times in came.items():
        if times > 1:
            yield f"{campaign} came {times} times for {source}"
    for ask in asks:
        is_told = ask.of and ask.of[0] == "trigger" and keys.name("trigger", keys.SHOP, ask.of[1]) in books.chains
        if is_told and not came["thanks", ask.of[1]]:  # from its name on, whatever its caller has heard
            yield f"told, and no coupon came: {ask}"
    spent = sum(entry.kind in ("spent", "captured") for entry in books.all if entry.account[0] == keys.MEMBER_POINTS)
    brought = sum(times for (campaign, _), times in came.items() if campaign == "spender")
    if brought != spent:
        yield f"points were spent {spent} times, and {brought} coupons came of it"
