"""What all stories of a run share: who is there, what the time is, and how people behave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared import clock as clocks
from tests.kit import NOON
from tests.sim.opening import MEMBERS
from tests.sim.people import Ask, People


class Stage:
    """Where stories are told. Everything chosen is chosen by the run's seed."""

    def __init__(self, people: People, cards: dict[str, str], papers: list[str], *, is_plain: bool) -> None:
        self.people = people
        self.cards = cards
        self.papers = papers
        self.is_plain = is_plain  # of what is sold, the points can be reckoned with a pencil
        self.turns = people.turns
        self.random = people.random
        self.codes: list[Ask] = []  # issues
        self.tokens: list[str] = []  # of coupons, as their members' apps have shown them
        self.merges = 0
        self.left = 0  # so many have left, or are about to
        self.merges_max = self.random.choice((2, 2, 2, 6))
        self._numbers: dict[str, int] = {}

    def id(self, kind: str) -> str:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return f"{kind}-{self._numbers[kind]}"

    def member(self) -> str:
        """The first of them more often: whoever is known to many has the most that meets."""
        return MEMBERS[int(self.random.random() ** 2 * len(MEMBERS))]

    def now(self) -> str:
        return clocks.to_text(NOON + timedelta(milliseconds=self.turns.now))

    def perhaps(self, chance: float) -> bool:
        return self.random.random() < chance

    def pause(self, most: float = 5) -> None:
        self.turns.sleep(self.random.random() * most)

    def at_once(self, *stories: Callable[[], Any]) -> None:
        """Let several things happen side by side, and wait for all of them."""
        for task in [self.turns.spawn(story, self.random.random() * 2, places=0) for story in stories]:
            self.turns.wait(task)

    def later_undo(self, kind: str, operation_id: str, who: str) -> None:
        """Perhaps the caller gives up while the request is still under way."""
        self.pause(20)
        self.undo(kind, operation_id, who)

    def undo(self, kind: str, operation_id: str, who: str, *, also_before: bool = False, **more: str) -> None:
        """Reverse by the caller's own id, whatever became of it; the till asks until it is told."""
        if also_before or self.perhaps(0.25):
            body = {"reverse_id": self.id("undo"), "kind": kind, **more}
            self.people.ask(who, "points POST /v1/operations/{operation_id}/reverse", body,
                            of=("reverse", kind, operation_id, more.get("source")), operation_id=operation_id)  # fmt: skip

    def mistaken(self, ask: Ask, **changes: Any) -> None:
        if self.perhaps(0.08):
            self.pause()
            self.people.other(ask, **changes)
