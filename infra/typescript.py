"""The shapes and routes of the merged description as TypeScript types, for the apps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from infra.described import Document, operations

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_HEAD = """\
// Made by `omo openapi --renew` of docs/clients/openapi.json: do not edit.
// Types only: nothing of it is left at run time. docs/clients/README.md shows how to call with them.
"""
_SCALARS = {"string": "string", "boolean": "boolean", "null": "null", "integer": "number", "number": "number"}
_TAIL = """
/** The name of a route. */
export type OperationId = keyof Operations;

/** What is sent to a route. */
export type Body<O extends OperationId> = Operations[O]["body"];

/** The variables of a route's path. */
export type Path<O extends OperationId> = Operations[O]["path"];

/** The variables of a route's query. */
export type Query<O extends OperationId> = Operations[O]["query"];

/** What a route answers when it does what it was asked. */
export type Answer<O extends OperationId> = Operations[O]["answer"];

/** What a route answers when it refuses. */
export type Refusal = Problem;
"""


def types(document: Document) -> str:
    """The whole file."""
    shapes = (_shape(name, schema) for name, schema in document["components"]["schemas"].items())
    return "\n".join((_HEAD, *shapes, _routes(document), _operations(document))) + _TAIL


def _shape(name: str, schema: Document) -> str:
    said = _comment(schema.get("description"), "")
    if schema.get("type") == "object" and "properties" in schema and not _is_one_of_many(schema):
        return f"{said}export interface {name} {_fields(schema, '')}\n"
    return f"{said}export type {name} = {type_of(schema)};\n"


def _comment(text: str | None, indent: str) -> str:
    if not text:
        return ""
    lines = text.replace("*/", "* /").split("\n")
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def type_of(schema: Any, indent: str = "") -> str:
    """The type of a schema. What says nothing is `unknown`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(one, ensure_ascii=False) for one in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(type_of(one, indent) for one in schema["anyOf"]))
    kind = schema.get("type")
    if kind in ("array", "object"):
        return _array(schema, indent) if kind == "array" else _object(schema, indent)
    return _SCALARS.get(kind, "unknown")


def _array(schema: Document, indent: str) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(type_of(one, indent) for one in schema['prefixItems'])}]"
    item = type_of(schema.get("items", {}), indent)
    return f"({item})[]" if " | " in item else f"{item}[]"


def _object(schema: Document, indent: str) -> str:
    if _is_one_of_many(schema):
        kinds = ((name, type_of(one, indent)) for name, one in schema["properties"].items())
        return " | ".join(f"{{ {_key(name)}: {kind} }}" for name, kind in kinds)
    if "properties" in schema:
        return _fields(schema, indent)
    more = schema.get("additionalProperties", True)
    if more is False:
        return "Record<string, never>"
    named = schema.get("propertyNames", {}).get("enum")
    value = type_of(more, indent) if isinstance(more, dict) else "unknown"
    if named:
        return f"Partial<Record<{' | '.join(map(json.dumps, named))}, {value}>>"
    return f"Record<string, {value}>"


def _is_one_of_many(schema: Document) -> bool:
    """Whether exactly one of the fields is there."""
    return schema.get("minProperties") == schema.get("maxProperties") == 1 and "properties" in schema


def _fields(schema: Document, indent: str) -> str:
    required = set(schema.get("required", ()))
    inner = f"{indent}  "
    lines = "".join(
        _comment(one.get("description"), inner)
        + f"{inner}{_key(name)}{'' if name in required else '?'}: {type_of(one, inner)};\n"
        for name, one in schema["properties"].items()
    )
    return f"{{\n{lines}{indent}}}" if lines else "Record<string, never>"


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else json.dumps(name)


# ---- routes ---------------------------------------------------------------------------------------------------------


def _routes(document: Document) -> str:
    """Where each operation is: the one thing that has a value, for whoever builds addresses of it."""
    lines = "".join(
        f'  {one["operationId"]}: {{ service: {_service(one)}; method: "{method}"; path: "{path}" }};\n'
        for path, method, one in operations(document)
    )
    return f"/** Where each route is. */\nexport interface Routes {{\n{lines}}}\n"


def _service(operation: Document) -> str:
    return " | ".join(json.dumps(tag) for tag in operation["tags"])


def _operations(document: Document) -> str:
    lines = "".join(_operation(one) for _, _, one in operations(document))
    return f"/** What goes in and what comes out of each route. */\nexport interface Operations {{\n{lines}}}\n"


def _operation(operation: Document) -> str:
    parts = {
        "path": _variables(operation, "path"),
        "query": _variables(operation, "query"),
        "body": _body(operation),
        "answer": " | ".join(dict.fromkeys(_answers(operation))),
    }
    inside = "".join(f"    {name}: {kind};\n" for name, kind in parts.items())
    return f"{_comment(operation['summary'], '  ')}  {operation['operationId']}: {{\n{inside}  }};\n"


def _variables(operation: Document, place: str) -> str:
    found = [one for one in operation["parameters"] if one["in"] == place]
    if not found:
        return "Record<string, never>"
    said = (f"{_key(one['name'])}{'' if one['required'] else '?'}: {type_of(one['schema'])}" for one in found)
    return f"{{ {'; '.join(said)} }}"


def _body(operation: Document) -> str:
    if "requestBody" not in operation:
        return "undefined"
    kind = type_of(operation["requestBody"]["content"]["application/json"]["schema"])
    return kind if operation["requestBody"]["required"] else f"{kind} | undefined"


def _answers(operation: Document) -> Iterator[str]:
    for status, said in operation["responses"].items():
        if status.startswith("2"):
            content = said.get("content")
            yield type_of(content["application/json"]["schema"]) if content else "undefined"
