"""A purchase after it was recorded, pure: completed, cancelled, returned in parts, claimed, reversed.

A purchase is a chain of its own. Its name is number 0: lines and rules as they were. What comes later is decided
here, against what is left of every line, and the member's chain obeys (`points.obeying`). So two returns of the same
line can't both take it, and a purchase is never both completed and cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from points.bought import (
    GONE,
    Bought,
    Left,
    Returned,
    Touched,
    after_return,
    left_of,
    pack_touched,
    sold,
    touched,
)
from points.earning import Given, explain, remaining
from points.facts import Facts, lots_of
from points.lots import Lot, pack_lots, split, split_alike, total
from shared.chain import Decided, Step
from shared.clock import to_ms, to_text
from shared.errors import Conflict, Unavailable
from shared.units import Points

PLACED, COMPLETED, CANCELLED, REVERSED = "placed", "completed", "cancelled", "reversed"


@dataclass(frozen=True, slots=True)
class Home:
    """Where a purchase enters a member's chain: the account, the number after which, and under which name."""

    account: str
    seen: int
    name: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a purchase. `facts` are None while nobody had to look them up."""

    state: str
    home: Home | None = None  # None: nobody's
    touched: Touched = ()  # the lines of which something came back
    facts: Facts | None = None
    completed_at: datetime | None = None  # of nobody's order, for whoever claims it

    def left_of(self, bought: Bought) -> tuple[Left, ...]:
        return left_of(bought, self.touched)

    def standing(self, bought: Bought, given: tuple[Given, ...]) -> tuple[Given, ...]:
        """What of the points given stands, for what is left of the lines."""
        return remaining(bought.programme, given, sold(bought, self.left_of(bought))) if self.touched else given


# ---- what may happen to it ------------------------------------------------------------------------------------------


class ClaimedMeanwhile(Unavailable):
    """The purchase was nobody's when it was found, and is somebody's now: what it gave must be looked up first."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens to a recorded purchase, found in this home.

    `facts` are needed only while its chain does not know them.
    """

    bought: Bought
    home: Home | None
    facts: Facts | None = None
    data: dict[str, Any] = field(default_factory=dict)  # what else the entry keeps: who asked, what the stream must do

    def facts_in(self, progress: Progress) -> Facts | None:
        """What the purchase gave and took; None if it is nobody's."""
        if progress.home is not None and self.home is None:
            raise ClaimedMeanwhile
        return progress.facts or self.facts

    def step(self, kind: str, facts: Facts | None, given: tuple[Given, ...] = (), **more: Any) -> Step:
        """The entry, with all that the member's chain must know to obey it."""
        taken = facts and {
            "explain": explain(self.bought.programme, given),
            "lots": pack_lots(facts.lots),
            "used": pack_lots(facts.used),
            "when": f"{to_ms(facts.earned_at)} {facts.waits}".encode(),
        }
        bought_at = {"bought_at": to_text(self.bought.occurred_at)}
        return Step(kind, ref=self.bought.ref, data={**self.data, **(taken or {}), **bought_at, **more})


@dataclass(frozen=True, slots=True)
class Completing(Change):
    """Handed over or shipped: pending points are earned now, and available at once or on a day."""

    completed_at: datetime = field(kw_only=True)
    waits: int = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Returning(Change):
    """Lines that come back; None for all that is left."""

    return_id: str = field(kw_only=True)
    lines: tuple[Returned, ...] | None = field(kw_only=True)


def complete(progress: Progress, completing: Completing, _at: datetime) -> Decided[Progress]:
    """A placed purchase is completed."""
    if progress.state != PLACED:
        raise _refusal(progress)
    facts, at = completing.facts_in(progress), completing.completed_at
    given: tuple[Given, ...] = ()
    if facts is not None:
        given = progress.standing(completing.bought, facts.given)
        lots = lots_of(completing.bought, given, at)
        facts = replace(facts, earned_at=at, waits=completing.waits, lots=lots)
    amount = sum(line.amount for line in progress.left_of(completing.bought))
    more = {"store_id": completing.bought.store_id} if completing.bought.store_id else {}
    step = completing.step(COMPLETED, facts, given, amount=amount, amount_left=amount, **more)
    step = step._replace(occurred_at=at)
    completed_at = at if facts is None else None
    return Decided(replace(progress, state=COMPLETED, facts=facts, completed_at=completed_at), (step,))


