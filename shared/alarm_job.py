"""The job of the alarms: looks at every account in which something falls due today, whether or not its member comes by.

It works off the alarms day by day from where it stopped, in sixteen parts each, and leaves in time to be called again.
Every look is harmless to repeat: what was settled and said is in the account. So two runs at once, or one that died
before it noted how far it had come, cost reads and nothing else. What an account holds never depends on it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, Literal, Protocol, TypeVar

from shared import alarms, chain, clock, keys, places
from shared.business_day import day_start
from shared.clock import to_ms
from shared.errors import Conflict, Refused
from shared.naming import Pending, Verb
from shared.retention import parked_for
from shared.table import Item
from shared.world import World

PAGE = 100
_MARGIN = timedelta(minutes=1)
_log = logging.getLogger("omotenashi")

Look = Literal["entered", "nothing", "parked"]


class Alarmed(Protocol):
    """A state that knows the day of the latest alarm that was asked for."""

    @property
    def alarm(self) -> int: ...


S = TypeVar("S", bound=Alarmed)
O = TypeVar("O")  # noqa: E741 - the operation


@dataclass
class Worked:
    """What a run did: accounts looked at, those that got an entry, those parked, and whether it came to today's end."""

    members: int = 0
    entered: int = 0
    parked: int = 0
    is_done: bool = False

    def add(self, look: Look) -> None:
        self.members += 1
        self.entered += look == "entered"
        self.parked += look == "parked"

    def __add__(self, later: Worked) -> Worked:
        sums = (self.members + later.members, self.entered + later.entered, self.parked + later.parked)
        return Worked(*sums, is_done=later.is_done)


@dataclass(frozen=True, slots=True)
class Place:
    """How far the job has come: the day, the part of it, and the last account looked at there."""

    day: int
    shard: int = 0
    after: str = ""
    version: int = 1

    def then(self, seen: list[Item], *, is_last: bool) -> Place:
        """The place behind some accounts; behind the last ones of a part, where the next one begins."""
        version = self.version + 1
        if not is_last:
            return Place(self.day, self.shard, seen[-1]["sk"] if seen else self.after, version)
        if self.shard + 1 < keys.ALARM_SHARDS:
            return Place(self.day, self.shard + 1, version=version)
        return Place(self.day + 1, version=version)


