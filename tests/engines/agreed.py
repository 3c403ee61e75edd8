"""What was promised to everybody who asked, against all that they were told and all that lies in the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infra.invariants import Watch
from points.budgets import BUDGET as BUDGET_CHAIN
from shared import chain, keys
from shared.chain import Entry
from tests.engines.shop import BUDGET, MEMBERS, REWARD, TOTAL, Ask, Shop

NAMES = {
    "purchase": ("purchase.pos", keys.SHOP),
    "spend": ("spend", keys.SHOP),
    "hold": ("hold", keys.SHOP),
    "award": ("award", "partner.cafe"),
    "redemption": ("redemption", keys.SHOP),
}


class Books:
    """The ledger as it lies in the table in the end."""

    def __init__(self, shop: Shop) -> None:
        self.items = shop.items()
        self.entries = [entry for item in self.items if item["sk"] for entry in chain.entries_of(item)]
        self.of_mark: dict[bytes, list[Entry]] = {}
        for entry in self.entries:
            self.of_mark.setdefault(entry.operation, []).append(entry)

    def of(self, letter: str, *kinds: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.account[0] == letter and (entry.kind in kinds or not kinds)]

    def entered(self, ask: Ask) -> list[Entry]:
        """What a named operation left in the accounts of members."""
        found = self.of_mark.get(chain.operation(keys.name(*NAMES[ask.kind], ask.key)), [])
        return [entry for entry in found if entry.account[0] != keys.PARTNER_BUDGET]


def broken(shop: Shop) -> Iterator[str]:
    """Every promise that was broken."""
    books = Books(shop)
    yield from _unsound(shop, books)
    for ask in shop.asks:
        if ask.kind in NAMES:
            yield from (f"{fault}: {ask}" for fault in _of_ask(ask, books))
    yield from _caps(shop, books)
    yield from _coupons(shop, books)
    yield from _visits(shop, books)


def _unsound(shop: Shop, books: Books) -> Iterator[str]:
    """The chains themselves, and what lies between them."""
    watch = Watch()
    for item in books.items:
        yield from watch.see(item)
    yield from watch.end(shop.now())
    for member_id in MEMBERS:
        last = shop.environment().ledger.table.newest(keys.account(keys.MEMBER_POINTS, member_id), consistent=True)
        total = sum(entry.points for entry in books.of("M") if entry.account == f"M#{member_id}")
        if last is not None and total != last["b"]:
            yield f"{member_id} has {last['b']}, and the entries add up to {total}"


def _of_ask(ask: Ask, books: Books) -> Iterator[str]:
    entered = books.entered(ask)
    wanted = {"purchase": "earned", "spend": "spent", "hold": "held", "award": "earned", "redemption": "redeemed"}
    own = [entry for entry in entered if entry.kind == wanted[ask.kind]]
    if ask.answer.status == 201 and len(own) != 1:
        yield f"acknowledged, and {len(own)} times in the books"
    if ask.answer.status >= 400 and own:
        yield "refused, and in the books"
    if len({(entry.account, entry.sequence) for entry in entered if entry.kind != "refused"}) > 1:
        yield "entered more than once"
    said = ask.body.get("points")
    if own and said is not None and ask.kind in ("spend", "hold", "award") and abs(own[0].points) != said:
        yield f"{own[0].points} points in the books"


def _caps(shop: Shop, books: Books) -> Iterator[str]:
    given = sum(entry.points for entry in books.of("M", "earned") if entry.ref and entry.ref[0] == "award")
    told = sum(20 for ask in shop.asks if ask.kind == "award" and ask.answer.status == 201)
    state = shop.environment().ledger.head(BUDGET_CHAIN, "cafe", consistent=True).state
    if not given == told == state.total <= BUDGET:
        yield f"awards: {given} in the books, {told} acknowledged, {state.total} taken from a budget of {BUDGET}"


def _coupons(shop: Shop, books: Books) -> Iterator[str]:
    issued = [entry.data.get("coupon_id") or entry.ref for entry in books.of("B", "issued")]
    told = [ask.key for ask in shop.asks if ask.kind == "issue" and ask.answer.status == 201]
    taken = len(books.of("L", "taken")) - len(books.of("L", "given_back"))
    if not len(set(issued)) == len(issued) == len(told) == taken <= TOTAL:
        yield f"coupons: {len(issued)} in the books, {len(told)} acknowledged, {taken} taken of {TOTAL}"
    used = Counter(str(entry.data.get("coupon_id")) for entry in books.of("B", "redeemed"))
    yield from (f"{coupon} redeemed {times} times" for coupon, times in used.items() if times > 1)


def _visits(shop: Shop, books: Books) -> Iterator[str]:
    """One paid visit of a member to a store in a day, and thirty minutes between two stores."""
    paid = Counter(entry.account for entry in books.of("V", "accepted"))
    yield from (f"{account}: {times} paid visits" for account, times in paid.items() if times > 1)
    earned = [entry for entry in books.of("M", "earned") if entry.ref and entry.ref[0] == "checkin"]
    if sum(entry.points for entry in earned) != REWARD * len(paid) or len(earned) != len(paid):
        yield f"{len(paid)} paid visits, and {[entry.points for entry in earned]} points for them"


def answered_otherwise(shop: Shop) -> Iterator[str]:
    """Whoever asks once more gets the first answer, and nothing happens."""
    before = len(shop.items())
    undone = {ask.key for ask in shop.asks if ask.kind.startswith("undo")}
    for ask in shop.asks:
        if ask.answer.status < 300 and ask.kind != "release" and ask.key not in undone:
            again = shop.once(ask.service, ask.who, ask.path, ask.body)
            if again is None or (again.status, again.body) != (ask.answer.status, ask.answer.body):
                yield f"answered otherwise: {again}: {ask}"
    if len(shop.items()) != before:
        yield "asking again left something behind"
