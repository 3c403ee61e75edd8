"""One run of merges among everything else, on the real ledger, and every promise that it broke.

Requests and their twins, reversals (also before the original), late events, merges and their ends, crashes, stale
reads, clocks that disagree by minutes, and the stream that finishes what can't be refused.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

from infra import invariants
from shared import chain
from shared.chain import operation
from shared.clock import Clock
from shared.errors import Refused
from shared.ledger import Ledger
from tests.chain.schedule import Schedule, SteppedTable
from tests.chain.toy import MOVE, MOVE_SURELY, PURSE, UNDO, Move, merge, naming, unmerge
from tests.kit import NOON

HOLDERS = ("a", "b", "c")
START = 20
SKEW_SECONDS = 300


@dataclass
class Hosted:
    """A process's view of the world: the shared table, its own clock."""

    ledger: Ledger


@dataclass
class Story:
    """One run: what was asked, and what was answered."""

    seed: int
    requests: dict[str, tuple[str, str, int]] = field(default_factory=dict)  # name: kind, holder, points
    events: dict[str, tuple[str, datetime, int]] = field(default_factory=dict)  # holder, time, points

    def __post_init__(self):
        self.random = Random(self.seed)
        self.schedule = Schedule(self.random)
        self.table = SteppedTable(self.schedule)

    def world(self, skew=0.0):
        """The world as a server sees it whose clock is so many seconds off. Ten turns are a second."""
        clock = Clock(lambda: NOON + timedelta(seconds=self.schedule.tick / 10 + skew), lambda _: None, lambda: 0.0)
        return Hosted(Ledger(self.table, clock))

    def server(self):
        return self.world(round(self.random.uniform(-SKEW_SECONDS, SKEW_SECONDS), 3))

    # ---- what processes do ----------------------------------------------------------------------------------------

    def request(self, world, name):
        kind, holder, points = self.requests[name]
        verb = MOVE_SURELY if kind == "earn" else MOVE
        at = world.ledger.clock.now()
        named = naming(name, f"{holder}{points}", at)
        done = world.ledger.perform(verb, named, lambda _: (holder, Move(points)))
        return done.account, done.last.sequence, done.last.balance_after

    def batch(self, world, names):
        holder = self.requests[names[0]][1]
        at = world.ledger.clock.now()
        wanted = [(naming(one, f"{holder}{self.requests[one][2]}", at), Move(self.requests[one][2])) for one in names]
        return world.ledger.perform_many(MOVE_SURELY, holder, wanted)

    def reverse(self, world, name):
        old, _ = world.ledger.close(naming(name, "", world.ledger.clock.now()))
        if old is not None:
            world.ledger.undo(UNDO, old, old["acc"], lambda entries: Move(-sum(entry.points for entry in entries)))

    def hear(self, world, event):
        holder, at, points = self.events[event]
        (done,) = world.ledger.obey(MOVE, holder, [(event, at, Move(points))])
        if isinstance(done, Refused):
            raise done

    def carry_on(self, world, name):
        old = world.ledger.table.get(naming(name).partition, 0, consistent=True)
        if old is not None and "carry" in old:
            world.ledger.carry_on(MOVE_SURELY, old, world.ledger.clock.now())

    # ---- the plot -------------------------------------------------------------------------------------------------

    def tell(self):
        random, schedule = self.random, self.schedule
        for holder in HOLDERS:
            self.requests[f"open {holder}"] = ("earn", holder, START)
            self.request(self.world(-1000), f"open {holder}")
        for n in range(random.randint(4, 12)):
            self._ask(f"x{n}")
        for n in range(random.randint(0, 4)):
            self._happen(f"e{n}")
        if random.random() < 0.5:
            self._ask_many([f"y{n}" for n in range(random.randint(2, 5))])
        for n in range(random.choice((0, 1, 2, 3, 4))):
            self._merge(f"m{n}")
        schedule.run()
        for name in self.requests:
            self._surely(self.carry_on, name)
        for event in self.events:
            self._surely(self.hear, event)

    def _surely(self, work, name):
        """The stream and the queues come again until nothing is open, which a reversal closes for good."""
        try:
            work(self.world(10_000), name)
        except Refused as refused:
            if refused.code != "reversed":
                raise

    def _ask(self, name):
        random = self.random
        kind, holder = random.choice(("earn", "spend")), random.choice(HOLDERS)
        points = random.randint(1, 9) if kind == "earn" else -random.randint(1, 25)
        self.requests[name] = kind, holder, points
        for again in range(random.choice((1, 1, 2, 3))):
            at = again and random.randint(0, 120) * random.randint(0, 3)
            server = self.server()
            self.schedule.spawn(("ask", name), partial(self.request, server, name), at + random.randint(0, 30))
        if random.random() < 0.3:
            for again in range(random.choice((1, 1, 2))):  # once they are parted, too, and then by two at once
                server, at = self.server(), random.choice((60, 250)) + 100 * again
                self.schedule.spawn(("reverse", name), partial(self.reverse, server, name), random.randint(0, at))
        server, at = self.server(), random.choice((20, 60, 400))
        self.schedule.spawn(("carry", name), partial(self.carry_on, server, name), at, is_mortal=False)

    def _ask_many(self, names):
        holder = self.random.choice(HOLDERS)
        for name in names:
            self.requests[name] = "earn", holder, self.random.randint(1, 9)
        for part in (names, names[1:]):
            server = self.server()
            at = self.random.randint(0, 100)
            self.schedule.spawn(("batch", part[0]), partial(self.batch, server, part), at)

    def _happen(self, event):
        random = self.random
        at = NOON + timedelta(seconds=round(random.uniform(0, 30) + random.uniform(-SKEW_SECONDS, SKEW_SECONDS), 3))
        self.events[event] = random.choice(HOLDERS), at, random.randint(1, 9)
        for _ in range(random.choice((1, 2, 3))):
            server = self.server()
            self.schedule.spawn(("hear", event), partial(self.hear, server, event), random.randint(0, 300))

    def _merge(self, merge_id):
        random = self.random
        leaver = random.choice("aaabc")  # one of them often: closings that follow one another are the hard ones
        host = random.choice([holder for holder in HOLDERS if holder != leaver])
        join, leave = self.server(), self.server()
        self.schedule.spawn(("merge", merge_id), partial(merge, join, merge_id, leaver, host), random.randint(0, 80))
        at = random.randint(20, 200)
        self.schedule.spawn(("unmerge", merge_id), partial(unmerge, leave, merge_id, leaver), at)

    # ---- what must be true ----------------------------------------------------------------------------------------

    def faults(self) -> Iterator[str]:
        """Every promise that this run broke."""
        books = Books(self.table)
        yield from books.faults()
        for process in self.schedule.processes:
            if isinstance(process.answer, Exception) and not isinstance(process.answer, Refused):
                yield f"{process.name} failed: {process.answer!r}"
        for name in self.requests:
            yield from self._faults_of(name, books)
        for event in self.events:
            if books.times[operation(event)] != 1:
                yield f"event {event} applied {books.times[operation(event)]} times"

    def _faults_of(self, name, books):
        partition = naming(name).partition
        mark, reversal = operation(partition), operation(partition, is_reversal=True)
        times = books.times[mark]
        if times > 1 or books.times[reversal] > 1:
            yield f"{name} applied {times} times, reversed {books.times[reversal]} times"
        said, undone = self._answers("ask", name), self._answers("reverse", name)
        good = {one for one in said if isinstance(one, tuple)}
        if len(good) > 1 or (good and times != 1):
            yield f"{name} answered {good}, applied {times} times"
        if None in undone and books.net[mark] + books.net[reversal]:
            yield f"{name} reversed, {books.net[mark] + books.net[reversal]} left"
        if None in undone and not self._is_over(name):
            yield f"{name} reversed, answers as before"
        is_sure = self.requests[name][0] == "earn" and not undone and any(one != "died" for one in said)
        if is_sure and times != 1:
            yield f"{name} lost: {said}"

    def _is_over(self, name):
        try:
            self.request(self.world(10_000), name)
        except Refused as refused:
            return refused.code == "reversed"
        return False

    def _answers(self, what, name):
        return [process.answer for process in self.schedule.processes if process.name == (what, name)]


class Books:
    """All entries of a run."""

    def __init__(self, table):
        self.chains = [table.items(PURSE.partition(holder)) for holder in HOLDERS]
        self.entries = [entry for items in self.chains for item in items for entry in chain.entries_of(item)]
        self.times: Counter[bytes] = Counter(entry.operation for entry in self.entries)
        self.net: Counter[bytes] = Counter()
        for entry in self.entries:
            self.net[entry.operation] += entry.points

    def faults(self) -> Iterator[str]:
        """What is wrong with the chains themselves."""
        for items in self.chains:
            yield from invariants.faults(items)
        for entry in self.entries:
            if entry.kind == "moved" and entry.points < 0 and entry.balance_after < 0:
                yield f"spent below zero in {entry.account}"
            if entry.kind == "merged" and (self.net[entry.operation], self.times[entry.operation]) != (0, 2):
                yield f"entry {entry.sequence} of {entry.account} has no other half"
        if sum(items[-1]["b"] for items in self.chains) != sum(self.net.values()):
            yield "not conserved"


def told(seed: int) -> list[str]:
    """What is wrong with the run of a seed."""
    story = Story(seed)
    story.tell()
    return list(story.faults())
