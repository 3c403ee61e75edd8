"""A report as a table: rows for a spreadsheet, as JSON Lines, and as the files that Athena and pandas read."""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from infra import files
from shared import keys
from shared.files import Files
from shared.spreadsheet import csv_lines

Format = Literal["table", "csv", "jsonl"]
Row = Mapping[str, Any]
PACKED = "application/gzip"


@dataclass(frozen=True)
class Table:
    """A report: what machines get, what people read, and its rows, all with the same columns.

    `kind` is the folder that it lies in, `month` the one that its rows belong to (None: each row tells its own), and
    `name` tells it from others of the same kind and month.
    """

    kind: str
    columns: Sequence[str]
    rows: Sequence[Row]
    value: Any
    words: Sequence[str]
    month: str | None = None
    name: str = field(default="report")

    def text(self, form: Format) -> Iterator[str]:
        """The report in one of its forms, in pieces."""
        if form == "csv":
            yield from csv_lines(self.columns, (_cells(row, self.columns) for row in self.rows))
        elif form == "jsonl":
            yield from json_lines(self.rows, self.columns)
        else:
            yield "\n".join(self.words) + "\n"

    def write(self, path: Path, form: Format) -> None:
        """Put it into a file that only its owner can read; packed if its name ends in .gz."""
        with files.private(path) as file:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                    packed.writelines(piece.encode() for piece in self.text(form))
            else:
                file.writelines(piece.encode() for piece in self.text(form))

    def put(self, bucket: Files) -> list[str]:
        """Put it beside the others of its kind, a file for each month; the same report again takes its place."""
        by_month: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            by_month[self.month or row["month"]].append(row)
        if self.month:
            by_month.setdefault(self.month, [])
        columns = [one for one in self.columns if self.month or one != "month"]  # a partition is no column
        places = []
        for month, rows in by_month.items():
            place = keys.report_file(self.kind, month, self.name)
            text = "".join(json_lines(rows, columns))
            bucket.put(place, gzip.compress(text.encode(), mtime=0), PACKED)
            places.append(place)
        return places


def json_lines(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    """One object a line, with every column; what is not known is null."""
    for row in rows:
        yield json.dumps({name: row.get(name) for name in columns}, ensure_ascii=False) + "\n"


def _cells(row: Row, columns: Sequence[str]) -> list[str | int]:
    return ["" if row.get(name) is None else row[name] for name in columns]


def sums(found: Mapping[str, int]) -> list[str]:
    """Names and numbers for people."""
    return [f"  {name:<36}{number:>15,}" for name, number in found.items()]


def number_of(value: Any) -> str:
    """A number for people, or that there is none."""
    return f"{value:,}" if isinstance(value, int) else value or "-"


@contextmanager
def progress(unit: str) -> Iterator[Callable[[], object]]:
    """A bar that counts, on the side of the words."""
    from tqdm import tqdm  # not for every word of the command line

    with tqdm(unit=f" {unit}", mininterval=0.2 if sys.stderr.isatty() else 10.0, file=sys.stderr) as bar:
        yield bar.update
