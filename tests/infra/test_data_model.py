"""docs/data-model.md has every key that `shared/keys.py` spells and every kind of name that the code gives."""

import ast
import re

import pytest

from infra.locate import ROOT

PAGE = (ROOT / "docs" / "data-model.md").read_text("utf-8")
SOURCE = (ROOT / "shared" / "keys.py").read_text("utf-8")
SECTIONS = re.compile(r"^# -+ (.*?) -+$", re.MULTILINE)
HELPERS = {"name", "account", "code", "shared_use", "foreign", "limit", "figures", "store_days", "store_days_of"}


def said(node):
    """A text as the page writes it: what is put into it stands in angle brackets, by its name."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            f"<{named(part.value)}>" if isinstance(part, ast.FormattedValue) else said(part) for part in node.values
        )
    if isinstance(node, ast.BinOp):
        return said(node.left)  # what may stand behind it is told in words
    return f"<{named(node)}>"


def named(node):
    """What a part of a key is called."""
    if isinstance(node, ast.Attribute):
        return node.attr
    names = [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id not in ("str", "date", "keys")]
    return names[0] if names else "?"


def functions(source):
    """Each function of the directory, the transient table and the files: what it gives back, as texts."""
    sections = SECTIONS.split(source)
    for title, text in zip(sections[1::2], sections[2::2], strict=True):
        if title.startswith("ledger"):
            continue
        for one in ast.parse(text).body:
            if isinstance(one, ast.FunctionDef):
                returned = next(part.value for part in ast.walk(one) if isinstance(part, ast.Return))
                yield one.name, [said(part) for part in getattr(returned, "elts", [returned])]


def letters(source):
    text = SECTIONS.split(source)[2]
    return sorted(set(re.findall(r'"([A-Z])"', text)))


def kinds():
    """Every kind of name, as the code says it: in place, or by a constant of the module."""
    found = set()
    for path in [*ROOT.glob("services/*/[a-z]*/*.py"), *ROOT.glob("shared/*.py")]:
        if "vendor" in path.parts:
            continue
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and called(call) in ("naming", "Naming") and call.args:
                found |= kinds_of(call.args[0], path)
    return found


def called(call):
    return getattr(call.func, "attr", getattr(call.func, "id", None))


def kinds_of(node, path):
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        return {said(node)}
    if isinstance(node, ast.Name):
        return set(re.findall(rf'^{node.id} = "(.*)"', path.read_text("utf-8"), re.MULTILINE))
    return set()


FUNCTIONS = dict(functions(SOURCE))
BY_WAY_OF = {"alarm", "alarm_job", "day_of_alarms"}
"""They give no key of their own: they go by `alarms` and `job`."""


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - BY_WAY_OF))
def test_every_key_of_the_directory_of_what_goes_and_of_files_stands_there(name):
    rows = PAGE.splitlines()
    parts = [f"`{part}`" for part in FUNCTIONS[name]]
    assert any(row.startswith("| `") and all(part in row for part in parts) for row in rows), parts


@pytest.mark.parametrize("letter", letters(SOURCE))
def test_every_kind_of_chain_stands_there(letter):
    assert re.search(rf"^\| `{letter}#", PAGE, re.MULTILINE)


def test_every_kind_of_name_stands_there():
    table = PAGE.partition("| kinds | of |")[2].partition("\n\n")[0]
    listed = set(re.findall(r"`([^`]+)`", table))
    heard = {"coupons.<what>", "visits.<what>"}
    not_in_the_ledger = {
        "challenge",
        "return",
    }  # of the transient table; of a purchase's own chain, for its fingerprint
    assert (kinds() - {"<kind>.<what>", *not_in_the_ledger}) | heard == listed


def test_what_is_written_in_an_item_stands_there():
    """The attributes of an item of a chain, as `shared.chain` says them."""
    (item,) = re.findall(r"item\s+= \{(.*?)\}", (ROOT / "shared" / "chain.py").read_text("utf-8"), re.DOTALL)
    table = PAGE.partition("### An item of a chain")[2].partition("\n\n| account")[0]
    for attribute in re.findall(r"\b([a-z]{1,2}):", item):
        assert f"`{attribute}`" in table, attribute


def test_control_a_new_key_would_be_missed():
    more = SOURCE.replace(
        "def staff(", 'def badge(badge_id: str) -> tuple[str, str]:\n    return "badge", badge_id\n\n\ndef staff('
    )
    assert dict(functions(more))["badge"] == ["badge", "<badge_id>"]
    assert "`badge`" not in PAGE
