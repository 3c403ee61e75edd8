"""CloudFormation templates as plain dictionaries: read, laid over one another, written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

Template = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """Reads the short forms (`!Ref x`) as the long ones (`{"Ref": x}`)."""


def _long_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _long_form)


def load(path: Path) -> Template:
    """A template with every intrinsic function in its long form: ours are YAML, made ones JSON."""
    text = path.read_text()
    # YAML takes seconds for what JSON takes milliseconds, and a service's template has a thousand operations' lines.
    loaded = json.loads(text) if path.suffix == ".json" else yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader still
    assert isinstance(loaded, dict), path
    return loaded


def dump(template: Template) -> str:
    """A template as JSON."""
    return json.dumps(template, ensure_ascii=False, indent=1)


def lay_over(lower: Any, upper: Any) -> Any:
    """Merge as `chalice package` does: dictionaries key by key, everything else is replaced whole."""
    if not (isinstance(lower, dict) and isinstance(upper, dict)):
        return upper
    merged = dict(lower)
    for key, value in upper.items():
        merged[key] = lay_over(lower[key], value) if key in lower else value
    return merged
