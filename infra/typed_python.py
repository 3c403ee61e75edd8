"""The shapes and routes of the merged description as Python: two modules of the client in `docs/clients/python/`."""

from __future__ import annotations

import json
import keyword
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from infra.described import Document, operations
from infra.locate import SERVICES

_MADE = '"""{says}\n\nMade by `omo openapi --renew` of docs/clients/openapi.json: do not edit.\n"""\n'
_MODELS = (
    _MADE.format(
        says="What is sent and what comes back, as the services describe it. Fields that may be left out are so."
    )
    + """
from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

"""
)
_ROUTES = (
    _MADE.format(says="Every route as a method: the variables of its path, its body, the variables of its query.")
    + """
# What comes over the wire is taken at its word: the services are held to their description by their own tests.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, Literal

from omotenashi_client import models
from omotenashi_client.asking import Ask

"""
)
_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_NAMED_BY = re.compile(r"[a-z]+_id")


# ---- shapes ---------------------------------------------------------------------------------------------------------


def models(document: Document) -> str:
    """The module of all shapes."""
    return _MODELS + "\n".join(_shape(name, one) for name, one in document["components"]["schemas"].items())


def _shape(name: str, schema: Document) -> str:
    if schema.get("type") != "object" or "properties" not in schema:
        return f"\n{name} = {type_of(schema) if '$ref' not in schema else repr(type_of(schema))}\n"
    fields = {field: _field(field, one, schema) for field, one in schema["properties"].items()}
    if any(keyword.iskeyword(field) for field in fields):
        said = "".join(f"        {json.dumps(field)}: {json.dumps(kind)},\n" for field, kind in fields.items())
        return f'\n{name} = TypedDict(\n    "{name}",\n    {{\n{said}    }},\n)\n'
    lines = "".join(f"    {field}: {kind}\n" for field, kind in fields.items())
    return f"\nclass {name}(TypedDict):\n{_docstring(schema, fields)}{lines or '    pass' + chr(10)}"


def _docstring(schema: Document, fields: dict[str, str]) -> str:
    text = schema.get("description")
    if not text:
        return ""
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    lines = textwrap.indent(text, "    ").lstrip()
    end = "\n    " if "\n" in text else ""
    return f'    """{lines}{end}"""\n' + ("\n" if fields else "")


def _field(name: str, schema: Document, of: Document) -> str:
    kind = type_of(schema)
    return kind if name in of.get("required", ()) else f"NotRequired[{kind}]"


def type_of(schema: Any, prefix: str = "") -> str:
    """The type of a schema; names of shapes begin with `prefix`. What says nothing is `Any`."""
    if "$ref" in schema:
        return prefix + str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(type_of(one, prefix) for one in schema["anyOf"]))
    return _of_kind(schema, prefix)


def _of_kind(schema: Document, prefix: str) -> str:
    kind = schema.get("type")
    if kind == "array":
        item = {} if "prefixItems" in schema else schema.get("items", {})  # JSON has no tuples
        return f"list[{type_of(item, prefix)}]"
    if kind == "object":
        more = schema.get("additionalProperties", True)
        return f"dict[str, {type_of(more, prefix) if isinstance(more, dict) else 'Any'}]"
    return _SCALARS.get(str(kind), "Any")


# ---- routes ---------------------------------------------------------------------------------------------------------


def routes(document: Document) -> str:
    """The module of all routes: one class for each service."""
    return _ROUTES + "\n".join(_service(document, service) for service in SERVICES)


def _service(document: Document, service: str) -> str:
    found = [one for one in operations(document) if service in one[2]["tags"]]
    names = _names(found)
    methods = "\n".join(_method(service, names[one["operationId"]], path, method, one) for path, method, one in found)
    return (
        f'\nclass {service.capitalize()}:\n    """The routes of {service}."""\n\n'
        f"    def __init__(self, ask: Ask) -> None:\n        self._ask = ask\n\n{methods}"
    )


def _names(found: list[tuple[str, str, Document]]) -> dict[str, str]:
    """What each operation's method is called: its path without variables, and with them where two would be the same."""
    short = {one["operationId"]: _short(method, path) for path, method, one in found}
    taken = list(short.values())
    names = {}
    for path, _, one in found:
        name = short[one["operationId"]]
        has_twin = taken.count(name) > 1 and path.endswith("}")
        names[one["operationId"]] = f"{name}_by_{path.rpartition('{')[2][:-1]}" if has_twin else name
    assert len(set(names.values())) == len(names), "two methods of one name"
    return names


def _short(method: str, path: str) -> str:
    parts = [part for part in path.removeprefix("/v1").strip("/").split("/") if not part.startswith("{")]
    return re.sub(r"[^a-z0-9]+", "_", f"{method.lower()}_{'_'.join(parts)}")


def _method(service: str, name: str, path: str, method: str, operation: Document) -> str:
    given = "".join(f", {one['name']}: str" for one in operation["parameters"] if one["in"] == "path")
    query = [one for one in operation["parameters"] if one["in"] == "query"]
    body = operation.get("requestBody")
    if body:
        kind = type_of(body["content"]["application/json"]["schema"], "models.")
        given += f", body: {kind}" if body["required"] else f", body: {kind} | None = None"
    if query:
        given += ", *" + "".join(f", {_variable(one)}" for one in sorted(query, key=lambda one: not one["required"]))
    said = ", ".join(_said(service, path, method, operation))
    return (
        f"    def {name}(self{given}) -> {' | '.join(dict.fromkeys(_answers(operation)))}:\n"
        f'        """{operation["summary"] or name}"""\n'
        f"        return self._ask({said})\n"
    )


def _variable(parameter: Document) -> str:
    kind = type_of(parameter["schema"])
    return f"{parameter['name']}: {kind}" + ("" if parameter["required"] else " | None = None")


def _said(service: str, path: str, method: str, operation: Document) -> Iterator[str]:
    yield f'"{service}", "{method}", "{path}"'
    variables = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
    if variables:
        yield "{" + ", ".join(f'"{name}": {name}' for name in variables) + "}"
    if "requestBody" in operation:
        yield "body=body"
    query = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
    if query:
        yield "query={" + ", ".join(f'"{name}": {name}' for name in query) + "}"
    named_by = _named_by(operation)
    if named_by:
        yield f'named_by="{named_by}"'


def _named_by(operation: Document) -> str | None:
    """The field of the body that names the request, where there is one."""
    for one in operation["parameters"]:
        if one["name"] == "Idempotency-Key":
            found = _NAMED_BY.search(one["description"])
            return found.group() if found else None
    return None


def _answers(operation: Document) -> Iterator[str]:
    for status, said in operation["responses"].items():
        if status.startswith("2"):
            content = said.get("content")
            yield type_of(content["application/json"]["schema"], "models.") if content else "None"
