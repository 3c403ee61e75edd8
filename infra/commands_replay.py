"""`omo replay`: what is asked for on the command line, and how its end is told."""

from __future__ import annotations

import argparse
import hashlib
from typing import Any

from infra import files, receipts
from infra.client import NoAnswer, Wire
from infra.commands import Failed, Result, Say
from infra.delivery import Line
from infra.journal import Journal
from infra.locate import Home
from infra.receipts import Frame, Slice
from shared import clock

# Without options: about a minute on two cores.
USUAL = Slice(days=7, households=1000)
AGAIN = "Run the same command again: it goes on, and nothing doubles."


def positive(text: str) -> int:
    """The type of a number that begins at 1."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("a whole number from 1")
    return int(text)


ARGUMENTS = [
    (("--days",), {"type": positive, "metavar": "N", "help": "the last so many days of the year (366: all)"}),
    (("--households",), {"type": positive, "metavar": "N", "help": "so many households of them"}),
]


def replay(asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Send real receipts over HTTP, as a head office that uploads its tills' sales, then compare every balance."""
    from infra import replay as replaying  # its progress bar is not for every word of the command line

    local = files.read_json(home.local)
    if local is None:
        raise Failed("The stack is not up: run `omo up` first.")
    line = Line(Wire(local["points"], local["keys"]["ec"]))
    try:
        part = slice_of(asked.days, asked.households)
        report = replaying.run(_load(), part, line, journal(home, local), clock.utc_now())
    except NoAnswer as silent:
        raise Failed(f"{silent}. {AGAIN}") from silent
    except KeyboardInterrupt:
        say(f"Interrupted. {AGAIN}")
        raise
    return Result(report.as_dict(), report.text(), 0 if report.is_right else 1)


def slice_of(days: int | None, households: int | None) -> Slice:
    """The slice that is meant."""
    return USUAL if days is None and households is None else Slice(days, households)


def journal(home: Home, local: dict[str, Any]) -> Journal:
    """The journal of the replays into this stack.

    A stack is known by its first operator's key, which is made together with the stack's data and lost with them. A
    hash of its 256 random bits may lie in a file.
    """
    stack = hashlib.sha256(local["keys"]["operator"].encode()).hexdigest()[:16]
    return Journal(home.folder / "replay.json", stack)


def _load() -> Frame:
    try:
        return receipts.load()
    except ModuleNotFoundError as missing:
        raise Failed("The receipts are not installed: run `make .venv/.replay` first.") from missing
