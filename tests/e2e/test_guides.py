"""The guides' commands, as they stand, in a shell against the local stack; and each answer has the status that it promises."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.locate import ROOT

DOCS = ROOT / "docs"
GUIDES = ["tour", "web-shop", "mobile-app", "cafe", "operator", "running"]
# What a shell says of each call beside what the guide has it say: nothing of the guide is changed.
WATCH = 'curl() { command curl -w "%{stderr}%{http_code}\\n" "$@" 2>> statuses; }\n'


def blocks(page: Path) -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL))


@pytest.fixture
def folder(stack, tmp_path):
    """A folder like the one that `make run` is called in: `.omo` is the stack, `.venv/bin` this Python and `omo`."""
    (tmp_path / ".omo").symlink_to(stack.home)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, called in (("python", ""), ("omo", " -m infra.cli")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{called} "$@"\n')
        (programs / name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_goes_as_it_says(folder, name):
    script = blocks(DOCS / f"{name}.md")
    paths = [str(ROOT), *(str(ROOT / "services" / one) for one in ("points", "coupons", "checkin"))]
    environment = {**os.environ, "OMO_HOME": str(folder / ".omo"), "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", WATCH + script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    said = folder / "statuses"
    answered = said.read_text().split() if said.exists() else []
    asked = re.findall(r"^.*\bask \$.*$", script, re.MULTILINE)
    assert len(answered) == len(asked)
    for line, status in zip(asked, answered, strict=True):
        promised = re.search(r"  # (\d{3})$", line)  # a line without one keeps what comes
        assert status == (promised[1] if promised else "200"), line
