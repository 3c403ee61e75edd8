"""Devices and their members."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from checkin import devices
from checkin.devices import BOUND_FOR, DEVICE, MEMBERS_PER_DEVICE, Bound, is_bound, united
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


@given(SINCE, SINCE)
def test_two_members_devices_together_are_each_kept_once_with_the_later_time(
    one: dict[str, int], other: dict[str, int]
) -> None:
    both = united(*(tuple(Bound(who, NOON + days * DAY) for who, days in of.items()) for of in (one, other)))
    assert {place.who: place.at for place in both} == {
        who: NOON + max(one.get(who, 0), other.get(who, 0)) * DAY for who in {*one, *other}
    }
    assert len(both) == len({*one, *other})
