"""Where the processor's time of the requests goes: sampled, for a profiler makes what calls much look dear.

A sample counts for the innermost function whose code is somebody's here: what the standard library does counts for
whoever called it.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LAYERS = (
    ("boto3 and below", ("/botocore/", "/boto3/", "/urllib3/")),
    ("Chalice", ("/chalice/",)),
    ("pydantic", ("/pydantic/",)),
    ("the line of the log", ("/shared/log", "/shared/telling")),
    ("the port to DynamoDB", ("/shared/dynamo",)),
    ("the HTTP layer", tuple(f"/shared/{one}." for one in ("http", "web", "body", "guarded", "preference", "problem", "auth", "guessing"))),
    ("chains, names, codes, settings", ("/shared/",)),
    ("rules and actions", ("/services/",)),
)  # fmt: skip
OTHER = "what measures"
_EVERY_SECONDS = 0.001


class Samples:
    """How often a layer was found at work."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.is_on = False

    def take(self, _signal: int, frame: FrameType | None) -> None:
        if not self.is_on:
            return
        while frame is not None:
            found = _layer(frame.f_code.co_filename)
            if found is not None:
                self.counts[found] += 1
                return
            frame = frame.f_back
        self.counts[OTHER] += 1

    def shares(self) -> list[tuple[str, float]]:
        """Each layer's share, in the order of `LAYERS`."""
        total = self.counts.total() or 1
        return [(name, self.counts[name] / total) for name in (*(name for name, _ in LAYERS), OTHER)]


@contextmanager
def sampling() -> Iterator[Samples]:
    """Look each millisecond of the processor's time where it is, whenever `is_on`; in the main thread alone."""
    samples = Samples()
    before = signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, _EVERY_SECONDS, _EVERY_SECONDS)
    try:
        yield samples
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _layer(file: str) -> str | None:
    return next((name for name, parts in LAYERS if any(part in file for part in parts)), None)
