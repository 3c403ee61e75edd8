"""One run: a seed, what it did, and every promise that it broke."""

from __future__ import annotations

import logging
import random as global_random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from unittest import mock

from points import leaving
from shared import world as worlds
from shared.clock import Clock
from shared.errors import Refused
from shared.keys import Stage
from shared.table import Item, Table
from shared.world import World
from tests.kit import NOON
from tests.sim import promises
from tests.sim.books import Books
from tests.sim.opening import GRACE_DAYS, JOBS, PROGRAMMES, Job, consumers, opening, real_time, secrets
from tests.sim.people import People
from tests.sim.plot import Plot
from tests.sim.steps import Queues, SimFiles
from tests.sim.tables import SimTable
from tests.sim.turns import Turns
from tests.sim.weather import Weather
from tests.sim.wires import Wires

ENVIRONMENTS = 10
PLACES = (8, 8, 10, 12)
STORIES = (4, 14)
CROWDED = (6, 30)
"""So many stories are told in a run, at least and at most; in those of the gate more, for some bugs want a crowd."""
ROUNDS_MAX = 30
RINGS = (2, 4, 16)
"""How many operations a head remembers: 16 in the product."""
DAY = 86_400.0
CODES_STEP = 8
"""So many codes are made in a step: 25,000 in the product."""
DEVICE_MEMBERS = 2
"""So many members a device may have: three in the product, and three are all there are."""
RUNS = (1, DAY, 1.5 * DAY, 2 * DAY, 3 * DAY, 7 * DAY)
"""After so many seconds a job runs, once or several times; and once when the weather is calm again."""
GUESTS_MAX = (1000, 1000, 2)
"""So many guests an hour may a store have that has no past: a thousand in the product. One of these for a run."""
LOSSES_MAX = 1
"""So many coupons may a till lose on a day: 50 in the product."""
MADE: dict[Any, Any] = {}
"""What was made of settings: of nothing but what they say, so that all environments of all runs can share it."""


class Environment:
    """One of Lambda's: its own caches, and a clock of its own that is off by `skew_ms`. Waiting is measured without."""

    def __init__(self, turns: Turns, tables: tuple[Table, Table, Table], skew_ms: int) -> None:
        self.turns = turns
        self.skew_ms = skew_ms
        clock = Clock(self.now, turns.sleep, lambda: turns.now / 1000)
        ledger, directory, transient = tables
        self.world = worlds.make(Stage("sim"), ledger, directory, transient, secrets(), clock)
        self.world.directory.made = MADE

    def now(self) -> datetime:
        return NOON + timedelta(milliseconds=self.turns.now + self.skew_ms)


@dataclass
class Told:
    """What a run says of itself."""

    seed: int
    faults: list[str] = field(default_factory=list)
    deliveries: int = 0
    requests: int = 0
    turns: int = 0
    entries: int = 0
    most_at_once: int = 0
    digest: bytes = b""  # of all that lies in the ledger: the same seed makes the same books on every machine


