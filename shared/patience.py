"""How often and how long one write tries against other writers, before its caller is asked to come again."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator

from shared.clock import Clock
from shared.errors import Unavailable

ATTEMPTS_MAX = 16
GIVE_UP_SECONDS = 2.5
_log = logging.getLogger("omotenashi")


def attempts(clock: Clock) -> Iterator[int]:
    """The tries of one write, with a random wait between them; `Unavailable` when patience is over."""
    started = clock.elapsed()
    for attempt in range(ATTEMPTS_MAX):
        yield attempt
        _log.info("lost a race", extra={"count": attempt + 1, "metrics": {"LostRaces": 1}})
        if clock.elapsed() - started > GIVE_UP_SECONDS:
            break
        clock.sleep(backoff_seconds(attempt))
    raise Unavailable


def backoff_seconds(attempt: int) -> float:
    """Full jitter under `10 ms * 2^attempt`, at most 400 ms: 64 writers at once need about five writes each."""
    return random.uniform(0, min(0.4, 0.01 * 2**attempt))  # noqa: S311 - not a secret
