"""The guides for integrators: their Python runs as it stands, their command lines are lines of the command, their tables are true."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from omotenashi_client import client as module

from infra import cli
from infra.contract_rules import RULES
from infra.contract_scenarios import SCENARIOS
from tests.clients.wires import Line
from tests.kit import EC, TILL

DOCS = Path(__file__).parent.parent.parent / "docs"
BOTH = [DOCS / "till-integration.md", DOCS / "ja" / "till-integration.md"]
PAGES = [*BOTH, DOCS / "clients" / "README.md"]


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def here(line, shop, tmp_path, monkeypatch):
    """A folder with a stack's `local.json` in it, whose addresses lead to the apps of this process."""
    card = {"type": "card", "value": "2900000000001"}
    shop.points.post_members({"member_id": "m-hanako", "identities": [card]})
    told = dict.fromkeys(("points", "coupons", "checkin"), "http://127.0.0.1")
    (tmp_path / ".omo").mkdir()
    (tmp_path / ".omo" / "local.json").write_text(json.dumps({**told, "keys": {"pos": "pos", "ec": "ec"}}))
    lines = {"pos": Line(line.front, line.clock, who=TILL), "ec": Line(line.front, line.clock, who=EC)}
    monkeypatch.setattr(module, "HttpWire", lambda _, key: lines[key])
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("page", "prints"),
    [
        (BOTH[0], ["19", "applied False"]),
        (BOTH[1], ["19", "applied False"]),
        (PAGES[2], ["0", "insufficient_points 0"]),
    ],
    ids=["en", "ja", "clients"],
)
def test_the_python_of_a_page_runs_as_it_stands(here, page, prints, capsys):
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)
    if "box" in names:
        assert not names["box"].waiting()
        names["box"].close()
    assert capsys.readouterr().out.splitlines() == prints


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.name}")
def test_the_command_lines_of_a_page_are_lines_of_the_command(page):
    text = page.read_text("utf-8")
    lines = re.findall(r"^(omo .*?)(?:  +#.*)?$", text, re.MULTILINE) + re.findall(r"`(omo [a-z]+[^`…]*)`", text)
    assert lines
    for line in lines:
        cli.parser().parse_args(shlex.split(line)[1:])


@pytest.mark.parametrize("page", BOTH, ids=["en", "ja"])
def test_the_tables_have_every_scenario_and_rule_in_their_order(page):
    rows = re.findall(r"^\| `([a-z-]+)` \| .+ \|$", page.read_text("utf-8"), re.MULTILINE)
    assert rows == [*SCENARIOS, *RULES]


def test_the_english_tables_say_what_the_command_says():
    text = BOTH[0].read_text("utf-8")
    for name, tell in SCENARIOS.items():
        assert f"| `{name}` | {str(tell.__doc__).splitlines()[0]} |" in text
    for name, (says, _) in RULES.items():
        assert f"| `{name}` | {says} |" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.name}")
def test_what_a_page_points_at_is_there(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target