@dataclass(frozen=True)
class AlarmJob(Generic[S, O]):
    """The job for one kind of account.

    `verb` settles and says what is due and notes the next alarm, or raises `nothing_due`; `wanted` makes its operation
    by today's settings; `following` is the day of the next alarm of an account in which nothing is due now.
    """

    verb: Verb[S, O]
    wanted: Callable[[World], O]
    following: Callable[[S, O, datetime], int | None]

    @property
    def letter(self) -> str:
        return self.verb.kind.letter

    def work(self, world: World, leave_at: float) -> Worked:
        """Work off all days up to today, until `leave_at` (of the clock's `elapsed`) at the latest."""
        worked = Worked()
        today = _today(world, world.clock.now())
        place = self._place(world, today)
        while place.day <= today:
            part = keys.alarms(self.letter, place.day, place.shard)
            page = world.transient.items(part, after=place.after or None, limit=PAGE)
            seen = []
            for item in page:
                if world.clock.elapsed() >= leave_at:
                    break
                worked.add(self.look(world, item["sk"], place.day))
                seen.append(item)
            following = place.then(seen, is_last=len(seen) == len(page) < PAGE)
            if not world.transient.replace(self._item(following), place.version):
                return worked  # another run is at work: it goes on from there
            if world.clock.elapsed() >= leave_at:
                return worked
            place = following
        worked.is_done = True
        return worked

    def rehearse(self, world: World, on: date) -> Worked:
        """As if it were the morning of a day to come: look at all whose alarm has come by then. For the local stack.

        The job's place stays where it is, for the days between are still to come.
        """
        then = world.at(day_start(on, places.of_programme(world).zone, 0))
        due: dict[str, int] = {}
        after = None
        while page := world.transient.scan(after=after, limit=PAGE):
            for item in page:
                day = keys.day_of_alarms(self.letter, item["pk"])
                if day is not None and day <= on.toordinal():
                    due[item["sk"]] = max(day, due.get(item["sk"], 0))
            after = (page[-1]["pk"], page[-1]["sk"])
        worked = Worked(is_done=True)
        for holder, day in sorted(due.items()):
            worked.add(self.look(then, holder, day))
        return worked

    def _place(self, world: World, today: int) -> Place:
        """Where the last run stopped; the very first one begins today, for alarms are asked for days to come."""
        first, key = Place(today), keys.alarm_job(self.letter)
        item = world.transient.get(*key, consistent=True) or world.transient.put_new(self._item(first))
        return Place(item["day"], item["shard"], item["after"], item["version"]) if item else first

    def _item(self, place: Place) -> Item:
        """A place as it is kept. Its time tells the write of one run from that of another."""
        pk, sk = keys.alarm_job(self.letter)
        kept = {"day": place.day, "shard": place.shard, "after": place.after, "version": place.version}
        return {"pk": pk, "sk": sk, "t": to_ms(clock.utc_now()), **kept}

    # ---- one account ------------------------------------------------------------------------------------------------

    def look(self, world: World, holder: str, day: int) -> Look:
        """Look at one account. Whatever is wrong there is kept with its reason, and looked at again tomorrow."""
        try:
            return "entered" if self._attend(world, holder, day) else "nothing"
        except Exception as error:  # noqa: BLE001 - whatever it is, the other accounts must be looked at
            account = self.verb.kind.partition(holder)
            _log.exception("alarm parked", extra={"key": account})
            _park(world, account, day, error)
            return "parked"

    def _attend(self, world: World, holder: str, day: int) -> bool:
        """Settle and say, and see to it that there is a next alarm; whether there was anything to write.

        In an account that a merge has closed nothing is due: what it held is in another one, with an alarm of its own.
        The head may be stale: nothing that is due today is so young.
        """
        wanted = self.wanted(world)
        head = world.ledger.head(self.verb.kind, holder)
        at = max(world.clock.now(), head.recorded_at)
        try:
            expected = self.verb.decide(head.state, wanted, at).state.alarm
        except Conflict:
            _ask(world, head.account, self.following(head.state, wanted, at))
            return False
        if expected != head.state.alarm:
            _ask(world, head.account, expected)  # before the entry, which says that there is one
        (done,) = world.ledger.enter(self.verb, head.account, [_pending(world, wanted, holder, day)], head)
        if isinstance(done, Refused) and done.code != "nothing_due":
            raise done
        return not isinstance(done, Refused)  # else an entry that came in between has done it, and asked for its alarm


def _today(world: World, at: datetime) -> int:
    return places.of_programme(world).day(at).toordinal()


def _ask(world: World, account: str, day: int | None) -> None:
    """Put the next alarm. A run that goes past midnight must not leave it where another run may have been."""
    if day is not None:
        alarms.put(world, account, max(day, _today(world, world.clock.now() + _MARGIN) + 1))


def _pending(world: World, wanted: O, holder: str, day: int) -> Pending[O]:
    """Named by the holder and the day, so that it enters once; it can't be older than its day."""
    on = date.fromordinal(day)
    mark = chain.operation(f"alarm/{holder}/{on.isoformat()}")
    return Pending(wanted, mark, mark, day_start(on, places.of_programme(world).zone, 0), 0, is_event=True)


def _park(world: World, account: str, day: int, error: Exception) -> None:
    reason = error.code if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    now = clock.utc_now()
    pk, sk = keys.parked("alarms", account)
    ttl = int((now + parked_for(world)).timestamp())
    world.transient.put({"pk": pk, "sk": sk, "reason": reason[:500], "day": day, "t": to_ms(now), "ttl": ttl})
    _ask(world, account, day + 1)
