"""Clients: they keep their ids, ask again until they know, ask twice in haste, and now and then something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from shared import http
from shared.http import Reply, Request
from shared.world import World
from tests.sim import opening
from tests.sim.turns import Task, Turns

RETRIES_MAX = 6


@dataclass(eq=False)
class Said:
    """One answer to one request: when it was asked and answered (turns), and what."""

    asked: int
    answered: int
    status: int
    body: Any
    is_replay: bool

    @property
    def is_good(self) -> bool:
        return self.status < 300

    @property
    def code(self) -> str | None:
        return self.body.get("code") if isinstance(self.body, dict) else None


@dataclass(eq=False)
class Ask:
    """What a client wants, under its own id, and all that it heard of it."""

    who: str
    service: str
    method: str
    path: str  # as the route spells it
    values: dict[str, str]
    body: dict[str, Any]
    said: list[Said] = field(default_factory=list)
    sent: int = 0  # requests, answered or not
    first_sent: int | None = None
    insists: bool = True
    first_at: int = 0  # ms
    last_at: int = 0
    of: Any = None  # what the plot notes of it, for the promises

    @property
    def good(self) -> Said | None:
        """Its first good answer."""
        return next((one for one in self.said if one.is_good), None)

    @property
    def is_answered(self) -> bool:
        return any(one.status != 503 for one in self.said)

    @property
    def is_unknown(self) -> bool:
        """Whether some request got no answer that says what became of it."""
        return self.sent > sum(one.status != 503 for one in self.said)

    @property
    def lasted_ms(self) -> int:
        """From the first request to the last answer."""
        return self.last_at - self.first_at

    def __str__(self) -> str:
        heard = [f"{one.status}{'r' if one.is_replay else ''} {one.code or ''}".strip() for one in self.said]
        return f"{self.who} {self.method} {self.path} {self.values} {json.dumps(self.body)} -> {heard} of {self.sent}"


class People:
    """Sends what clients ask to the services, each request in an environment that is free."""

    def __init__(self, turns: Turns, world: Callable[[], World]) -> None:
        self.turns = turns
        self.random: Random = turns.random
        self.asks: list[Ask] = []
        self.requests = 0
        self.patience = self.random.choice((0.85, 0.85, 0.3))  # so many ask until they are answered
        self._world = world

    def ask(self, who: str, to: str, body: dict[str, Any] | None = None, of: Any = None, **values: str) -> Ask:
        """Ask until it is answered, with all that clients do; `to` is "service METHOD /path"."""
        service, method, path = to.split(" ")
        ask = Ask(who, service, method, path, values, body or {}, of=of)
        self.asks.append(ask)
        ask.insists = self.random.random() < self.patience
        if self.random.random() < 0.08:
            self._send(ask, self.random.random() * 2)  # a twin on the way
        self.until_known(ask)
        if self.random.random() < 0.1:
            self._send(ask, self.random.random() ** 4 * 200_000)
        return ask

    def until_known(self, ask: Ask) -> None:
        for attempt in range(RETRIES_MAX):
            self.turns.wait(self._send(ask))
            if ask.is_answered or not ask.insists:
                return
            self.turns.sleep(self.random.random() * 2**attempt)

    def other(self, ask: Ask, **changes: Any) -> Ask:
        """The same id with other content, once; a yes to it is noted as an ask of its own."""
        if ask.body | changes == ask.body:
            return ask
        other = Ask(ask.who, ask.service, ask.method, ask.path, ask.values, ask.body | changes, insists=False)
        other.of = ("other", ask)
        self.asks.append(other)
        self.turns.wait(self._send(other))
        return other

    def _send(self, ask: Ask, after: float = 0) -> Task:
        return self.turns.spawn(lambda: self._serve(ask), after)

    def _serve(self, ask: Ask) -> Any:
        """A request at a service, from its arrival to its answer; a dead one answers nothing."""
        asked = self.turns.turns
        ask.sent += 1
        if ask.first_sent is None:
            ask.first_sent, ask.first_at = asked, self.turns.now
        self.requests += 1
        raw = json.dumps(ask.body).encode() if ask.method != "GET" else b""
        values, query = ask.values, ask.body if ask.method == "GET" else {}
        route = opening.route(ask.service, ask.method, ask.path)
        request = Request(headers={}, path=values, query=query, raw=raw, who=opening.CALLERS[ask.who])
        reply: Reply = http.answer(self._world(), route, request)
        said = Said(asked, self.turns.turns, reply.status or route.status, reply.body, reply.is_replay)
        ask.said.append(said)
        ask.last_at = self.turns.now
        return said
