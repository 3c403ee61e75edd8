"""What the last audit of the books found: `omo audit` leaves a note of it here, for head office to read.

Nothing in AWS audits by itself, so the note is as old as the last audit that somebody has run; it says so.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from shared import keys
from shared.clock import from_ms, to_ms
from shared.errors import NotFound
from shared.http import Call
from shared.shapes import Shape, Time
from shared.table import Table

TOLD_MAX = 20
WORDS_MAX = 200


class AuditFault(Shape):
    """The chain that is wrong, the number of its entry and what is wrong there; what lies between chains may have neither.

    Chains and words name things by their ids, members by theirs, which are pseudonyms. Nothing else is said of anybody.
    """

    chain: str | None = None
    number: int | None = None
    words: Annotated[str, Field(max_length=WORDS_MAX)]


class AuditNote(Shape):
    """The last audit of all books: when it ran, how many chains and entries it read, and what is wrong.

    `fault_count`: how many faults it found; it counts a thousand at most. `faults`: the first twenty of them.
    """

    began_at: Time
    ended_at: Time
    chains: int
    entries: int
    fault_count: int
    faults: Annotated[list[AuditFault], Field(max_length=TOLD_MAX)]


def keep(directory: Table, note: AuditNote) -> None:
    """Put a note where that of the audit before was."""
    pk, sk = keys.audit()
    counts = {"chains": note.chains, "entries": note.entries, "n": note.fault_count}
    faults = [one.model_dump(exclude_none=True) for one in note.faults]
    directory.put(
        {"pk": pk, "sk": sk, "began": to_ms(note.began_at), "t": to_ms(note.ended_at), **counts, "faults": faults}
    )


def last(call: Call[Any]) -> AuditNote:
    """What the last audit of all books found; `report_not_found` if none has left a note."""
    item = call.world.directory.table.get(*keys.audit(), consistent=True)
    if item is None:
        raise NotFound("report_not_found")
    return AuditNote(
        began_at=from_ms(item["began"]),
        ended_at=from_ms(item["t"]),
        chains=item["chains"],
        entries=item["entries"],
        fault_count=item["n"],
        faults=[AuditFault(**one) for one in item["faults"]],
    )