class Errors(logging.Handler):
    """What the product logs as an error: in no weather may anything fail that it does not expect."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and not isinstance(record.exc_info[1], Refused):
            self.found.append(f"{record.getMessage()}: {logging.Formatter().formatException(record.exc_info)[-3500:]}")


class Story:
    """The run of a seed."""

    def __init__(self, seed: int, stories: tuple[int, int] = STORIES, only: Sequence[str] = ()) -> None:
        self.stories, self.only = stories, only
        self.seed = seed
        self.random = Random(seed)
        self.turns = Turns(self.random, self.random.choice(PLACES))
        self.weather = Weather.of(self.random)
        self.programme = self.random.choice(tuple(PROGRAMMES))
        self.faults: list[str] = []
        self.books = Books()
        self.named_at: dict[str, int] = {}  # when each name was put, in ms of the run
        self.stores: list[tuple[int, Item]] = []  # what was set of stores, and when
        self.ledger = SimTable(self.turns, self.weather, self._wrote_ledger)
        self.directory = SimTable(self.turns, self.weather, self._wrote_directory)
        self.transient = SimTable(self.turns, self.weather)
        self.environments = [self._environment() for _ in range(ENVIRONMENTS)]
        self.wires = Wires(self.turns, self.weather, consumers(), self.world)
        self.guests_max = self.random.choice(GUESTS_MAX)
        self.files = SimFiles(self.turns, self.weather)
        for one in self.environments:
            one.world = replace(one.world, files=self.files, queues=Queues(self.wires))
        self.people = People(self.turns, self.world)
        opened = opening(self.programme)
        self.directory.fill(opened.directory)
        self.transient.fill(opened.transient)
        self.plot = Plot(self.people, opened.cards, opened.papers, is_plain=self.programme == "plain")

    # ---- the world --------------------------------------------------------------------------------------------------

    def _environment(self) -> Environment:
        most = self.weather.skew_ms
        tables = self.ledger, self.directory, self.transient
        return Environment(self.turns, tables, self.random.randint(-most, most))

    def world(self) -> World:
        """The world as one environment sees it; with jumping clocks, its clock may just have been set."""
        chosen = self.environments[int(self.random.random() * ENVIRONMENTS)]
        if self.weather.jumps and self.random.random() < 0.1:
            most = self.weather.skew_ms or 1_000
            chosen.skew_ms = self.random.randint(-most, most)
        return chosen.world

    def _wrote_ledger(self, item: Item, old: Item | None) -> None:
        if not item["sk"]:
            self.named_at.setdefault(item["pk"], self.turns.now)
        self.faults += self.books.see(item, old, self.turns.turns)
        self.wires.wrote("ledger", item, old)

    def _wrote_directory(self, item: Item, old: Item | None) -> None:
        if item["pk"].startswith("store#"):
            self.stores.append((self.turns.now, item))
        self.wires.wrote("directory", item, old)

    # ---- the run ----------------------------------------------------------------------------------------------------

    def tell(self) -> Told:
        """Live through the run, the calm after it, and look whether every promise was kept."""
        errors, log = Errors(), logging.getLogger("omotenashi")
        global_random.seed(self.seed)
        kept, log.propagate = log.propagate, False
        log.addHandler(errors)
        try:
            with self._settings():
                self._live()
        finally:
            log.removeHandler(errors)
            log.propagate = kept
        self.faults += errors.found + self.turns.failures
        self.faults += promises.broken(self)
        deliveries = self.people.requests + sum(self.wires.deliveries.values())
        return Told(
            seed=self.seed,
            faults=self.faults,
            deliveries=deliveries,
            requests=self.people.requests,
            turns=self.turns.turns,
            entries=self.books.entries,
            most_at_once=self.turns.most_at_once,
            digest=self.books.digest(),
        )

    def _settings(self) -> ExitStack:
        """What is set otherwise than in the product, so that the seldom happens often."""
        stack = ExitStack()
        ring = self.random.choice(RINGS)
        for module in ("shared.chain", "infra.invariants_chain"):
            stack.enter_context(mock.patch(f"{module}.RING_SIZE", ring))
        stack.enter_context(mock.patch("coupons.code_files.STEP", CODES_STEP))
        stack.enter_context(mock.patch("coupons.code_files.AT_ONCE", CODES_STEP // 2))
        stack.enter_context(mock.patch("coupons.allowances.MAX_REDEMPTIONS", LOSSES_MAX))
        stack.enter_context(mock.patch("checkin.devices.MEMBERS_PER_DEVICE", DEVICE_MEMBERS))
        stack.enter_context(mock.patch("checkin.traffic.LEARNING_MAX", self.guests_max))
        stack.enter_context(real_time(lambda: self.turns.now))
        stack.enter_context(self._same_chance())
        return stack

    def _same_chance(self) -> Any:
        """Environments that woke from one snapshot draw the same: those that collide wait for equally long."""
        same = (lambda low, high: (low + high) / 2) if self.weather.twins else global_random.uniform
        return mock.patch("shared.patience.random.uniform", same)

    def _live(self) -> None:
        self.plot.begin(self.random.randint(*self.stories), self.only)
        for job in JOBS:
            for _ in range(self.random.choice((0, 1, 2, 3))):
                self.turns.spawn(partial(self._work, job), self.random.choice(RUNS) + self.random.random())
        self.turns.run()
        self.weather.calm()
        for job in JOBS:
            self.turns.spawn(partial(self._work, job), self.random.choice((0, DAY)))
        self.turns.spawn(partial(self._work, leaving), (GRACE_DAYS + 1) * DAY)
        self.turns.run()
        for _ in range(ROUNDS_MAX):
            is_open = self.wires.redrive()
            for ask in self.people.asks:
                if ask.insists and not ask.is_answered:
                    is_open = True
                    self.turns.spawn(partial(self.people.until_known, ask), places=0)
            if not is_open:
                break
            self.turns.run()
        else:
            self.faults.append("it never comes to rest")

    def _work(self, job: Job) -> None:
        world = self.world()
        job.work(world, world.clock.elapsed() + 60)


def told(seed: int, stories: tuple[int, int] = STORIES, only: Sequence[str] = ()) -> Told:
    """What the run of a seed did, and what is wrong with it; of what kinds of stories it is, if not of all."""
    return Story(seed, stories, only).tell()
