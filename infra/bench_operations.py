"""Business operations a second and core: the real actions over tables in memory, with their hashes.

Each kind is timed twice at once: from JSON to JSON through `shared.http.answer`, and of that the action alone. What a
machine does a second says little on another one, so a kind is also told in beats of a fixed loop of the same run: one
beat is the JSON and the SHA-256 of a fixed document.
"""

from __future__ import annotations

import cProfile
import hashlib
import json
import pstats
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.bench_shop import MIX, Shop


@dataclass
class Meter:
    """Seconds for one operation of a kind, a figure for each round: in all, in the action alone; and in beats."""

    whole: list[float] = field(default_factory=list)
    action: list[float] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)

    def add(self, whole: float, action: float, beat: float) -> None:
        self.whole.append(whole)
        self.action.append(action)
        self.beats.append(whole / beat)

    def rate(self, kind: str) -> Rate:
        return Rate(kind, *(statistics.median(one) for one in (self.whole, self.action, self.beats)))


@dataclass(frozen=True)
class Rate:
    """What one kind costs: seconds of one operation, from JSON to JSON and in the action alone; and the first in beats."""

    kind: str
    whole: float
    action: float
    beats: float


def measure(rounds: int, each: int) -> list[Rate]:
    """The mix and its kinds, so many rounds of so many operations each; the beat is taken beside each of them."""
    shop = Shop(each)
    meters = {kind: Meter() for kind in MIX}
    for _ in range(rounds):
        for kind, work in shop.kinds():
            beat = _beat()
            shop.acted = 0.0
            whole, times = work()
            meters[kind].add(whole / times, (shop.acted or whole) / times, beat)
    rates = [meter.rate(kind) for kind, meter in meters.items()]
    return [_mixed(rates), *rates]


def _mixed(rates: Sequence[Rate]) -> Rate:
    def mean(what: Callable[[Rate], float]) -> float:
        return sum(what(rate) * MIX[rate.kind] for rate in rates) / sum(MIX.values())

    return Rate("the mix", mean(lambda one: one.whole), mean(lambda one: one.action), mean(lambda one: one.beats))


def profile(each: int, most: int) -> list[tuple[str, float]]:
    """The functions in which the mix spends most of its own time, and each one's share of it.

    The profiler makes every call dearer, so what calls much looks worse here than it is.
    """
    shop = Shop(each)
    own: dict[str, float] = defaultdict(float)
    for kind, work in shop.kinds():
        watch = cProfile.Profile()
        watch.enable()
        work()
        watch.disable()
        for (file, _, name), (_, _, seconds, _, _) in _stats(watch).items():
            own[_named(file, name)] += seconds * MIX[kind]
    total = sum(own.values())
    greatest = sorted(own, key=lambda name: -own[name])[:most]
    return [(name, own[name] / total) for name in greatest]


def _named(file: str, name: str) -> str:
    """`lots.merged`, `dict.get`, `builtins.sorted`: the profiler tells what is built in by a whole sentence."""
    if file != "~":
        return f"{Path(file).stem}.{name}"
    words = [word.strip("<>'{}") for word in name.split()]
    if words[0] == "method":
        return f"{words[3].rpartition('.')[2]}.{words[1]}"
    return words[2] if words[2:] else name


def _stats(watch: cProfile.Profile) -> dict[tuple[str, int, str], tuple[int, int, float, float, Any]]:
    stats: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = vars(pstats.Stats(watch))["stats"]
    return stats


def _beat() -> float:
    """Seconds for one beat."""
    document = {"name": "beat", "numbers": list(range(40)), "words": ["a"] * 20}
    started = time.process_time()
    for _ in range(2000):
        hashlib.sha256(json.dumps(document).encode()).digest()
    return (time.process_time() - started) / 2000
