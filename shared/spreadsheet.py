"""Rows as CSV (RFC 4180) that a spreadsheet opens as they are: as UTF-8, and without running a cell as a formula."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence

from shared.preference import CSV

CONTENT_TYPE = f"{CSV}; charset=utf-8"
_MARK = "\ufeff"  # by which Excel knows UTF-8; without it a Japanese Excel reads Shift_JIS
_STARTS_FORMULA = tuple("=+-@\t\r\n＝＋－＠")

Cell = str | int


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A header row and the rows, each ended by CR LF."""
    return "".join(csv_lines(header, rows))


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The same line by line, for what is too long to be held."""
    yield _MARK
    for row in itertools.chain([header], rows):
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerow([_cell(one) for one in row])
        yield out.getvalue()


def _cell(value: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it; a number is a number."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS_FORMULA) else value
