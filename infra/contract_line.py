"""A bad line between a till and the services, that remembers: what comes is passed on, or not, or its answer is not.

Only what names itself meets with faults: reading is not what goes wrong. Each sale's fate is drawn when it first
comes, from a seed, so that the same till in the same order meets the same line.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from infra.contract_record import Exchange, body_of, hidden_target, print_of, route_of, told

Fault = Literal["lost request", "lost answer", "silence", "busy"]
FATES: Mapping[str, tuple[tuple[Fault, ...], int]] = {
    "fine": ((), 10),
    "the answer is lost": (("lost answer",), 3),
    "the request is lost": (("lost request",), 2),
    "silence, then an answer": (("silence",), 2),
    "busy": (("busy",), 2),
    "lost twice": (("lost answer", "lost request"), 2),
    "dead, and it had arrived": (("lost answer",) * 8, 2),
    "dead, and it never arrived": (("lost request",) * 8, 1),
}
"""What may become of a sale, try by try, and how often. Who gives up meets the same once more in the undoing."""
RETRY_AFTER_SECONDS = 2
HELD_SECONDS_MAX = 20.0
BUSY = json.dumps(
    {
        "type": "urn:omotenashi:problem:temporarily_unavailable",
        "title": "Not available for the moment. Send the same request again.",
        "status": 503,
        "detail": "Not available for the moment. Send the same request again.",
        "code": "temporarily_unavailable",
        "retryable": True,
        "request_id": "contract",
    }
).encode()


@dataclass(frozen=True)
class Asked:
    """A request of the till, as it came. Names of headers are lower case."""

    service: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """An answer. Names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# What the services say to a request; OSError where they can't be reached.
Forward = Callable[[Asked], Said]


@dataclass
class Line:
    """The line. `share` is the part of the sales that meet with a fault; `now` is replaced in tests."""

    forward: Forward
    seed: int = 0
    share: float = 0.6
    now: Callable[[], float] = time.time
    seen: list[Exchange] = field(default_factory=list)
    _fates: dict[tuple[str, str], list[Fault]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, asked: Asked) -> tuple[Exchange, Said | None]:
        """What the till gets to see of a request, and its place in the record; None is no answer.

        `ended` tells when the till has seen it. With a fault of `silence` the connection is to be held.
        """
        began = self._began(asked)
        said: Said | None = None
        if began.fault in (None, "lost answer", "silence"):
            said = self._passed_on(asked)
        if began.fault == "busy":
            headers = {"content-type": "application/problem+json", "retry-after": str(RETRY_AFTER_SECONDS)}
            said = Said(503, headers, BUSY)
        if began.fault in ("lost answer", "silence"):
            said = None
        return began, said

    def ended(self, began: Exchange, said: Said | None, *, hung_up: bool = False) -> Exchange:
        """The record of an exchange that is over: the till has its answer, or the connection is gone."""
        done = replace(began, until=self.now(), hung_up=hung_up)
        if said is not None and not hung_up:
            wait = said.headers.get("retry-after", "")
            retry_after = float(wait) if wait.isdecimal() else None
            done = replace(done, status=said.status, answer=told(said.body), retry_after=retry_after)
        with self._lock:
            self.seen[done.n - 1] = done
        return done

    def faults(self) -> Counter[str]:
        """How often the line did what."""
        return Counter(one.fault for one in self.seen if one.fault)

    def _began(self, asked: Asked) -> Exchange:
        body, is_json = body_of(asked.body)
        token = asked.headers.get("authorization", "").partition(" ")[2]
        at = self.now()
        with self._lock:
            began = Exchange(
                n=len(self.seen) + 1,
                at=at,
                until=at,
                service=asked.service,
                method=asked.method,
                target=hidden_target(asked.service, asked.method, asked.target),
                key=print_of(token) if token else "",
                body=body,
                is_json=is_json,
                named=asked.headers.get("idempotency-key"),
                fault=self._fault(asked, body),
            )
            self.seen.append(began)
        return began

    def _fault(self, asked: Asked, body: object) -> Fault | None:
        """What becomes of this try: the next of its sale's fate. Whoever tries long enough gets through."""
        route, variables = route_of(asked.service, asked.method, asked.target.partition("?")[0])
        if route is None or route.id_field is None:
            return None
        own = body.get(route.id_field) if isinstance(body, dict) else None
        name = (asked.target, str(own or asked.headers.get("idempotency-key") or variables))
        if name not in self._fates:
            dice = random.Random(f"{self.seed} {len(self._fates)}")  # noqa: S311 - a fate, no secret
            kinds = [list(fate) for fate, _ in FATES.values()]
            fates: list[list[Fault]] = dice.choices(kinds, [weight for _, weight in FATES.values()])
            is_fine = dice.random() >= self.share
            self._fates[name] = [] if is_fine else fates[0]
        left = self._fates[name]
        return left.pop(0) if left else None

    def _passed_on(self, asked: Asked) -> Said | None:
        try:
            return self.forward(asked)
        except OSError:
            return None
