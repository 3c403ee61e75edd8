"""The OpenAPI 3.1 description of a service, generated from the models that validate."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared import body, preference
from shared.errors import NotFound
from shared.http import MEMBER, PUBLIC, Call, Empty, Route, Routes
from shared.member_ref import login_holder, present
from shared.shapes import ID_PATTERN, Id, Shape, never_null

_REF = "#/components/schemas/{model}"
_TEXT = {"type": "string"}
_ID = {"type": "string", "pattern": ID_PATTERN}
_NOTHING = {"type": "object", "additionalProperties": False}

_LIMITS = {
    "RateLimit-Policy": {"description": "How many failures in how many seconds", "schema": _TEXT},
    "RateLimit": {"description": "How many are left, and after how many seconds there are more", "schema": _TEXT},
    "Retry-After": {"description": "Seconds", "schema": {"type": "integer"}},
}


class WhoAmI(Shape):
    """The caller of a request."""

    kind: str
    scopes: list[str]
    key_id: str | None = None
    member_id: Id | None = None
    store_id: str | None = None
    terminal_id: str | None = None
    partner_id: str | None = None


class ProblemField(Shape):
    """One faulty field: its JSON pointer, what kind of fault, and a sentence."""

    pointer: str
    code: str
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    request_id: str
    errors: list[ProblemField] | None = None


def who_am_i(call: Call[Any]) -> dict[str, Any]:
    """The principal of a call; of a member's login, the member that it is today, if there is one."""
    who = call.who
    member_id = None
    if who.kind == "member":
        with suppress(NotFound):
            member_id = present(call.world, login_holder(call.world, who))["member_id"]
    said = WhoAmI(
        kind=who.kind,
        scopes=sorted(who.scopes),
        key_id=who.key_id,
        member_id=member_id,
        store_id=who.store_id,
        terminal_id=who.terminal_id,
        partner_id=who.partner_id,
    )
    return said.model_dump(mode="json", exclude_none=True)


def document(service: str, routes: Routes) -> dict[str, Any]:
    """The whole document of a service."""
    models = {Problem} | {model for route in routes.all for model in _models(route)}
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    paths: dict[str, Any] = {}
    for route in routes.all:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Omotenashi {service}", "version": "1"},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _models(route: Route) -> list[type[BaseModel]]:
    return [model for model in (route.body, *_answers(route)) if model is not Empty]


def _answers(route: Route) -> list[type[BaseModel]]:
    """The shapes that an answer may have: one, or any of a union."""
    shapes = get_args(route.answer) or (route.answer,)
    return [model for model in shapes if isinstance(model, type) and issubclass(model, BaseModel)]


def _operation(route: Route) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{re.sub(r'[^a-z0-9]+', '_', route.path.lower()).strip('_')}",
        "summary": route.summary,
        "security": [] if route.scope == PUBLIC else [{"bearer": []}],
        "x-scope": "member's own token" if route.scope == MEMBER else route.scope,
        "parameters": _parameters(route),
        "responses": {
            **{str(status): _answer(route) for status in (route.status, route.again) if status},
            **(
                {"429": _refused("Too many codes that do not exist") | {"headers": _LIMITS}} if route.is_limited else {}
            ),
            "default": _refused("Refused"),
        },
    }
    if route.has_body and not (route.body is Empty and route.method == "DELETE"):
        schema = {"$ref": _REF.format(model=route.body.__name__)} if route.body is not Empty else _NOTHING
        said["requestBody"] = {
            "required": any(field.is_required() for field in route.body.model_fields.values()),
            "content": {
                "application/json": {"schema": schema},
                **({body.CSV: {"schema": {"type": "string"}}} if route.of_csv else {}),
            },
        }
    return said


def _refused(description: str) -> dict[str, Any]:
    problem = {"schema": {"$ref": _REF.format(model="Problem")}}
    return {"description": description, "content": {"application/problem+json": problem}}


def _answer(route: Route) -> dict[str, Any]:
    if route.status == 204:
        return {"description": "Done"}
    schema: dict[str, Any] = {"type": "object"}
    refs = [{"$ref": _REF.format(model=model.__name__)} for model in _answers(route)]
    if refs:
        schema = refs[0] if len(refs) == 1 else {"anyOf": refs}
    schemas = {media: schema if media == preference.JSON else {"type": "string"} for media in route.media}
    return {"description": "Done", "content": {media: {"schema": one} for media, one in schemas.items()}}


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _named(name, _TEXT)}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if route.id_field is not None:
        said = f"Stands in for {route.id_field} where the body has none."
        key = {"name": "Idempotency-Key", "in": "header", "required": False, "schema": _ID}
        found.append(key | {"description": said})
    asked = route.query.model_json_schema(ref_template=_REF).get("properties", {})
    for name, value in route.query.model_fields.items():
        schema = _named(name, never_null(asked[name]))
        found.append({"name": name, "in": "query", "required": value.is_required(), "schema": schema})
    return found


def _named(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a variable of this name: ids all look alike."""
    return _ID if name.endswith("_id") else schema
