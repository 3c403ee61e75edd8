"""Invocations that take turns: each runs alone from one call to the outside to the next, in an order that a seed decides.

Whatever the product calls (a table, the topic, a sleep) comes back here first, so the order of all calls, the time at
which they are made and what becomes of them depend on the seed alone. One thread; greenlets stop the real functions
where they stand.
"""

from __future__ import annotations

import heapq
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet

from shared.errors import Unavailable

STEP_MS = 12  # the most that passes from one turn to the next


class Dies(BaseException):
    """The process is gone. Not an Exception, so that nothing can swallow it."""


DIED = object()
"""The answer of an invocation that died."""


@dataclass(eq=False)
class Task:
    """A function that takes turns; `places` it takes among those that may be under way at once (clients take none)."""

    work: Callable[[], Any]
    places: int
    runs: greenlet | None = None
    answer: Any = None
    is_over: bool = False
    waiting: list[Task] = field(default_factory=list)


class Turns:
    """Runs tasks until all are over. `now` is the time in milliseconds; it passes with the turns, or leaps."""

    def __init__(self, random: Random, places: int) -> None:
        self.random = random
        self.now = 0
        self.turns = 0
        self.places = places
        self.most_at_once = 0
        self.failures: list[str] = []  # what no function may raise
        self._taken = 0
        self._ready: list[Task] = []
        self._later: list[tuple[int, int, Task]] = []
        self._queue: deque[Task] = deque()
        self._counter = 0
        self._running: Task | None = None
        self._idle: list[greenlet] = []
        self._hub = getcurrent()

    def spawn(self, work: Callable[[], Any], after: float = 0, *, places: int = 1) -> Task:
        """Start a task so many seconds from now, when there is a place for it."""
        task = Task(work, places)
        self._at(self.now + round(after * 1000), task)
        return task

    def step(self) -> None:
        """The others' turn. Outside of a run, where one function has the world for itself, nothing happens."""
        task = self._running
        if task is not None:
            self._ready.append(task)
            self._hub.switch()

    def sleep(self, seconds: float) -> None:
        """The others' turn until this time has passed."""
        task = self._running
        if task is None:
            self.now += round(seconds * 1000)
            return
        self._at(self.now + round(seconds * 1000), task)
        self._hub.switch()

    def wait(self, other: Task) -> Any:
        """The answer of another task, once it is over."""
        task = self._running
        assert task is not None
        if not other.is_over:
            other.waiting.append(task)
            self._hub.switch()
        return other.answer

    def run(self) -> None:
        """Turn after turn, until nobody is left."""
        choose, ready = self.random.random, self._ready
        while ready or self._later:
            if not ready:
                self.now = max(self.now, self._later[0][0])
            while self._later and self._later[0][0] <= self.now:
                self._admit(heapq.heappop(self._later)[2])
            if not ready:
                continue
            n = int(choose() * len(ready))
            task, ready[n] = ready[n], ready[-1]
            ready.pop()
            self.turns += 1
            self.now += int(choose() * STEP_MS)
            self._go(task)
        self._rest()

    def _rest(self) -> None:
        """End the idle greenlets: one that is only stopped is no rubbish to Python, and would keep the whole run."""
        while self._idle:
            self._idle.pop().switch(None)

    def _at(self, when: int, task: Task) -> None:
        self._counter += 1
        heapq.heappush(self._later, (when, self._counter, task))

    def _admit(self, task: Task) -> None:
        if task.runs is not None or self._taken + task.places <= self.places:
            self._begin(task)
        else:
            self._queue.append(task)

    def _begin(self, task: Task) -> None:
        if task.runs is None:
            self._taken += task.places
            self.most_at_once = max(self.most_at_once, self._taken)
            task.runs = self._idle.pop() if self._idle else greenlet(self._live)
        self._ready.append(task)

    def _go(self, task: Task) -> None:
        assert task.runs is not None
        self._running = task
        task.runs.switch(task)  # one that has begun already knows its task
        self._running = None
        if not task.is_over:
            return
        self._taken -= task.places
        for other in task.waiting:
            self._ready.append(other)
        while self._queue and self._taken + self._queue[0].places <= self.places:
            self._begin(self._queue.popleft())

    def _live(self, task: Task | None) -> None:
        """The life of a greenlet: task after task, for to make one costs as much as ten switches; with none it ends."""
        while task is not None:
            self._do(task)
            self._idle.append(getcurrent())
            task = self._hub.switch()

    def _do(self, task: Task) -> None:
        try:
            task.answer = task.work()
        except Dies:
            task.answer = DIED
        except Unavailable as unavailable:  # a function that failed in the storm: whoever called it calls again
            task.answer = unavailable
        except Exception:
            task.answer = DIED
            self.failures.append(traceback.format_exc()[-2000:])
        task.is_over = True
