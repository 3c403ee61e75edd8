"""A member's points, pure: lots by their last day, spent in a fixed order, expired by the calendar.

A lot is what expires on one day: `(is_limited, last_day, points)`. Limited-time points (期間限定) go first, then the
earliest last day, then what never expires. Lots of the same day and kind are one lot, so a year of daily visits is
at most 366 lots, packed in about four bytes each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from shared.business_day import day_end
from shared.chain import Kind, Packed, Step
from shared.clock import EPOCH, from_ms, to_ms
from shared.keys import MEMBER_POINTS
from shared.units import Points

NEVER = 0
_FIRST_DAY = date(1900, 1, 1).toordinal() - 1  # no receipt is older


@dataclass(frozen=True, slots=True, order=True)
class Lot:
    """Points that expire together. `last_day` is the last day (ordinal) on which they can be used, or NEVER."""

    is_limited: bool
    last_day: int
    points: Points

    @property
    def order(self) -> tuple[bool, bool, int]:
        return not self.is_limited, self.last_day == NEVER, self.last_day


@dataclass(frozen=True, slots=True)
class Held:
    """An open hold: the lots that it took out of the account, and when it lapses. While it is open they don't expire."""

    mark: bytes  # the operation that made it
    hold_id: str
    ends: datetime
    lots: tuple[Lot, ...]

    @property
    def points(self) -> Points:
        return sum(lot.points for lot in self.lots)


@dataclass(frozen=True, slots=True)
class Account:
    """What the head of a member's chain knows. `available` is the sum of the lots less the debt; holds are apart."""

    lots: tuple[Lot, ...] = ()
    debt: Points = 0
    earned_year: int = 0
    earned: Points = 0  # in the calendar year `earned_year`, for the tier
    awards: tuple[tuple[str, int, Points], ...] = field(default=())  # partner, day, points on that day
    holds: tuple[Held, ...] = ()

    @property
    def available(self) -> Points:
        return sum(lot.points for lot in self.lots) - self.debt

    @property
    def held(self) -> Points:
        return sum(held.points for held in self.holds)


def add(account: Account, lot: Lot) -> Account:
    """Earned points: they pay the debt first, and the rest becomes part of its day's lot."""
    paid = min(account.debt, lot.points)
    left = replace(lot, points=lot.points - paid)
    return replace(account, lots=merged((*account.lots, left)), debt=account.debt - paid)


def take(account: Account, points: Points) -> tuple[Account, tuple[Lot, ...]]:
    """Spend points that are there, in the fixed order: the account after it, and what each lot gave."""
    assert 0 <= points <= account.available, "only what is available can be taken"
    left, taken = [], []
    for lot in account.lots:
        share = min(points, lot.points)
        points -= share
        if share:
            taken.append(replace(lot, points=share))
        if lot.points > share:
            left.append(replace(lot, points=lot.points - share))
    return replace(account, lots=tuple(left)), tuple(taken)


def settle(account: Account, at: datetime, zone: str) -> tuple[Account, tuple[Step, ...]]:
    """Play what fell due by `at`, in order of its time.

    Settling early changes nothing: for s <= t, settling at s and then at t is settling at t.
    """
    steps: tuple[Step, ...] = ()
    since = EPOCH
    for held in sorted(account.holds, key=lambda held: (held.ends, held.mark)):
        if held.ends > at:
            break
        account, expired = _expire(account, held.ends, zone, since)
        account = give_back(account, held)
        lapsed = Step("released", held.points, held.ends, ("hold", held.hold_id), {"lots": pack_lots(held.lots)}, True)
        steps, since = (*steps, *expired, lapsed), held.ends
    account, expired = _expire(account, at, zone, since)
    return account, (*steps, *expired)


def give_back(account: Account, held: Held) -> Account:
    """A hold's lots are the account's again."""
    others = tuple(one for one in account.holds if one.mark != held.mark)
    return replace(account, lots=merged((*account.lots, *held.lots)), holds=others)


