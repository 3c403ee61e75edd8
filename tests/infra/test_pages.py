"""Every page of the documentation: its links lead somewhere, its command lines are taken, its Japanese twin is one."""

import re
import shlex

import pytest

from infra import cli
from infra.locate import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DOCS = ROOT / "docs"
JAPANESE = sorted(DOCS.glob("ja/*.md"))
TARGET = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def name(path):
    return str(path.relative_to(ROOT))


def anchors(text):
    """The headings of a page as GitHub addresses them."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower()) for title in titles)
    return {title.replace(" ", "-") for title in kept}


def targets(text):
    return TARGET.findall(re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL))


def broken(path, text):
    for target in targets(text):
        place, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", place):
            continue
        there = (path.parent / place).resolve() if place else path
        is_there = there.exists() and there.is_relative_to(ROOT)
        if not is_there or (anchor and there.suffix == ".md" and anchor not in anchors(there.read_text("utf-8"))):
            yield target


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_the_links_of_a_page_lead_somewhere(path):
    assert list(broken(path, path.read_text("utf-8"))) == []


@pytest.mark.parametrize("path", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name)
def test_the_command_lines_of_a_page_are_taken(path):
    """Those in blocks of shell commands, which are for pasting."""
    for block in re.findall(r"^```sh\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        for line in re.findall(r"^(?:\.venv/bin/)?omo (.*)$", block, re.MULTILINE):
            words = shlex.split(line.partition(" > ")[0], comments=True)
            cli.parser().parse_args(words)


def test_control_a_link_into_nothing_is_found():
    page = ROOT / "docs" / "tour.md"
    assert list(broken(page, "[a](nowhere.md) [b](tour.md#no-such-part) [c](tour.md#and-then) `[d](x.md)`")) == [
        "nowhere.md",
        "tour.md#no-such-part",
    ]


def shape(path):
    """The depth of each heading, and the blocks of code. One that names no language is a drawing, or words: only that it is there."""
    text = path.read_text("utf-8")
    depths = re.findall(r"^(#+) ", BLOCK.sub("", text), re.MULTILINE)
    return depths, [(language, code if language else "") for language, code in BLOCK.findall(text)]


@pytest.mark.parametrize("page", JAPANESE, ids=name)
def test_both_languages_have_the_same_sections_and_show_the_same_code(page):
    assert shape(page) == shape(DOCS / page.name)


def leads_to(path):
    return {(path.parent / target.partition("#")[0]).resolve() for target in targets(path.read_text("utf-8"))}


@pytest.mark.parametrize("page", JAPANESE, ids=name)
def test_a_japanese_page_is_found_and_leads_on_in_japanese(page):
    assert page in leads_to(ROOT / "README.ja.md")
    assert page in leads_to(DOCS / "README.md")
    assert not {there for there in leads_to(page) if there.parent == DOCS and (DOCS / "ja" / there.name).exists()}


WORDS = "\n".join(path.read_text("utf-8") for path in ROOT.glob("console/*/*.js"))


@pytest.mark.parametrize("page", ["docs/tour.md", "docs/ja/tour.md"])
def test_what_the_tour_says_to_press_is_what_the_pages_call_it(page):
    said = re.findall(r"\*\*([^*]+)\*\*", (ROOT / page).read_text("utf-8"))
    assert len(said) > 15
    for words in said:
        pattern = re.sub(r"m-hanako|Shibuya", "{name}", words)
        assert f'"{words}"' in WORDS or f'"{pattern}"' in WORDS, words


@pytest.mark.parametrize("page", ["docs/tablet.md", "docs/ja/tablet.md"])
def test_what_the_tablet_is_said_to_say_is_what_its_page_says(page):
    told = (ROOT / page).read_text("utf-8").rpartition("|---|---|\n")[2]
    said = re.findall(r"^\| (.+?) \|", told, re.MULTILINE)
    assert len(said) == 5
    assert [words for words in said if words not in WORDS] == []
