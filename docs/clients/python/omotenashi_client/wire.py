"""The line to the services: HTTP with kept connections, one for each thread, from the standard library alone."""

from __future__ import annotations

import http.client
import ipaddress
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

from omotenashi_client.asking import Request, Response

ANSWER_MAX = 16 * 1024 * 1024
_IDLE_SECONDS_MAX = 20.0
"""A connection that rested longer may have been closed by the other side; asking on it would look like a lost answer."""


class HttpWire:
    """Sends requests with one key. `key` may be a function, for tokens that are renewed.

    Raises ValueError for an address that is neither https nor this machine's own: a key must not travel in the clear.
    """

    def __init__(self, addresses: Mapping[str, str], key: str | Callable[[], str]) -> None:
        self._places = {service: _place(address) for service, address in addresses.items()}
        self._key = key
        self._kept = threading.local()

    def __call__(self, request: Request, seconds: float) -> Response:
        place = self._places[request.service]
        connection = self._connection(request.service, place, seconds)
        key = self._key if isinstance(self._key, str) else self._key()
        headers = {**request.headers, "Authorization": f"Bearer {key}"}
        try:
            connection.request(request.method, place.path.rstrip("/") + request.target, request.body, headers)
            with connection.getresponse() as answer:
                body = answer.read(ANSWER_MAX)
                if not answer.isclosed():
                    raise http.client.HTTPException(f"an answer of more than {ANSWER_MAX} bytes")
        except BaseException:
            connection.close()  # a half-read answer must not become the next request's
            raise
        self._used()[request.service] = (connection, time.monotonic())
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)

    def close(self) -> None:
        """Close this thread's connections."""
        for connection, _ in self._used().values():
            connection.close()
        self._used().clear()

    def _used(self) -> dict[str, tuple[http.client.HTTPConnection, float]]:
        if not hasattr(self._kept, "connections"):
            self._kept.connections = {}
        found: dict[str, tuple[http.client.HTTPConnection, float]] = self._kept.connections
        return found

    def _connection(self, service: str, place: SplitResult, seconds: float) -> http.client.HTTPConnection:
        known, used_at = self._used().pop(service, (None, 0.0))
        if known is not None and time.monotonic() - used_at < _IDLE_SECONDS_MAX and known.sock is not None:
            known.sock.settimeout(seconds)
            return known
        if known is not None:
            known.close()
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        return kind(place.hostname or "", place.port, timeout=seconds)


def _place(address: str) -> SplitResult:
    place = urlsplit(address)
    if not place.hostname or place.query or place.fragment or place.username:
        raise ValueError(f"{address!r} is no base address")
    if place.scheme != "https" and not (place.scheme == "http" and _is_here(place.hostname)):
        raise ValueError(f"{address!r}: only https, or http to this machine itself")
    return place


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
