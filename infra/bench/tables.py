"""What a part of the benchmark tells: tables of figures, for people, for machines and for the page in `docs/`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Spread:
    """The median of several rounds, and the least and greatest of them."""

    median: float
    low: float
    high: float
    digits: int = 2

    @classmethod
    def of(cls, rounds: Sequence[float], digits: int = 2) -> Spread:
        return cls(statistics.median(rounds), min(rounds), max(rounds), digits)

    def __str__(self) -> str:
        median, low, high = (f"{one:,.{self.digits}f}" for one in (self.median, self.low, self.high))
        return median if low == high else f"{median} ({low}–{high})"


Cell = Spread | float | str
Row = Sequence[Cell]


@dataclass(frozen=True)
class Table:
    """Rows under named columns; `says` is the sentence above them."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    says: str = ""


@dataclass(frozen=True)
class Told:
    """All that one part of the benchmark tells; `left_out` says why a part could not be measured here."""

    tables: Sequence[Table] = field(default_factory=list)
    left_out: str = ""


def as_dicts(told: Told) -> dict[str, Any]:
    """For machines: each table's rows by its columns; a spread as median, low and high."""
    tables = {
        table.title: [dict(zip(table.columns, map(_plain, row), strict=True)) for row in table.rows]
        for table in told.tables
    }
    return {"tables": tables, "left_out": told.left_out or None}


def as_words(told: Told) -> str:
    """For people at a terminal."""
    if told.left_out:
        return f"left out: {told.left_out}"
    return "\n\n".join(_columns(table) for table in told.tables)


def as_markdown(told: Told) -> str:
    """For the page."""
    if told.left_out:
        return f"Left out on this machine: {told.left_out}."
    return "\n\n".join(_markdown(table) for table in told.tables)


def _plain(cell: Cell) -> Any:
    if isinstance(cell, Spread):
        return {"median": cell.median, "low": cell.low, "high": cell.high}
    return cell


def _text(cell: Cell) -> str:
    return f"{cell:,g}" if isinstance(cell, float | int) else str(cell)


def _columns(table: Table) -> str:
    rows = [list(table.columns), *([_text(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(table.columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([table.title, *([table.says] if table.says else []), *(f"  {line}" for line in lines)])


def _markdown(table: Table) -> str:
    head = f"**{table.title}.** {table.says}".rstrip()
    rows = [table.columns, ["---"] * len(table.columns), *([_text(cell) for cell in row] for row in table.rows)]
    return head + "\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)
