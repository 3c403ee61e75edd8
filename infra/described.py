"""What the services say of themselves as one OpenAPI 3.1 document, with the examples that the tests carry out.

Each path names its own server, for the services have addresses of their own. A shape that two services call the same
and mean differently gets its service before its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

from infra.locate import ROOT, SERVICES
from shared import openapi
from shared.http import Routes

Document = dict[str, Any]

CLIENTS = ROOT / "docs" / "clients"
EXAMPLES = CLIENTS / "examples.jsonl"
METHODS = ("get", "post", "put", "patch", "delete")
_REF = "#/components/schemas/"
_WHERE = {service: {"url": f"https://{service}.example.com", "description": service} for service in SERVICES}
_SAYS = (
    "Points, coupons and check-ins of a shop that sells online and in stores. Three services, each at an address of "
    "its own: a path says at which. What holds for every route is in docs/api.md, every error code in docs/errors.md."
)


@dataclass(frozen=True)
class Example:
    """One call of the story that all examples tell together, in their order, in a world of its own.

    `keep` says which value of the answer (by its name) stands as which text in the calls after it: codes and ids that
    the services make are others in each world.
    """

    service: str
    who: str
    route: str
    target: str
    status: int
    body: Any = None
    after_minutes: int = 0  # so much later than the call before
    keep: Mapping[str, str] = field(default_factory=dict)


def examples() -> list[Example]:
    """The examples in the order in which they can be carried out."""
    return [Example(**json.loads(line)) for line in EXAMPLES.read_text("utf-8").splitlines() if line]


def of_service(service: str) -> Document:
    """One service's own document, as it answers `GET /openapi.json`."""
    from shared import web  # brings Chalice with it: not for every word of the command line

    routes = Routes()
    routes.all += import_module(f"{service}.routes").ROUTES.all
    if not any(route.path == "/health" for route in routes.all):  # an app of this process may have added them
        web.add_common(service, routes)
    return openapi.document(service, routes)


def merged() -> Document:
    """One document of all three services. Raises AssertionError where two of them would get into each other's way."""
    said = {service: of_service(service) for service in SERVICES}
    names = _names({service: one["components"]["schemas"] for service, one in said.items()})
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for service, one in said.items():
        for name, schema in one["components"]["schemas"].items():
            schemas[names[service][name]] = _renamed(schema, names[service])
        for path, item in one["paths"].items():
            _add_path(paths, path, _renamed(item, names[service]), service)
    _show(paths)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Omotenashi", "version": "1", "description": _SAYS},
        "servers": list(_WHERE.values()),
        "tags": [{"name": service} for service in SERVICES],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": said[SERVICES[0]]["components"]["securitySchemes"],
        },
    }
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids)), "an operationId stands twice"
    return document


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Path, method in capitals, operation."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method.upper(), item[method]


def as_text(document: Document) -> str:
    """The document as the file has it."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def referred(schema: Any) -> Iterator[str]:
    """The names of all shapes that a schema refers to."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix(_REF)
        schema = schema.values()
    if isinstance(schema, list | type({}.values())):
        for one in schema:
            yield from referred(one)


def _names(said: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """What each service's shapes are called in the merged document."""
    clashing = {name for one in said.values() for name in one if _is_said_otherwise(name, said)}
    while more := {
        name
        for one in said.values()
        for name, schema in one.items()
        if name not in clashing and _is_shared(name, said) and clashing & set(referred(schema))
    }:
        clashing |= more
    names = {
        service: {name: f"{service.capitalize()}{name}" if name in clashing else name for name in one}
        for service, one in said.items()
    }
    prefixed = {new for one in names.values() for old, new in one.items() if old != new}
    assert not prefixed & {name for one in said.values() for name in one}, "a prefixed name is taken"
    return names


def _is_shared(name: str, said: Mapping[str, Mapping[str, Any]]) -> bool:
    return sum(name in one for one in said.values()) > 1


def _is_said_otherwise(name: str, said: Mapping[str, Mapping[str, Any]]) -> bool:
    return len({json.dumps(one[name], sort_keys=True) for one in said.values() if name in one}) > 1


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: f"{_REF}{names[one.removeprefix(_REF)]}" if key == "$ref" else _renamed(one, names)
            for key, one in value.items()
        }
    return [_renamed(one, names) for one in value] if isinstance(value, list) else value


def _add_path(paths: dict[str, Any], path: str, item: Document, service: str) -> None:
    """A path's operations with their service; what every service answers alike stands once, with all their servers."""
    if path in paths:
        known = paths[path]
        assert all(known[method] == said | {"tags": known[method]["tags"]} for method, said in item.items()), path
        known["servers"].append(_WHERE[service])
        for method in item:
            known[method]["tags"].append(service)
        return
    tagged = {method: {"tags": [service], **said} for method, said in item.items()}
    paths[path] = {"servers": [_WHERE[service]], **tagged}


# ---- examples -------------------------------------------------------------------------------------------------------


def _show(paths: dict[str, Any]) -> None:
    """Put each route's first example where it belongs: the body, and the variables of path and query."""
    shown: set[str] = set()
    for one in examples():
        if one.route in shown:
            continue
        shown.add(one.route)
        method, _, path = one.route.partition(" ")
        operation = paths[path][method.lower()]
        if one.body is not None and "requestBody" in operation:
            operation["requestBody"]["content"]["application/json"]["example"] = one.body
        values = _values(path, one.target)
        for parameter in operation["parameters"]:
            if parameter["name"] in values and parameter["in"] != "header":
                text = values[parameter["name"]]
                numeric = parameter["schema"].get("type") in ("integer", "number")
                parameter["example"] = json.loads(text) if numeric else text


def _values(path: str, target: str) -> dict[str, str]:
    """The values of a path's and a query's variables in a target."""
    place, _, query = target.partition("?")
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
    found = re.fullmatch(pattern, place)
    assert found, f"{target} is no {path}"
    return found.groupdict() | dict(parse_qsl(query))
