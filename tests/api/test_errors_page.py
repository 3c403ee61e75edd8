"""The pages of error codes say what the code says: every code, its status and its words, in both languages."""

import re
from pathlib import Path

import pytest

from shared import errors
from shared.texts import TITLES

ROOT = Path(__file__).parents[2]
PAGES = [pytest.param("docs/errors.md", 0, id="English"), pytest.param("docs/ja/errors.md", 1, id="Japanese")]
ROW = re.compile(r"\| `(\w+)` \| (\d{3}) \| (.+?) \| (.+) \|")


def rows(page):
    lines = [line for line in (ROOT / page).read_text().splitlines() if line.startswith("| `")]
    found = [one.groups() for line in lines if (one := ROW.fullmatch(line))]
    assert len(found) == len(lines)
    return found


def statuses():
    """Of each code, the statuses with which the product raises it by a class of its own status."""
    subclasses = {one.__name__: one.status for one in errors.Refused.__subclasses__()}
    raised = re.compile(rf'\b({"|".join(subclasses)})(?:\.at)?\(\s*"(\w+)"')
    found: dict[str, set[int]] = {}
    for folder in ("shared", "services"):
        for path in (ROOT / folder).rglob("*.py"):
            for name, code in raised.findall(path.read_text()):
                found.setdefault(code, set()).add(subclasses[name])
    return found


@pytest.mark.parametrize(("page", "language"), PAGES)
def test_each_code_has_its_row_with_its_words(page, language):
    assert {code: said for code, _, said, _ in rows(page)} == {code: said[language] for code, said in TITLES.items()}
    assert len(rows(page)) == len(TITLES), "once"


@pytest.mark.parametrize(("page", "language"), PAGES)
def test_the_status_is_the_one_that_is_sent(page, language):
    sent = statuses()
    assert len(sent) > len(TITLES) / 2
    wrong = {code: status for code, status, _, _ in rows(page) if code in sent and {int(status)} != sent[code]}
    assert wrong == {}


def test_both_pages_agree():
    english, japanese = (rows(one.values[0]) for one in PAGES)
    assert [row[:2] for row in english] == [row[:2] for row in japanese]
