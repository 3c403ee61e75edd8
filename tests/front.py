"""The three real apps behind their gateway, in one process: what a caller sends over the wire, and what comes back.

`tests.kit.Client` asks the routes; this goes the whole way: key or signed token, Chalice's authorizer and its views. Where
API Gateway would answer by itself, its own words are used.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from chalice.app import Chalice
from chalice.test import Client as ChaliceClient

from infra import issuer
from infra.gateway import ANSWERS, gateway_responses
from shared import auth, keys, problem, web
from shared.auth import Principal
from shared.http import Routes
from shared.keys import Stage
from shared.world import World
from tests.kit import EC, Answer, Verbs

SERVICES = ("points", "coupons", "checkin")
STAGE = Stage("test")


@dataclass(frozen=True)
class Said:
    """An answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Front:
    """The apps over one world, which may be exchanged for a new one."""

    def __init__(self, world: World) -> None:
        self.open(world)
        self.apps = {service: ChaliceClient(self._app(service)) for service in SERVICES}

    def _app(self, service: str) -> Chalice:
        app: Chalice = web.serve(service, _routes(service), self._here)
        app.middleware("http")(_with_request_id)
        return app

    def open(self, world: World) -> None:
        """Serve this world from now on."""
        self.world = world
        self._keys: dict[Principal, str] = {}

    def key(self, who: Principal) -> str:
        """The secret of a caller's key, which the world knows from now on."""
        if who not in self._keys:
            self._keys[who] = _let_in(self.world, who)
        return self._keys[who]

    def _here(self) -> World:
        return self.world

    def request(self, service: str, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Said:
        """One request, as API Gateway hands it on: bytes that are no UTF-8 have been replaced."""
        text = body.decode(errors="replace").encode()
        try:
            answer = self.apps[service].http.request(method, target, headers=dict(headers), body=text)
        except Exception as error:
            if str(error) != "Unauthorized":  # the authorizer's word, of which API Gateway makes a 401
                raise
            return _of_gateway("UNAUTHORIZED")
        if answer.status_code == 401 and answer.headers.get("Content-Type") != problem.CONTENT_TYPE:
            return _of_gateway("UNAUTHORIZED")
        if answer.status_code == 403 and b"Missing Authentication Token" in answer.body:
            return _of_gateway("MISSING_AUTHENTICATION_TOKEN")
        names = {name.lower(): _one(value) for name, value in answer.headers.items()}
        return Said(answer.status_code, names, answer.body)


_request_ids = itertools.count(1)


def _with_request_id(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """API Gateway gives each request an id of its own; Chalice's local gateway gives none."""
    event.context["requestId"] = f"request-{next(_request_ids)}"
    return get_response(event)


def _one(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value)


def _routes(service: str) -> Routes:
    """The service's own routes; `web.serve` adds the common ones."""
    every = import_module(f"{service}.routes").ROUTES
    fresh = Routes()
    fresh.all += [route for route in every.all if route.path.startswith("/v1/") and route.path != "/v1/whoami"]
    return fresh


def _of_gateway(kind: str) -> Said:
    said = gateway_responses()[kind]
    headers = {name.lower(): _filled(value) for name, value in said["ResponseParameters"]["Headers"].items()}
    body = said["ResponseTemplates"]["application/json"].replace("$context.requestId", "gateway")
    return Said(ANSWERS[kind].status, headers | {"x-request-id": "gateway"}, body.encode())


def _filled(value: Any) -> str:
    """A header as the deployed gateway says it: the stage's own origin is a parameter of the template."""
    text = value["Fn::Sub"].replace("${AllowedOrigin}", web.allowed_origin()) if isinstance(value, dict) else value
    return str(text).strip("'")


# ---- callers --------------------------------------------------------------------------------------------------------


@cache
def _secret(who: Principal) -> str:
    return auth.new_secret(STAGE.name, auth.new_key_id())


@dataclass
class Issuer:
    """The shop's login: it signs members' tokens, and the authorizers ask it for its key."""

    key_file: Path
    port: int
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, member_id: str) -> str:
        if member_id not in self.tokens:
            self.tokens[member_id] = issuer.mint(self.key_file, self.port, member_id, 36_000)
        return self.tokens[member_id]


@contextmanager
def open_issuer(folder: Path) -> Iterator[Issuer]:
    """An issuer on loopback that the apps of this process trust."""
    key_file = folder / "issuer.pem"
    issuer.make_key(key_file)
    server = issuer.make_server(key_file, 0)
    port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    before = os.environ.get("OMO_ISSUERS")
    os.environ["OMO_ISSUERS"] = json.dumps(issuer.settings(port))
    auth._issuers.cache_clear()
    try:
        yield Issuer(key_file, port)
    finally:
        os.environ.pop("OMO_ISSUERS")
        if before is not None:
            os.environ["OMO_ISSUERS"] = before
        auth._issuers.cache_clear()
        server.shutdown()
        server.server_close()


def _let_in(world: World, who: Principal) -> str:
    secret = _secret(who)
    pk, sk = keys.api_key(secret.split("_")[2])
    held = {name: value for name, value in vars(who).items() if value and name not in ("scopes", "is_local")}
    item = {"pk": pk, "sk": sk, "version": 1, "state": "active", "t": 0, "fp": b""}
    more = {"scopes": sorted(who.scopes), "hash": auth.hash_of(secret)}
    world.directory.table.put(held | item | more)
    return secret


@dataclass
class HttpClient(Verbs):
    """Speaks to a service over HTTP as one caller; it has the words of `tests.kit.Client`."""

    front: Front
    issuer: Issuer
    service: str = "points"
    who: Principal = EC

    @property
    def world(self) -> World:
        return self.front.world

    def as_(self, who: Principal) -> HttpClient:
        return HttpClient(self.front, self.issuer, self.service, who)

    def at(self, service: str) -> HttpClient:
        """The same caller at another service."""
        return HttpClient(self.front, self.issuer, service, self.who)

    @property
    def token(self) -> str:
        if self.who.kind == "member":
            return self.issuer.token(str(self.who.subject))
        return self.front.key(self.who)

    def send(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: Any) -> Answer:
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        said = self.front.request(self.service, method, path, sent, content)
        names = {name.title(): value for name, value in said.headers.items()}
        told = said.body if "csv" in names.get("Content-Type", "") else json.loads(said.body or "null")
        return Answer(said.status, told, names)
