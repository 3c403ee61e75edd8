"""A plain HTTP client for commands that send much: one connection a thread, patient with everything that may pass.

Every write of the contract names itself, so whatever got no clear answer is sent again unchanged.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from shared import clock

_TRY_SECONDS = 60.0
_PAUSE_SECONDS_MAX = 8.0


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class NoAnswer(Exception):
    """Nothing clear came back in all the time that a caller was willing to wait."""


# Method, path below the base address, body: one try, or OSError / HTTPException where the line broke.
Send = Callable[[str, str, bytes | None], Answer]


@dataclass
class Wire:
    """The real line to one service: keep-alive connections, one for each thread; `now` is for a local stack's test clock."""

    base_url: str
    token: str
    now: str | None = None
    _local: threading.local = field(default_factory=threading.local, repr=False)

    def __call__(self, method: str, path: str, body: bytes | None) -> Answer:
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.now is not None:
            headers["X-Omo-Now"] = self.now
        try:
            connection.request(method, urlsplit(self.base_url).path + path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read())
        except BaseException:
            # A half-read answer must not become the next request's.
            connection.close()
            raise

    def at(self, now: datetime) -> Wire:
        """The same line, at another time."""
        return replace(self, now=clock.to_text(now))

    def _connection(self) -> http.client.HTTPConnection:
        known: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if known is None:
            parts = urlsplit(self.base_url)
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            known = self._local.connection = kind(parts.hostname or "", parts.port, timeout=_TRY_SECONDS)
        return known


@dataclass(frozen=True)
class Patience:
    """How long one request is sent again, in all, and how waiting and time pass (real, unless a test says otherwise)."""

    seconds: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic


def may_pass(status: int) -> bool:
    """Whether an answer may be another one a little later: limits, and everything that is our side's fault."""
    return status == 429 or status >= 500


def call(send: Send, method: str, path: str, body: bytes | None = None, *, patience: Patience) -> Answer:
    """The first clear answer to a request, sent again unchanged after 0.1, 0.2, 0.4 … 8 s; else `NoAnswer`."""
    give_up_at = patience.now() + patience.seconds
    pause, trouble = 0.1, ""
    while True:
        try:
            answer = send(method, path, body)
            if not may_pass(answer.status):
                return answer
            trouble = f"status {answer.status}"
        except (OSError, http.client.HTTPException) as error:
            trouble = f"{type(error).__name__}: {error}"
        if patience.now() + pause > give_up_at:
            raise NoAnswer(f"{method} {path}: {trouble}, for {patience.seconds:.0f} s")
        patience.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  (no secret: it keeps threads apart)
        pause = min(_PAUSE_SECONDS_MAX, pause * 2)
