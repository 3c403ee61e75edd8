"""Chalice at the edge: routes, authorizer and event functions of a service's `app.py`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from chalice.app import AuthResponse, Chalice, CORSConfig, Response

from shared import auth, http, log, openapi, preference, world
from shared.auth import Principal, UnknownKey
from shared.errors import Refused, Unauthenticated
from shared.http import ANY_TOKEN, PUBLIC, Request, Route, Routes
from shared.world import World

ANY_ORIGIN = "*"
CORS = CORSConfig(
    allow_origin=ANY_ORIGIN,  # in the templates and answers the stage's own stands in its place
    allow_headers=["Accept-Language", "Authorization", "Content-Type", "Idempotency-Key", "X-Omo-Now"],
    expose_headers=["Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"],
    max_age=600,
)
_ORIGIN = "Access-Control-Allow-Origin"


def serve(service: str, routes: Routes, here: Callable[[], World] = world.deployed) -> Chalice:
    """A Chalice app with these routes, the common ones, and its authorizer.

    `here` is asked at each request, so that nothing is read or opened when the module is imported.
    """
    app = Chalice(app_name=f"omotenashi-{service}")
    log.set_up(service)
    authorizer = _authorizer(app, here)
    add_common(service, routes)
    for route in routes.all:
        _add(app, route, None if route.scope == PUBLIC else authorizer, here)
    app.middleware("http")(_in_our_shape)
    return app


def add_common(service: str, routes: Routes) -> None:
    """The routes that every service has: `/health`, `/openapi.json` and `/v1/whoami`."""

    @routes.get("/health", PUBLIC)
    def health(_: Any) -> dict[str, str]:
        """Whether the service answers."""
        return {"status": "ok", "service": service}

    @routes.get("/openapi.json", PUBLIC)
    def describe(_: Any) -> dict[str, Any]:
        """This description."""
        return openapi.document(service, routes)

    @routes.get("/v1/whoami", ANY_TOKEN, answer=openapi.WhoAmI)
    def whoami(call: Any) -> dict[str, Any]:
        """Who the token or key stands for, and what it may do."""
        return openapi.who_am_i(call)


def _authorizer(app: Chalice, here: Callable[[], World]) -> Any:
    @app.authorizer(ttl_seconds=30)
    def authorizer(request: Any) -> AuthResponse:
        try:
            who = auth.authorize(here(), request.token)
        except UnknownKey:  # only the app is told where a call comes from: it counts, and says 401 or 429
            return AuthResponse(routes=["*"], principal_id="nobody", context={"unknown_key": "yes"})
        except Unauthenticated:
            raise Exception("Unauthorized") from None  # noqa: TRY002 - API Gateway makes a 401 of exactly this text
        return AuthResponse(routes=["*"], principal_id=who.key_id or "member", context={"who": who.to_context()})

    return authorizer


def _add(app: Chalice, route: Route, authorizer: Any, here: Callable[[], World]) -> None:
    def view(**path: str) -> Response:
        reply = http.answer(here(), route, _request(app.current_request, path))
        said = {"Content-Type": preference.JSON, **http.SAFE_HEADERS, _ORIGIN: allowed_origin(), **reply.headers}
        headers: dict[str, str | list[str]] = dict(said)
        return Response(body=_text(reply.body), status_code=reply.status or route.status, headers=headers)

    app.route(route.path, methods=[route.method], authorizer=authorizer, content_types=["*/*"], cors=CORS)(view)


def allowed_origin() -> str:
    """From which pages a browser may read answers: one origin, or any. Nothing is ever sent along by itself (no cookies)."""
    return os.environ.get("OMO_ALLOWED_ORIGIN", ANY_ORIGIN)


def _text(body: Any) -> str:
    if body is None or isinstance(body, str):
        return body or ""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _request(current: Any, path: dict[str, str]) -> Request:
    context = current.context or {}
    found = context.get("authorizer", {})
    who = found.get("who")
    return Request(
        headers={name.lower(): value for name, value in (current.headers or {}).items()},
        path=path,
        query=current.query_params or {},
        raw=current.raw_body or b"",
        who=Principal.from_context(who) if who else None,
        address=str(context.get("identity", {}).get("sourceIp", "")),
        is_unknown_key="unknown_key" in found,
        request_id=str(context.get("requestId", "-")),
    )


def _in_our_shape(event: Any, get_response: Callable[[Any], Response]) -> Response:
    """Chalice's own errors (405, 500) in the one error shape."""
    response = get_response(event)
    if not (isinstance(response.body, dict) and {"Code", "Message"} <= response.body.keys()):
        return response
    refused = Refused({405: "method_not_allowed", 404: "route_not_found"}.get(response.status_code, "internal_error"))
    refused.status = response.status_code
    headers = {name.lower(): value for name, value in (event.headers or {}).items()}
    request_id = str((event.context or {}).get("requestId", "-"))
    reply = http.refusal(refused, preference.language(headers.get("accept-language", "")), request_id)
    kept = {name: value for name, value in response.headers.items() if name.lower() != "content-type"}
    cors = {**CORS.get_access_control_headers(), _ORIGIN: allowed_origin()}
    sent = {**kept, **http.SAFE_HEADERS, **reply.headers, "X-Request-Id": request_id, **cors}
    return Response(body=json.dumps(reply.body, ensure_ascii=False), status_code=refused.status, headers=sent)
