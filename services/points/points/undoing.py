"""What a reversal gives back and takes away. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from points.balances import Account, give_back, settle
from points.bought import UNTIL_COMPLETE
from points.caps import Void, uncounted
from points.lots import Lot, total, unpack_lots
from points.obeying import claw_back, restore
from points.programme import Programme
from points.standing import tallied
from shared.chain import Decided, Entry, Step
from shared.clock import EPOCH


@dataclass(frozen=True, slots=True)
class Undoing:
    """The reversal of an operation on a member's points: what it used and what it gave, nothing if it never entered."""

    ref: tuple[str, str]
    programme: Programme
    used: tuple[Lot, ...] = ()
    earned: tuple[Lot, ...] = ()
    earned_at: datetime = EPOCH
    waits: int = 0
    mark: bytes = b""  # of a hold
    void: Void | None = None  # a purchase, which does not count as one any more
    in_force: Programme | None = None  # where the operation is judged by older rules: those of now, for the tier

    @property
    def zone(self) -> str:
        return self.programme.zone


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of a reversal: whether there was something to undo, the member's balance, if it had been asked."""

    was_there: bool
    balance: int | None = None
    is_replay: bool = False


def undoing_of(ref: tuple[str, str], programme: Programme, entries: Sequence[Entry], mark: bytes = b"") -> Undoing:
    """The reversal of what these entries did."""
    used: list[Lot] = []
    undoing = Undoing(ref, programme, mark=mark)
    for entry in entries:
        lots = unpack_lots(entry.data["lots"]) if "lots" in entry.data else ()
        if entry.kind in ("spent", "captured"):
            used += lots
        elif entry.kind in ("earned", "pending", "adjusted"):
            waits = entry.data.get("on", UNTIL_COMPLETE if entry.kind == "pending" else 0)
            undoing = replace(undoing, earned=lots, earned_at=entry.occurred_at, waits=waits)
    return replace(undoing, used=tuple(used))


def undo(account: Account, undoing: Undoing, at: datetime) -> Decided[Account]:
    """Points spent or held go back to the lots they came from; points earned are taken back, in debt if need be."""
    programme = undoing.programme
    account, steps = settle(account, at, programme.zone)
    before = account.available
    for held in account.holds:
        if held.mark == undoing.mark:
            account = give_back(account, held)
    account, _, forfeited = restore(account, undoing.used, programme, at)
    if programme.clawback == "refuse":  # a reversal is never refused: its original should not have been there
        programme = programme.model_copy(update={"clawback": "debt"})
    clawed = claw_back(account, undoing.earned, undoing.waits, programme)
    account = uncounted(clawed.account, programme, undoing.void) if undoing.void else clawed.account
    if undoing.earned and undoing.waits != UNTIL_COMPLETE:
        account = tallied(account, undoing.in_force or programme, undoing.earned_at, -total(undoing.earned))
    numbers = {"debt": clawed.debt, "forgiven": clawed.forgiven, "forfeited": forfeited}
    data: dict[str, object] = {name: number for name, number in numbers.items() if number}
    step = Step("reversed", account.available - before, ref=undoing.ref, data=data)
    account, due = settle(account, at, programme.zone)
    return Decided(account, (*steps, step, *due))
