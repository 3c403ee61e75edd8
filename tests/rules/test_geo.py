"""Distances on the globe, and cells that never lose a store: compared with looking at every store."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings, strategies as st

from checkin import listing
from checkin.geo import (
    EARTH_RADIUS_M,
    LEVELS,
    RADIUS_M_MAX,
    cells_of,
    cells_to_read,
    distance_m,
    nearest,
)
from checkin.model import Store

ROW_DEG = 180 / LEVELS[0].rows


@dataclass(frozen=True)
class Point:
    lat: float
    lon: float


# Anywhere, and where cells go wrong: poles, antimeridian, Greenwich, the corners of cells.
latitudes = st.one_of(
    st.floats(-90, 90),
    st.sampled_from([90.0, -90.0, 89.9999, -89.9999, 89.99, 89.82, 0.0, -0.0]),
    st.integers(0, LEVELS[0].rows).map(lambda row: row * ROW_DEG - 90),
)
longitudes = st.one_of(st.floats(-180, 180), st.sampled_from([180.0, -180.0, 179.99999, -179.99999, 0.0, -0.0]))
points = st.builds(Point, latitudes, longitudes)
radii = st.one_of(st.sampled_from([1.0, 999.9, 1000.0, 5000.0, 20_000.0]), st.floats(1, RADIUS_M_MAX))


def away(point: Point, metres: float, bearing: float) -> Point:
    """The point that lies so far away in a direction."""
    angle, lat, lon = metres / EARTH_RADIUS_M, math.radians(point.lat), math.radians(point.lon)
    lat_2 = math.asin(
        max(-1, min(1, math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing)))
    )
    east = math.sin(bearing) * math.sin(angle) * math.cos(lat)
    lon_2 = lon + math.atan2(east, math.cos(angle) - math.sin(lat) * math.sin(lat_2))
    return Point(math.degrees(lat_2), (math.degrees(lon_2) + 180) % 360 - 180)


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        (Point(0, 0), Point(0, 1), 111_195.08),
        (Point(0, 0), Point(90, 0), 10_007_557.18),
        (Point(0, 0), Point(0, 180), 20_015_114.35),
        (Point(0, 179.5), Point(0, -179.5), 111_195.08),
        (Point(90, 10), Point(90, -170), 0),
        (Point(45.7597, 4.8422), Point(48.8567, 2.3508), 392_217.26),  # Lyon and Paris, by PyPI's `haversine`
    ],
)
def test_known_distances(a: Point, b: Point, metres: float) -> None:
    assert distance_m(a.lat, a.lon, b.lat, b.lon) == pytest.approx(metres, rel=1e-7, abs=1e-6)


@given(points, points)
def test_a_distance_is_the_same_both_ways_and_finite(a: Point, b: Point) -> None:
    there, back = distance_m(a.lat, a.lon, b.lat, b.lon), distance_m(b.lat, b.lon, a.lat, a.lon)
    assert there == pytest.approx(back, abs=1e-6)
    assert 0 <= there <= math.pi * EARTH_RADIUS_M


@given(points, points)
def test_the_distance_is_the_angle_between_two_vectors(a: Point, b: Point) -> None:
    """Haversine against another formula: the chord between both points of a unit sphere."""
    (x, y, z), (u, v, w) = (
        (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))
        for lat, lon in ((math.radians(p.lat), math.radians(p.lon)) for p in (a, b))
    )
    angle = 2 * math.atan2(math.dist((x, y, z), (u, v, w)), math.dist((x, y, z), (-u, -v, -w)))
    assert distance_m(a.lat, a.lon, b.lat, b.lon) == pytest.approx(angle * EARTH_RADIUS_M, abs=1)


@settings(max_examples=2000)
@given(points, radii, st.floats(0, 1), st.floats(0, 2 * math.pi))
def test_one_read_finds_every_store_within_the_radius(
    point: Point, radius_m: float, part: float, bearing: float
) -> None:
    """The last cell of the list alone holds every store within the radius, wherever both lie."""
    store = away(point, radius_m * part, bearing)
    apart_m = distance_m(point.lat, point.lon, store.lat, store.lon)
    held = set(cells_of(store.lat, store.lon))
    cells = cells_to_read(point.lat, point.lon, radius_m)
    assert cells[-1].reach_m >= radius_m
    for cell in cells:
        assert cell.name in held or apart_m > cell.reach_m


@settings(max_examples=30)
@given(points, st.lists(st.tuples(st.floats(0, 40_000), st.floats(0, 2 * math.pi)), max_size=60), radii)
def test_a_search_by_cells_equals_a_search_of_everything(
    point: Point, spread: list[tuple[float, float]], radius_m: float
) -> None:
    stores = [away(point, metres, bearing) for metres, bearing in spread]
    items: dict[str, list[Point]] = {}
    for store in stores:
        for name in cells_of(store.lat, store.lon):
            items.setdefault(name, []).append(store)
    last = cells_to_read(point.lat, point.lon, radius_m)[-1]
    by_cells = nearest(items.get(last.name, []), point.lat, point.lon, radius_m, 100)
    everything = nearest(stores, point.lat, point.lon, radius_m, 100)
    assert [metres for metres, _ in by_cells] == [metres for metres, _ in everything]


@given(points)
def test_a_store_is_written_into_few_cells_and_none_twice(point: Point) -> None:
    cells = cells_of(point.lat, point.lon)
    assert len(set(cells)) == len(cells)
    assert 3 <= len(cells) <= 60
    if abs(point.lat) < 80:
        assert len(cells) <= 3 * 9


@given(latitudes)
def test_both_names_of_the_antimeridian_are_one_place(lat: float) -> None:
    assert cells_to_read(lat, 180.0, 20_000) == cells_to_read(lat, -180.0, 20_000)
    assert sorted(cells_of(lat, 180.0)) == sorted(cells_of(lat, -180.0))


@given(st.sampled_from([90.0, -90.0]), longitudes, longitudes)
def test_a_pole_has_any_longitude(pole: float, lon_a: float, lon_b: float) -> None:
    assert set(cells_of(pole, lon_a)) == set(cells_of(pole, lon_b))
    assert {cell.name for cell in cells_to_read(pole, lon_a, 20_000)} <= set(cells_of(pole, lon_b))


def test_the_default_radius_takes_one_read_and_the_largest_three_at_most() -> None:
    assert len(cells_to_read(35.68, 139.77, 1000)) == 1
    assert len(cells_to_read(35.68, 139.77, 1001)) == 2
    assert len(cells_to_read(35.68, 139.77, RADIUS_M_MAX)) == 3


@pytest.mark.parametrize("radius_m", [0, -1, RADIUS_M_MAX + 1, math.nan, math.inf])
def test_a_radius_beyond_the_reach_is_refused(radius_m: float) -> None:
    with pytest.raises(ValueError, match="radius"):
        cells_to_read(0, 0, radius_m)


def test_nearest_comes_first() -> None:
    far, near, beyond = Point(0, 0.005), Point(0, 0.001), Point(0, 0.02)
    assert [place for _, place in nearest([far, near, beyond], 0, 0, 1000, 5)] == [near, far]
    assert [place for _, place in nearest([far, near, beyond], 0, 0, 1000, 1)] == [near]


def _store(**fields: object) -> Store:
    given = {
        "store_id": "s-1",
        "name": "おもてなし 本店",
        "lat": 35.681236,
        "lon": 139.767125,
        "time_zone": "Asia/Tokyo",
    }
    return Store.model_validate(given | fields)


def test_a_listing_says_what_a_search_answers_and_is_small() -> None:
    day = (("05:00", "23:00"),)
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), day) | {"sat": (("10:00", "15:00"), ("18:00", "02:00"))}
    store = _store(hours=hours, cutoff_hour=4)
    packed = listing.pack(store)
    back = listing.unpack("s-1", packed)
    assert (back.name, back.radius_m, back.time_zone, back.is_in_business) == (store.name, 150, "Asia/Tokyo", True)
    assert back.hours == store.hours
    assert back.cutoff_hour == 4
    assert distance_m(back.lat, back.lon, store.lat, store.lon) < 0.02
    assert len(packed) <= 160
    assert len(listing.pack(_store())) <= 90


def test_a_listing_says_when_a_store_is_closed() -> None:
    assert not listing.unpack("s-1", listing.pack(_store(state="closed"))).is_in_business
