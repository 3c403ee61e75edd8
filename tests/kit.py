"""What tests are built with: a world in memory, callers of every kind, and a client that speaks to the real apps.

Requests go through `shared.http.answer`, the same function that the deployed apps call; `tests/api/test_chalice.py`
proves the thin layer above it.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared import http, world
from shared.auth import KINDS, Principal
from shared.clock import Clock
from shared.http import Request, Route, Routes
from shared.keys import Stage
from shared.memory import MemoryTable
from shared.queues import MemoryQueues
from shared.secrets import Secrets
from shared.table import Table
from shared.world import World

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # noon in Tokyo, a Friday
ROOT = json.dumps({"version": "1", "root": "r" * 64})


@dataclass
class FakeClock:
    """A clock that moves only when a test or a sleep moves it."""

    at: datetime = NOON
    slept: float = 0.0

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def forward(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at

    def clock(self) -> Clock:
        return Clock(self.now, self.sleep, lambda: self.slept)


def make_world(clock: FakeClock | Clock | None = None, tables: Iterable[Table] | None = None) -> World:
    """A world over in-memory tables, or over those given."""
    ledger, directory, transient = tables or (MemoryTable(), MemoryTable(), MemoryTable())
    held = Secrets(lambda: ROOT)
    real = clock if isinstance(clock, Clock) else (clock or FakeClock()).clock()
    return world.make(Stage("test"), ledger, directory, transient, held, real)


def sent(world: World) -> list[tuple[str, dict[str, Any], int]]:
    """What a world in memory has put into its queues: inbox, message, seconds to wait."""
    assert isinstance(world.queues, MemoryQueues)
    return world.queues.sent


def key(kind: str, **bound: Any) -> Principal:
    """A caller with a key of this kind and all of its scopes."""
    bound.setdefault("key_id", f"{kind}-key")
    bound.setdefault("owner", f"{kind}-owner")
    bound.setdefault("scopes", KINDS[kind])
    return Principal(kind=kind, **bound)


EC = key("ec")
OPERATOR = key("operator")
TILL = key("pos", store_id="shibuya", terminal_id="till-1")
OTHER_TILL = key("pos", key_id="other-till", store_id="umeda", terminal_id="till-9")
CAFE = key("partner", partner_id="cafe")
OTHER_CAFE = key("partner", key_id="other-cafe", partner_id="bakery")


def member(member_id: str) -> Principal:
    """A member who is signed in with the local issuer."""
    return Principal("member", frozenset(), issuer="https://issuer.test", subject=member_id, is_local=True)


_requests = itertools.count()


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def is_replay(self) -> bool:
        return self.headers.get("Idempotent-Replayed") == "true"

    @property
    def code(self) -> str | None:
        return self.body.get("code") if isinstance(self.body, dict) else None


class Verbs:
    """The words of a client; `send` is its own."""

    def send(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: Any) -> Answer:
        raise NotImplementedError

    def get(self, path: str, **headers: Any) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: Any) -> Answer:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: Any) -> Answer:
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: Any) -> Answer:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: Any) -> Answer:
        return self.send("DELETE", path, body, **headers)


@dataclass
class Client(Verbs):
    """Sends requests to a service's routes in a world of its own."""

    routes: Routes
    world: World = field(default_factory=make_world)
    who: Principal = EC
    address: str = "203.0.113.7"

    def as_(self, who: Principal) -> Client:
        return replace(self, who=who)

    def from_(self, address: str) -> Client:
        """The same caller at another address."""
        return replace(self, address=address)

    def send(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: Any) -> Answer:
        path, _, query = path.partition("?")
        route, values = self._route(method, path)
        reply = http.answer(
            self.world,
            route,
            Request(
                headers={name.lower().replace("_", "-"): value for name, value in headers.items()},
                path=values,
                query=dict(pair.split("=", 1) for pair in query.split("&")) if query else {},
                raw=raw if raw is not None else b"" if body is None else json.dumps(body).encode(),
                who=self.who,
                address=self.address,
                request_id=f"test-{next(_requests)}",
            ),
        )
        return Answer(reply.status or route.status, json.loads(json.dumps(reply.body)), dict(reply.headers))

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        literal_first = sorted(self.routes.all, key=lambda route: route.path.count("{"))
        for route in literal_first:
            pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path)
            match = re.fullmatch(pattern, path)
            if match and route.method == method:
                return route, match.groupdict()
        raise LookupError(f"no route {method} {path}")


def purchase(**changes: Any) -> dict[str, Any]:
    """A receipt over 1,000 yen, with changes."""
    return {
        "purchase_id": "p-1",
        "source": "pos",
        "member": {"member_id": "taro"},
        "store_id": "shibuya",
        "occurred_at": "2026-11-20T02:55:00Z",
        "state": "completed",
        "lines": [{"line_id": "1", "quantity": 1, "amount": 1000}],
    } | changes
