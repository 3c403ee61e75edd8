"""The page of all settings, read off the models that judge them and the templates that take them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel

from checkin.model import StoreBody
from coupons.campaign import Campaign
from coupons.stamp_programme import StampProgramme
from infra import commands_deploy, rollout, template
from infra.locate import INFRA
from points.hook_model import NewWebhook
from points.key_model import NewKey
from points.partner_model import Partner
from points.programme import Programme

Schema = dict[str, Any]
_ID = r"^[A-Za-z0-9._-]{1,64}$"


class Part(NamedTuple):
    """Settings of one kind: what they are called, how they are set, where they are explained, and their shape."""

    title: str
    route: str
    guide: str
    shape: type[BaseModel]


PARTS = (
    Part("The programme", "PUT /v1/programme", "programme.md", Programme),
    Part("Campaigns", "POST /v1/campaigns", "campaigns.md", Campaign),
    Part("Stamp programmes", "PUT /v1/stamp-programmes/{programme_id}", "stamps.md", StampProgramme),
    Part("Stores", "PUT /v1/stores/{store_id}", "stores.md", StoreBody),
    Part("Partners", "PUT /v1/partners/{partner_id}", "partners.md", Partner),
    Part("Keys", "POST /v1/keys", "keys.md", NewKey),
    Part("Webhooks", "POST /v1/webhooks", "webhooks.md", NewWebhook),
)
_HEAD = """# Settings

All that can be set, with what is taken and what holds where nothing is said. What a shop decides is data, set over HTTP by
whoever has the scope, and in force everywhere when the answer has come. What the engineer decides belongs to the stage.
A value that is not taken is refused with `422 invalid_request` and the place where it stands (`/earning/1/when/from`).
An *id* is 1 to 64 of `A-Z a-z 0-9 . _ -`; `[]` stands for each of a list, `{}` for each of a map; *needed* means that there is no default.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for part in PARTS for line in _part(part)), *_stage()])


def _part(part: Part) -> Iterator[str]:
    schema = part.shape.model_json_schema(by_alias=True)
    defs = schema.get("$defs", {})
    yield f"## {part.title}\n"
    yield f"`{part.route}`, explained in [{part.guide}]({part.guide}). {_doc(part.shape.__doc__)}\n"
    yield "| setting | takes | default |"
    yield "|---|---|---|"
    said: dict[str, str] = {}
    yield from _rows(schema, "", defs, said)
    yield ""
    for name, text in said.items():
        yield f"- `{name}`: {text}"
    if said:
        yield ""


def _doc(text: str | None) -> str:
    return " ".join(inspect.cleandoc(text or "").split())


def _rows(schema: Schema, prefix: str, defs: Schema, said: dict[str, str]) -> Iterator[str]:
    for name, field in schema["properties"].items():
        place = f"{prefix}{name}"
        within = _within(field, defs)
        default = "needed" if name in schema.get("required", ()) else _default(field, within)
        yield f"| `{place}` | {_takes(field, defs)} | {default} |"
        if within:
            steps, inner = within
            if inner.get("description"):
                said[place] = _doc(inner["description"])
            yield from _rows(inner, f"{place}{steps}.", defs, said)


def _within(field: Schema, defs: Schema) -> tuple[str, Schema] | None:
    """The object that a field is, or is a list or map of, and how one gets there."""
    for one in _choices(field):
        found = _resolved(one, defs)
        if "properties" in found:
            return "", found
        for key, step in (("items", "[]"), ("additionalProperties", "{}")):
            if isinstance(found.get(key), dict) and (inner := _within(found[key], defs)):
                return step + inner[0], inner[1]
    return None


def _choices(field: Schema) -> list[Schema]:
    return [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]


def _resolved(field: Schema, defs: Schema) -> Schema:
    return {**defs[field["$ref"].rpartition("/")[2]], **field} if "$ref" in field else field


def _takes(field: Schema, defs: Schema) -> str:
    return " or ".join(dict.fromkeys(_one(_resolved(one, defs), defs) for one in _choices(field)))


def _one(field: Schema, defs: Schema) -> str:
    if "const" in field or "enum" in field:
        return ", ".join(f"`{one}`" for one in field.get("enum", [field.get("const")]))
    match field.get("type"):
        case "integer" | "number":
            return _number(field)
        case "boolean":
            return "`true`, `false`"
        case "array":
            limit = f", at most {field['maxItems']}" if "maxItems" in field else ""
            inside = _takes(field["items"], defs) if isinstance(field.get("items"), dict) else "times from and to"
            return f"a list{'' if inside == 'as below' else ' of'} {inside}{limit}"
        case "object":
            return "as below" if "properties" in field else "a map"
        case "string":
            return _text(field)
    return "anything"


def _number(field: Schema) -> str:
    what = "whole number" if field["type"] == "integer" else "number"
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f"{low:,} to {high:,}" if field["type"] == "integer" else f"{low} to {high}"
    return what if low is None else f"{what} from {low}"


def _text(field: Schema) -> str:
    if field.get("format") in ("date", "date-time"):
        return {"date": "a date", "date-time": "a time with its zone"}[field["format"]]
    if field.get("pattern") == _ID:
        return "an id"
    if "pattern" in field:
        return f"`{field['pattern']}`".replace("|", "\\|")
    return f"text, at most {field['maxLength']}" if "maxLength" in field else "text"


def _default(field: Schema, within: tuple[str, Schema] | None) -> str:
    """What holds where nothing is said; nothing for an object whose own rows tell it."""
    value = field.get("default")
    is_told_below = isinstance(value, dict) and within is not None and not within[1].get("required")
    if value is None or is_told_below:
        return ""
    return f"`{json.dumps(value, ensure_ascii=False)}`".replace("|", "\\|")


def _stage() -> Iterator[str]:
    """What a stage's operator says to `omo deploy`, with the templates' own words."""
    parameters: Schema = {}
    for name in ("service.yaml", "data.yaml", "edge.yaml", "watch.yaml"):
        if (INFRA / name).exists():
            parameters |= template.load(INFRA / name)["Parameters"]
    yield "## The stage\n"
    yield "Options of [`omo deploy`](deploying.md); what was said once stays until it is said anew.\n"
    yield "| option | |"
    yield "|---|---|"
    for names, said in commands_deploy.DEPLOY:
        if names[0] not in ("--stage", "--endpoint", "--dry-run", "--yes"):
            yield f"| `{names[0]} {said.get('metavar', '')}` | {said['help']} |"
    yield ""
    yield f"{len(rollout.OPERATORS)} parameters of the templates are the operator's; the others are ours and come with a version.\n"
    yield "Where the local stack lies: `--dir DIR`, else `$OMO_HOME`, else `.omo`. `OMO_TEST_CLOCK` lets a caller say what time it is"
    yield "(`X-Omo-Now`), on loopback alone."
    yield ""
