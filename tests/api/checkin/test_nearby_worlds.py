"""Searches in made-up worlds against a look at every store: borders of cells, the antimeridian, poles, moves, crowds."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from checkin import geo, places, stores
from checkin.model import StoreBody
from shared.table import Collision
from shared.world import World
from tests.kit import FakeClock, make_world

Place = tuple[float, float]

_ROWS = [level.rows for level in geo.LEVELS]
# Corners of cells of every size, both ends of the map, and places like any other.
anchors = st.one_of(
    st.sampled_from([(90.0, 0.0), (-90.0, 77.0), (89.99, 180.0), (0.0, 180.0), (0.0, -180.0), (-16.5, 179.999), (0.0, 0.0)]),
    st.builds(
        lambda rows, row, column: (180 / rows * (row % rows) - 90, 360 / (2 * rows) * (column % (2 * rows)) - 180),
        st.sampled_from(_ROWS), st.integers(0, 10_000), st.integers(0, 20_000),
    ),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
)  # fmt: skip
steps = st.tuples(
    st.one_of(st.sampled_from([0.0, 0.5, 999.9, 1000.1, 4999.9, 5000.1, 19_999.0, 20_001.0]), st.floats(0, 30_000)),
    st.floats(0, 2 * math.pi),
)
radii = st.one_of(st.sampled_from([1, 1000, 1001, 5000, 5001, 20_000]), st.integers(1, 20_000))


def away(start: Place, metres: float, bearing: float) -> Place:
    """The point so far away in a direction, in the digits that a listing keeps."""
    angle, lat, lon = metres / geo.EARTH_RADIUS_M, math.radians(start[0]), math.radians(start[1])
    sine = math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing)
    lat_2 = math.asin(max(-1.0, min(1.0, sine)))
    east = math.sin(bearing) * math.sin(angle) * math.cos(lat)
    lon_2 = math.degrees(lon + math.atan2(east, math.cos(angle) - math.sin(lat) * math.sin(lat_2)))
    return round(math.degrees(lat_2), 7), round((lon_2 + 180) % 360 - 180, 7)


def put(world: World, store_id: str, place: Place, **more: Any) -> None:
    said = {"name": "S", "lat": place[0], "lon": place[1], "time_zone": "UTC"} | more
    stores.take_in(world, store_id, StoreBody.model_validate(said))


def found(world: World, at: Place, radius_m: int, limit: int, **more: bool) -> list[tuple[int, str]]:
    """What is found, by millimetres: a tie may come in either order, a distance may not differ."""
    return [(round(m * 1000), one.store_id) for m, one in places.around(world, *at, radius_m, limit, **more)]


def expected(kept: dict[str, Place], at: Place, radius_m: int, limit: int) -> list[tuple[int, str]]:
    apart = sorted((geo.distance_m(*at, *place), store_id) for store_id, place in kept.items())
    return [(round(metres * 1000), store_id) for metres, store_id in apart if metres <= radius_m][:limit]


@settings(max_examples=120, deadline=None)
@given(
    anchors,
    st.lists(steps, max_size=25),
    st.lists(st.tuples(steps, radii, st.sampled_from([1, 3, 20])), min_size=1, max_size=6),
)
def test_a_search_finds_what_a_look_at_every_store_finds(anchor, spread, searches):
    world = make_world(FakeClock())
    kept = {f"s-{n:02d}": away(anchor, *step) for n, step in enumerate(spread)}
    for store_id, place in kept.items():
        put(world, store_id, place)
    for step, radius_m, limit in searches:
        at = away(anchor, *step)
        assert found(world, at, radius_m, limit) == expected(kept, at, radius_m, limit)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(anchors, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), steps, st.booleans()), max_size=20),
)
def test_stores_that_move_and_close_leave_no_ghost(around, moves):
    """After any moves, in which some writes meet another or are lost, every listing is one of where a store is now."""
    world = make_world(FakeClock())
    kept: dict[str, Place] = {}
    for number, where, step, is_lost in moves:
        place = away(around[where % len(around)], *step)
        if is_lost:
            _lose(world, f"s-{number}", place)
            continue
        put(world, f"s-{number}", place)
        kept[f"s-{number}"] = place
    listed = {(item["pk"], item["sk"]) for item in _cells(world)}
    assert listed == {(f"cell#{name}", store_id) for store_id, place in kept.items() for name in geo.cells_of(*place)}
    for place in kept.values():
        assert found(world, place, 20_000, 20) == expected(kept, place, 20_000, 20)


def _lose(world: World, store_id: str, place: Place) -> None:
    """A change whose process dies in its write: nothing of it is there."""

    def die(_writes: Any) -> None:
        raise ConnectionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.directory.table, "transact", die)
        with pytest.raises(ConnectionError):
            put(world, store_id, place, name="lost")


def _cells(world: World) -> list[Any]:
    return [one for one in world.directory.table.scan(after=None, limit=10**6) if one["pk"].startswith("cell#")]


def test_a_move_that_meets_another_move_starts_again_from_where_the_store_is_then():
    """Two operators move a store at once: the second finds the first's cells, and clears them."""
    world = make_world(FakeClock())
    table, real = world.directory.table, world.directory.table.transact
    put(world, "s", (35.0, 139.0))

    def meet_another(writes: Any) -> None:
        patch.undo()
        put(world, "s", (43.0, 141.0))
        with pytest.raises(Collision):
            real(writes)
        raise Collision({0: {}})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "transact", meet_another)
        put(world, "s", (26.2, 127.7))
    assert {one["pk"] for one in _cells(world)} == {f"cell#{name}" for name in geo.cells_of(26.2, 127.7)}


def test_fences_are_of_stores_in_business_however_many_closed_ones_are_nearer():
    world = make_world(FakeClock())
    for n in range(30):
        put(world, f"closed-{n}", away((35.0, 139.0), n, 1.0), state="closed")
    put(world, "open", away((35.0, 139.0), 15_000, 1.0))
    assert [one for _, one in found(world, (35.0, 139.0), 20_000, 20, is_in_business=True)] == ["open"]


@pytest.mark.parametrize(("page", "pages"), [(10, 13), (64, 13)])
def test_a_crowded_cell_is_read_page_by_page_to_its_end(monkeypatch, page, pages):
    """The nearest may have the last id of all."""
    monkeypatch.setattr(places, "_PAGE", page)
    world = make_world(FakeClock())
    kept = {f"s-{n:03d}": away((35.0, 139.0), 900 - 7 * n, n) for n in range(120)}
    for store_id, place in kept.items():
        put(world, store_id, place)
    usage = world.directory.table.usage
    usage.reset()
    assert found(world, (35.0, 139.0), 1000, 20) == expected(kept, (35.0, 139.0), 1000, 20)
    assert usage.round_trips == 120 // page + 1 <= pages


def test_a_crowd_without_end_is_read_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(places, "_PAGE", 2)
    world = make_world(FakeClock())
    for n in range(40):
        put(world, f"s-{n:02d}", (35.0, 139.0))
    world.directory.table.usage.reset()
    assert len(found(world, (35.0, 139.0), 1000, 100)) == 26
    assert world.directory.table.usage.round_trips == 13
