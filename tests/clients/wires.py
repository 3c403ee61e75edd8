"""A client's line to the real apps in this process, with the faults of real lines; time passes only on a fake clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from omotenashi_client import Client, Patience, Request, Response

from shared.auth import Principal
from tests.front import Front
from tests.kit import TILL, FakeClock

FAULTS = ("lost request", "lost answer", "late", "doubled", "busy", "elsewhere")
"""What may become of a try: it never arrives; its answer does not; it arrives after the next one, or twice; a worker is
busy; somebody else answers, such as the page of a hotel's network."""

BUSY = Response(
    503,
    {"content-type": "application/problem+json", "retry-after": "1"},
    b'{"code": "temporarily_unavailable", "status": 503, "retryable": true}',
)
ELSEWHERE = Response(200, {"content-type": "text/html"}, b"<h1>Welcome, please sign in</h1>")


@dataclass
class Line:
    """A wire over the apps. `faults` says what becomes of each try; none of them is none."""

    front: Front
    clock: FakeClock
    faults: Callable[[Request], str | None] = lambda request: None
    who: Principal = TILL
    tried: list[tuple[float, Request]] = field(default_factory=list)
    _late: list[Request] = field(default_factory=list)

    def __call__(self, request: Request, seconds: float) -> Response:
        self.tried.append((self.clock.now().timestamp(), request))
        fault = self.faults(request)
        late, self._late = self._late, []
        if fault not in ("lost request", "late", "busy", "elsewhere"):
            answer = self.arrive(request)
            if fault == "doubled":
                answer = self.arrive(request)
        for one in late:
            self.arrive(one)
        match fault:
            case "busy":
                return BUSY
            case "elsewhere":
                return ELSEWHERE
            case "late":
                self._late.append(request)
        if fault in ("lost request", "lost answer", "late"):
            self.clock.forward(seconds=seconds)
            raise TimeoutError("timed out")
        return answer

    def arrive(self, request: Request) -> Response:
        """The request as a service gets it."""
        headers = {**request.headers, "Authorization": f"Bearer {self.front.key(self.who)}"}
        said = self.front.request(request.service, request.method, request.target, headers, request.body or b"")
        return Response(said.status, {name.lower(): value for name, value in said.headers.items()}, said.body)

    def client(self, **more: Any) -> Client:
        """A client on this line, whose pauses pass on the fake clock."""
        return Client({}, "", wire=self, patience=Patience(sleep=self.sleep), **more)

    def sleep(self, seconds: float) -> None:
        self.clock.forward(seconds=seconds)


def one_after_another(*faults: str | None) -> Callable[[Request], str | None]:
    """These faults for the first tries, then none."""
    left: Iterator[str | None] = iter(faults)
    return lambda request: next(left, None)
