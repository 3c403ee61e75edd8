"""Faults at the wire of a real client: below the SDK with its retries, above a real engine.

Calls are lost, answers are lost after the write, the engine is busy or broken, two transactions are in each other's
way, a call arrives long after its caller gave it up, and processes die before or after a call.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from infra.package import REGION
from tests.engines.engines import KEYS

CHANCES = {
    "drop": 0.01,
    "lost": 0.03,
    "throttled": 0.01,
    "broken": 0.01,
    "broken_after": 0.02,
    "gateway": 0.01,
    "conflict": 0.02,
    "late": 0.015,
    "dies": 0.01,
    "dies_after": 0.02,
}
LATE_SECONDS = 0.4
_TYPE = "com.amazonaws.dynamodb.v20120810#"


class Dies(BaseException):
    """Not an Exception, so that nothing can swallow it."""


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


class Wire:
    """The wire of one client. While there is weather, each call may meet one fault, drawn from the seed."""

    def __init__(self, client: Any, seed: int) -> None:
        self.client = client
        self.met: Counter[str] = Counter()
        self.chances: dict[str, float] = {}
        self.between: Callable[[], object] = lambda: None  # what others do before a lost answer is missed
        self._next: list[str] = []
        self._random = Random(seed)
        self._http = URLLib3Session(max_pool_connections=64)
        self._under_way: list[threading.Timer] = []
        client.meta.events.register("before-send.dynamodb", self._meet)

    @contextmanager
    def weather(self, chances: dict[str, float]) -> Iterator[None]:
        """Faults until the end; then everything that is late has arrived."""
        self.chances = chances
        try:
            yield
        finally:
            self.chances = {}
            for late in self._under_way:
                late.join()

    def meets(self, *faults: str) -> None:
        """Let the next calls meet these faults, in this order; "" is none."""
        self._next = list(faults)

    def close(self) -> None:
        self._http.close()

    def _meet(self, request: Any, **_: Any) -> AWSResponse | None:
        if self._next:
            fault = self._next.pop(0)
            return self._apply(fault, request) if fault else None
        drawn = self._random.random()
        for fault, chance in self.chances.items():
            if drawn < chance:
                self.met[fault] += 1
                return self._apply(fault, request)
            drawn -= chance
        return None

    def _apply(self, fault: str, request: Any) -> AWSResponse | None:
        answer: AWSResponse | None = getattr(self, f"_{fault}")(request)
        return answer

    # ---- the call does not arrive ------------------------------------------------------------------------------------

    def _drop(self, request: Any) -> None:
        raise ConnectTimeoutError(endpoint_url=request.url)

    def _throttled(self, request: Any) -> AWSResponse:
        return _said(request, 400, "ProvisionedThroughputExceededException")

    def _broken(self, request: Any) -> AWSResponse:
        return _said(request, 500, "InternalServerError")

    def _gateway(self, request: Any) -> AWSResponse:
        return AWSResponse(request.url, 503, {}, _Body(b"<html>Service Unavailable</html>"))

    def _dies(self, _: Any) -> None:
        raise Dies

    def _conflict(self, request: Any) -> AWSResponse | None:
        """What DynamoDB says where transactions meet, and no engine that we have does."""
        operation = _operation(request)
        if operation == "PutItem":
            return _said(request, 400, "TransactionConflictException")
        if operation != "TransactWriteItems":
            return None
        parts = json.loads(request.body)["TransactItems"]
        place = self._random.randrange(len(parts))
        reasons = [{"Code": "TransactionConflict" if n == place else "None"} for n in range(len(parts))]
        return _said(request, 400, "TransactionCanceledException", CancellationReasons=reasons)

    # ---- the call arrives, and its answer does not -------------------------------------------------------------------

    def _lost(self, request: Any) -> None:
        self._http.send(request)
        self.between()
        raise ReadTimeoutError(endpoint_url=request.url)

    def _broken_after(self, request: Any) -> AWSResponse:
        self._http.send(request)
        if _operation(request) == "TransactWriteItems":
            return _said(request, 400, "TransactionInProgressException")
        return _said(request, 500, "InternalServerError")

    def _dies_after(self, request: Any) -> None:
        self._http.send(request)
        raise Dies

    def _late(self, request: Any) -> None:
        """It arrives when its caller has sent it again, or gone on."""
        arrives = threading.Timer(self._random.random() * LATE_SECONDS, self._http.send, [request])
        self._under_way.append(arrives)
        arrives.start()
        raise ReadTimeoutError(endpoint_url=request.url)


@contextmanager
def wired(address: str, seed: int) -> Iterator[Wire]:
    """A client of an engine as the services have theirs, but for its patience, and its wire."""
    config = Config(max_pool_connections=64, retries={"mode": "standard", "total_max_attempts": 3})
    client = boto3.client("dynamodb", endpoint_url=address, region_name=REGION, config=config, **KEYS)
    wire = Wire(client, seed)
    with pytest.MonkeyPatch.context() as patch:
        # The SDK waits up to seconds before it asks a busy engine again.
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: time.sleep(seconds / 50)))
        yield wire
    wire.close()
    client.close()


def _operation(request: Any) -> str:
    target = request.headers["X-Amz-Target"]
    text = target.decode() if isinstance(target, bytes) else str(target)
    return text.rpartition(".")[2]


def _said(request: Any, status: int, code: str, **more: Any) -> AWSResponse:
    body = json.dumps({"__type": _TYPE + code, "message": "the weather", **more}).encode()
    return AWSResponse(request.url, status, {}, _Body(body))
