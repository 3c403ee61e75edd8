"""What long jobs work with in a run: the queue that they ask for their next step, and their files."""

from __future__ import annotations

from typing import Any

from shared.errors import Unavailable
from shared.files import MemoryFiles
from shared.queues import MemoryQueues
from shared.spreadsheet import CONTENT_TYPE as CSV
from tests.sim.turns import Dies, Turns
from tests.sim.weather import Weather
from tests.sim.wires import Wires


class Queues(MemoryQueues):
    """Where a service asks its own queue for the next step."""

    def __init__(self, wires: Wires) -> None:
        super().__init__()
        self._wires = wires

    def carry_on(self, service: str, partition: str, delay_seconds: int = 0) -> None:
        self.send(service, {"carry_on": partition}, delay_seconds)

    def send(self, inbox: str, body: Any, delay_seconds: int = 0) -> None:
        self._wires.turns.step()
        if self._wires.weather.strikes("unsent", self._wires.random):
            raise Unavailable
        self._wires.send(inbox, body, delay_seconds)
        if self._wires.weather.strikes("sent_unsaid", self._wires.random):
            raise Unavailable


class SimFiles(MemoryFiles):
    """Files whose calls are turns, at which a process may die."""

    def __init__(self, turns: Turns, weather: Weather) -> None:
        super().__init__()
        self._turns, self._weather = turns, weather

    def put(self, key: str, content: bytes, media: str = CSV) -> None:
        self._may_die()
        super().put(key, content, media)
        self._may_die()

    def get(self, key: str) -> bytes | None:
        self._may_die()
        return super().get(key)

    def _may_die(self) -> None:
        self._turns.step()
        if self._weather.fate(self._turns.random.random()) in ("dies_before", "dies_after"):
            raise Dies
