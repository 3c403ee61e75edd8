"""What a member's coupon book promises: a coupon is used once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coupons.dues import REMINDED_DAYS_BEFORE
from infra import invariants_cards
from shared.clock import from_ms, to_ms
from shared.coupon_book import Coupon, Status, unpack_coupons
from shared.table import Item

Raw = Mapping[str, Any]

_EAST_MS = 14 * 3_600_000  # so far ahead of UTC is the day in the east
_FREE, _HELD, _USED, _OUT = Status.ISSUED, Status.HELD, Status.REDEEMED, Status.VOIDED
_RESERVED = Status.RESERVED


class Coupons:
    """A member's coupons: each issued once, used at most once unless it was given back; each reminder said once.

    A code on paper is a book of one coupon, which is there before anything has happened to it.
    """

    def __init__(self, *, is_code: bool = False) -> None:
        self._is_code, self._was_merged, self._is_erased = is_code, False, False
        self._counted: dict[int, set[str]] = {}  # the redemptions of codes on paper that count here, by campaign
        self._reminded: set[tuple[str, int]] = set()
        self._before: dict[str, Coupon] = {}
        self._issued: set[str] = set()
        self._gone: dict[str, Coupon] = {}  # have left the head to make room
        self._cards = invariants_cards.Cards()

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        if self._is_erased or "x" in item["s"]:
            return self._faults_of_nobody(item)
        found = self._cards.faults(item)
        now = {coupon.coupon_id: coupon for coupon in unpack_coupons(item["s"]["c"])}
        moved = {raw["x"]["coupon_id"] for raw in item["e"] if "coupon_id" in raw.get("x", {})}
        for raw in item["e"]:
            if (play := _COUPON.get(raw["k"])) is not None:
                play(self, raw, item["t"], now, found)
            elif raw["k"] not in _TELLS:
                found.append(f"an entry of the unknown kind {raw['k']}")
        if any(raw["k"] == "merged" for raw in item["e"]):
            self._was_merged = True  # what another book has counted is not known here
        else:
            self._look_at_others(now, moved, found)
        if not self._was_merged:
            self._look_at_counts(item["s"].get("u", ()), found)
        self._before = now
        return found

    def _faults_of_nobody(self, item: Item) -> list[str]:
        """Of an erased member nothing stays in the book, for good, and nothing is used any more."""
        state, found = item["s"], []
        if "x" not in state or state["c"] or any(state.get(part) for part in ("g", "k", "u")):
            found.append("an erased member has coupons or stamps")
        if self._is_erased and any(raw["k"] in ("redeemed", "held") for raw in item["e"]):
            found.append("a coupon of an erased member is used")
        self._is_erased = True
        return found

    def _look_at_others(self, now: Mapping[str, Coupon], moved: set[str], found: list[str]) -> None:
        """What no entry tells of is as it was, or has left the head, where it can't be used any more."""
        for coupon_id, coupon in self._before.items():
            if coupon_id in moved:
                continue
            if coupon_id not in now:
                self._gone[coupon_id] = coupon
                if coupon.status is _RESERVED:
                    found.append(f"coupon {coupon_id} makes room that somebody is paying for")
            elif now[coupon_id] != coupon:
                found.append(f"coupon {coupon_id} has changed, and no entry says so")
        found += [f"coupon {one} has come, and no entry says so" for one in now if one not in self._before | _as(moved)]

    def _look_at_counts(self, uses: Any, found: list[str]) -> None:
        """No more codes on paper count than redemptions have said, and none that was given back."""
        for locator, taken, *held in uses:
            if taken < 0 or taken + len(held) > len(self._counted.get(locator, ())):
                found.append(f"{taken + len(held)} codes on paper count, and {self._counted.get(locator)} say so")

    def counted(self, raw: Raw, _at: int, _: Mapping[str, Coupon], found: list[str]) -> None:
        said = self._counted.setdefault(raw["x"]["locator"], set())
        if raw["r"] in said:
            found.append(f"{raw['r']} counts twice")
        said.add(raw["r"])

    def uncounted(self, raw: Raw, _at: int, _: Mapping[str, Coupon], _found: list[str]) -> None:
        self._counted.get(raw["x"]["locator"], set()).discard(raw["r"])

    def woken(self, raw: Raw, _at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        coupon_id = raw["x"]["coupon_id"]
        before = self._before.get(coupon_id)
        if (before is None and not self._is_code) or (before is not None and before.status is not Status.ASLEEP):
            found.append(f"coupon {coupon_id} is woken, and did not sleep")
        if coupon_id not in now or now[coupon_id].status is not _FREE:
            found.append(f"coupon {coupon_id} is woken, and not to be used")

    def reserved(self, raw: Raw, _at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        self._come(raw["x"]["coupon_id"], found)
        if (coupon := now.get(raw["x"]["coupon_id"])) is None or coupon.status is not _RESERVED:
            found.append(f"coupon {raw['x']['coupon_id']} is reserved, and not kept for who pays")

    def released(self, raw: Raw, _at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        """What was refused by the points was reserved, and is gone."""
        coupon_id = raw["x"]["coupon_id"]
        before = self._before.get(coupon_id)
        if before is None or before.status is not _RESERVED or coupon_id in now:
            found.append(f"coupon {coupon_id} is let go that was not reserved, or is still there")

    def _come(self, coupon_id: str, found: list[str]) -> None:
        if coupon_id in self._issued:
            found.append(f"coupon {coupon_id} is issued twice")
        self._issued.add(coupon_id)

    def issued(self, raw: Raw, _at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        """At once, or when it has been paid for: then it was reserved before."""
        coupon_id = raw["x"]["coupon_id"]
        if "price_points" not in raw["x"]:
            self._come(coupon_id, found)
        elif (before := self._before.get(coupon_id)) is None or before.status is not _RESERVED:
            found.append(f"coupon {coupon_id} was paid for and not reserved, or is issued twice")
        if coupon_id not in now or now[coupon_id].status not in (_FREE, Status.ASLEEP):
            found.append(f"coupon {coupon_id} is issued, and not to be used")

    def exchanged(self, raw: Raw, _at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        """A code on paper that nobody had used is used up."""
        coupon_id = raw["x"]["coupon_id"]
        before = self._before.get(coupon_id)
        if not self._is_code or (before is not None and before.status not in (_FREE, _HELD, Status.ASLEEP)):
            found.append(f"coupon {coupon_id} is exchanged, and was used before")
        if coupon_id not in now or now[coupon_id].status is not _USED:
            found.append(f"coupon {coupon_id} is exchanged, and can still be used")

    def held(self, raw: Raw, at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        self._use(raw, at, now, found, _HELD)

    def redeemed(self, raw: Raw, at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        self._use(raw, at, now, found, _USED)

    def _use(self, raw: Raw, at: int, now: Mapping[str, Coupon], found: list[str], wanted: Status) -> None:
        """A coupon that was free is not; a hold that lasts lets nobody in but its own redemption, or its order."""
        coupon_id = raw["x"]["coupon_id"]
        before, after = self._before.get(coupon_id), now.get(coupon_id)
        if before is None and self._is_code and not self._before:
            pass
        elif before is not None and before.status is Status.EXPIRED and raw["x"].get("honoured"):
            pass  # it was sold without a line when it was good
        elif before is None or before.status not in (_FREE, _HELD):
            found.append(f"coupon {coupon_id} is used that is not there, or was used before")
        elif before.use is not None and after is not None and after.use is not None:
            is_own = (before.use.by == after.use.by) or (before.use.order == after.use.order)
            if not is_own and to_ms(before.use.at) > at:
                found.append(f"coupon {coupon_id} is used that another one holds")
        if after is None or after.status is not wanted:
            found.append(f"coupon {coupon_id} is not {raw['k']} after its entry")

    def voided(self, raw: Raw, _at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        """What is given back was used, and can be used again."""
        coupon_id = raw["x"]["coupon_id"]
        before = self._before.get(coupon_id) or self._gone.pop(coupon_id, None)
        if before is not None and before.status is _FREE:
            found.append(f"coupon {coupon_id} is given back that nobody had used")
        if coupon_id not in now or now[coupon_id].status is not _FREE:
            found.append(f"coupon {coupon_id} is given back, and not to be used")

    def revoked(self, raw: Raw, at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        """What is taken back nobody had used or holds, and nobody can use any more."""
        coupon_id = raw["x"]["coupon_id"]
        before = self._before.get(coupon_id)
        is_free = before is not None and before.status in (_FREE, _HELD)
        if before is None or not is_free or (before.use is not None and to_ms(before.use.at) > at):
            found.append(f"coupon {coupon_id} is taken back that is not there, or somebody has")
        if coupon_id not in now or now[coupon_id].status is not _OUT:
            found.append(f"coupon {coupon_id} is taken back, and not closed")

    def expiring(self, raw: Raw, _at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        """A reminder of a coupon that can be used, on a day that none has been said before."""
        coupon_id, days_left = raw["x"]["coupon_id"], raw["x"]["days_left"]
        stage = min(days for days in REMINDED_DAYS_BEFORE if days_left <= days)
        if (coupon_id, stage) in self._reminded:
            found.append(f"coupon {coupon_id} is reminded of twice")
        self._reminded.add((coupon_id, stage))
        if coupon_id not in now or now[coupon_id].status not in (_FREE, _HELD):
            found.append(f"coupon {coupon_id} is reminded of, and not to be used")

    def expired(self, raw: Raw, at: int, now: Mapping[str, Coupon], found: list[str]) -> None:
        """What is said to have expired was not used, and its last day is over."""
        coupon_id = raw["x"]["coupon_id"]
        before, after = self._before.get(coupon_id), now.get(coupon_id)
        if before is None or before.status not in (_FREE, _HELD, Status.ASLEEP) or before.is_held(from_ms(at)):
            found.append(f"coupon {coupon_id} expires that was used, is held or has expired before")
        elif before.last is None or not before.is_over(from_ms(at + _EAST_MS).date()):
            found.append(f"coupon {coupon_id} expires before its last day is over")
        if after is None or after.status is not Status.EXPIRED:
            found.append(f"coupon {coupon_id} has not expired after its entry")


def _as(ids: set[str]) -> dict[str, Any]:
    return dict.fromkeys(ids)


_COUPON = {
    "reserved": Coupons.reserved,
    "released": Coupons.released,
    "issued": Coupons.issued,
    "held": Coupons.held,
    "redeemed": Coupons.redeemed,
    "voided": Coupons.voided,
    "imported": Coupons.issued,
    "activated": Coupons.woken,
    "exchanged": Coupons.exchanged,
    "counted": Coupons.counted,
    "uncounted": Coupons.uncounted,
    "revoked": Coupons.revoked,
    "expiring": Coupons.expiring,
    "expired": Coupons.expired,
}
_TELLS = frozenset({"refused", "closed", "merged", "kept", "lost"}) | invariants_cards.TELL
