"""Devices and their members."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from checkin import devices
from checkin.devices import BOUND_FOR, DEVICE, MEMBERS_PER_DEVICE, Bound, is_bound
from shared.errors import Conflict
from tests.kit import NOON

DAY = timedelta(days=1)


def test_a_device_has_places_for_three() -> None:
    places: devices.Places = ()
    for who in ("a", "b", "c"):
        places = devices.bind(places, who, NOON).state
    with pytest.raises(Conflict, match="device_shared"):
        devices.bind(places, "d", NOON + 60 * DAY)
    assert [one.who for one in devices.bind(places, "a", NOON + DAY).state] == ["b", "c", "a"]
    assert [one.who for one in devices.bind(places, "d", NOON + 61 * DAY).state] == ["d"]


@given(st.lists(st.tuples(st.floats(0, 20), st.sampled_from("abcdefgh")), max_size=60))
def test_any_thirty_days_see_at_most_three_members_of_a_device(tries: list[tuple[float, str]]) -> None:
    """Each check-in either goes by what was bound, or binds, or is refused."""
    places: devices.Places = ()
    at, used = NOON, list[tuple[datetime, str]]()
    for days, who in tries:
        at += timedelta(days=days)
        places = DEVICE.unpack(DEVICE.pack(places))
        if not is_bound(places, who, at):
            try:
                places = devices.bind(places, who, at).state
            except Conflict:
                continue
        used.append((at, who))
    for start, _ in used:
        seen = {who for when, who in used if start <= when <= start + BOUND_FOR}
        assert len(seen) <= MEMBERS_PER_DEVICE


SINCE = st.dictionaries(st.sampled_from("abc"), st.integers(0, 9))


def bound(since: dict[str, int]) -> devices.Places:
    return tuple(Bound(who, NOON + days * DAY) for who, days in since.items())


@given(SINCE, SINCE, SINCE)
def test_two_members_devices_part_as_they_were_but_for_those_that_were_bound_anew(
    one: dict[str, int], other: dict[str, int], since: dict[str, int]
) -> None:
    places = (*bound(one), *bound(other))
    for new in bound({who: 10 + days for who, days in since.items()}):
        places = (*devices.others(places, new.who, NOON), new)
    anew = {who: 10 + days for who, days in since.items()}
    assert sorted(devices.apart(places, bound(other))) == sorted(bound(one | anew))


def test_a_device_that_both_had_counts_once() -> None:
    places = bound(dict.fromkeys("abcd", 0)) + bound({"a": 1, "b": 2})
    assert not devices.has_as_many_as_may(places, "new", NOON)
    assert devices.has_as_many_as_may(places + bound({"e": 3}), "new", NOON)
    assert not devices.has_as_many_as_may(places + bound({"e": 3}), "a", NOON)