def _expire(account: Account, at: datetime, zone: str, since: datetime) -> tuple[Account, tuple[Step, ...]]:
    """What expired by `at`; what came back from a hold at `since` after its last day expires then."""
    due = sorted((lot for lot in account.lots if expires_by(lot, at, zone)), key=lambda lot: lot.last_day)
    kept = tuple(lot for lot in account.lots if lot not in due)
    steps = tuple(
        Step(
            kind="expired",
            points=-lot.points,
            occurred_at=max(expiry(lot, zone), since),
            ref=("expiry", date.fromordinal(lot.last_day).isoformat()),
            data={"lots": pack_lots([lot])},
            is_due=True,
        )
        for lot in due
    )
    return replace(account, lots=kept), steps


def expiry(lot: Lot, zone: str) -> datetime:
    """The moment at which a lot is gone: the end of its last day in the programme's zone."""
    return day_end(date.fromordinal(lot.last_day), zone, 0)


def expires_by(lot: Lot, at: datetime, zone: str) -> bool:
    """Whether a lot is gone at a moment."""
    if lot.last_day == NEVER or lot.last_day > at.date().toordinal() + 2:
        return False  # no zone is so far ahead that its day could have ended already
    return expiry(lot, zone) <= at


def merged(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """Lots in the order in which they are spent, one for each day and kind."""
    sums: dict[tuple[bool, int], int] = {}
    for lot in lots:
        sums[lot.is_limited, lot.last_day] = sums.get((lot.is_limited, lot.last_day), 0) + lot.points
    found = (Lot(limited, day, points) for (limited, day), points in sums.items() if points)
    return tuple(sorted(found, key=lambda lot: lot.order))


# ---- packed form ----------------------------------------------------------------------------------------------------


def pack_lots(lots: Sequence[Lot]) -> bytes:
    """Three variable-length numbers a lot would be four to six bytes; the day as a step from the one before is two."""
    packed = bytearray()
    for is_limited in (True, False):
        group = sorted((lot for lot in lots if lot.is_limited is is_limited), key=lambda lot: lot.last_day)
        _put(packed, len(group))
        before = _FIRST_DAY
        for lot in group:
            day = max(lot.last_day, _FIRST_DAY)  # NEVER packs as a step of 0 from the first day
            _put(packed, day - before)
            _put(packed, lot.points)
            before = day
    return bytes(packed)


def unpack_lots(packed: bytes) -> tuple[Lot, ...]:
    """What `pack_lots` packed, in spending order."""
    numbers = _numbers(packed)
    lots = []
    for is_limited in (True, False):
        day = _FIRST_DAY
        for _ in range(next(numbers)):
            day += next(numbers)
            lots.append(Lot(is_limited, NEVER if day == _FIRST_DAY else day, next(numbers)))
    return tuple(sorted(lots, key=lambda lot: lot.order))


def _put(packed: bytearray, number: int) -> None:
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)


def _numbers(packed: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number = shift = 0


def _pack(account: Account) -> Packed:
    packed: Packed = {"l": pack_lots(account.lots), "y": account.earned_year, "e": account.earned}
    if account.debt:
        packed["d"] = account.debt
    if account.holds:
        packed["h"] = [[one.mark, one.hold_id, to_ms(one.ends), pack_lots(one.lots)] for one in account.holds]
    if account.awards:
        packed["a"] = [list(award) for award in account.awards]
    return packed


def _unpack(packed: Packed) -> Account:
    return Account(
        lots=unpack_lots(packed["l"]),
        debt=packed.get("d", 0),
        earned_year=packed["y"],
        earned=packed["e"],
        awards=tuple((partner, day, points) for partner, day, points in packed.get("a", ())),
        holds=tuple(
            Held(mark, hold_id, from_ms(ends), unpack_lots(lots)) for mark, hold_id, ends, lots in packed.get("h", ())
        ),
    )


ACCOUNT = Kind(MEMBER_POINTS, Account(), _pack, _unpack, lambda account: account.available)
