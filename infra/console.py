"""The web pages of `console/`: what headers they go out with, and a small server for the local stack.

The pages are plain files. The one thing that they must be told is where the services are: `/config.json`. How a stage
in the cloud serves the same says `docs/console.md`. The local server has a door besides (`infra/door.py`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from infra import door, files
from infra.locate import CONSOLE, SERVICES, Home

CONFIG = "/config.json"
HOOK = "/hook"
"""Where the local stack sends events for whoever watches them on the operator's page; what comes is thrown away."""
HOOK_BYTES_MAX = 1 << 20
FIRST = "/"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}


@dataclass(frozen=True)
class Answer:
    """What goes back for one path."""

    status: int
    kind: str
    body: bytes
    location: str | None = None


def address(port: int) -> str:
    """Where the pages are; also their origin, which the services let read their answers."""
    return f"http://127.0.0.1:{port}"


def policy(apis: Sequence[str]) -> str:
    """The Content-Security-Policy: everything from the pages' own place, and calls to these origins."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            " ".join(("connect-src 'self'", *apis)),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def headers(apis: Sequence[str]) -> dict[str, str]:
    """What every answer carries."""
    return {
        "Content-Security-Policy": policy(apis),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        # A guest's page asks where the phone is, when the guest wants that.
        "Permissions-Policy": "camera=(), geolocation=(self), microphone=()",
        "Cache-Control": "no-cache",
    }


def answer(path: str, local: Path, here: str = "") -> Answer:
    """A page, a module, or the services' addresses; read anew each time, so that a change shows at once."""
    if path == CONFIG:
        return _config(local, here)
    known = {f"/{page.relative_to(CONSOLE).as_posix()}": page for page in CONSOLE.rglob("*") if page.suffix in TYPES}
    found = known.get(f"{path}index.html" if path.endswith("/") else path)
    if found is None and f"{path}/index.html" in known:
        return _elsewhere(f"{path}/")
    if found is None:
        return Answer(404, TYPES[".txt"], b"There is no such page.\n")
    return Answer(200, TYPES[found.suffix], found.read_bytes())


def _elsewhere(location: str) -> Answer:
    return Answer(307, TYPES[".txt"], b"", location)


def _config(local: Path, here: str) -> Answer:
    """The addresses out of `local.json` and whom the door lets in, no key; there is none before the stack is up."""
    said = files.read_json(local)
    if said is None:
        return Answer(503, TYPES[".txt"], b"The stack is not up yet.\n")
    told = {**{service: said[service] for service in SERVICES}, "door": {**door.sign(said), "hook": here + HOOK}}
    return Answer(200, TYPES[".json"], json.dumps(told).encode())


def enter(path: str, local: Path) -> Answer:
    """What the door gives for one click: a key's secret or a member's token."""
    said = files.read_json(local)
    given = door.opened(path, said, Home(local.parent)) if said else None
    if given is None:
        return Answer(404, TYPES[".txt"], b"Nobody is let in by that name.\n")
    return Answer(200, TYPES[".json"], json.dumps({"secret": given}).encode())


def posted(asked: BaseHTTPRequestHandler, here: str, local: Path) -> Answer:
    """What is answered to a POST: by the door, or by the place that events are sent to."""
    if asked.path == HOOK and "Origin" not in asked.headers:  # no browser: the services themselves
        return _heard(asked)
    # A browser says whose page asks: no page but ours is let in.
    if f"http://{asked.headers.get('Host')}" == here == asked.headers.get("Origin"):
        return enter(asked.path, local)
    return Answer(403, TYPES[".txt"], b"The door opens to this console's own pages only.\n")


def _heard(asked: BaseHTTPRequestHandler) -> Answer:
    length = asked.headers.get("Content-Length", "")
    if not length.isdecimal() or int(length) > HOOK_BYTES_MAX:
        asked.close_connection = True  # what was not read must not be taken for the next request
        return Answer(413, TYPES[".txt"], b"")
    asked.rfile.read(int(length))
    return Answer(200, TYPES[".txt"], b"")


def make_server(local: Path, apis: Sequence[str], port: int) -> ThreadingHTTPServer:
    """The server on loopback; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            here = address(server.server_port)
            if f"http://{self.headers.get('Host')}" == here:
                self._send(answer(self.path.partition("?")[0], local, here))
            else:  # `localhost` is another origin, which no service knows
                self._send(_elsewhere(f"{here}/"))

        def do_POST(self) -> None:
            self._send(posted(self, address(server.server_port), local))

        def do_HEAD(self) -> None:
            self.do_GET()

        def _send(self, said: Answer) -> None:
            self.send_response(said.status)
            sent = {"Content-Type": said.kind, "Content-Length": str(len(said.body)), **headers(apis)}
            for name, value in (sent | ({"Location": said.location} if said.location else {})).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: a page asks for a dozen files."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", port), Handler)
    return server


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--local", type=Path, required=True)
    parser.add_argument("--api", required=True)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    make_server(asked.local, [asked.api], asked.port).serve_forever()


if __name__ == "__main__":
    main()
