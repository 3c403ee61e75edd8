"""What two members' balances must be, reckoned as simply as can be from what is left of everything that happened.

It knows nothing of lots, chains or entries. Available = points of the remaining lines of what was completed, less the
points that remaining lines were paid with, less spends, captures and open holds.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

TOKYO = timedelta(hours=9)
WAIT_DAYS = 3  # of points from the web shop, after the completion


@dataclass
class Line:
    quantity: int
    amount: int
    share: int = 0  # of the points used
    left: list[int] = field(default_factory=list)  # quantity, amount, share

    def take(self, quantity: int) -> None:
        """A quantity comes back, rounded down; the last takes the rest."""
        if quantity == self.left[0]:
            self.left = [0, 0, 0]
        else:
            back = [quantity, self.amount * quantity // self.quantity, self.share * quantity // self.quantity]
            self.left = [now - gone for now, gone in zip(self.left, back, strict=True)]

    @property
    def points(self) -> int:
        return (self.left[1] - self.left[2]) // 100


@dataclass
class Sale:
    member: str | None
    source: str
    lines: list[Line]
    state: str
    at: datetime  # of completion, once there was one

    @property
    def points(self) -> int:
        return sum(line.points for line in self.lines)

    @property
    def used(self) -> int:
        return sum(line.left[2] for line in self.lines)

    def is_available(self, now: datetime) -> bool:
        if self.state != "completed":
            return False
        day = (self.at + TOKYO).date() + timedelta(days=WAIT_DAYS if self.source == "ec" else 0)
        return (now + TOKYO).date() >= day


@dataclass
class Hold:
    member: str
    points: int
    ends: datetime
    end: str | None = None  # captured, released, reversed, or the purchase that used it
    captured: int = 0

    def is_open(self, now: datetime) -> bool:
        return self.end is None and now < self.ends


@dataclass
class Model:
    sales: dict[str, Sale] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    spends: dict[str, tuple[str, int]] = field(default_factory=dict)

    def available(self, member: str, now: datetime) -> int:
        sales = [sale for sale in self.sales.values() if sale.member == member]
        holds = [hold for hold in self.holds.values() if hold.member == member]
        return (
            sum(sale.points for sale in sales if sale.is_available(now))
            - sum(sale.used for sale in sales)
            - sum(points for who, points in self.spends.values() if who == member)
            - sum(hold.captured for hold in holds)
            - sum(hold.points for hold in holds if hold.is_open(now))
        )

    def pending(self, member: str, now: datetime) -> int:
        sales = [sale for sale in self.sales.values() if sale.member == member]
        return sum(sale.points for sale in sales if not sale.is_available(now))

    def held(self, member: str, now: datetime) -> int:
        return sum(hold.points for hold in self.holds.values() if hold.member == member and hold.is_open(now))


def spread(points: int, amounts: list[int]) -> list[int]:
    """The contract's words: floor of the proportion, the remainder to the first of the largest lines."""
    whole = sum(amounts)
    shares = [points * amount // whole if whole else 0 for amount in amounts]
    shares[amounts.index(max(amounts))] += points - sum(shares)
    return shares
