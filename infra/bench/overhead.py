"""What our code adds to a request: each route through its whole handler against the bare calls that it must make.

In turns on one engine: a request of ours, then its calls alone. So a slow moment of the machine hits both.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from infra.bench.layers import sampling
from infra.bench.shop import ALL, IMPATIENT, MAIN, Event, Shop, quiet
from infra.bench.size import Size
from infra.bench.tables import Spread, Table, Told
from infra.bench.wire import Names, Recorder, elsewhere, needed, new_names, replay
from infra.dynamodb_local import dynamodb_local, missing
from infra.engine import client
from shared.dynamo import DynamoTable

S = TypeVar("S")
TARGET = 1.25


@dataclass
class Round:
    """Seconds of each request of a round, on the clock and of the processor; ours and the bare calls'."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    ours_cpu: list[float] = field(default_factory=list)
    bare_cpu: list[float] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)


class Pair:
    """A shop on tables of an engine, and tables beside them that get the same calls from nobody but boto3."""

    def __init__(self, dynamodb: Any) -> None:
        self.dynamodb = dynamodb
        self.here, self.there = new_names(dynamodb), new_names(dynamodb)
        self.recorder = Recorder(dynamodb)
        self._open()
        self.shop = Shop(_tables(self.recorder, self.here))
        self.shop.fill()
        self.follow()

    def _open(self) -> None:
        Shop(_tables(self.recorder, self.here), clock=IMPATIENT).open()
        self.follow()

    def follow(self) -> None:
        """Bring the tables beside up to where ours are."""
        replay(self.dynamodb, elsewhere(self.recorder.take(), self.here, self.there))

    def round(self, make: Callable[[Shop, int], Event], times: int) -> Round:
        """So many requests, each followed by its calls alone."""
        found = Round()
        for n in range(times):
            event = make(self.shop, n)
            self.follow()
            ours = _timed(self.shop.do, event)
            calls = elsewhere(needed(self.recorder.take(), self.here.directory), self.here, self.there)
            bare = _timed(lambda calls: replay(self.dynamodb, calls), calls)
            for into, value in zip(
                (found.ours, found.ours_cpu, found.bare, found.bare_cpu), (*ours, *bare), strict=True
            ):
                into.append(value)
            found.calls.append(len(calls))
        return found


@contextmanager
def pair() -> Iterator[Pair]:
    """A pair on DynamoDB Local, which ends with it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        dynamodb_local(Path(folder)) as address,
        client(address) as dynamodb,
        quiet(),
    ):
        yield Pair(dynamodb)


def measure(size: Size) -> Told:
    """Each operation's ratio, and where the processor's time goes."""
    if lack := missing():
        return Told(left_out=lack)
    rounds: Mapping[str, list[Round]] = {kind: [] for kind in ALL}
    with pair() as both:
        for make in ALL.values():  # warm: imports, connections, the engine's own compiler
            both.round(make, size.times)
        for _ in range(size.rounds):
            for kind, make in ALL.items():
                rounds[kind].append(both.round(make, size.times))
        shares = _shares(both, size)
    return Told([_ratios(rounds), shares])


def _ratios(rounds: Mapping[str, list[Round]]) -> Table:
    return Table(
        "Request overhead",
        ["operation", "calls", "handler ÷ bare calls", "handler, ms", "bare, ms", "CPU ms a request", "of it bare"],
        [[kind, *_row(of)] for kind, of in rounds.items()],
        f"The whole handler against the bare calls, on the clock; target: at most {TARGET} for the first six.",
    )


def _shares(both: Pair, size: Size) -> Table:
    """By layer, over the main operations, each asked as often."""
    with sampling() as samples:
        for n, make in itertools.product(range(size.rounds * size.times), MAIN.values()):
            event = make(both.shop, n)
            samples.is_on = True
            both.shop.do(event)
            samples.is_on = False
        both.recorder.take()
    rows = [[name, f"{share:.1%}"] for name, share in samples.shares()]
    return Table("Where a request's processor time goes", ["whose code", "share"], rows,
                 "Sampled over the first six; the standard library counts for whoever calls it.")  # fmt: skip


def _row(rounds: list[Round]) -> list[Spread | float]:
    def ms(of: Callable[[Round], list[float]]) -> Spread:
        return Spread.of([statistics.median(of(one)) * 1000 for one in rounds])

    ratio = Spread.of([statistics.median(one.ours) / statistics.median(one.bare) for one in rounds])
    calls = statistics.median(rounds[0].calls)
    return [calls, ratio, ms(lambda one: one.ours), ms(lambda one: one.bare),
            ms(lambda one: one.ours_cpu), ms(lambda one: one.bare_cpu)]  # fmt: skip


def _tables(wire: Any, names: Names) -> list[DynamoTable]:
    return [DynamoTable(wire, name) for name in names]


def _timed(work: Callable[[S], object], given: S) -> tuple[float, float]:
    """Seconds on the clock, and of this process."""
    started, cpu = time.perf_counter(), time.process_time()
    work(given)
    return time.perf_counter() - started, time.process_time() - cpu
