"""The client: every route as a typed method, and the rules for tries in one place."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import quote, urlencode

from omotenashi_client.asking import Answer, NoAnswer, Patience, Refused, Request, Response, Unnamed, Wire
from omotenashi_client.routes import Checkin, Coupons, Points
from omotenashi_client.wire import HttpWire

SERVICES = ("points", "coupons", "checkin")
_MAY_PASS = (500, 502, 503, 504)


def new_id() -> str:
    """An id that nobody has used. Store it before you send."""
    return uuid.uuid4().hex


class Client:
    """Speaks to the three services as one caller. Threads may share it.

    >>> client = Client({"points": "https://…", "coupons": "https://…", "checkin": "https://…"}, key="omo_…")
    >>> client.points.post_purchases({"purchase_id": "shibuya-1-20261101-0001", …})

    `language` is that of the refusals' texts, `ja` or `en`. `wire` and `patience` are replaced in tests.
    """

    def __init__(
        self,
        addresses: Mapping[str, str],
        key: str | Callable[[], str],
        *,
        language: str = "en",
        patience: Patience | None = None,
        wire: Wire | None = None,
    ) -> None:
        self.patience = patience or Patience()
        self._language = language
        self._own = None if wire else HttpWire({service: addresses[service] for service in SERVICES}, key)
        self._wire: Wire = wire or cast("HttpWire", self._own)
        self.points = Points(self._body_of)
        self.coupons = Coupons(self._body_of)
        self.checkin = Checkin(self._body_of)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that this thread has kept."""
        if self._own:
            self._own.close()

    @classmethod
    def of_file(cls, path: Path | str, key: str = "pos", **more: Any) -> Client:
        """A client for what a file tells: the addresses and `keys` of a local stack's `local.json`, or of your own."""
        told = json.loads(Path(path).read_text("utf-8"))
        return cls({service: told[service] for service in SERVICES}, told["keys"][key], **more)

    def ask(  # noqa: PLR0913 - the parts of a request
        self,
        service: str,
        method: str,
        path: str,
        variables: Mapping[str, str] | None = None,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        named_by: str | None = None,
    ) -> Answer:
        """The clear answer to a request, however many tries it takes. Raises `Refused`, `NoAnswer`, `Unnamed`."""
        if named_by is not None and not (isinstance(body, Mapping) and body.get(named_by)):
            raise Unnamed(f"{method} {path}: {named_by} is missing")
        target = "/".join(_filled(part, variables or {}) for part in path.split("/"))
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        sent = None if method == "GET" else as_bytes({} if body is None else body)
        headers = {"Accept": "application/json", "Accept-Language": self._language}
        if sent is not None:
            headers["Content-Type"] = "application/json"
        return self.send(Request(service, method, f"{target}?{urlencode(asked)}" if asked else target, sent, headers))

    def send(self, request: Request) -> Answer:
        """The same for a request that was made before, with its very bytes."""
        pauses = iter(self.patience.pauses)
        tries = 0
        while True:
            tries += 1
            wait, outcome = self._try(request, tries)
            if isinstance(outcome, Answer):
                return outcome
            pause = next(pauses, None)
            if pause is None or wait > self.patience.retry_after_max:
                raise _in_the_end(request, tries, outcome)
            self.patience.sleep(max(pause, wait))

    def _try(self, request: Request, tries: int) -> tuple[float, Answer | Refused | str]:
        """One try: how long the other side asks to wait, and a yes, a no that may pass, or what went wrong."""
        try:
            response = self._wire(request, self.patience.try_seconds)
        except (OSError, http.client.HTTPException) as error:
            return 0.0, f"{type(error).__name__}: {error}"
        is_ours, said = _said(response)
        if not is_ours:
            return 0.0, f"status {response.status}, which is no answer of ours"
        if response.status < 300:
            is_replay = response.headers.get("idempotent-replayed") == "true"
            return 0.0, Answer(response.status, said, is_replay, tries, response.headers.get("x-request-id"))
        wait = _seconds(response)
        refused = Refused(response.status, said, wait)
        refused.tries = tries
        if response.status in _MAY_PASS or (response.status == 429 and wait is not None):
            return wait or 0.0, refused
        raise refused

    def _body_of(self, *given: Any, **named: Any) -> Any:
        return self.ask(*given, **named).body


def as_bytes(body: Any) -> bytes:
    """A body as it is sent, and kept to be sent again."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _filled(part: str, variables: Mapping[str, str]) -> str:
    return quote(str(variables[part[1:-1]]), safe="") if part.startswith("{") else part


def _said(response: Response) -> tuple[bool, Any]:
    """Whether an answer is one of ours, and what it says. The page of a hotel's network, say, is none, whatever its status."""
    if response.status == 204:
        return True, None
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_refusal = response.status >= 400
    if media != ("application/problem+json" if is_refusal else "application/json") or 300 <= response.status < 400:
        return False, None
    try:
        body = json.loads(response.body)
    except ValueError:
        return False, None
    return not is_refusal or (isinstance(body, dict) and isinstance(body.get("code"), str)), body


def _seconds(response: Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None


def _in_the_end(request: Request, tries: int, outcome: Refused | str) -> Exception:
    """What is told when patience ends. A 429 has changed nothing; after a 5xx, as after silence, nobody knows."""
    if isinstance(outcome, Refused) and outcome.status == 429:
        return outcome
    return NoAnswer(request, tries, str(outcome))
