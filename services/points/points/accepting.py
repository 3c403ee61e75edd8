"""What a member's chain answers to a partner's award, pure: it accepts, or refuses by an entry; and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from points.balances import Account, settle
from points.budgets import Giving, Taken
from points.programme import Programme
from points.rules import Earning, earn
from points.undoing import undo, undoing_of
from shared import varint
from shared.chain import Decided, Entry, Step
from shared.clock import from_ms, to_ms
from shared.units import Points


def accept(account: Account, taken: Taken, at: datetime) -> Decided[Account]:
    """The member's chain accepts, or refuses by an entry of 0 points that names the award.

    The refusal is an entry so that a twin of the request can't be accepted after the budget was given back; and so
    that the stream gives it back if the process dies before it has. Either entry tells where the budget took it.
    """
    giving = taken.giving
    account, steps = settle(account, at, giving.programme.zone)
    day = giving.programme.day(at).toordinal()
    given = given_today(account, giving.partner_id, day)
    where = varint.pack((taken.number, to_ms(taken.at)))
    if given + giving.points > giving.per_member_day:
        data = {
            "partner_id": giving.partner_id,  # whose award it is: so that its name is found, and loses its reason
            "cap": "per_member_day",
            "limit": giving.per_member_day,
            "taken": where,
            "carry": ["points", giving.name],
        }
        return Decided(account, (*steps, Step("refused", ref=giving.ref, data=data)))
    data = {"partner_id": giving.partner_id, "v": giving.programme.version, "taken": where}
    account = _with_given(account, giving.partner_id, day, given + giving.points)
    decided = earn(account, Earning(giving.points, giving.occurred_at, giving.ref, giving.programme, data), at)
    return Decided(decided.state, (*steps, *decided.steps))


def given_today(account: Account, partner_id: str, day: int) -> Points:
    """What a partner has given this member on a day."""
    return sum(points for partner, on, points in account.awards if partner == partner_id and on == day)


def _with_given(account: Account, partner_id: str, day: int, points: Points) -> Account:
    """The account with so many points of a partner on a day. Days before it are over, and forgotten.

    Later days stay: a merge may bring today's awards beside yesterday's, one of which is then taken back.
    """
    others = tuple(award for award in account.awards if award[1] >= day and award[:2] != (partner_id, day))
    return account._replace(awards=(*others, (partner_id, day, points)))


def taken_of(giving: Giving, answered: Entry) -> Taken:
    """Where the budget took an award, as the member's entry that answered it tells."""
    number, at = varint.unpack(answered.data["taken"])
    return Taken(giving, number, from_ms(at))


@dataclass(frozen=True, slots=True)
class Revoking:
    """The reversal of an award; `entries` are the member's answer to it, none if it never came that far."""

    giving: Giving
    entries: tuple[Entry, ...]

    @property
    def programme(self) -> Programme:
        return self.giving.programme

    @property
    def zone(self) -> str:
        return self.giving.programme.zone


def revoke(account: Account, revoking: Revoking, at: datetime) -> Decided[Account]:
    """Take the points back, and the member's day as well; the entry asks the stream for the budget's side."""
    giving = revoking.giving
    owed = giving.programme.model_copy(
        update={"clawback": "debt"}
    )  # the budget gets all of it back, so somebody owes it
    decided = undo(account, undoing_of(giving.ref, owed, revoking.entries), at)
    asks = {"partner_id": giving.partner_id, "carry": ["points", giving.name]}
    steps = tuple(
        step._replace(data={**step.data, **asks}) if step.ref == giving.ref else step for step in decided.steps
    )
    account = decided.state
    for entry in revoking.entries:
        day = giving.programme.day(entry.recorded_at).toordinal()
        if given := given_today(account, giving.partner_id, day):
            account = _with_given(account, giving.partner_id, day, max(0, given - entry.points))
    return Decided(account, steps)
