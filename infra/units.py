"""What one operation costs, all told: its request, the relay behind it, and whatever obeys its events.

These numbers are measured, not thought: `tests/budgets/test_units.py` performs each operation on stores that count, and
fails where a number here says something else. `omo cost` multiplies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Caller = Literal["till", "server", "member", "clock"]


@dataclass(frozen=True)
class Units:
    """The mean of an operation in a shop that has run for a while: settings are cached, accounts have a history.

    `trips` are round trips to a table within the request, `trips_behind` those of the relay and the inboxes. Bytes
    `kept` stay for ever (ledger, directory), bytes `passing` go by a TTL.
    """

    caller: Caller
    requests: float = 1
    answer: int = 0
    writes: float = 0
    reads: float = 0
    trips: float = 0
    trips_behind: float = 0
    records: float = 0
    """New items of the ledger and the directory, each of which their streams bring to the relay."""
    events: float = 0
    sent: int = 0
    """Bytes of these events."""
    messages: float = 0
    """What comes to the services' own inboxes: events that one obeys, and names to carry on."""
    kept: int = 0
    passing: int = 0


UNITS: Mapping[str, Units] = MappingProxyType(
    {
        "joins": Units(
            caller="server",
            answer=210,
            writes=6,
            reads=1,
            trips=2,
            records=3,
            events=2,
            sent=716,
            messages=2,
            kept=704,
        ),
        "purchases": Units(
            caller="till",
            answer=272,
            writes=4,
            reads=3,
            trips=4,
            trips_behind=6,
            records=2,
            events=2,
            sent=1020,
            messages=3,
            kept=838,
            passing=379,
        ),
        "purchases_in_batch": Units(
            caller="server",
            requests=0.01,
            answer=336,
            writes=4.5,
            reads=3.5,
            trips=4.5,
            trips_behind=6.5,
            records=2,
            events=2,
            sent=1024,
            messages=3,
            kept=667,
            passing=444,
        ),
        "returns": Units(
            caller="till",
            answer=260,
            writes=2,
            reads=1.5,
            trips=4,
            trips_behind=1,
            records=2,
            events=2,
            sent=1090,
            messages=2,
            kept=1057,
        ),
        "spends": Units(
            caller="server",
            answer=48,
            writes=2,
            reads=1,
            trips=3,
            trips_behind=1,
            records=2,
            events=1,
            sent=430,
            messages=1,
            kept=587,
        ),
        "awards": Units(
            caller="server",
            answer=107,
            writes=3,
            reads=2.5,
            trips=6,
            trips_behind=2,
            records=3,
            events=2,
            sent=904,
            messages=2,
            kept=1090,
        ),
        "looks": Units(
            caller="member",
            answer=229,
            reads=1.5,
            trips=2,
        ),
        "checkins": Units(
            caller="member",
            answer=222,
            writes=4,
            reads=2.5,
            trips=4,
            trips_behind=5,
            records=4,
            events=2,
            sent=987,
            messages=4,
            kept=1743,
        ),
        "issues": Units(
            caller="server",
            answer=262,
            writes=3.25,
            reads=1,
            trips=3,
            trips_behind=2,
            records=3,
            events=1,
            sent=552,
            messages=1,
            kept=1363,
        ),
        "issues_in_batch": Units(
            caller="server",
            requests=0.01,
            answer=311,
            writes=3.5,
            reads=2.1,
            trips=3.5,
            trips_behind=2.81,
            records=3,
            events=1,
            sent=555,
            messages=1,
            kept=926,
            passing=70,
        ),
        "validations": Units(
            caller="till",
            answer=483,
            reads=1,
            trips=2,
        ),
        "redemptions": Units(
            caller="till",
            answer=561,
            writes=3.3,
            reads=1.5,
            trips=4,
            trips_behind=2,
            records=3,
            events=1,
            sent=614,
            messages=2,
            kept=1607,
        ),
        "dues": Units(
            caller="clock",
            requests=0,
            writes=1.75,
            reads=0.5,
            trips_behind=2.75,
            records=1,
            events=1,
            sent=437,
            messages=1,
            kept=263,
            passing=106,
        ),
        "nights": Units(
            caller="clock",
            requests=0,
            writes=0.03,
            reads=0.73,
            trips_behind=1.09,
            records=0.01,
            kept=2,
        ),
    }
)
