"""Processes that take turns: each runs alone from one call of the store to the next, in an order that a seed decides.

Any of them may rest for long between two calls, or die there; reads that may be stale are, sometimes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from shared.memory import MemoryTable


class Dies(BaseException):
    """Not an Exception, so that nothing can swallow it."""


@dataclass
class Process:
    """One of the threads: what it does, when it may go on, and what became of it."""

    name: Any
    work: Callable[[], Any]
    ready: int
    is_mortal: bool = True
    answer: Any = None
    is_over: bool = False
    is_killed: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)


class Schedule:
    """Runs processes by turns until all are over. `tick` counts the turns: it is the time."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.tick = 0
        self.processes: list[Process] = []
        self._running: Process | None = None
        self._given_back = threading.Lock()
        self._given_back.acquire()

    @property
    def is_running(self) -> bool:
        return self._running is not None

    def spawn(self, name: Any, work: Callable[[], Any], at: int = 0, *, is_mortal: bool = True) -> None:
        process = Process(name, work, at, is_mortal)
        process.turn.acquire()
        self.processes.append(process)

    def step(self) -> None:
        """Called by the running process before each call of the store: the others' turn."""
        process = self._running
        if process is None:
            return  # outside of a run
        self._given_back.release()
        process.turn.acquire()
        if process.is_killed:
            raise Dies

    def run(self) -> None:
        threads = [threading.Thread(target=self._live, args=(process,)) for process in self.processes]
        for thread in threads:
            thread.start()
        live = list(self.processes)
        while live:
            self.tick += 1
            ready = [process for process in live if process.ready <= self.tick]
            if not ready:
                self.tick = min(process.ready for process in live)
                continue
            process = self.random.choice(ready)
            process.is_killed = process.is_mortal and self.random.random() < 0.02
            self._running = process
            process.turn.release()
            self._given_back.acquire()
            self._running = None
            if self.random.random() < 0.03:
                process.ready = self.tick + self.random.randint(1, 80)  # a long pause between two calls
            if process.is_over:
                live.remove(process)
        for thread in threads:
            thread.join()

    def _live(self, process: Process) -> None:
        process.turn.acquire()
        try:
            process.answer = "died" if process.is_killed else process.work()
        except Dies:
            process.answer = "died"
        except Exception as error:
            process.answer = error
        process.is_over = True
        self._given_back.release()


class SteppedTable(MemoryTable):
    """Each call is a turn; a read that may be stale shows the account as it was up to two items ago."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        self._schedule = schedule

    def get(self, pk, sk, *, consistent=False):
        self._schedule.step()
        return super().get(pk, sk, consistent=consistent)

    def newest(self, pk, *, upto=None, consistent=False):
        self._schedule.step()
        if consistent or upto is not None or not self._schedule.is_running:
            return super().newest(pk, upto=upto, consistent=consistent)
        behind = self._schedule.random.choice((0, 0, 0, 1, 2))
        items = super().items(pk, newest_first=True, limit=behind + 1)
        return items[-1] if items else None

    def items(self, pk, **asked):
        if "limit" in asked and asked["limit"] == 1 and "newest_first" in asked:
            return super().items(pk, **asked)  # `newest`, which had its turn
        self._schedule.step()
        return super().items(pk, **asked)

    def put_new(self, item):
        self._schedule.step()
        return super().put_new(item)

    def transact(self, writes):
        self._schedule.step()
        return super().transact(writes)
