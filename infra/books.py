"""A member's account kept by hand: what receipts, returns and payments come to, by the contract's rules alone.

It shares no line with the product. The order of things and their days are read from the member's own entries, for
they decide which lots pay; every number comes from the receipts.

Points are good to the end of the 365th day after the earning day. Those that expire first are spent first, and what
was taken last comes back first. Taken back are the points of a purchase less those of what remains of it: first from
the day of the purchase, then from other days in the order of spending, then as a debt that the next earning pays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from infra.habits import Back, Payment, Return
from infra.receipts import POINTS_LAST, Line

Lots = dict[date, int]
"""Points by the day on which they were earned."""


class Sale(NamedTuple):
    """A basket: its day, its points if none are used, and where anything else happens to it, its lines."""

    day: date
    points: int
    lines: tuple[Line, ...] = ()
    payment: Payment | None = None
    returns: tuple[Return, ...] = ()


class Entry(NamedTuple):
    """What the books read of an entry: its kind, the id of what it is of, and its day in Tokyo."""

    kind: str
    of: str
    name: str
    day: date

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.of, self.name


@dataclass(slots=True)
class Left:
    """What is left of a line, and of its share of the points used; `whole` is all that as it was bought."""

    quantity: int
    amount: int
    share: int
    whole: tuple[int, int, int]

    @property
    def points(self) -> int:
        """1 point per 100 yen that were not paid with points."""
        return max(0, self.amount - self.share) // 100

    def bring_back(self, back: Back) -> None:
        """A part comes back in proportion, rounded down; the last of a line takes all that is left of it."""
        if back.quantity in (None, self.quantity) and back.amount in (None, self.amount):
            self.quantity = self.amount = self.share = 0
            return
        quantity, amount, share = self.whole
        part, of = (back.quantity, quantity) if back.quantity is not None else (back.amount or 0, amount)
        self.amount -= min(self.amount, amount * part // of)
        self.share -= min(self.share, share * part // of)
        self.quantity -= back.quantity or 0


@dataclass
class Books:
    """An account, entry by entry. `answers` is what each return must have answered."""

    sales: Mapping[str, Sale]
    lots: Lots = field(default_factory=dict)
    debt: int = 0
    answers: dict[str, dict[str, int]] = field(default_factory=dict)
    _held: dict[str, Lots] = field(default_factory=dict)
    _used: dict[str, Lots] = field(default_factory=dict)
    _left: dict[str, list[Left]] = field(default_factory=dict)

    def enter(self, entry: Entry) -> None:
        """Let one thing happen, and before it expire what its day finds expired."""
        self.expire(entry.day)
        match entry.kind, entry.of:
            case "earned", "purchase":
                self._earn(entry.name)
            case "spent", "purchase":
                self._used[entry.name] = self._take(self._payment(entry.name).points)
            case "spent", "spend":
                self._take(self._payment(entry.name).points)
            case "held", "hold":
                self._held[entry.name] = self._take(self._payment(entry.name).held)
            case "released", "hold":
                self._add(self._held.pop(entry.name, {}))
            case "captured", "hold":
                self._capture(entry.name)
            case "returned", "return":
                self._take_back(entry.name, entry.day)

    def expire(self, today: date) -> None:
        """Lose the points whose last day is over."""
        self.lots = {day: points for day, points in self.lots.items() if points and day + POINTS_LAST >= today}

    @property
    def balance(self) -> dict[str, int]:
        return {"available": sum(self.lots.values()) - self.debt, "pending": 0, "held": 0, "debt": self.debt}

    # ---- earned and paid --------------------------------------------------------------------------------------------

    def _earn(self, name: str) -> None:
        sale = self.sales[name]
        points = sum(left.points for left in self._lines(name)) if sale.lines else sale.points
        paid = min(self.debt, points)
        self.debt -= paid
        self._add({sale.day: points - paid})

    def _capture(self, name: str) -> None:
        """A purchase is paid from its hold, and the rest comes back; if the hold is over, from what is there."""
        points = self._payment(name).points
        held = self._held.pop(name, None)
        if held is None:
            self._used[name] = self._take(points)
            return
        self._used[name], rest = _split(held, points)
        self._add(rest)

    def _payment(self, name: str) -> Payment:
        payment = self.sales[name].payment
        assert payment is not None, "the entry of a payment is one of those expected"
        return payment

    def _take(self, points: int) -> Lots:
        taken, self.lots = _split(self.lots, points)
        return taken

    def _add(self, lots: Lots) -> None:
        for day, points in lots.items():
            self.lots[day] = self.lots.get(day, 0) + points

    # ---- returned ---------------------------------------------------------------------------------------------------

    def _take_back(self, name: str, today: date) -> None:
        purchase, _, number = name.rpartition("-")
        sale = self.sales[purchase]
        lines = self._lines(purchase)
        points, share = sum(left.points for left in lines), sum(left.share for left in lines)
        for back in sale.returns[int(number) - 1].lines or map(Back, range(len(lines))):
            lines[back.place].bring_back(back)
        points -= sum(left.points for left in lines)
        share -= sum(left.share for left in lines)
        given, forfeited = self._give_back(purchase, share, today)
        debt = self._claw_back(sale.day, points)
        self.answers[name] = {"clawed_back": points, "given_back": given, "forfeited": forfeited, "debt": debt}

    def _lines(self, name: str) -> list[Left]:
        """What is left of a purchase's lines, each with its share of the points used."""
        if name not in self._left:
            sale = self.sales[name]
            shares = _shares(sum(self._used.get(name, {}).values()), [line.amount for line in sale.lines])
            wholes = [(*line, share) for line, share in zip(sale.lines, shares, strict=True)]
            self._left[name] = [Left(*whole, whole) for whole in wholes]
        return self._left[name]

    def _give_back(self, name: str, points: int, today: date) -> tuple[int, int]:
        """Points used are in their lots again, unless their last day is over."""
        used = self._used.get(name, {})
        self._used[name], back = _split(used, sum(used.values()) - points)
        good = {day: some for day, some in back.items() if day + POINTS_LAST >= today}
        self._add(good)
        return sum(good.values()), sum(back.values()) - sum(good.values())

    def _claw_back(self, day: date, points: int) -> int:
        """Take points away; what is not there any more is owed."""
        own = min(points, self.lots.get(day, 0))
        if own:
            self.lots[day] -= own
        owed = points - own - sum(self._take(points - own).values())
        self.debt += owed
        return owed


def _split(lots: Mapping[date, int], points: int) -> tuple[Lots, Lots]:
    """The points that expire first, and the rest."""
    taken: Lots = {}
    left: Lots = {}
    for day, there in sorted(lots.items()):
        share = min(points, there)
        points -= share
        taken[day], left[day] = share, there - share
    return taken, left


def _shares(used: int, amounts: Sequence[int]) -> list[int]:
    """floor(used * amount / sum) for each line, the remainder to the first of the largest."""
    whole = sum(amounts)
    if not used:
        return [0 for _ in amounts]
    shares = [used * amount // whole for amount in amounts]
    shares[amounts.index(max(amounts))] += used - sum(shares)
    return shares
