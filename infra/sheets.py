"""Pages of codes to print: A4 as SVG, each code as a QR code and as text that people can type."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import segno
from tqdm import tqdm

from infra import files
from shared.codes import Code, NotACode, normalise, show

WIDTH, HEIGHT = 210, 297
MARGIN, HEAD, TEXT = 10.0, 8.0, 3.2
"""Millimetres: around a page, for its title, and the height of a code's letters."""
QUIET = 4
"""So many modules around a QR code stay white: the standard asks for them."""
PAGES_MAX = 10_000


class NoSheet(Exception):
    """A file that can't be laid out; the message says where and why."""


@dataclass(frozen=True)
class Layout:
    """How codes lie on a page."""

    per_page: int
    title: str = ""

    @property
    def columns(self) -> int:
        """As many as make the cells about square."""
        return max(1, round(math.sqrt(self.per_page * WIDTH / HEIGHT)))

    @property
    def rows(self) -> int:
        return -(-self.per_page // self.columns)

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a code's place."""
        return (WIDTH - 2 * MARGIN) / self.columns, (HEIGHT - 2 * MARGIN - HEAD) / self.rows


def read(path: Path) -> Iterator[Code]:
    """The codes of a file, one a line under a header; `NoSheet` names the line that holds none."""
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if number == 1 and line.strip().lower() == "code":
                continue
            try:
                yield normalise(line)
            except NotACode:
                raise NoSheet(f"line {number} is not a code") from None


def write(codes: Iterable[Code], folder: Path, layout: Layout) -> int:
    """Write the pages `sheet-00001.svg` …, readable by their owner only; how many there are."""
    count = 0
    with tqdm(unit="pages", mininterval=0.2 if sys.stderr.isatty() else 10.0, file=sys.stderr) as bar:
        rest = iter(codes)
        while on_page := list(itertools.islice(rest, layout.per_page)):
            count += 1
            if count > PAGES_MAX:
                raise NoSheet(f"more than {PAGES_MAX:,} pages: take a part of it")
            files.write_private(folder / f"sheet-{count:05d}.svg", page(on_page, layout, count).encode())
            bar.update()
    if not count:
        raise NoSheet("there is no code in it")
    return count


def page(codes: Sequence[Code], layout: Layout, number: int) -> str:
    """One page."""
    width, height = layout.cell
    places = [
        (MARGIN + (n % layout.columns) * width, MARGIN + HEAD + (n // layout.columns) * height)
        for n in range(len(codes))
    ]
    inside = [_place(code, x, y, width, height) for code, (x, y) in zip(codes, places, strict=True)]
    size, top, right = f'width="{WIDTH}mm" height="{HEIGHT}mm"', MARGIN + 4, WIDTH - MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="{top}" font-size="4">{escape(layout.title)}</text>',
        f'<text x="{right}" y="{top}" font-size="3" text-anchor="end">{number}</text>',
    ]
    return "\n".join([*lines, *inside, "</svg>", ""])


def _place(code: Code, x: float, y: float, width: float, height: float) -> str:
    shown = show(code)
    side = min(width, height - TEXT * 1.5)
    letters = min(TEXT, width / len(shown) / 0.65)  # a letter of a typewriter face is about 0.6 of its height wide
    middle, top = x + width / 2, y + (height - side - TEXT * 1.5) / 2
    path, modules = _qr(shown)
    scale = side / modules
    return (
        f'<path transform="translate({middle - side / 2:.3f} {top:.3f}) scale({scale:.4f})" d="{path}"/>'
        f'<text x="{middle:.3f}" y="{top + side + TEXT:.3f}" font-family="monospace" font-size="{letters:.2f}"'
        f' text-anchor="middle">{escape(shown)}</text>'
    )


def _qr(text: str) -> tuple[str, int]:
    """The dark modules of a QR code as a path, and how many modules a side has with its quiet zone."""
    rows = list(segno.make_qr(text, error="m").matrix_iter(border=QUIET))
    runs = []
    for y, row in enumerate(rows):
        x = 0
        for is_dark, run in itertools.groupby(row):
            length = len(list(run))
            if is_dark:
                runs.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return "".join(runs), len(rows)
