"""How much is measured: as much as makes figures that hold, or just enough to see that everything works."""

from __future__ import annotations

from dataclasses import dataclass

from infra.receipts import Slice


@dataclass(frozen=True)
class Size:
    """Numbers of rounds and repetitions, and how large what grows becomes."""

    rounds: int
    times: int
    """Requests of a kind in a round on an engine."""
    each: int
    """The same in memory."""
    grown: tuple[int, ...]
    """How many of one thing there are, in three shops."""
    clients: int
    """Processes that ask at once, and how often each does in a round."""
    asked: int
    crowd: int
    """Threads that write to one chain in the same moment."""
    paid: int
    """Payments that the other shop has had before."""
    codes: int
    entries: int
    stores: int
    baskets_of: Slice
    """Which of the real receipts."""


WHOLE = Size(
    rounds=9,
    times=40,
    each=200,
    grown=(100, 10_000, 1_000_000),
    clients=16,
    asked=51,
    crowd=64,
    paid=100_000,
    codes=1_000_000,
    entries=1_000_000,
    stores=1_000_000,
    baskets_of=Slice(None, None),
)
QUICK = Size(
    rounds=1,
    times=2,
    each=10,
    grown=(100, 200, 400),
    clients=2,
    asked=17,
    crowd=4,
    paid=100,
    codes=1000,
    entries=2000,
    stores=20_000,
    baskets_of=Slice(60, 40),
)
