"""A request from outside, judged in one order for every route: who, scope, size and form, shape, then the action.

A route names its scope, its models and its action; everything else here is the same for all. Chalice is not known
here: `shared.web` hands in what came over the wire and sends back the `Reply`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar, get_args
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from shared import body, clock, guarded, preference, problem
from shared.auth import Principal
from shared.errors import BadRequest, Forbidden, Invalid, NotFound, Refused, Unauthenticated
from shared.guessing import Guesser
from shared.naming import Naming
from shared.reference import MemberRef
from shared.shapes import Shape
from shared.telling import Watch
from shared.world import World

B = TypeVar("B")

KB = 1024
ANY_TOKEN = "any"  # noqa: S105 - a rule, not a token
ANY_KEY = "any key"
MEMBER = "member"
PUBLIC = "public"
SAFE_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""With every answer, whoever gives it: it is kept nowhere, is data and no page, and comes over TLS only."""
AHEAD_MAX = timedelta(minutes=5)
"""So far ahead of ours may the clock of a till be."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_log = logging.getLogger("omotenashi")


class Empty(Shape):
    """A body or query that says nothing."""


@dataclass(frozen=True)
class Route:
    """One way in: method, path, who may, what comes and what goes."""

    method: str
    path: str
    scope: str  # one of our scopes, or ANY_TOKEN, ANY_KEY, MEMBER, PUBLIC
    action: Callable[[Call[Any]], Any]
    body: type[BaseModel] = Empty
    query: type[BaseModel] = Empty
    answer: Any = None
    status: int = 200
    again: int | None = None  # the other status: there was nothing left to do, or something is left for another
    body_max: int = 256 * KB
    id_field: str | None = None  # the body's own id, for which the header Idempotency-Key may stand in
    of_csv: Callable[[str], Any] | None = None  # the body that a CSV stands for, where one may be sent
    media: Sequence[str] = (preference.JSON,)  # what the answer may be; the caller's Accept chooses
    takes_codes: bool = False  # others than that of a `member`
    summary: str = ""

    @property
    def is_limited(self) -> bool:
        """Whether it takes anything that can be guessed, so that its callers' failures are counted."""
        member = self.body.model_fields.get("member")
        return self.takes_codes or (
            member is not None and MemberRef in (member.annotation, *get_args(member.annotation))
        )

    @property
    def has_body(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Request:
    """What came over the wire. `path` values may be percent-encoded; header names are lower case."""

    headers: Mapping[str, str]
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    who: Principal | None = None
    address: str = ""  # as the gateway saw it; what a header says of it is anybody's word
    is_unknown_key: bool = False  # one of our form that does not exist
    request_id: str = "-"


@dataclass(frozen=True)
class Reply:
    """What goes back. `body` may be a model; None sends no body; a text is sent as it is, with its Content-Type."""

    body: Any
    status: int | None = None
    is_replay: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call(Generic[B]):
    """A request that may be acted upon."""

    world: World
    who: Principal
    route: Route
    body: B
    path: Mapping[str, str]
    query: Any
    now: datetime
    language: str
    content: bytes  # canonical form of what was sent, for the fingerprint
    media: str  # which of the route's media the caller prefers
    idempotency_key: str | None = None
    request_id: str = "-"
    guesser: Guesser | None = None  # None: nobody outside waits for the answer

    @property
    def operation(self) -> str | None:
        """The id that the caller gave it, or of what it is about."""
        own = getattr(self.body, self.route.id_field, None) if self.route.id_field else None
        return own or next((value for name, value in self.path.items() if name.endswith("_id")), None)

    def naming(self, kind: str, client_id: str, owner: str | None = None) -> Naming:
        """The name of this request: its kind, its caller's owner and the client's id."""
        print_ = self.world.secrets.fingerprint(self.content)
        return Naming(kind, owner or self.who.shop, client_id, print_, self.now)

    def check_past(self, at: datetime | None) -> None:
        """Raise `occurred_in_future` for a time that no clock in use can show yet."""
        if at is not None and at > self.now + AHEAD_MAX:
            raise Invalid("occurred_in_future")

    def count_guesses(self, of: int = 1) -> None:
        """Count codes that do not exist, where the answer is no refusal; `too_many_requests` instead of it."""
        if self.guesser is not None and of:
            self.guesser.wrong(of)

    def told(self, refused: Refused) -> Refused:
        """What the caller hears of a refusal that is only a part of the answer; codes that do not exist are counted."""
        return refused if self.guesser is None else self.guesser.told(refused)

    def path_id(self, name: str) -> str:
        """An id from the path; whether it can be one has been judged already."""
        return self.path[name]


class Routes:
    """The routes of a service, in the order in which they were written."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def add(self, method: str, path: str, scope: str, **spec: Any) -> Callable[[Any], Any]:
        def register(action: Any) -> Any:
            summary = (action.__doc__ or "").strip().split("\n")[0]
            self.all.append(Route(method, path, scope, action, summary=summary, **spec))
            return action

        return register

    def get(self, path: str, scope: str, **spec: Any) -> Callable[[Any], Any]:
        return self.add("GET", path, scope, **spec)

    def post(self, path: str, scope: str, **spec: Any) -> Callable[[Any], Any]:
        return self.add("POST", path, scope, **spec)

    def put(self, path: str, scope: str, **spec: Any) -> Callable[[Any], Any]:
        return self.add("PUT", path, scope, **spec)

    def patch(self, path: str, scope: str, **spec: Any) -> Callable[[Any], Any]:
        return self.add("PATCH", path, scope, **spec)

    def delete(self, path: str, scope: str, **spec: Any) -> Callable[[Any], Any]:
        return self.add("DELETE", path, scope, **spec)


def answer(world: World, route: Route, request: Request) -> Reply:
    """The reply to a request: the action's, or the problem document of whatever was refused."""
    language = preference.language(request.headers.get("accept-language", ""))
    guesser, watch = Guesser(world, request.who, request.address, request.request_id), Watch(world, route, request)
    try:
        done = _answered(world, route, request, language, guesser, watch)
    except Exception:  # noqa: BLE001 - the last resort: logged, and answered as a 500
        _log.exception("failed", extra={"route": f"{route.method} {route.path}", "request_id": request.request_id})
        done = refusal(_internal(), language, request.request_id)
    watch.tell(done)
    limits = guesser.headers() if route.is_limited or request.is_unknown_key else {}
    return replace(done, headers={**done.headers, **limits, "X-Request-Id": request.request_id})


def _answered(world: World, route: Route, request: Request, language: str, guesser: Guesser, watch: Watch) -> Reply:
    """The reply to a request, or to why it was refused; what a refusal says of codes that do not exist is counted."""
    try:
        call = _judge(world, route, request, language, guesser)
        watch.operation = call.operation
        reply = _as_reply(route.action(call))
    except Refused as refused:
        told = guesser.told(refused)
        watch.code = told.code
        return refusal(told, language, request.request_id)
    sent, status = reply.body, reply.status or route.status
    if isinstance(sent, BaseModel):
        sent = sent.model_dump(mode="json", exclude_none=True)
    more = {**reply.headers, "Idempotent-Replayed": "true"} if reply.is_replay else reply.headers
    return Reply(sent, status, reply.is_replay, more)


def refusal(refused: Refused, language: str, request_id: str) -> Reply:
    """A refusal as a reply."""
    headers = problem.headers(refused) | {"Content-Type": problem.CONTENT_TYPE}
    return Reply(problem.body(refused, language, request_id), refused.status, headers=headers)


def _internal() -> Refused:
    failed = Refused("internal_error", retryable=True)
    failed.status = 500
    return failed


def _as_reply(result: Any) -> Reply:
    return result if isinstance(result, Reply) else Reply(result)


def _judge(world: World, route: Route, request: Request, language: str, guesser: Guesser) -> Call[Any]:
    if request.is_unknown_key:
        raise Unauthenticated().as_guess()
    who = request.who or Principal("nobody", frozenset())
    _check_scope(route, who)
    if route.has_body:
        guarded.check(world, who)
    now = _now(world, request)
    key = request.headers.get("idempotency-key")
    if key is not None and not _ID.fullmatch(key):
        raise BadRequest("bad_header", header="Idempotency-Key")
    media = request.headers.get("content-type", "application/json")
    sent = body.read(request.raw, media, route.body_max, route.of_csv) if route.has_body else {}
    query = dict(request.query)
    path = {name: _path_value(route, name, unquote(value)) for name, value in request.path.items()}
    content = _canonical.encode([route.method, route.path, path, query, sent])
    if key is not None and route.id_field is not None and route.id_field not in sent:
        sent = {**sent, route.id_field: key}
    try:
        return Call(
            world=world.at(now) if "x-omo-now" in request.headers else world,
            who=who,
            route=route,
            body=route.body.model_validate_json(json.dumps(sent)),
            path=path,
            query=route.query.model_validate_strings(query),
            now=now,
            language=language,
            content=content.encode(),
            media=preference.media(request.headers.get("accept", ""), route.media),
            idempotency_key=key,
            request_id=request.request_id,
            guesser=guesser,
        )
    except ValidationError as error:
        raise problem.of_validation(error) from None


def _path_value(route: Route, name: str, value: str) -> str:
    """A variable of the path; an id that can't be one is not found, or not taken where it would be made."""
    if name.endswith("_id") and not _ID.fullmatch(value):
        if route.method == "PUT":
            raise Invalid.at(f"/{name}", "id", "1 to 64 of A-Z a-z 0-9 . _ -")
        raise NotFound(f"{name.removesuffix('_id')}_not_found")
    return value


def _check_scope(route: Route, who: Principal) -> None:
    if route.scope == MEMBER and who.kind != "member":
        raise Forbidden("forbidden")
    if route.scope == ANY_KEY and who.key_id is None:
        raise Forbidden("forbidden")
    if route.scope not in (MEMBER, ANY_TOKEN, ANY_KEY, PUBLIC):
        who.require(route.scope)


def _now(world: World, request: Request) -> datetime:
    text = request.headers.get("x-omo-now")
    if text is None:
        return world.clock.now()
    try:
        if not world.has_test_clock:
            raise ValueError
        now = clock.from_text(text)
        if not 2000 <= now.year < 2100:
            raise ValueError
        return now
    except (ValueError, OverflowError):
        raise BadRequest("bad_header", header="X-Omo-Now") from None
