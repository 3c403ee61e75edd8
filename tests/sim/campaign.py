"""Many seeds: over the processors of a machine, over hours, and over machines; stopped and gone on with at any time.

Seeds are run in parts of a hundred. A finished part is a line of a journal, with what it did and a hash of all books
it made, so a campaign goes on where it stopped, sums add up over journals, and two machines that ran the same part
must have written the same line.
"""

from __future__ import annotations

import gc
import hashlib
import itertools
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path

PART = 100


@dataclass
class Part:
    """What a hundred seeds did. `faulty` are those that broke a promise, with the first one each."""

    first: int
    seeds: int = 0
    deliveries: int = 0
    requests: int = 0
    turns: int = 0
    entries: int = 0
    most_at_once: int = 0
    seconds: float = 0.0
    code: str = ""
    digest: str = ""
    faulty: dict[str, str] = field(default_factory=dict)


def run_part(first: int, seeds: int = PART) -> Part:
    """Run some seeds, one after the other."""
    from tests.sim.story import told

    part, books, started = Part(first, code=code()), hashlib.sha256(), time.process_time()
    for seed in range(first, first + seeds):
        done = told(seed)
        part.seeds += 1
        part.deliveries += done.deliveries
        part.requests += done.requests
        part.turns += done.turns
        part.entries += done.entries
        part.most_at_once = max(part.most_at_once, done.most_at_once)
        books.update(done.digest)
        if done.faults:
            part.faulty[str(seed)] = done.faults[0].strip().splitlines()[-1][:300]  # of a traceback, what was raised
    part.seconds = round(time.process_time() - started, 2)
    part.digest = books.hexdigest()[:16]
    return part


def code() -> str:
    """A hash of the code that is simulated, and of what does so; not of tests, which choose how many seeds a day has."""
    root = Path(__file__).parents[2]
    folders = ("shared", *(f"services/{name}/{name}" for name in ("points", "coupons", "checkin")), "tests/sim")
    whole = hashlib.sha256()
    paths = (path for folder in folders for path in (root / folder).rglob("*.py"))
    for path in sorted(path for path in paths if not path.name.startswith("test_")):
        whole.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return whole.hexdigest()[:12]


class Journal:
    """The parts that are done, one a line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def parts(self) -> list[Part]:
        if not self.path.exists():
            return []
        return [Part(**json.loads(line)) for line in self.path.read_text().splitlines() if line]

    def add(self, part: Part) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(asdict(part)) + "\n")

    def put_aside(self) -> None:
        """Begin anew; what was there keeps its place in sums, under the next free number."""
        if self.path.exists():
            number = next(n for n in itertools.count(1) if not self._numbered(n).exists())
            self.path.rename(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self.path.with_stem(f"{self.path.stem}-{number}")


def run(wanted: Iterable[int], until: float, processes: int, done: Callable[[Part], None]) -> None:
    """Run the parts that begin with these seeds, until the time is over; each is told of when it is done."""
    left = iter(wanted)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin) as pool:
        running: set[Future[Part]] = set()
        try:
            while True:
                while len(running) < processes + 1 and time.monotonic() < until:
                    first = next(left, None)
                    if first is None:
                        break
                    running.add(pool.submit(run_part, first))
                if not running:
                    return
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for one in finished:
                    done(one.result())
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin() -> None:
    """A process of the campaign: it leaves Ctrl-C to the one that keeps the journal, and seldom looks for rubbish."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(100_000, 50, 100)  # a seed is a tenth faster, and leaves little behind


def to_do(seeds: int | None, first: int, done: Iterable[Part]) -> Iterator[int]:
    """The first seeds of the parts that are still to be run; without end if it is not said how many."""
    known = {part.first for part in done}
    every = itertools.count(first, PART) if seeds is None else range(first, first + seeds, PART)
    return (start for start in every if start not in known)


def summed(parts: Iterable[Part]) -> Part:
    """All together."""
    whole = Part(0)
    for part in parts:
        whole.seeds += part.seeds
        whole.deliveries += part.deliveries
        whole.requests += part.requests
        whole.turns += part.turns
        whole.entries += part.entries
        whole.most_at_once = max(whole.most_at_once, part.most_at_once)
        whole.seconds += part.seconds
        whole.faulty |= part.faulty
    return whole


def processors() -> int:
    return os.cpu_count() or 1
