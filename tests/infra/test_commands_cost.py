"""`omo cost`: what it takes, what it tells, and that the example of its page is what it says."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from infra import cli, prices
from infra.locate import ROOT


def omo(capsys, *line):
    status = cli.run(["cost", *line, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_the_sum_is_that_of_its_lines(capsys):
    status, told = omo(capsys, "--members", "100,000", "--purchases", "200000")
    assert status == 0
    assert told["total"] == pytest.approx(sum(one["usd"] for one in told["lines"]), abs=0.01)
    assert told["total"] == pytest.approx(sum(told["services"].values()), abs=0.05)
    assert told["per_member"] == pytest.approx(told["total"] / 100_000, rel=0.01)
    assert told["in_batches"]["saves"] > 0
    assert told["prices_as_of"] == "2026-11-28"


def test_another_region_and_other_assumptions(capsys):
    usual = omo(capsys, "--members", "1e6")[1]
    assert omo(capsys, "--members", "1e6", "--region", "us-east-1")[1]["total"] < usual["total"]
    slow = omo(capsys, "--members", "1e6", "--assume", "trip_ms=50", "--assume", "tills=9")[1]
    assert slow["services"]["Lambda"] > usual["services"]["Lambda"]
    assert (slow["assumed"]["trip_ms"], slow["assumed"]["tills"]) == (50, 9)


def test_prices_of_ones_own(capsys, tmp_path):
    table = yaml.safe_load(prices.OURS.read_text())
    for price in table["regions"]["us-east-1"].values():
        price.update({"steps": [[None, 0]]} if "steps" in price else {"usd": 0})
    table["regions"]["us-east-1"]["secret"]["usd"] = 12.5
    (tmp_path / "prices.yaml").write_text(yaml.safe_dump(table))
    told = omo(capsys, "--members", "9", "--region", "us-east-1", "--prices", str(tmp_path / "prices.yaml"))[1]
    assert told["total"] == 12.5


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "There is no file"),
        ("a: [", "is no YAML"),
        ("as_of: 2026-01-01\nregions: {x: {secret: {usd: 1, per: 1, source: s, seen: s}}}", "lacks dynamodb_write"),
        ("as_of: 2026-01-01\nregions: {x: {secret: {usd: -1, per: 1, source: s, seen: s}}}", "regions.x.secret.usd"),
        ("as_of: 2026-01-01\nregions: {x: {secret: {per: 1, source: s, seen: s}}}", "either usd or steps"),
        ("as_of: 2026-01-01\nregions: {x: {secret: {steps: [[5, 1]], per: 1, source: s, seen: s}}}", "steps rise"),
        ("as_of: 2026-01-01\nregions: {}", "There are no prices of 'ap-northeast-1'"),
    ],
)
def test_a_file_without_prices_is_no_success(capsys, tmp_path, content, why):
    file = tmp_path / "prices.yaml"
    if content is not None:
        file.write_text(content)
    status, told = omo(capsys, "--members", "9", "--prices", str(file))
    assert (status, why in told["error"]) == (1, True), told


@pytest.mark.parametrize(
    "line",
    [
        ["--members", "many"],
        ["--members", "-1"],
        ["--members", "nan"],
        ["--members", "1", "--assume", "luck=1"],
        ["--members", "1", "--assume", "trip_ms"],
    ],
)
def test_wrong_usage_exits_with_2(line, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.run(["cost", *line])
    assert ended.value.code == 2
    assert "usage: omo cost" in capsys.readouterr().err


def test_who_says_nothing_is_told_of_ten_thousand_members(capsys):
    assert cli.run(["cost"]) == 0
    assert "A month of 10,000 members" in capsys.readouterr().out


@pytest.mark.parametrize("page", ["docs/cost.md"])
def test_the_example_of_the_page_is_what_it_says(page, capsys):
    text = (ROOT / page).read_text()
    ((line, expected),) = re.findall(r"```console\n\$ omo (.+)\n((?:.*\n)+?)```", text)
    assert cli.run(line.split()) == 0
    assert capsys.readouterr().out == expected
