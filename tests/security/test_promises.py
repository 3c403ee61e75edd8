"""docs/security.md and its Japanese page name the tests that hold what they say: they are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH, JAPANESE = ((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("security.md", "ja/security.md"))
TEXT = ENGLISH + JAPANESE
EVERY_TEST = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w/.]+)`", TEXT))))
def test_a_file_that_is_named_is_there(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", TEXT))))
def test_a_test_that_is_named_is_there(name):
    assert f"def {name}(" in EVERY_TEST


def test_both_pages_have_the_same_sections_and_as_many_rows_in_each():
    def shape(text):
        parts = text.split("\n## ")[1:]
        return [(part.count("\n|"), part.count("\n- "), len(re.findall(r"\n\d\. ", part))) for part in parts]

    assert shape(ENGLISH) == shape(JAPANESE)
    assert len(shape(ENGLISH)) == 6


def test_the_japanese_page_names_no_test_that_the_english_one_does_not():
    named = re.compile(r"`(tests/[\w/.]+|test_\w+)`")
    assert set(named.findall(JAPANESE)) <= set(named.findall(ENGLISH))
    assert all(name in JAPANESE for name in named.findall(ENGLISH) if name.startswith("tests/"))
