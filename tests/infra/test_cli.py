"""The command line's manners: exit status, JSON, and words on the right stream."""

from __future__ import annotations

import json

import pytest

from infra import cli, commands, files
from infra.locate import Home


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["nonsense"],
        ["token"],
        ["token", "member", "--ttl", "soon"],
        ["key"],
        ["up", "--port", "high"],
        ["package", "--stage", "Not A Stage"],
        ["status", "--unknown"],
    ],
)
def test_wrong_usage_exits_with_2(line, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.run(line)
    assert ended.value.code == 2
    assert "usage: omo" in capsys.readouterr().err


def test_status_of_a_stack_that_does_not_run_is_no_success(tmp_path, capsys):
    assert cli.run(["status", "--json", "--dir", str(tmp_path)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["running"] is False
    assert told["services"] == {"points": False, "coupons": False, "checkin": False}


def test_down_where_nothing_runs_says_so(tmp_path, capsys):
    assert cli.run(["down", "--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "Nothing was running.\n"


def test_a_local_key_is_told_by_its_name(tmp_path, capsys):
    files.write_json(Home(tmp_path).keys, {"pos": "the secret"})
    assert cli.run(["key", "pos", "--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "the secret\n"


def test_an_unknown_key_fails_and_names_the_known_ones(tmp_path, capsys):
    files.write_json(Home(tmp_path).keys, {"pos": "the secret"})
    assert cli.run(["key", "till", "--json", "--dir", str(tmp_path)]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert "pos" in error
    assert "the secret" not in error


def test_a_token_needs_a_running_stack(tmp_path, capsys):
    assert cli.run(["token", "member", "--dir", str(tmp_path)]) == 1
    assert "omo up" in capsys.readouterr().err


def test_the_printed_calls_hold_no_secret(tmp_path):
    local = {
        "points": "http://points",
        "coupons": "http://coupons",
        "checkin": "http://checkin",
        "console": None,
        "issuer": "http://issuer",
        "aws_endpoint": "http://aws",
        "keys": {"pos": "the secret"},
        "seed": {"member_ids": ["mem-1"]},
    }
    words = commands.welcome(local, Home(tmp_path))
    assert "the secret" not in words
    assert words.count("curl ") == 3
    assert f"$(.venv/bin/omo key pos --dir {tmp_path})" in words


def test_the_folder_comes_from_the_option_then_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("OMO_HOME", str(tmp_path / "environment"))
    assert Home.find(str(tmp_path / "option")).folder == tmp_path / "option"
    assert Home.find().folder == tmp_path / "environment"
