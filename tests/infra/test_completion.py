"""Every command of the command line: its JSON, its status on wrong usage, its examples, and what a shell completes."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess

import pytest

from infra import cli, completion
from infra.examples import EXAMPLES

COMMANDS = [command.name for command in cli.COMMANDS]
PROMISED = (
    "up", "token", "key", "down", "status", "seed", "replay", "audit", "stores import", "codes make", "keys list",
    "keys make", "keys rotate", "keys revoke", "redrive", "report", "cost", "sim", "package", "deploy", "destroy",
    "bench",
)  # fmt: skip
PLACES = dict(completion.places(cli.parser()))


def test_every_promised_command_is_there():
    assert set(PROMISED) <= set(COMMANDS)
    assert {"--days", "--households"} <= PLACES["replay"].options.keys()
    assert {"--ttl", "--aud"} <= PLACES["token"].options.keys()
    assert {"--count", "--out"} <= PLACES["codes make"].options.keys()
    assert {"liability", "statement", "campaign"} <= PLACES["report"].words.keys()
    assert "--member" in PLACES["audit"].options
    assert all("--stage" in PLACES[one].options for one in ("deploy", "destroy", "package"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json_and_answers_two_on_wrong_usage(name, capsys):
    assert {"--json", "--dir", "--help"} <= PLACES[name].options.keys()
    with pytest.raises(SystemExit) as ended:
        cli.run([*name.split(), "--no-such-option"])
    assert ended.value.code == 2
    assert "usage: omo" in capsys.readouterr().err


@pytest.mark.parametrize("group", sorted(cli.GROUPS))
def test_a_group_without_a_word_is_wrong_usage(group, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.run([group])
    assert ended.value.code == 2
    assert f"usage: omo {group}" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_it_takes_and_tells_them(name, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.run([*name.split(), "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert EXAMPLES[name]
    for line in EXAMPLES[name]:
        assert f"\n  {line}\n" in told
        if line.startswith("omo "):
            words = shlex.split(line.partition(" > ")[0])[1:]
            assert words[: len(name.split())] == name.split()
            assert cli.parser().parse_args(words).run is not None


def test_no_example_is_of_a_command_that_is_not_there():
    assert set(EXAMPLES) == set(COMMANDS)


# ---- completion -----------------------------------------------------------------------------------------------------


@pytest.fixture(params=sorted(completion.SHELLS))
def shell(request):
    return request.param


@pytest.fixture
def script(shell):
    return completion.script(shell, cli.parser())


def test_every_command_and_option_is_in_the_script(shell, script):
    for path, place in PLACES.items():
        assert not path or f'"{path}"' in script or f'" {path}"' in script
        for word in place.words:
            assert word in script
        for option in place.options:
            assert (
                (f"-l {option[2:]} " in script or f"-s {option[1:]} " in script)
                if shell == "fish"
                else option in script
            )


def test_the_script_is_one_that_the_shell_reads(shell, script, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    file = tmp_path / "omo"
    file.write_text(script)
    subprocess.run([shell, "-n", str(file)], check=True)


def test_the_command_prints_it_and_json_holds_it(shell, script, capsys):
    assert cli.run(["completion", shell]) == 0
    assert capsys.readouterr().out == script
    assert cli.run(["completion", shell, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"shell": shell, "script": script}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("omo rep", ["replay", "report"]),
        ("omo keys ro", ["rotate"]),
        ("omo report cam", ["campaign", "campaigns"]),
        ("omo report activity --form", ["--format"]),
        ("omo report --format j", ["jsonl"]),
        ("omo codes make spring --co", ["--count"]),
        ("omo completion ", ["bash", "zsh", "fish", "-h", "--help", "--json", "--dir"]),
    ],
)
def test_bash_completes(line, expected, tmp_path):
    bash = shutil.which("bash")
    assert bash
    words = line.split(" ")
    (tmp_path / "omo").write_text(completion.script("bash", cli.parser()))
    set_up = f"source {tmp_path}/omo; COMP_WORDS=({' '.join(word or chr(39) * 2 for word in words)})"
    run = f"{set_up}; COMP_CWORD={len(words) - 1}; _omo; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    found = subprocess.run([bash, "-c", run], check=True, capture_output=True, text=True).stdout.split()
    assert found == expected


def test_what_a_help_says_steers_no_shell(script):
    assert not re.search(r"`|\$\((?!compgen|commandline)", script)
