"""How a stranger's request gets to the apps: as WSGI in this process, as HTTP to the stack."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import requests
from hypothesis import strategies as st
from schemathesis.core.transport import Response

from tests.front import Front
from tests.outside.bodies import Bodies
from tests.outside.stranger import Case, Operation, sensible
from tests.outside.town import Known


@dataclass
class Door:
    """Where requests go in: what is known to exist behind it, and the callers' tokens."""

    tokens: dict[str, str]
    known: Known
    bodies: Bodies
    base_url: str | None = None
    session: requests.Session | None = None

    def sensible(self, operation: Operation) -> st.SearchStrategy[Case]:
        """Requests as described that meet what is there."""
        return sensible(operation, self.known, self.bodies.get(f"{operation.method.upper()} {operation.path}"))

    def send(self, case: Case, who: str | None) -> Response:
        """The case as sent by a kind of caller; by nobody where there is none."""
        for name in [name for name in case.headers if name.lower() == "authorization"]:
            del case.headers[name]
        headers = {} if who is None else {"Authorization": f"Bearer {self.tokens.get(who, who)}"}
        more = {"base_url": self.base_url, "session": self.session, "timeout": 60} if self.base_url else {}
        answer: Response = case.call(headers=headers, **more)
        return answer


def through(front: Front, service: str) -> Callable[..., Iterable[bytes]]:
    """A service's app as WSGI: what schemathesis sends reaches the gateway as it would come over the wire."""

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        query = environ["QUERY_STRING"]
        target = environ["REQUEST_URI"].partition("?")[0] + (f"?{query}" if query else "")
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        said = front.request(service, environ["REQUEST_METHOD"], target, headers, body)
        start(f"{said.status} -", list(said.headers.items()))
        return [said.body]

    return app
