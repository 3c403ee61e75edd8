"""A receiver of webhooks on this machine, that behaves as it is told: takes, fails, hangs, redirects, lies."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """`behaves` is the next answer: a status, or a word for something worse. `got` is what was taken."""

    url: str = ""
    behaves: int | str = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def receiver():
    """A receiver that listens on loopback."""
    said = Receiver()
    hung = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said.asked.append(self.path)
            if said.behaves == "hangs":
                hung.wait(20)
                return
            if said.behaves == "drips":
                _drip(self.wfile, hung)
                return
            if said.behaves == "lies":
                self.wfile.write(b"NOT HTTP AT ALL\r\n\r\n")
                return
            if said.behaves == "hangs up":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status = int(said.behaves)
            if 200 <= status < 300:
                said.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{said.url}/elsewhere")
            self.send_header("Content-Length", "1000000" if said.behaves == 200 else "0")  # of a body that never comes
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    said.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield said
    finally:
        hung.set()
        server.shutdown()
        server.server_close()


def _drip(file, hung):
    """A header that never ends, a byte at a time."""
    try:
        file.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not hung.wait(0.02):
            file.write(b"x")
            file.flush()
    except OSError:
        time.sleep(0)
