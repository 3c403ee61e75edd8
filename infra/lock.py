"""Renews the pinned requirements with `uv pip compile`: one lock for every platform and Python from 3.11 on.

The tool lives in an environment of its own and sees only the package index, so that neither a path nor a host name
of this machine gets into a lock file. `python -m infra.lock [PACKAGE…]` upgrades the packages named, or all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv

from infra.locate import ROOT, SERVICES

TOOL = ROOT / ".omo" / "uv"  # not `lock`, which is the file that keeps two stacks apart
OPTIONS = (
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-config", "--no-annotate", "--no-emit-index-url", "--quiet"),
    *("--custom-compile-command", "make lock", "--default-index", "https://pypi.org/simple"),
)


def main(packages: list[str]) -> None:
    """Compile each lock in the order in which one constrains the next."""
    if not (TOOL / "bin" / "uv").exists():
        venv.create(TOOL, with_pip=True)
        subprocess.run([TOOL / "bin" / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
    upgrade = [option for package in packages for option in ("--upgrade-package", package)] or ["--upgrade"]
    _compile("requirements/dev.in", "requirements/dev.txt", upgrade)
    _compile("requirements/ministack.in", "requirements/ministack.txt", upgrade)
    _compile("requirements/replay.in", "requirements/replay.txt", upgrade)
    _compile("requirements/bench-peers.in", "requirements/bench-peers.txt", upgrade)
    for service in SERVICES:
        constraint = ["--constraint", "requirements/dev.txt"]
        _compile("requirements/service.in", f"services/{service}/requirements.txt", upgrade + constraint)


def _compile(source: str, lock: str, options: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    command = [str(TOOL / "bin" / "uv"), "pip", "compile", *OPTIONS, *options, source, "--output-file", lock]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