def cancel(progress: Progress, change: Change, _at: datetime) -> Decided[Progress]:
    """A placed purchase will never be completed."""
    if progress.state != PLACED:
        raise _refusal(progress)
    return _undone(progress, change, CANCELLED)


def reverse(progress: Progress, change: Change, _at: datetime) -> Decided[Progress]:
    """A purchase that should not have been recorded."""
    return _undone(progress, change, REVERSED)


def _undone(progress: Progress, change: Change, state: str) -> Decided[Progress]:
    """Nothing of it stands any more; what stood so far is in the entry."""
    facts = change.facts_in(progress)
    amount = sum(line.amount for line in progress.left_of(change.bought))
    given = progress.standing(change.bought, facts.given) if facts else ()
    more: dict[str, Any] = {"void": True} if progress.state == CANCELLED else {}
    step = change.step(state, facts, given, amount=amount, amount_left=0, **more)
    gone = touched(change.bought, [GONE] * len(change.bought.lines))
    facts = replace(facts, used=(), lots=()) if facts else None
    return Decided(replace(progress, state=state, touched=gone, facts=facts), (step,))


def give_back(progress: Progress, returning: Returning, _at: datetime) -> Decided[Progress]:
    """A return takes back the points of what was left less the points of what remains, by the purchase's own rules.

    The points it was paid with go back by the returned lines' shares, those first that were taken last: they last
    longest. The parts of a purchase add up exactly, in whatever order they come back.
    """
    if progress.state in (CANCELLED, REVERSED):
        raise _refusal(progress)
    facts = returning.facts_in(progress)
    bought, before = returning.bought, progress.left_of(returning.bought)
    left = after_return(bought, before, returning.lines)
    after = replace(progress, touched=touched(bought, left))
    amount, amount_left = (sum(line.amount for line in lines) for lines in (before, left))
    more: dict[str, Any] = {"amount": amount - amount_left, "amount_left": amount_left}
    if facts is not None:
        share = sum(line.share for line in before) - sum(line.share for line in left)
        kept, back = split(facts.used, total(facts.used) - share)
        stood, stands = (one.standing(bought, facts.given) for one in (progress, after))
        taken = _taken(facts.lots, lots_of(bought, stands, facts.earned_at))
        more["explain"] = explain(bought.programme, _difference(stands, stood))
        more["lots"] = pack_lots(taken)
        more["used"] = pack_lots(back)
        facts = replace(facts, used=kept, lots=split_alike(facts.lots, taken)[1])
    step = returning.step("returned", facts, **more)
    step = step._replace(ref=("return", f"{bought.ref[1]}/{returning.return_id}"))
    return Decided(replace(after, facts=facts), (step,))


def _difference(after: Sequence[Given], before: Sequence[Given]) -> list[Given]:
    """What each rule gives more than before; less is below 0. The law may take something away before or after only."""
    points: dict[str, Points] = {one.rule_id: 0 for one in (*before, *after)}
    for one in after:
        points[one.rule_id] += one.points
    for one in before:
        points[one.rule_id] -= one.points
    return [Given(rule_id, more) for rule_id, more in points.items()]


def _taken(lots: tuple[Lot, ...], stands: Sequence[Lot]) -> tuple[Lot, ...]:
    """What leaves the lots so that as many points stay as stand, first what stands in none of them.

    Rounding may let a rule's part grow while the whole shrinks, so the lots that are kept are not always those that
    what is left would have given. But each point is taken from where it is, and in the end all are.
    """
    stay = {lot.key: lot.points for lot in stands}
    smaller = [lot.with_points(max(0, lot.points - stay.get(lot.key, 0))) for lot in lots]
    return split(smaller, total(lots) - total(stands))[0]


def claim(progress: Progress, claiming: Change, _at: datetime) -> Decided[Progress]:
    """A member shows the receipt of a purchase that was nobody's; once."""
    if progress.state in (CANCELLED, REVERSED):
        raise _refusal(progress)
    if progress.home is not None:
        raise Conflict("receipt_claimed")
    more: dict[str, Any] = {"left": pack_touched(progress.touched)} if progress.touched else {}
    if progress.completed_at is not None:
        more["completed"] = to_ms(progress.completed_at)
    step = claiming.step("claimed", None, state=progress.state, **more)
    return Decided(replace(progress, home=claiming.home, completed_at=None), (step,))


def _refusal(progress: Progress) -> Conflict:
    return Conflict("reversed" if progress.state == REVERSED else f"purchase_{progress.state}")
