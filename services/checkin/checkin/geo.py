"""Places on the globe: the distance between two points, and the cells that find the stores near one.

The globe is cut into rows of latitude and every row into columns, at three sizes. A cell lists every store within the
cell's *reach* of any point of the cell (a store is listed in all those cells), so one read of the cell around a visitor
knows every store within that reach:

| level | cell | reach  | cells that list a store (mean) |
|-------|------|--------|--------------------------------|
| 0     | 2 km | 1 km   | 4.0 |
| 1     | 10 km| 5 km   | 4.0 |
| 2     | 40 km| 20 km  | 4.0 |

A search reads the smallest level first and is done as soon as the reach covers its radius or enough stores were found
within the reach: the default radius (1 km) takes one read wherever it is, 20 km among many shops one, in the empty
countryside three.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

EARTH_RADIUS_M = 6_371_008.8
RADIUS_M_MAX = 20_000

# Both sides of "within reach" are computed in floats; a metre more on the writing side makes rounding harmless.
_SLACK_M = 1.0


class Level(NamedTuple):
    """A size of cells: its letter in keys, how many rows lie between the poles, how far its cells see."""

    letter: str
    rows: int
    reach_m: int


# Rows from pole to pole (20,015 km): 10,000 rows are 2.0 km high.
LEVELS = (Level("a", 10_000, 1_000), Level("b", 2_000, 5_000), Level("c", 500, RADIUS_M_MAX))


class Cell(NamedTuple):
    """A cell to read: its name, and the distance within which it lists every store."""

    name: str
    reach_m: int


class Place(Protocol):
    """Anything that lies somewhere."""

    @property
    def lat(self) -> float: ...

    @property
    def lon(self) -> float: ...


P = TypeVar("P", bound=Place)


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float, /) -> float:
    """The great-circle distance by the haversine formula (R. W. Sinnott, "Virtues of the Haversine", 1984).

    The radius is the IUGG mean, 6,371,008.8 m; against the WGS84 ellipsoid the error stays below 0.6 %, which is
    less than a phone's own uncertainty at every distance that a check-in or a search looks at.
    """
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half_lat, half_lon = (phi_b - phi_a) / 2, math.radians(lon_b - lon_a) / 2
    h = math.sin(half_lat) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def cells_of(lat: float, lon: float) -> list[str]:
    """The cells that list a store at this point, over all levels: 14 at most."""
    return [name for level in LEVELS for name in _cells_within(level, lat, lon)]


def cells_to_read(lat: float, lon: float, radius_m: float) -> list[Cell]:
    """The cells to read for a search, in this order, until a reach covers the radius or enough stores are found.

    "Enough" counts only stores within the reach of what was read: beyond it a nearer one may be missing.
    """
    if not 0 < radius_m <= RADIUS_M_MAX:
        raise ValueError(f"a search has a radius of up to {RADIUS_M_MAX} m")
    cells = []
    for level in LEVELS:
        cells.append(Cell(_name(level, _row(level, lat), lon), level.reach_m))
        if level.reach_m >= radius_m:
            break
    return cells


def nearest(places: Iterable[P], lat: float, lon: float, radius_m: float, limit: int) -> list[tuple[float, P]]:
    """The places within a radius with their distances in metres, nearest first, `limit` at most and never more in memory."""
    measured = ((distance_m(lat, lon, place.lat, place.lon), place) for place in places)
    return heapq.nsmallest(limit, (pair for pair in measured if pair[0] <= radius_m), key=lambda pair: pair[0])


def _cells_within(level: Level, lat: float, lon: float) -> Iterator[str]:
    """The cells of a level that come within its reach of a point: those that touch the box around that circle."""
    angle = (level.reach_m + _SLACK_M) / EARTH_RADIUS_M
    reach_deg = math.degrees(angle)
    width_deg = _half_width_deg(lat, angle)
    for row in range(_row(level, lat - reach_deg), _row(level, lat + reach_deg) + 1):
        columns = _columns(level, row)
        if width_deg >= 180:
            yield from (_cell_name(level, row, column) for column in range(columns))
            continue
        first = math.floor((lon - width_deg + 180) / 360 * columns)
        last = math.floor((lon + width_deg + 180) / 360 * columns)
        # Near a pole a row has so few columns that the box can meet itself behind it: no column twice.
        for column in range(first, min(last, first + columns - 1) + 1):
            yield _cell_name(level, row, column % columns)


def _half_width_deg(lat: float, angle: float) -> float:
    """How far to the east and west a circle around a point reaches, in degrees; 180 if it holds a pole.

    The circle's widest meridians touch it nearer to the pole than its centre: sin(width) = sin(angle) / cos(lat).
    """
    sine, cosine = math.sin(angle), math.cos(math.radians(lat))
    return 180.0 if sine >= cosine else math.degrees(math.asin(sine / cosine))


def _row(level: Level, lat: float) -> int:
    """The row of a latitude; the poles belong to the outermost rows."""
    return min(level.rows - 1, max(0, math.floor((lat + 90) / 180 * level.rows)))


def _columns(level: Level, row: int) -> int:
    """How many columns a row has: as many as keep a cell at least as wide as high where the row is narrowest."""
    edge = max(abs(row / level.rows * 180 - 90), abs((row + 1) / level.rows * 180 - 90))
    return max(1, math.floor(2 * level.rows * math.cos(math.radians(edge))))


def _name(level: Level, row: int, lon: float) -> str:
    columns = _columns(level, row)
    return _cell_name(level, row, math.floor((lon + 180) / 360 * columns) % columns)


def _cell_name(level: Level, row: int, column: int) -> str:
    return f"{level.letter}.{row}.{column}"
