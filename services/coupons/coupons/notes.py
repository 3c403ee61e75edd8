"""What a chain knows of a purchase: numbered entries about it, each with a name made of the purchase and the number.

An event about a purchase enters under the next number, so two that come at once meet at the same place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shared import chain, finding
from shared.events import Received
from shared.finding import Stop
from shared.naming import Found
from shared.table import Table
from shared.units import Money

KIND = "noted"
_WINDOW = 16
"""So many entries about one purchase are looked for at once; hardly any has more than three."""


def latest(table: Table, stops: Sequence[Stop[Any]], name: Callable[[int], str]) -> Mapping[str, Any] | None:
    """What the latest entry about a purchase says, in whichever of these accounts it is; None if there is none."""
    said, first = None, 0
    while True:
        numbers = {chain.operation(name(first + n)): first + n for n in range(_WINDOW)}
        found = [one for stop in stops if (one := finding.look(table, stop, list(numbers))) is not None]
        if not found:
            return said
        said = _read(max(found, key=lambda one: numbers[one.mark]))
        if int(said["n"]) + 1 < first + _WINDOW:
            return said
        first += _WINDOW


def _read(found: Found) -> Mapping[str, Any]:
    own = (entry for entry in chain.entries_of(found.item) if entry.operation == found.mark)
    return next(entry.data for entry in own if entry.kind == KIND)


def told(event: Received) -> tuple[str, str, Money]:
    """Of an event about a purchase: what happened, to which purchase, and how much of it is left, without tax."""
    data, kind = event.data, event.type.split(".")[2]
    ref = str(data["ref"]["id"])
    if kind == "returned":
        ref = ref.rpartition("/")[0]  # of the return: the purchase's and its own
    return kind, ref, int(data["amount"] if kind == "recorded" else data["amount_left"])
