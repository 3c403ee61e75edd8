"""A member's coupons as their chain keeps them: which ones, by whose terms, good on which days, and in what state.

All coupons of a member live in one chain, so several of them are redeemed in one append. A coupon takes about 35
bytes; its terms lie once in the directory (`keys.terms`), under the edition that it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import IntEnum
from typing import Literal, NamedTuple, TypeAlias

from shared import tally
from shared.chain import Decided, Kind, Packed
from shared.clock import from_ms, to_ms
from shared.keys import CODE, COUPON_BOOK
from shared.stamp_card import Cards, pack_cards, unpack_cards
from shared.tally import Tally

Spot: TypeAlias = tuple[int, int]
"""A coupon's place among all codes: locator and index."""

State: TypeAlias = Literal["issued", "held", "redeemed", "expired", "voided"]
MARK = 8  # bytes of a redemption's mark and of an order's hash
_EPOCH_DAY = date(2000, 1, 1).toordinal()


_BOUND, _OWNED = 0x10, 0x20  # of the byte that holds the status: what else is packed


class Status(IntEnum):
    ISSUED = 0
    HELD = 1
    REDEEMED = 2
    ASLEEP = 3  # until staff wake it
    RESERVED = 4  # until it is paid for; not shown to anybody
    VOIDED = 5  # taken back: what it was given for has been returned
    EXPIRED = 6  # its last day has passed, and that has been told; whether it may be used its days alone decide


class Use(NamedTuple):
    """What a redemption did with a coupon: which redemption, for which order, redeemed when or held until when."""

    by: bytes
    order: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Coupon:
    """One coupon. A hold whose time is over counts for nobody but its own redemption, which may still capture it.

    `order` is the hash of the one order that it is for, `owner` the member to whom a code was given when it was woken.
    """

    locator: int
    index: int
    edition: int
    first: date
    last: date | None
    source_id: str
    status: Status = Status.ISSUED
    use: Use | None = None
    order: bytes | None = None
    owner: str | None = None

    @property
    def spot(self) -> Spot:
        return self.locator, self.index

    @property
    def coupon_id(self) -> str:
        """Tells a coupon from all others and nothing about its code, which takes the stage's code key."""
        return f"{self.locator:04x}-{self.index:010x}"

    def is_held(self, at: datetime) -> bool:
        return self.status is Status.HELD and self.use is not None and at < self.use.at

    def is_over(self, day: date) -> bool:
        return self.last is not None and self.last < day

    def state(self, at: datetime, day: date) -> State:
        """The state to show at a time and on a day."""
        if self.status is Status.REDEEMED:
            return "redeemed"
        if self.status is Status.VOIDED:
            return "voided"
        if self.is_held(at):
            return "held"
        return "expired" if self.is_over(day) else "issued"


@dataclass(frozen=True, slots=True)
class Book:
    """A member's coupons in the order of their issue; `gone` counts, by locator, those that left the head.

    It is less by those that are in the book and count for another, who was parted from this member.
    `uses` counts the codes on paper that this member used, by the locator of their campaign's own coupons.
    `cards` are the member's stamp cards: what fills one, and what takes its coupon back, is one append with the coupon.
    """

    coupons: tuple[Coupon, ...] = ()
    gone: tuple[tuple[int, int], ...] = ()
    uses: tuple[tuple[int, Tally], ...] = ()
    cards: Cards = ()
    alarm: int = 0  # the day of the latest alarm that an entry asked for
    told: int = 0  # the day up to which reminders have been said
    is_erased: bool = False  # its holder is no member any more: nothing stays in it

    @property
    def shown(self) -> tuple[Coupon, ...]:
        """The coupons that anybody is shown: all but those that are not paid for yet."""
        return tuple(coupon for coupon in self.coupons if coupon.status is not Status.RESERVED)

    def get(self, spot: Spot) -> Coupon | None:
        return next((coupon for coupon in self.coupons if coupon.spot == spot), None)

    def count(self, locator: int) -> int:
        """How many coupons of a campaign this member was ever issued."""
        return sum(coupon.locator == locator for coupon in self.coupons) + dict(self.gone).get(locator, 0)

    def had(self, locator: int, at: datetime) -> int:
        """How often a campaign has served this member: coupons issued, and codes on paper used or held."""
        return self.count(locator) + self.tally(locator).used(at)

    def tally(self, locator: int) -> Tally:
        """The codes on paper of a campaign that this member used or holds."""
        return dict(self.uses).get(locator, Tally())

    def with_tally(self, locator: int, count: Tally) -> Book:
        """The book with another count of such codes."""
        uses = {**dict(self.uses), locator: count}
        return replace(self, uses=tuple(sorted((one, kept) for one, kept in uses.items() if kept != Tally())))

    def with_(self, coupon: Coupon) -> Book:
        """The book with this coupon in place of the one at its spot."""
        return replace(self, coupons=tuple([coupon if one.spot == coupon.spot else one for one in self.coupons]))

    def without(self, coupon: Coupon) -> Book:
        """The book after a coupon has left the head; it still counts."""
        counts = dict(self.gone)
        counts[coupon.locator] = counts.get(coupon.locator, 0) + 1
        kept = tuple(one for one in self.coupons if one.spot != coupon.spot)
        return replace(self, coupons=kept, gone=tuple(sorted(counts.items())))

    def again(self, coupon: Coupon) -> Book:
        """The book with a coupon that had left the head, as the oldest of all."""
        counts = dict(self.gone)
        counts[coupon.locator] = counts.get(coupon.locator, 0) - 1  # below 0 if a merge's end has taken its count along
        gone = tuple(sorted((key, n) for key, n in counts.items() if n))
        return replace(self, coupons=(coupon, *self.coupons), gone=gone)


