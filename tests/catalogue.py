"""The published catalogue of events as a check of what is really sent: by the envelope's schema and that of the type.

The schemas let consumers ignore what they don't know, as later versions may say more. Here all must be in them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from shared.event_types import short_name
from shared.events import Event

FOLDER = Path(__file__).parent.parent / "docs" / "events"


def schema(name: str) -> dict[str, Any]:
    """The published schema of an event's data; `envelope` that of what is around it."""
    file = "envelope.schema.json" if name == "envelope" else f"{name}.v1.schema.json"
    found: dict[str, Any] = json.loads((FOLDER / file).read_text())
    return found


def example(name: str) -> Event:
    """The golden example of a type: a whole event."""
    found: Event = json.loads((FOLDER / f"{name}.v1.example.json").read_text())
    return found


@cache
def _validator(name: str) -> tuple[jsonschema_rs.Draft202012Validator, frozenset[str]]:
    of_data = schema(name)
    return jsonschema_rs.Draft202012Validator(of_data, validate_formats=True), frozenset(of_data["properties"])


def faults(event: Event) -> list[str]:
    """What is not as the catalogue says."""
    name = short_name(event["type"])
    found = []
    parts: list[tuple[dict[str, Any], str]] = [(event, "envelope"), (event.get("data", {}), name)]
    for part, where in parts:
        validator, known = _validator(where)
        found += [f"{event['id']}: {error.message}" for error in validator.iter_errors(part)]
        found += [f"{event['id']}: {where} tells {field}, and the catalogue does not" for field in set(part) - known]
    return found
