"""What our code adds to a request: each route through its whole handler against the bare calls that it must make.

In turns on one engine: a request of ours, then its calls alone, from boto3 as it comes and from a client that is set as
ours is. So a slow moment of the machine hits all three.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

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


class Seconds(NamedTuple):
    """On the clock, and of this process."""

    clock: float
    cpu: float


@dataclass
class Round:
    """Seconds of each request of a round, on the clock and of the processor; ours and the bare calls' of two clients."""

    ours: list[Seconds] = field(default_factory=list)
    plain: list[Seconds] = field(default_factory=list)
    set_alike: list[Seconds] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)


class Trio:
    """A shop on tables of an engine, and twice tables beside them that get the same calls from nobody but boto3."""

    def __init__(self, dynamodb: Any, plain: Any) -> None:
        self.here = new_names(dynamodb)
        self.plain, self.set_alike = (plain, new_names(dynamodb)), (dynamodb, new_names(dynamodb))
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
        calls = self.recorder.take()
        for wire, there in (self.plain, self.set_alike):
            replay(wire, elsewhere(calls, self.here, there))

    def round(self, make: Callable[[Shop, int], Event], times: int) -> Round:
        """So many requests, each followed by its calls alone."""
        found = Round()
        for n in range(times):
            event = make(self.shop, n)
            self.follow()
            found.ours.append(_timed(self.shop.do, event))
            calls = needed(self.recorder.take(), self.here.directory)
            for into, (wire, there) in ((found.plain, self.plain), (found.set_alike, self.set_alike)):
                into.append(_timed(partial(replay, wire), elsewhere(calls, self.here, there)))
            found.calls.append(len(calls))
        return found


@contextmanager
def trio() -> Iterator[Trio]:
    """All three on DynamoDB Local, which ends with them."""
    with (
        tempfile.TemporaryDirectory() as folder,
        dynamodb_local(Path(folder)) as address,
        client(address) as dynamodb,
        client(address, is_plain=True) as plain,
        quiet(),
    ):
        yield Trio(dynamodb, plain)


def measure(size: Size) -> Told:
    """Each operation's ratio, and where the processor's time goes."""
    if lack := missing():
        return Told(left_out=lack)
    rounds: Mapping[str, list[Round]] = {kind: [] for kind in ALL}
    with trio() as all_three:
        for make in ALL.values():  # warm: imports, connections, the engine's own compiler
            all_three.round(make, size.times)
        for _ in range(size.rounds):
            for kind, make in ALL.items():
                rounds[kind].append(all_three.round(make, size.times))
        shares = _shares(all_three, size)
    return Told([_ratios(rounds), shares])


def _ratios(rounds: Mapping[str, list[Round]]) -> Table:
    columns = ["operation", "calls", "handler ÷ bare calls", "÷ bare calls, set alike", "handler, ms", "bare, ms"]
    return Table(
        "Request overhead",
        [*columns, "CPU ms a request", "of bare calls", "of them set alike"],
        [[kind, *_row(of)] for kind, of in rounds.items()],
        f"The whole handler against the bare calls, on the clock; target: at most {TARGET} for the first six. *Set alike*: "
        "from a client that checks no parameters and has a name of its own, as ours.",
    )


def _shares(all_three: Trio, size: Size) -> Table:
    """By layer, over the main operations, each asked as often."""
    with sampling() as samples:
        for n, make in itertools.product(range(size.rounds * size.times), MAIN.values()):
            event = make(all_three.shop, n)
            samples.is_on = True
            all_three.shop.do(event)
            samples.is_on = False
        all_three.recorder.take()
    rows = [[name, f"{share:.1%}"] for name, share in samples.shares()]
    return Table("Where a request's processor time goes", ["whose code", "share"], rows,
                 "Sampled over the first six; the standard library counts for whoever calls it.")  # fmt: skip


_OURS, _PLAIN, _SET_ALIKE = (attrgetter(name) for name in ("ours", "plain", "set_alike"))


def _row(rounds: list[Round]) -> list[Spread | float]:
    ours, plain, alike = ([_median(of(one)) for one in rounds] for of in (_OURS, _PLAIN, _SET_ALIKE))

    def ratio(bare: list[Seconds]) -> Spread:
        return Spread.of([one.clock / other.clock for one, other in zip(ours, bare, strict=True)])

    clocks = [Spread.of([one.clock * 1000 for one in each]) for each in (ours, plain)]
    processors = [Spread.of([one.cpu * 1000 for one in each]) for each in (ours, plain, alike)]
    return [statistics.median(rounds[0].calls), ratio(plain), ratio(alike), *clocks, *processors]


def _median(of: list[Seconds]) -> Seconds:
    return Seconds(statistics.median(one.clock for one in of), statistics.median(one.cpu for one in of))


def _tables(wire: Any, names: Names) -> list[DynamoTable]:
    return [DynamoTable(wire, name) for name in names]


def _timed(work: Callable[[S], object], given: S) -> Seconds:
    started, cpu = time.perf_counter(), time.process_time()
    work(given)
    return Seconds(time.perf_counter() - started, time.process_time() - cpu)