# ---- packed form ----------------------------------------------------------------------------------------------------


def pack_coupons(coupons: Iterable[Coupon]) -> bytes:
    """Place 7 bytes, days 2 or 3 each as variable-length numbers, the source's text, and the use where there is one."""
    packed = bytearray()
    for coupon in coupons:
        source = coupon.source_id.encode()
        more = (_BOUND if coupon.order else 0) | (_OWNED if coupon.owner else 0)
        packed += bytes([coupon.status | more, len(source)]) + source
        packed += coupon.locator.to_bytes(2, "big") + coupon.index.to_bytes(5, "big")
        _put(packed, coupon.edition)
        first = coupon.first.toordinal() - _EPOCH_DAY
        _put(packed, first)
        _put(packed, 0 if coupon.last is None else coupon.last.toordinal() - coupon.first.toordinal() + 1)
        if coupon.use is not None:
            packed += coupon.use.by + coupon.use.order
            _put(packed, to_ms(coupon.use.at))
        if coupon.order:
            packed += coupon.order
        if coupon.owner:
            owner = coupon.owner.encode()
            packed += bytes([len(owner)]) + owner
    return bytes(packed)


def unpack_coupons(packed: bytes) -> tuple[Coupon, ...]:
    """What `pack_coupons` packed."""
    return tuple(_coupons(_Reader(packed)))


def _coupons(reader: _Reader) -> Iterator[Coupon]:
    while reader.has_more:
        flags, length = reader.take(2)
        status, source = Status(flags & 0x0F), reader.take(length).decode()
        locator, index = divmod(int.from_bytes(reader.take(7), "big"), 1 << 40)
        edition, first, days = reader.number(), reader.number() + _EPOCH_DAY, reader.number()
        use = None
        if status in (Status.HELD, Status.REDEEMED):
            use = Use(reader.take(MARK), reader.take(MARK), from_ms(reader.number()))
        last = date.fromordinal(first + days - 1) if days else None
        order = reader.take(MARK) if flags & _BOUND else None
        owner = reader.take(reader.take(1)[0]).decode() if flags & _OWNED else None
        yield Coupon(locator, index, edition, date.fromordinal(first), last, source, status, use, order, owner)


def _put(packed: bytearray, number: int) -> None:
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)


class _Reader:
    """Reads packed bytes from the front."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._at = 0

    @property
    def has_more(self) -> bool:
        return self._at < len(self._packed)

    def take(self, length: int) -> bytes:
        self._at += length
        return self._packed[self._at - length : self._at]

    def number(self) -> int:
        number = shift = 0
        while True:
            byte = self._packed[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return number


def _pack(book: Book) -> Packed:
    packed: Packed = {"c": pack_coupons(book.coupons)}
    if book.gone:
        packed["g"] = [list(one) for one in book.gone]
    if book.uses:
        packed["u"] = [[locator, *tally.pack(count)] for locator, count in book.uses]
    if book.cards:
        packed["k"] = pack_cards(book.cards)
    return packed | {name: day for name, day in (("m", book.alarm), ("w", book.told), ("x", book.is_erased)) if day}


def _unpack(packed: Packed) -> Book:
    return Book(
        coupons=unpack_coupons(packed["c"]),
        gone=tuple((locator, count) for locator, count in packed.get("g", ())),
        uses=tuple((locator, tally.unpack(count)) for locator, *count in packed.get("u", ())),
        cards=unpack_cards(packed.get("k", b"")),
        alarm=packed.get("m", 0),
        told=packed.get("w", 0),
        is_erased=packed.get("x", False),
    )


def _erase(book: Book) -> Decided[Book]:
    return Decided(Book(alarm=book.alarm, told=book.told, is_erased=True), ())


BOOK = Kind(COUPON_BOOK, Book(), _pack, _unpack, is_erased=lambda book: book.is_erased, erase=_erase)
CODES = Kind(CODE, Book(), _pack, _unpack)
"""A code on paper has a chain of its own, a book of one coupon; without an entry it is as its campaign made it."""
