"""The parts of the benchmark by name; and the page that keeps what they told last."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from infra.bench.size import Size
from infra.bench.tables import Told, as_markdown
from infra.locate import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
NAMES: Mapping[str, str] = {
    "overhead": "what our code adds to the calls that it must make",
    "units": "units and round trips of every operation",
    "cold": "cold starts, and the bundles",
    "core": "requests and operations a second and core, in memory",
    "growth": "the same operations among few and a million entries, coupons, codes, stores",
    "load": "sixteen clients at once, against the engine's own ceiling",
    "contention": "sixty-four writers at once on one chain",
    "bulk": "codes, real baskets, audit and stores by the million",
    "peers": "the same work on django-oscar and PostgreSQL",
}
"""Each part's module in this package, and what it measures."""


@dataclass(frozen=True)
class Measured:
    """What a part told, how long it took, and how busy the machine was."""

    name: str
    told: Told
    seconds: float
    load: float


def measure(names: Sequence[str], size: Size, say: Callable[[str], None]) -> Iterator[Measured]:
    """The parts one after another, in the order of `NAMES`; all of them if none is named."""
    for name in (one for one in NAMES if one in names or not names):
        say(f"{name}: {NAMES[name]} …")
        part: Callable[[Size], Told] = import_module(f"infra.bench.{name}").measure
        started = time.monotonic()
        told = part(size)
        yield Measured(name, told, time.monotonic() - started, os.getloadavg()[0])


def write(measured: Measured, page: Path = PAGE) -> None:
    """Put a part's tables into its place on the page; what people wrote around it stays."""
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- measured: {measured.name} -->", f"<!-- end: {measured.name} -->"
    block = f"{begin}\n\n{_when(measured)}\n\n{as_markdown(measured.told)}\n\n{end}"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise LookupError(f"{page} has no place for {measured.name}")
    page.write_text(pattern.sub(lambda _: block, text), encoding="utf-8")


def _when(measured: Measured) -> str:
    """When, on what, and with what."""
    day = datetime.now(UTC).date().isoformat()
    cores = os.cpu_count() or 1
    machine = f"{cores} cores of {platform.machine()} ({_processor()}), {platform.system()}"
    used = ", ".join(f"{name} {version(name)}" for name in ("boto3", "chalice", "pydantic"))
    took = f"{measured.seconds / 60:.0f} minutes" if measured.seconds >= 90 else f"{measured.seconds:.0f} s"
    return (
        f"*{day}, {machine}, load {measured.load:.1f}; Python {platform.python_version()}, {used}, {_engine()}; "
        f"took {took}.*"
    )


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        return "unknown"
    return found[1] if found else "unknown"


def _engine() -> str:
    wanted = (ROOT / "requirements" / "dynamodb-local.npm").read_text(encoding="utf-8").split()[0]
    try:
        java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    except FileNotFoundError:
        return "no Java"
    found = re.search(r'version "([\d.]+)', java)
    return f"{wanted.replace('@', ' ')} on Java {found[1] if found else '?'}"
