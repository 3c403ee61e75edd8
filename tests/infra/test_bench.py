"""The benchmark measures something; how fast that is, no test says."""

from __future__ import annotations

import json

import pytest

from infra import cli
from infra.bench import parts, tables
from infra.bench.parts import Measured
from infra.bench.size import QUICK
from infra.bench.tables import Spread, Table, Told

ON_JAVA = ("overhead", "units", "growth", "load", "contention", "peers")
TOLD = Told([Table("Speed", ["what", "ratio"], [["balance", Spread(1.25, 1.1, 1.4)], ["award", 3.0]], "In turns.")])


def of(name):
    (measured,) = parts.measure([name], QUICK, lambda _: None)
    assert measured.seconds > 0
    return measured.told


MARKS = dict.fromkeys(ON_JAVA, pytest.mark.java) | dict.fromkeys(("bulk", "cold"), pytest.mark.slow)


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in parts.NAMES])
def test_every_part_measures_something(name, request):
    if name == "cold":
        request.getfixturevalue("packages")
    told = of(name)
    if name == "peers" and told.left_out:
        pytest.skip(told.left_out)  # PostgreSQL and the other shop are only for who compares
    assert not told.left_out
    for table in told.tables:
        assert table.rows
        assert all(len(row) == len(table.columns) for row in table.rows)
    assert json.dumps(tables.as_dicts(told))
    assert tables.as_words(told)


def test_without_the_engine_a_part_says_so(monkeypatch):
    for name in ON_JAVA:
        monkeypatch.setattr(f"infra.bench.{name}.missing", lambda: "there is no Java")
        assert of(name) == Told(left_out="there is no Java")


def test_a_table_reads_the_same_for_everybody():
    assert tables.as_dicts(TOLD)["tables"] == {
        "Speed": [
            {"what": "balance", "ratio": {"median": 1.25, "low": 1.1, "high": 1.4}},
            {"what": "award", "ratio": 3.0},
        ]
    }
    assert tables.as_words(TOLD).splitlines()[2:] == ["  what     ratio", "  balance  1.25 (1.10–1.40)", "  award    3"]
    assert tables.as_markdown(TOLD).splitlines()[2:] == [
        "| what | ratio |",
        "| --- | --- |",
        "| balance | 1.25 (1.10–1.40) |",
        "| award | 3 |",
    ]


def test_a_part_is_written_into_its_place_and_what_people_wrote_stays(tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text("Before.\n<!-- measured: core -->\nold\n<!-- end: core -->\nAfter.\n")
    for _ in range(2):
        parts.write(Measured("core", TOLD, 61.0, 1.5), page)
    text = page.read_text()
    assert text.startswith("Before.\n<!-- measured: core -->\n\n*20")
    assert text.endswith("<!-- end: core -->\nAfter.\n")
    assert text.count("| balance | 1.25 (1.10–1.40) |") == 1
    assert "old" not in text
    with pytest.raises(LookupError):
        parts.write(Measured("units", TOLD, 61.0, 1.5), page)


def test_the_page_has_a_place_for_every_part_and_for_no_other():
    text = parts.PAGE.read_text()
    for mark in ("measured", "end"):
        assert [line.split()[2] for line in text.splitlines() if line.startswith(f"<!-- {mark}:")] == list(parts.NAMES)


def test_parts_are_named_on_the_command_line(capsys):
    assert cli.run(["bench", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == dict(parts.NAMES)
    assert cli.run(["bench", "no-such-part"]) == 1
    assert "There is no part no-such-part." in capsys.readouterr().err
