"""What goes wrong, and how often: each seed has a weather of its own, from a calm day to every fault at once.

Not every fault in every run: a run in which everything fails reaches little, and one fault may hide another. So a
seed chooses some of them, and how often each strikes ("swarm testing", Groce et al., ISSTA 2012).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

OF_CALLS = (
    "refused",  # dropped, throttled or a 500 until the client gave up: not written
    "lost",  # written, the answer lost; the SDK sends the same again, which finds what others did meanwhile
    "unknown",  # written, and a 500 or silence until the client gave up
    "dies_before",
    "dies_after",
    "conflict",  # a transaction that met another
    "rests",  # the process stands still for seconds or minutes, then goes on
)
"""What may become of a call of a table."""

OF_EVENTS = ("twice", "late", "days_late", "unsent", "half_sent", "sent_unsaid", "relay_dies", "consumer_dies")
"""What may become of a stream's records and a queue's messages."""

_OFTEN = {"rests": 0.05, "twice": 0.25, "late": 0.4, "days_late": 0.1}
_USUALLY = 0.03


@dataclass
class Weather:
    """Rates per call, record or message; and what is so for a whole run."""

    rates: dict[str, float] = field(default_factory=dict)
    stale: float = 0.0  # of reads that may be: so many show the past
    skew_ms: int = 0  # clocks are off by up to this much, either way
    jumps: bool = False  # and are set anew between two requests
    piecemeal: bool = False  # a transaction comes in sight item by item, to consistent reads too (read-committed)
    twins: bool = False  # environments that woke from one snapshot: what one draws by chance, all draw
    down: tuple[str, ...] = ()  # services whose queue nobody reads for a week
    _bounds: list[tuple[float, str]] = field(default_factory=list)

    @classmethod
    def of(cls, random: Random) -> Weather:
        """A weather: about half of the faults, each rare or frequent."""
        rates = {
            name: _OFTEN.get(name, _USUALLY) * random.choice((0.2, 1, 1, 2, 4))
            for name in OF_CALLS + OF_EVENTS
            if random.random() < 0.5
        }
        made = cls(
            rates=rates,
            stale=random.choice((0, 0.2, 0.5)),
            skew_ms=random.choice((0, 2_000, 300_000)),
            jumps=random.random() < 0.3,
            piecemeal=random.random() < 0.3,
            twins=random.random() < 0.2,
            down=tuple(name for name in ("points", "coupons", "checkin", "codes") if random.random() < 0.1),
        )
        made._bounds = made._stacked()
        return made

    def calm(self) -> None:
        """From now on nothing fails; what is late by its clock stays so."""
        self.rates, self._bounds, self.stale, self.jumps, self.down = {}, [], 0.0, False, ()

    def fate(self, chance: float) -> str | None:
        """What becomes of a call, of a number in [0, 1)."""
        for bound, name in self._bounds:
            if chance < bound:
                return name
        return None

    def strikes(self, name: str, random: Random) -> bool:
        rate = self.rates.get(name)
        return rate is not None and random.random() < rate

    def _stacked(self) -> list[tuple[float, str]]:
        bounds, upto = [], 0.0
        for name in OF_CALLS:
            if name in self.rates:
                upto += self.rates[name]
                bounds.append((upto, name))
        return bounds
