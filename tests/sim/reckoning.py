"""With a pencil: what all members together must have, of what is known to have happened, and nothing of how it is kept.

No lots, no chains, no order: under the plain programme every operation is worth a sum, whenever it came in. So the
sums of all that entered and was not undone must be the points of all accounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from points.balances import ACCOUNT
from shared import keys
from shared.chain import Entry, operation
from tests.sim.books import Books
from tests.sim.names import name_of
from tests.sim.opening import COME_BY, MEMBERS
from tests.sim.people import Ask

_PER = 100  # yen for a point


def faults(asks: list[Ask], books: Books) -> Iterator[str]:
    """The difference between the accounts and the sums, if there is one."""
    if any(_is_unsure(contents) for contents in _said(asks, books).values()):
        return
    expected = sum(worth(asks, books).values())
    found = held(books)
    if found != expected:
        yield f"all members together have {found} points, of what happened it must be {expected}: {worth(asks, books)}"


def held(books: Books) -> int:
    """All points of all members: available, held and waiting, less what they owe."""
    points = 0
    for name in MEMBERS:
        items = books.chains.get(keys.account(keys.MEMBER_POINTS, name))
        if items:
            account = ACCOUNT.unpack(items[-1]["s"])
            points += account.available + account.held + account.waiting
    return points


def worth(asks: list[Ask], books: Books) -> dict[str, int]:
    """What each thing that happened is worth by now."""
    found: dict[str, int] = {"claims": -_paid_for_coupons(books), "bonus": _bonus(books)}
    for name, body in bodies(asks, books).items():
        if books.entered(name, is_reversal=True):
            continue
        match name.split("#")[1]:
            case "purchase.pos" | "purchase.ec":
                found[name] = _sale(name, body, asks, books)
            case "spend":
                found[name] = -body["points"]
            case "hold":
                found[name] = _captured(name, books)
            case "adjustment" | "award":
                found[name] = 0 if _is_refused(name, books) else body["points"]
            case "action":
                found[name] = sum(entry.points for entry in books.entered(name) if entry.kind == "earned")
            case "checkin":
                is_paid = any(entry.kind == "accepted" for entry in books.entered(name)) or _is_approved(name, books)
                found[name] = COME_BY["points"] * is_paid
    return found


def _paid_for_coupons(books: Books) -> int:
    """The prices of all coupons that were issued for points, as the coupons' side tells."""
    issued = (entry for entry in books.all if entry.account[0] == keys.COUPON_BOOK and entry.kind == "issued")
    return sum(entry.data.get("price_points", 0) for entry in issued)


def _bonus(books: Books) -> int:
    """The bonus of all redemptions that were not voided, as the coupons' side tells."""
    stands: dict[tuple[str, str], int] = {}
    for entry in books.all:
        if entry.account[0] in (keys.COUPON_BOOK, keys.CODE) and "bonus_points" in entry.data:
            points = entry.data["bonus_points"] if entry.kind == "redeemed" else 0
            stands[entry.data["redemption_id"], entry.data["coupon_id"]] = points
    return sum(stands.values())


def bodies(asks: list[Ask], books: Books) -> dict[str, dict[str, Any]]:
    """What entered, by name, with the content that was taken."""
    return {name: _taken(contents) for name, contents in _said(asks, books).items()}


def _said(asks: list[Ask], books: Books) -> dict[str, list[tuple[Ask, dict[str, Any]]]]:
    """All contents that were sent under each name that entered."""
    said: dict[str, list[tuple[Ask, dict[str, Any]]]] = {}
    for ask in asks:
        first: Ask = ask.of[1] if ask.of and ask.of[0] == "other" else ask
        for name, body in _named(first, ask, name_of(first)):
            if books.entered(name) or _is_claimed(name, books):
                said.setdefault(name, []).append((ask, body))
    return said


def _is_unsure(contents: list[tuple[Ask, dict[str, Any]]]) -> bool:
    """Whether nobody knows which of two contents it was: neither got an answer."""
    return not any(ask.good for ask, _ in contents) and sum(ask.is_unknown for ask, _ in contents) > 1


def _taken(contents: list[tuple[Ask, dict[str, Any]]]) -> dict[str, Any]:
    """Of several contents under one id the one with a yes, else the one that nobody said no to."""
    good = [body for ask, body in contents if ask.good]
    unknown = [body for ask, body in contents if ask.is_unknown]
    return (good or unknown or [contents[0][1]])[0]


def _named(first: Ask, ask: Ask, name: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if first.of in (("batch",), ("sync",)):
        for body in purchases_in(ask):
            yield keys.name("purchase.pos", keys.SHOP, body["purchase_id"]), body
    elif first.of and first.of[0] == "purchase":
        yield keys.name(f"purchase.{first.of[1]}", keys.SHOP, first.of[2]), ask.body
    elif first.of and first.of[0] == "adjustment":
        yield keys.name("adjustment", keys.SHOP, first.of[1]), ask.body
    elif name is not None and "/" not in name:
        yield name, ask.body


def purchases_in(ask: Ask) -> list[dict[str, Any]]:
    """The purchases of a batch or a sync."""
    if ask.of == ("sync",):
        return [item["body"] for item in ask.body["items"] if item["kind"] == "purchase"]
    return list(ask.body["purchases"]) if ask.of == ("batch",) else []


def _is_claimed(name: str, books: Books) -> bool:
    return any(entry.kind == "claimed" for entry in _happened(name, books))


def _happened(name: str, books: Books) -> list[Entry]:
    """The entries of a purchase's own chain."""
    return books.by_account.get(name, [])


def _sale(name: str, body: dict[str, Any], asks: list[Ask], books: Books) -> int:
    """The points of the lines that were kept, less the points that they were paid with."""
    happened = _happened(name, books)
    if any(entry.kind in ("cancelled", "reversed") for entry in happened):
        return 0
    returned = {entry.ref[1].rpartition("/")[2] for entry in happened if entry.kind == "returned" and entry.ref}
    gone: set[str] = set()
    for ask in asks:
        if ask.of and ask.of[0] == "return" and ask.of[3] in returned:
            gone |= {line["line_id"] for line in ask.body.get("lines", body["lines"])}
    amount = sum(line["amount"] for line in body["lines"] if line["line_id"] not in gone)
    used = body.get("points_used", 0) if len(gone) < len(body["lines"]) else 0
    return (amount - used) // _PER - used


def _is_approved(name: str, books: Books) -> bool:
    """Whether people have paid a check-in that waited for them: its review is called by its mark."""
    mark = operation(name).hex()
    return any(entry.kind == "approved" and entry.data["review_id"].endswith(mark) for entry in books.all)


def _captured(name: str, books: Books) -> int:
    """What was captured of a hold, other than by a purchase, which counts it itself."""
    return -sum(entry.data["captured"] for entry in books.entered(f"{name}/end")[-1:] if "by" not in entry.data)


def _is_refused(name: str, books: Books) -> bool:
    """Whether all that entered is that it was refused: an award's budget may have taken what its member did not get."""
    members = [entry for entry in books.entered(name) if entry.account[0] == keys.MEMBER_POINTS]
    return not any(entry.points for entry in members)
