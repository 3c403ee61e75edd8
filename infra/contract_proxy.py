"""The bad line as a server: a till's base addresses are http://HOST:PORT/points, /coupons and /checkin."""

from __future__ import annotations

import http.client
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from infra.contract_line import HELD_SECONDS_MAX, Asked, Line, Said
from infra.locate import SERVICES

BODY_MAX = 4 * 1024 * 1024
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "te", "upgrade", "accept-encoding"}
_FORWARD_SECONDS = 60.0


def forward_to(addresses: Mapping[str, str]) -> Line:
    """A line to these services; whatever a till sends goes there with the till's own key."""

    def forward(asked: Asked) -> Said:
        place = urlsplit(addresses[asked.service])
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        connection = kind(place.hostname or "", place.port, timeout=_FORWARD_SECONDS)
        kept = {name: value for name, value in asked.headers.items() if name not in _HOP}
        try:
            body = asked.body or (None if asked.method == "GET" else b"")
            connection.request(asked.method, place.path.rstrip("/") + asked.target, body, kept)
            answer = connection.getresponse()
            return Said(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        except http.client.HTTPException as broken:
            raise ConnectionError(str(broken)) from broken
        finally:
            connection.close()

    return Line(forward)


class Proxy(ThreadingHTTPServer):
    """The server of one line."""

    daemon_threads = True

    def __init__(self, place: tuple[str, int], line: Line) -> None:
        self.line = line
        super().__init__(place, _Handler)

    @property
    def address(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}"

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        """Serve for as long as the block takes."""
        serving = threading.Thread(target=self.serve_forever, daemon=True)
        serving.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()
            serving.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A till that hangs up is what this is about; anything else is told."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_: object) -> None:
        """Nothing: the record says it all."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - as the server calls them

    def _serve(self) -> None:
        _, service, *rest = self.path.split("/", 2)
        length = self.headers.get("Content-Length", "0")
        if service not in SERVICES or not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self.send_error(404 if service not in SERVICES else 411)
            return
        if int(length) > BODY_MAX:
            self.send_error(413)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(length))
        asked = Asked(service, self.command, f"/{rest[0] if rest else ''}", headers, body)
        began, said = self.server.line.take(asked)
        hung_up = self._is_gone()
        if said is not None and not hung_up:
            hung_up = not self._answer(said)
        elif began.fault == "silence":
            hung_up = self._hold()
        if said is None:
            self.close_connection = True
            self._cut()
        self.server.line.ended(began, said, hung_up=hung_up)

    def _answer(self, said: Said) -> bool:
        """Send an answer on; False if the till is gone."""
        try:
            self.send_response(said.status)
            for name, value in said.headers.items():
                if name not in _HOP | {"server", "date"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)
            return True
        except OSError:
            self.close_connection = True
            return False

    def _hold(self) -> bool:
        """Say nothing for as long as anybody would wait; True if the till left before."""
        end = time.monotonic() + HELD_SECONDS_MAX
        while time.monotonic() < end:
            if self._is_gone(0.1):
                return True
        return False

    def _is_gone(self, seconds: float = 0.0) -> bool:
        """Whether the till has closed the connection, looked at for so long."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        try:
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def _cut(self) -> None:
        """End the connection in the middle, as a bad line does."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
