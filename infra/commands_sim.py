"""`omo sim`: the deterministic simulator, for as many seeds or minutes as one likes. Needs the sources, not a stack."""

from __future__ import annotations

import argparse
import math
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.commands import Failed, Result, Say
from infra.commands_replay import positive
from infra.locate import ROOT, Home

if TYPE_CHECKING:
    from tests.sim.campaign import Part

Arguments = list[tuple[tuple[str, ...], dict[str, Any]]]

SEEDS = 2000


def natural(text: str) -> int:
    """The type of a seed on the command line."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("a whole number from 0 on")
    return int(text)


SIM: Arguments = [
    (
        ("--seeds",),
        {"type": positive, "metavar": "N", "help": f"how many, in hundreds (default: {SEEDS}, or all the time)"},
    ),
    (("--minutes",), {"type": positive, "metavar": "M", "help": "so long, and no longer"}),
    (("--first",), {"type": natural, "default": 0, "metavar": "S", "help": "the seed to begin with (default: 0)"}),
    (("--processes",), {"type": positive, "metavar": "P", "help": "default: one a processor"}),
    (("--resume",), {"action": "store_true", "help": "go on with the campaign that was begun here"}),
    (("--seed",), {"type": natural, "metavar": "S", "help": "one seed, and all that is wrong with it"}),
    (("--sum",), {"nargs": "+", "type": Path, "metavar": "FILE", "help": "add up journals of several machines"}),
]


def sim(asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Run seeds; with `--seed` one, with `--sum` none."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    try:
        import tests.sim.campaign  # noqa: F401
    except ModuleNotFoundError as missing:
        raise Failed(
            f"the simulator needs the development environment ({missing.name} is missing): make setup"
        ) from None
    if asked.seed is not None:
        return _one(asked.seed)
    if asked.sum:
        return _summed(asked.sum)
    return _campaign(asked, home, say)


def _campaign(asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Many seeds, each hundred with its line in the journal."""
    from tests.sim import campaign

    journal = campaign.Journal(home.folder / "sim.jsonl")
    if not asked.resume:
        journal.put_aside()
    done = journal.parts()
    if any(part.code != campaign.code() for part in done):
        raise Failed("the code has changed since the campaign was begun: begin a new one, without --resume")
    count, started = len(done), time.monotonic()

    def tell(part: Part) -> None:
        nonlocal count
        journal.add(part)
        count += 1
        if part.faulty or count % 10 == 0:
            say(f"{count * campaign.PART:>9,} seeds, {time.monotonic() - started:,.0f} s")
        for seed, fault in part.faulty.items():
            say(f"seed {seed}: {fault}")

    seeds = asked.seeds or (None if asked.minutes else SEEDS)
    until = time.monotonic() + (asked.minutes or math.inf) * 60
    wanted = campaign.to_do(seeds, asked.first, done)
    try:
        campaign.run(wanted, until, asked.processes or campaign.processors(), tell)
    except BrokenProcessPool:
        raise Failed(
            "a process of the simulator was killed (is there memory enough?); what it had done is kept: --resume goes on"
        ) from None
    return _told(campaign.summed(journal.parts()))


def _summed(paths: list[Path]) -> Result:
    """Journals of several machines together. A part that two of them ran counts once, and must be the same."""
    from tests.sim import campaign

    parts: dict[tuple[str, int], Part] = {}
    for path in paths:
        if not path.exists():
            raise Failed(f"there is no journal {path}")
        for part in campaign.Journal(path).parts():
            known = parts.setdefault((part.code, part.first), part)
            if known.digest != part.digest:
                raise Failed(
                    f"the seeds from {part.first} on made other books in {path}: a run is not the seed's alone"
                )
    return _told(campaign.summed(parts.values()))


def _one(seed: int) -> Result:
    from tests.sim.story import told

    done = told(seed)
    words = "\n\n".join(done.faults) or f"seed {seed}: {done.deliveries} deliveries, every promise kept"
    return Result({"seed": seed, "faults": done.faults, "deliveries": done.deliveries}, words, 1 if done.faults else 0)


def _told(whole: Part) -> Result:
    value = {
        "seeds": whole.seeds,
        "deliveries": whole.deliveries,
        "requests": whole.requests,
        "turns": whole.turns,
        "entries": whole.entries,
        "most_at_once": whole.most_at_once,
        "processor_seconds": round(whole.seconds),
        "faulty": sorted(int(seed) for seed in whole.faulty),
    }
    lines = [
        f"{whole.seeds:>15,}  seeds",
        f"{whole.deliveries:>15,}  deliveries: requests, records of the streams, messages of the queues",
        f"{whole.turns:>15,}  turns, at most {whole.most_at_once} invocations under way at once",
        f"{whole.entries:>15,}  entries",
        f"{whole.seconds:>15,.0f}  seconds of a processor",
        f"{len(whole.faulty):>15,}  seeds that broke a promise",
    ]
    lines += [f"again with: omo sim --seed {seed}" for seed in list(whole.faulty)[:10]]
    return Result(value, "\n".join(lines), 1 if whole.faulty else 0)
