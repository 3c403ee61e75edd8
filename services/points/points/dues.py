"""What falls due in an account by itself, and on which day, pure.

Balances never wait for it: what fell due is settled at each reading and by the next entry. But whoever buys nothing
must still be told in time that points are about to expire, so every entry asks for one alarm: a day on which the job
looks at the account (`points.alarms`). All days are ordinals of the programme's zone.

Reminders are said by whatever entry comes first on their day or after it, the job's or another; `Account.told` is the
day up to which they have been said. So each is said once, and a job that stood still for a week says only the latest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from points.balances import Account
from points.lots import NEVER, Lot
from shared import dues, varint
from shared.business_day import business_day
from shared.chain import Decided, Packed, Step

REMINDED_DAYS_BEFORE = (30, 7, 1)


def next_day(account: Account, after: int, also: Iterable[int] = ()) -> int | None:
    """The earliest day after `after` on which anything falls due; None if nothing ever does.

    What is overdue is due on the next day. `also` are further days, of what the account alone does not know: the loss
    of a tier is one.
    """
    days = (*_expiries(account), *_reminders(account, after), *(day for day, _ in account.dated), *also)
    return max(min(days), after + 1) if days else None


def asking(
    before: Account, decided: Decided[Account], at: datetime, zone: str, also: Iterable[int] = ()
) -> Decided[Account]:
    """What a rule decided about an account, with the reminders that are due and the alarm that is needed next.

    Both stand in the data of the last entry, where the relay finds them.
    """
    decided = reminding(before, decided, at, zone)
    account = decided.state
    day = alarm_for(account, _day(at, zone), dues.RELAYED_DAYS, also)
    if day is None or not decided.steps:
        return decided
    return _telling(account._replace(alarm=day), decided, {"alarm": day})


def reminding(before: Account, decided: Decided[Account], at: datetime, zone: str) -> Decided[Account]:
    """What a rule decided, with the reminders that are due; in an entry of their own if there is no other."""
    today = _day(at, zone)
    due = _unsaid(before, decided.state, today)
    account = decided.state._replace(told=max(before.told, today))
    if not due:
        return Decided(account, decided.steps, decided.also)
    return _telling(account, decided, {"due": due})


def _telling(account: Account, decided: Decided[Account], more: Packed) -> Decided[Account]:
    """What was decided, with this account after it. The last entry tells more; one of its own if there is none."""
    *others, last = decided.steps or (Step("reminded", is_due=True),)
    return Decided(account, (*others, last._replace(data={**last.data, **more})), decided.also)


def alarm_for(account: Account, today: int, ahead: int, also: Iterable[int] = ()) -> int | None:
    """The day, `ahead` days from now or later, for which an alarm must be asked for.

    None if nothing will fall due, or an alarm is on its way in time.
    """
    return dues.alarm_for(next_day(account, today, also), account.alarm, today, ahead)


def _day(at: datetime, zone: str) -> int:
    return business_day(at, zone, 0).toordinal()


# ---- the days of an account -----------------------------------------------------------------------------------------


def _expiries(account: Account) -> Iterator[int]:
    """The day after a lot's last: of the first limited lot, and of the first regular one."""
    for group in _groups(account):
        for lot in group:
            yield lot.last_day + 1
            break


def _reminders(account: Account, after: int) -> Iterator[int]:
    """The days on which something is reminded of. A lot whose first reminder is to come has none before those ahead."""
    for group in _groups(account):
        for lot in group:
            yield from (day for days in REMINDED_DAYS_BEFORE if (day := lot.last_day - days) > after)
            if lot.last_day - REMINDED_DAYS_BEFORE[0] > after:
                break


def _groups(account: Account) -> Iterator[Iterator[Lot]]:
    """Limited lots and regular ones, each by their last day; what never expires is left out."""
    lots = account.lots
    regular = bisect_left(lots, True, key=lambda lot: not lot.is_limited)
    yield _expiring(lots, 0, regular)
    yield _expiring(lots, regular, len(lots))


def _expiring(lots: tuple[Lot, ...], start: int, end: int) -> Iterator[Lot]:
    for n in range(start, end):
        if lots[n].last_day == NEVER:
            return
        yield lots[n]


# ---- reminders ------------------------------------------------------------------------------------------------------


def _unsaid(before: Account, account: Account, today: int) -> bytes:
    """The reminders that are due and that nobody has said: one for each last day and kind of points, none: no bytes.

    Packed are today and, for each, the days left with the kind, and the points. What came only now is not reminded of
    its past.
    """
    if before.told >= today:
        return b""
    lots = tuple(_with_reminder(account, before.told, today))
    known = {lot.key for lot in before.lots} if lots else frozenset()
    sums: Counter[int] = Counter()
    for lot in lots:
        if lot.key in known:
            sums[(lot.last_day - today) * 2 + lot.is_limited] += lot.points
    numbers = (number for pair in sorted(sums.items()) for number in pair)
    return varint.pack((today, *numbers)) if sums else b""


def _with_reminder(account: Account, told: int, today: int) -> Iterator[Lot]:
    """The lots that can still be used and have a reminder due after one day, up to another."""
    for group in _groups(account):
        for lot in group:
            if lot.last_day - REMINDED_DAYS_BEFORE[0] > today:
                break
            is_due = any(told < lot.last_day - days <= today for days in REMINDED_DAYS_BEFORE)
            if is_due and lot.last_day >= today:
                yield lot
