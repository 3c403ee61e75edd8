"""The pages that are made of the code are what would be made now, and nothing of the code is missing in them."""

import argparse
import re

import pytest
from pydantic import BaseModel

from infra import cli, manual, manual_settings, rollout, template
from infra.locate import INFRA
from points.partner_model import Partner


def subparsers(parser):
    return next((one for one in parser._actions if isinstance(one, argparse._SubParsersAction)), None)


def commands(parser, name=()):
    """Every command as argparse has it."""
    inner = subparsers(parser)
    if inner is None:
        yield " ".join(name), parser
    else:
        for word, one in inner.choices.items():
            yield from commands(one, (*name, word))


COMMANDS = dict(commands(cli.parser()))


@pytest.mark.parametrize("path", manual.pages(), ids=lambda path: path.name)
def test_a_page_is_what_would_be_made_now(path):
    assert path.read_text("utf-8") == manual.pages()[path], "make pages"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_stands_there_with_all_that_it_takes(name):
    text = manual.commands()
    (section,) = re.findall(rf"^## omo {name}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    for action in COMMANDS[name]._actions:
        for option in action.option_strings:
            assert option in {"-h", "--help"} or re.search(rf"{option}(?![a-z-])", section), option
        if action.help and action.help != argparse.SUPPRESS and action.dest not in ("help", "json", "dir"):
            assert action.help.replace("%%", "%").replace("|", "\\|") in section
        for choice in action.choices or ():
            assert str(choice) in section


def test_nothing_stands_there_that_is_no_command():
    assert set(re.findall(r"^## omo (.*)$", manual.commands(), re.MULTILINE)) == set(COMMANDS)


def shapes(shape, seen):
    """A shape, and every shape that its fields are made of."""
    if isinstance(shape, type) and issubclass(shape, BaseModel) and shape not in seen:
        seen.add(shape)
        for field in shape.model_fields.values():
            shapes(field.annotation, seen)
    for inner in getattr(shape, "__args__", ()):
        shapes(inner, seen)
    return seen


@pytest.mark.parametrize("part", manual_settings.PARTS, ids=lambda part: part.title)
def test_every_field_of_every_shape_stands_there(part):
    text = "\n".join(manual_settings._part(part))
    rows = {row.rpartition(".")[2] for row in re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)}
    wanted = {field.alias or name for shape in shapes(part.shape, set()) for name, field in shape.model_fields.items()}
    assert wanted == rows


def test_every_parameter_of_the_operators_has_its_option():
    known: dict[str, object] = {}
    for name in ("service.yaml", "data.yaml", "edge.yaml"):
        known |= template.load(INFRA / name)["Parameters"]
    text = manual_settings.page()
    assert set(rollout.OPERATORS) - set(known) == {"AlarmMail"}
    for option in ("issuers", "log-days", "backup-days", "report-days", "api-concurrency", "allowed-origin"):
        assert f"| `--{option} " in text


def test_control_a_setting_that_the_page_lacks_is_missed():
    class More(Partner):
        colour: str = "red"

    part = manual_settings.PARTS[4]._replace(shape=More)
    assert '| `colour` | text | `"red"` |' in "\n".join(manual_settings._part(part))
