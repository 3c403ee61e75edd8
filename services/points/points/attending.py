"""What the job of the alarms decides about an account: nothing but what falls due by itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from points import dues
from points.balances import Account, settle
from points.programme import Programme
from points.standing import tier_of
from points.verbs import told_tier
from shared.chain import Decided, Step
from shared.errors import Conflict

_AHEAD_DAYS = 1  # the job may ask for tomorrow: it has not been there yet


@dataclass(frozen=True, slots=True)
class Attending:
    """A look at an account on a day on which something may be due."""

    programme: Programme

    @property
    def zone(self) -> str:
        return self.programme.zone


def attend(account: Account, attending: Attending, at: datetime) -> Decided[Account]:
    """Settle what fell due, say the reminders, tell a tier that was lost; `nothing_due` if another entry has done so.

    The next alarm is noted in the account; the job puts it itself.
    """
    programme = attending.programme
    settled, steps = settle(account, at, programme.zone)
    tier = tier_of(settled, programme, at)
    if not steps and settled.tier and settled.tier != tier:
        steps = (Step("tier", ref=("tier", tier), is_due=True),)  # an entry to tell it by
    decided, _ = told_tier(Decided(settled, steps), programme, at)
    decided = dues.reminding(account, decided, at, programme.zone)
    if not decided.steps:
        raise Conflict("nothing_due")
    following = alarm_for(decided.state, attending, at)
    return decided if following is None else decided._replace(state=decided.state._replace(alarm=following))


def alarm_for(account: Account, attending: Attending, at: datetime) -> int | None:
    """The day of the next alarm of an account in which nothing is due now; None if there is one, or needs none."""
    programme = attending.programme
    _, falls = told_tier(Decided(account, ()), programme, at)
    return dues.alarm_for(account, programme.day(at).toordinal(), _AHEAD_DAYS, falls)
