"""One question and its answer, and the ways in which there is none. The rules are those of `docs/api.md`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Request:
    """What goes over the wire, made once: a try again is the same bytes."""

    service: str
    method: str
    target: str  # path and query
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # without the key


@dataclass(frozen=True)
class Response:
    """What came back. Names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# One try, within so many seconds; OSError or http.client.HTTPException where nothing clear came back.
Wire = Callable[[Request, float], Response]


class Ask(Protocol):
    """How the methods of `routes` send what they were given."""

    def __call__(  # noqa: PLR0913 - the parts of a request
        self,
        service: str,
        method: str,
        path: str,
        variables: Mapping[str, str] | None = None,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        named_by: str | None = None,
    ) -> Any: ...


@dataclass(frozen=True)
class Answer:
    """A clear yes. `is_replay`: an earlier try had arrived, and this is its answer."""

    status: int
    body: Any
    is_replay: bool
    tries: int
    request_id: str | None = None


class Refused(Exception):
    """A clear no: nothing has changed. `code` never changes, texts may; `docs/errors.md` says what to do about each.

    `fields` is all else that the answer says (`errors`, `reason`, `available` …). `retryable`: the same request with
    the same id may succeed later; the client has tried what makes sense to try at once. `tries`: it was the answer to
    this one; if there were tries before it that got none, one of them may still be on its way.
    """

    tries = 1

    def __init__(self, status: int, said: Mapping[str, Any], retry_after_seconds: float | None = None) -> None:
        self.status = status
        self.code = str(said.get("code"))
        self.detail = str(said.get("detail", ""))
        self.retryable = said.get("retryable") is True
        self.request_id = said.get("request_id")
        self.retry_after_seconds = retry_after_seconds
        known = ("type", "title", "status", "detail", "code", "retryable", "request_id")
        self.fields: dict[str, Any] = {name: value for name, value in said.items() if name not in known}
        super().__init__(f"{status} {self.code}: {self.detail}")


class NoAnswer(Exception):
    """Nothing clear came back in all tries: whether it was done is not known.

    Send the same bytes with the same id later, or undo that id until it is undone (`Till` does). Never a new id.
    """

    def __init__(self, request: Request, tries: int, trouble: str) -> None:
        self.request = request
        self.tries = tries
        self.trouble = trouble
        super().__init__(f"{request.method} {request.target}: no answer in {tries} tries, last: {trouble}")


class Unnamed(ValueError):
    """A write without an id. Make one and store it before you send: `new_id()`, or `<store>-<terminal>-<day>-<receipt>`."""


@dataclass(frozen=True)
class Patience:
    """How long one try may take, and the pauses between tries, in seconds; `sleep` is replaced in tests.

    A `Retry-After` that is longer than `retry_after_max` is not waited for: nobody stands at a till that long.
    """

    try_seconds: float = 5.0
    pauses: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    retry_after_max: float = 30.0
    sleep: Callable[[float], None] = time.sleep
