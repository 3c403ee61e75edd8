"""Many clients at once: sixteen processes send requests through the handlers, then make the same calls without them.

Each process is an environment of its own, as a Lambda function's is. All share the machine with the engine, so what is
compared is how much is left of the engine's own ceiling.
"""

from __future__ import annotations

import itertools
import multiprocessing
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from infra.bench.shop import IMPATIENT, Event, Shop, quiet
from infra.bench.size import Size
from infra.bench.tables import Row, Spread, Table, Told
from infra.bench.wire import Call, Names, Recorder, elsewhere, needed, new_names, replay
from infra.dynamodb_local import dynamodb_local, missing
from infra.engine import client
from shared.dynamo import DynamoTable

MIX: Sequence[Callable[[Shop, int], Event]] = (
    *(Shop.balance, Shop.purchase, Shop.balance, Shop.spend, Shop.balance, Shop.purchase, Shop.issue, Shop.redeem),
    *(Shop.balance, Shop.purchase, Shop.balance, Shop.spend, Shop.balance, Shop.hold, Shop.capture, Shop.checkin),
    Shop.award,
)
"""What a client asks, over and over; what has to be there for it is asked too, and counts."""


@dataclass
class Phase:
    """What one client saw: seconds of each request, from when until when, and what was no success."""

    seconds: list[float] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    not_done: Counter[int] = field(default_factory=Counter)


def measure(size: Size) -> Told:
    """Requests a second with all clients at work, ours and the engine's own."""
    if lack := missing():
        return Told(left_out=lack)
    with tempfile.TemporaryDirectory() as folder, dynamodb_local(Path(folder)) as address, quiet():
        with client(address) as dynamodb:
            here, there = new_names(dynamodb), new_names(dynamodb)
            _open(dynamodb, here, there)
        with _clients(address, here, there, size.clients) as clients:
            _all(clients, 0)  # everybody has members now, and has asked once
            rounds = [(_all(clients, size.asked), _all(clients, None)) for _ in range(size.rounds)]
    return Told([_table(rounds, size)])


def _open(dynamodb: Any, here: Names, there: Names) -> None:
    recorder = Recorder(dynamodb)
    Shop([DynamoTable(recorder, name) for name in here], clock=IMPATIENT).open()
    replay(dynamodb, elsewhere(recorder.take(), here, there))


@contextmanager
def _clients(address: str, here: Names, there: Names, count: int) -> Iterator[list[Connection]]:
    """So many processes, which answer when they are ready, and end with this."""
    spawning = multiprocessing.get_context("spawn")
    lines, processes = [], []
    for number in range(count):
        mine, theirs = spawning.Pipe()
        process = spawning.Process(target=_work, args=(theirs, address, here, there, number))
        process.start()
        theirs.close()
        lines.append(mine)
        processes.append(process)
    try:
        yield lines
    finally:
        for line in lines:
            line.close()
        for process in processes:
            process.join()


def _all(lines: Sequence[Connection], asked: int | None) -> list[Phase]:
    """Let all clients ask so often, or repeat their calls; a client that died ends this with an `EOFError`."""
    for line in lines:
        line.send(asked)
    return [line.recv() for line in lines]


def _work(line: Connection, address: str, here: Names, there: Names, number: int) -> None:
    """A client's process: asks as often as it is told, or makes the calls of the last time once more by themselves."""
    with client(address) as dynamodb, quiet():
        asker = Asker(dynamodb, here, there, number)
        while True:
            try:
                asked = line.recv()
            except EOFError:
                return
            line.send(asker.repeat() if asked is None else asker.ask(asked))


class TimedShop(Shop):
    """A shop whose answers are timed, and their calls kept, while a phase lasts."""

    phase: Phase | None = None
    calls: list[list[Call]]
    recorder: Recorder

    def answer(self, event: Event) -> dict[str, Any]:
        started = time.perf_counter()
        answered = super().answer(event)
        if self.phase is not None:
            self.phase.seconds.append(time.perf_counter() - started)
            if answered["statusCode"] >= 300:
                self.phase.not_done[answered["statusCode"]] += 1
            self.calls.append(self.recorder.take())
        return answered


class Asker:
    """One client with its members and its environment."""

    def __init__(self, dynamodb: Any, here: Names, there: Names, number: int) -> None:
        self.dynamodb, self.here, self.there = dynamodb, here, there
        self.recorder = Recorder(dynamodb)
        self.shop = TimedShop([DynamoTable(self.recorder, name) for name in here], name=f"c{number}", members=5)
        self.shop.recorder, self.shop.calls = self.recorder, []
        self.shop.fill()
        self._follow()
        self._next = itertools.cycle(enumerate(MIX, number))

    def ask(self, times: int) -> Phase:
        """So many of the mix, each with what it needs."""
        found = self.shop.phase = Phase(began=time.monotonic())
        self.shop.calls = []
        for n, make in itertools.islice(self._next, times):
            self.shop.answer(make(self.shop, n))
        self.shop.phase, found.ended = None, time.monotonic()
        return found

    def repeat(self) -> Phase:
        """The calls of the last time, without our code and without the reads of settings."""
        calls = [elsewhere(needed(one, self.here.directory), self.here, self.there) for one in self.shop.calls]
        found = Phase(began=time.monotonic())
        for one in calls:
            started = time.perf_counter()
            replay(self.dynamodb, one)
            found.seconds.append(time.perf_counter() - started)
        found.ended = time.monotonic()
        return found

    def _follow(self) -> None:
        replay(self.dynamodb, elsewhere(self.recorder.take(), self.here, self.there))


# ---- what it comes to -----------------------------------------------------------------------------------------------


def _table(rounds: Sequence[tuple[list[Phase], list[Phase]]], size: Size) -> Table:
    ours, bare = [_rate(one) for one, _ in rounds], [_rate(one) for _, one in rounds]
    ratio = Spread.of([mine / theirs for mine, theirs in zip(ours, bare, strict=True)])
    not_done: Counter[int] = sum((one.not_done for phases, _ in rounds for one in phases), Counter())
    asked = sum(len(one.seconds) for phases, _ in rounds for one in phases)
    told = ", ".join(f"{count} × {status}" for status, count in sorted(not_done.items())) or "none"
    rows: list[Row] = [
        ["requests a second", Spread.of(ours, 0), Spread.of(bare, 0), ratio],
        *(_quantile(rounds, name, share) for name, share in (("p50, ms", 0.5), ("p99, ms", 0.99))),
        [f"of {asked:,} requests no success", told, "", ""],
    ]
    says = f"{size.clients} processes; the engine's own ceiling is the same calls without our code."
    return Table("Load", ["", "through the handlers", "the engine's own", "ratio"], rows, says)


def _rate(phases: Sequence[Phase]) -> float:
    span = max(one.ended for one in phases) - min(one.began for one in phases)
    return sum(len(one.seconds) for one in phases) / span


def _quantile(rounds: Sequence[tuple[list[Phase], list[Phase]]], name: str, share: float) -> Row:
    ours, bare = ([_at(pair[which], share) for pair in rounds] for which in (0, 1))
    ratios = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    return [name, Spread.of(ours, 1), Spread.of(bare, 1), Spread.of(ratios)]


def _at(phases: Sequence[Phase], share: float) -> float:
    every = sorted(seconds for one in phases for seconds in one.seconds)
    return statistics.quantiles(every, n=100, method="inclusive")[round(share * 100) - 1] * 1000
